"""What can be done with a picture that is shown, as menus offer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from visualizer.ui.shortcuts import shown_keys

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

LABELS = {
    "picture": "Copy picture",
    "enlarged": "Copy enlarged",
    "all": "Copy all pictures",
    "animation": "Copy animation",
    "settings": "Copy settings",
    "save": "Save picture …",
}


def add_actions(
    menu: QMenu,
    actions: Iterable[str],
    chosen: Callable[[str], object],
    picture: Picture | None = None,
) -> None:
    """Offer some of ``LABELS``; ``chosen`` is told which of them it shall be.

    Args:
        picture: that is meant, (H, W, 3); only a small one is offered enlarged.
    """
    for action in actions:
        if action == "enlarged":
            _add_enlarged(menu, chosen, picture)
            continue
        keys = f"\t{shown_keys('Ctrl+C')}" if action == "picture" else ""
        entry = menu.addAction(f"{LABELS[action]}{keys}")
        entry.triggered.connect(lambda _=False, action=action: chosen(action))


def _add_enlarged(menu: QMenu, chosen: Callable[[str], object], picture: Picture | None) -> None:
    if picture is None:
        return
    from visualizer.ui.shown_picture import enlarged_size  # with numpy: not at the start

    size = enlarged_size(picture)
    if size != (picture.shape[1], picture.shape[0]):
        entry = menu.addAction(f"{LABELS['enlarged']} ({size[0]} × {size[1]})")
        entry.triggered.connect(lambda _=False: chosen("enlarged"))
