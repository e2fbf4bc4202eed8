"""What can be done with a picture that is shown, as menus offer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtWidgets import QMenu

from visualizer.ui.shortcuts import shown_keys

LABELS = {
    "picture": "Copy picture",
    "all": "Copy all pictures",
    "animation": "Copy animation",
    "settings": "Copy settings",
    "save": "Save picture …",
}


def add_actions(menu: QMenu, actions: Iterable[str], chosen: Callable[[str], object]) -> None:
    """Offer some of ``LABELS``; ``chosen`` is told which of them it shall be."""
    for action in actions:
        keys = f"\t{shown_keys('Ctrl+C')}" if action == "picture" else ""
        entry = menu.addAction(f"{LABELS[action]}{keys}")
        entry.triggered.connect(lambda _=False, action=action: chosen(action))
