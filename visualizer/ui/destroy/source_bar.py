"""SourceBar: which picture is destroyed, and where another one comes from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from visualizer.ui import theme as themes

_OFFERS = {
    "scene": ("New scene", "A drawn scene, as the built-in model was trained on"),
    "run": ("Run’s picture", "The finished picture of the run that is looked at"),
    "open": (
        "Open …",
        "A picture of your own: open it here, drop it on the window, or paste it (Ctrl+V)",
    ),
}


class SourceBar(QWidget):
    """The title of the picture, and three quiet buttons."""

    asked = Signal(str)  # "scene", "run" or "open"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self.title = QLabel()
        self.title.setProperty("role", "quiet")
        self.title.setAccessibleName("Picture")
        self.title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.title, 1)
        row.addSpacing(2 * themes.SPACE)
        self.buttons: dict[str, QPushButton] = {}
        for name, (label, about) in _OFFERS.items():
            button = QPushButton(label)
            button.setProperty("role", "quiet")
            button.setAccessibleName(label)
            button.setToolTip(about)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, name=name: self.asked.emit(name))
            row.addWidget(button)
            self.buttons[name] = button

    def show_title(self, title: str) -> None:
        """What the picture is called."""
        self._title = title
        self.title.setToolTip(title)
        self._fit()

    def offer_run(self, offer: bool) -> None:
        """Whether there is a run with a picture."""
        self.buttons["run"].setEnabled(offer)

    def _fit(self) -> None:
        """Whole or not at all: the round trip names it as well."""
        metrics = QFontMetrics(self.title.font())
        fits = metrics.horizontalAdvance(self._title) <= self.title.width()
        self.title.setText(self._title if fits else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A title stands where there is room for all of it."""
        super().resizeEvent(event)
        self._fit()
