"""The slider that mixes the statics of two seeds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSlider, QWidget

from visualizer.ui import theme as themes

TICKS = 100


class MixSlider(QSlider):
    """From one seed to the other; its keys are its own, not the timeline's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, TICKS)
        self.setValue(TICKS // 2)
        self.setPageStep(10)
        self.setAccessibleName("Mix")
        self.setMinimumWidth(30 * themes.SPACE)
        self.setMaximumWidth(90 * themes.SPACE)
        self._ends = ("", "")

    def set_ends(self, left: str, right: str) -> None:
        """What stands at both ends."""
        self._ends = (left, right)
        self._say()

    def _say(self) -> None:
        left, right = self._ends
        share = self.value()
        words = f"{TICKS - share} % {left}, {share} % {right}"
        self.setToolTip(words)
        self.setAccessibleDescription(words)

    def sliderChange(self, change: QSlider.SliderChange) -> None:
        """The words follow."""
        super().sliderChange(change)
        if hasattr(self, "_ends"):
            self._say()

    def event(self, event: QEvent) -> bool:
        """The arrow keys move it also where the window has other uses for them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            key = Qt.Key
            own = (key.Key_Left, key.Key_Right, key.Key_Up, key.Key_Down, key.Key_Home, key.Key_End)
            if event.key() in own and not event.modifiers():
                event.accept()
                return True
        return super().event(event)
