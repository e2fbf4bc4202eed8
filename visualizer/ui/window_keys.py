"""What keys do and menus offer in the window: its actions by name, and its shortcuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from visualizer.ui.shortcuts import GROUPS

_LANE = "lane_"
"""What the names of actions begin with that move in the grid of lanes."""


_OF_FIELDS = QKeySequence("Ctrl+E")
"""On some desktops text fields move to the end of the line with it; here it exports."""


class WindowKeys:
    """Every entry of ``shortcuts.GROUPS`` at work in a window.

    Attributes:
        actions: what menus offer as well, by name; the other keys are mere shortcuts.
    """

    def __init__(
        self,
        window: QWidget,
        labels: Mapping[str, str],
        does: Mapping[str, Callable[[], object]],
    ) -> None:
        """
        Args:
            labels: what menus call an action, by name; no others are in menus.
            does: what every action does, by name.

        Raises:
            KeyError: when nobody says what a key or an entry of a menu does.
        """
        self.actions: dict[str, QAction] = {}
        for name, label in labels.items():
            entry = QAction(label, window)
            entry.triggered.connect(_without_arguments(does[name]))
            self.actions[name] = entry
        self._shortcuts: list[QShortcut] = []
        self._lane_keys: list[QShortcut] = []
        for _group, shortcuts in GROUPS:
            for shortcut in shortcuts:
                action = self.actions.get(shortcut.action)
                if action is not None:
                    action.setShortcuts([QKeySequence(key) for key in shortcut.keys])
                    action.setAutoRepeat(shortcut.repeats)
                    window.addAction(action)
                    continue
                for key in shortcut.keys:
                    made = QShortcut(QKeySequence(key), window)
                    made.setAutoRepeat(shortcut.repeats)
                    made.activated.connect(does[shortcut.action])
                    self._shortcuts.append(made)
                    if shortcut.action.startswith(_LANE):
                        self._lane_keys.append(made)
        self._kept = KeptKeys(window)
        self.wake_lanes(False)

    def wake_lanes(self, awake: bool) -> None:
        """The keys of the lanes sleep while no lanes are shown."""
        for key in self._lane_keys:
            key.setEnabled(awake)


class KeptKeys(QObject):
    """Keeps a key for the window that the field with the focus would take for itself."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if new is not None and new.window() is self._window:
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field is not asked whether it has a use for the key."""
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and QKeySequence(event.keyCombination()) == _OF_FIELDS:  # type: ignore[attr-defined]
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _without_arguments(act: Callable[[], object]) -> Callable[..., None]:
    def triggered(_checked: bool = False) -> None:
        act()

    return triggered
