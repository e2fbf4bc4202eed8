"""FailureBar: what went wrong and what to do about it, in a bar that blocks nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.icons import IconButton, icon

if TYPE_CHECKING:
    from visualizer.session.failure import Failure

_ICON = 20


@dataclass(frozen=True)
class Offer:
    """Something that can be done about a note with one press; the note goes with it."""

    label: str
    about: str
    do: Callable[[], object]


class FailureBar(QFrame):
    """One message at a time: a failure (until it is dismissed) or a note (until it is outdated).

    A failure is never covered by a note that comes later. The texts can be selected and copied.
    """

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "failure")
        self.setAccessibleName("Message")
        self.is_failure = False
        self._topic = ""
        self._icon_name = "warning"
        self._icon = QLabel()
        self._icon.setFixedSize(_ICON, _ICON)
        self._title = _text_label("")
        self._detail = _text_label("quiet")
        self._offer: Offer | None = None
        self.offer_button = QPushButton()
        self.offer_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.offer_button.setAccessibleName("Offer")
        self.offer_button.setToolTip("Nothing is offered just now")
        self.offer_button.clicked.connect(self._take_offer)
        self.offer_button.hide()
        self._close = IconButton("close", "Dismiss this message", "Esc")
        self._close.clicked.connect(self.dismiss)

        texts = QVBoxLayout()
        texts.setContentsMargins(0, 0, 0, 0)
        texts.setSpacing(2)
        texts.addWidget(self._title)
        texts.addWidget(self._detail)
        texts.addWidget(self.offer_button, 0, Qt.AlignmentFlag.AlignLeft)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE + theme.SPACE // 2)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_failure(self, failure: Failure) -> None:
        """Say what went wrong; stays until it is dismissed or another failure comes."""
        self._say("warning", failure.title, failure.detail)
        self.is_failure, self._topic = True, ""

    def show_note(
        self,
        text: str,
        topic: str = "",
        offer: Offer | None = None,
        detail: str = "",
        whole: str = "",
    ) -> None:
        """Say something worth knowing; ``clear(topic)`` takes it away again.

        Args:
            offer: what can be done about it.
            detail: said more quietly below.
            whole: what the detail leaves out, on hover.
        """
        if self.is_failure and not self.isHidden():
            return
        self._say("info", text, detail, offer)
        self._detail.setToolTip(whole)
        self.is_failure, self._topic = False, topic

    @property
    def topic(self) -> str:
        """Of the note that is shown, or ""."""
        return "" if self.isHidden() else self._topic

    def clear(self, topic: str) -> None:
        """Take away the note of a topic, if it is the one that is shown."""
        if not self.is_failure and self._topic == topic:
            self.dismiss()

    def dismiss(self) -> None:
        """Take the message away."""
        was_shown = not self.isHidden()
        self.hide()
        self.is_failure, self._topic, self._offer = False, "", None
        if was_shown:
            self.dismissed.emit()

    @property
    def text(self) -> str:
        """What is said now, or ""."""
        if self.isHidden():
            return ""
        return f"{self._title.text()} {self._detail.text()}".strip()

    def refresh_theme(self) -> None:
        """Draw the icon and the edge in the colors of the theme that is worn now."""
        worn = theme.current()
        edge = worn.danger if self._icon_name == "warning" else worn.quiet
        wanted = f'QFrame[role="failure"] {{ border-left-color: {edge}; }}'
        if self.styleSheet() != wanted:  # setting it is a change of style as well
            self.setStyleSheet(wanted)
        self._icon.setPixmap(icon(self._icon_name, worn).pixmap(QSize(_ICON, _ICON)))

    def _take_offer(self) -> None:
        offer = self._offer
        self.dismiss()
        if offer is not None:
            offer.do()

    def _say(self, icon_name: str, title: str, detail: str, offer: Offer | None = None) -> None:
        self._offer = offer
        self._detail.setToolTip("")
        if offer is not None:
            self.offer_button.setText(offer.label)
            self.offer_button.setToolTip(offer.about)
            self.offer_button.setAccessibleName(offer.label)
        self.offer_button.setVisible(offer is not None)
        self._icon_name = icon_name
        self._icon.setAccessibleName("Problem" if icon_name == "warning" else "Note")
        self.refresh_theme()
        self._title.setText(title)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        alone = not detail and offer is None
        beside = Qt.AlignmentFlag.AlignVCenter if alone else Qt.AlignmentFlag.AlignTop
        self._row.setAlignment(self._icon, beside)
        self.setAccessibleDescription(f"{title} {detail}".strip())
        self.show()


def _text_label(role: str) -> QLabel:
    label = QLabel()
    if role:
        label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return label
