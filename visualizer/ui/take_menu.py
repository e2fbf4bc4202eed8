"""The ways in which a picture leaves the window, as menus offer them."""

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


def add_ways(menu: QMenu, ways: Iterable[str], chosen: Callable[[str], object]) -> None:
    """Offer some of ``LABELS``."""
    for way in ways:
        keys = f"\t{shown_keys('Ctrl+C')}" if way == "picture" else ""
        action = menu.addAction(f"{LABELS[way]}{keys}")
        action.triggered.connect(lambda _=False, way=way: chosen(way))
