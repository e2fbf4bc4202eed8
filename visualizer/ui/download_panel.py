"""DownloadPanel: get a model from the Hugging Face Hub, knowing its size and license first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.byte_words import in_words
from visualizer.time_words import duration
from visualizer.ui import theme
from visualizer.ui.fit_mark import Fit, FitMark
from visualizer.ui.icons import SIZE, icon

State = Literal["asking", "looking", "offered", "loading", "stopped", "failed", "done"]
_BAR = 1000
_ADDRESS = re.compile(r"^(https?://)?(www\.)?(huggingface\.co|hf\.co)/(models/)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_FIELD_NOTE = (
    "“Look up” asks huggingface.co how large the model is and what its license allows. Nothing is "
    "downloaded before you say so."
)
_NAME_NOTE = "A name looks like owner/name."
_ACTIONS: dict[State, tuple[str, str]] = {
    "offered": ("Download", "Download the model into your Hugging Face cache"),
    "loading": ("Cancel", "Stop here; what is there is kept"),
    "stopped": ("Resume", "Go on where it stopped"),
    "failed": ("Try again", "Go on where it stopped"),
    "done": ("Open it", "Make pictures with this model"),
}
"""What the one button under the card does."""


@dataclass(frozen=True)
class Offer:
    """What is known of a model before it is downloaded; sizes in bytes.

    Attributes:
        download_bytes: what would be downloaded, beside what is there already.
        present_bytes: what is there already.
        free_bytes: on the disk of the cache; 0 where nobody knows.
        memory_bytes: what it needs when it is open; 0 where nobody knows.
        problem: a sentence why it cannot be used, or "".
    """

    repository: str
    family: str = ""
    license: str = ""
    download_bytes: int = 0
    present_bytes: int = 0
    free_bytes: int = 0
    memory_bytes: int = 0
    fit: Fit | None = None
    problem: str = ""


class DownloadPanel(QWidget):
    """One model at a time: looked up, then offered, then downloaded."""

    back_asked = Signal()
    look_up_asked = Signal(str)
    download_asked = Signal(str)  # also to go on with one that was stopped
    cancel_asked = Signal()
    open_asked = Signal(str)  # the path of what was downloaded
    changed = Signal()  # it says more, or less: it needs another height

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: State = "asking"
        self._offer: Offer | None = None
        self._path = ""
        self._worn = ""
        self._unseen = False
        self._make_parts()
        self._lay_out()
        self._show_state("asking")

    @property
    def busy(self) -> bool:
        """Whether something goes on, or came to an end that nobody has seen yet."""
        return self.state in ("looking", "loading") or self._unseen

    def _make_parts(self) -> None:
        self.back = QPushButton("‹  Models")
        self.back.setProperty("role", "quiet")
        self.back.setAccessibleName("Back to the models")
        self.back.setToolTip("Back to the models on this computer; a download goes on")
        self.back.clicked.connect(self.back_asked)
        self.field = QLineEdit()
        self.field.setPlaceholderText("owner/name, as on huggingface.co")
        self.field.setAccessibleName("Model to look up")
        self.field.setToolTip("For example: stabilityai/sdxl-turbo")
        self.field.textChanged.connect(self._typed)
        self.field.returnPressed.connect(self._look_up)
        self.look_up = QPushButton("Look up")
        self.look_up.setAccessibleName("Look up")
        self.look_up.setToolTip("Ask huggingface.co about this model; nothing is downloaded yet")
        self.look_up.clicked.connect(self._look_up)
        self.note = _label("small-quiet", wraps=True)
        self.card = QFrame()
        self.card.setProperty("role", "panel")
        self.card.setObjectName("offer")
        self.name = _label("value")
        self.facts = _label("small-quiet")
        self.figures = _Figures()
        self.bar = QProgressBar()
        self.bar.setRange(0, _BAR)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Download")
        self.progress = _label("small-quiet")
        self.warning = QLabel()
        self.warning.setFixedSize(SIZE, SIZE)
        self.problem = _label("", wraps=True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.action = QPushButton()
        self.action.clicked.connect(self._act)

    def _lay_out(self) -> None:
        ask = QHBoxLayout()
        ask.setSpacing(theme.SPACE)
        ask.addWidget(self.field, 1)
        ask.addWidget(self.look_up)
        trouble = QHBoxLayout()
        trouble.setSpacing(theme.SPACE)
        trouble.addWidget(self.warning, 0, Qt.AlignmentFlag.AlignTop)
        trouble.addWidget(self.problem, 1)
        end = QHBoxLayout()
        end.setSpacing(2 * theme.SPACE)
        end.addWidget(self.progress, 1)
        end.addWidget(self.action)
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(*[2 * theme.SPACE] * 4)
        inside.setSpacing(theme.SPACE)
        inside.addWidget(self.name)
        inside.addWidget(self.facts)
        inside.addWidget(self.figures)
        inside.addWidget(self.bar)
        inside.addLayout(trouble)
        inside.addLayout(end)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(ask)
        column.addWidget(self.note)
        column.addSpacing(theme.SPACE)
        column.addWidget(self.card)
        column.addStretch(1)

    # What the window tells ---------------------------------------------------------------------

    def show_offer(self, offer: Offer) -> None:
        """This was found out about the model that was looked up."""
        self._offer = offer
        self.name.setText(offer.repository)
        self.name.setToolTip(offer.repository)
        self.facts.setText("  ·  ".join(part for part in (offer.family, offer.license) if part))
        self.figures.show_offer(offer)
        self.problem.setText(offer.problem)
        self._show_state("offered")

    def show_progress(self, done: int, total: int, rate: float = 0.0) -> None:
        """So many bytes of so many are there; ``rate`` in bytes a second, 0 while unknown."""
        if self.state != "loading":
            self._show_state("loading")
        share = done / total if total else 0.0
        self.bar.setValue(round(min(share, 1.0) * _BAR))
        self.bar.setAccessibleDescription(f"{share:.0%}")
        self.progress.setText(progress_words(done, total, rate))

    def show_stopped(self) -> None:
        """It was cancelled; what is there is kept."""
        if self.state != "loading":
            self._show_state("asking")  # nothing was begun but a question
            return
        self._show_state("stopped")
        self.progress.setText("Stopped. What is there is kept.")

    def show_failure(self, sentence: str) -> None:
        """Looking up or downloading came to nothing."""
        self.problem.setText(sentence)
        self._unseen = not self.isVisible()
        self._show_state("failed")

    def show_done(self, path: str) -> None:
        """It is there."""
        self._path = path
        self.bar.setValue(_BAR)
        self._unseen = not self.isVisible()
        self._show_state("done")
        self.progress.setText("Downloaded.")

    def take_focus(self) -> None:
        """The keys go to what comes next."""
        if self.action.isVisible() and self.action.isEnabled():
            self.action.setFocus()
        else:
            self.field.setFocus()

    # Details -----------------------------------------------------------------------------------

    def _look_up(self) -> None:
        repository = repository_in(self.field.text())
        if self.state == "looking":
            self.cancel_asked.emit()
        elif self.look_up.isEnabled() and repository:
            self._offer = None
            self._show_state("looking")
            self.look_up_asked.emit(repository)

    def _act(self) -> None:
        offer = self._offer
        if self.state == "loading":
            self.cancel_asked.emit()
        elif self.state == "done":
            self.open_asked.emit(self._path)
            self.field.clear()
            self._show_state("asking")
        elif offer is None:
            self._look_up()
        else:
            self._show_state("loading")
            self.progress.setText("Starting …")
            self.download_asked.emit(offer.repository)

    def _typed(self) -> None:
        """Another model is asked for: what is known of the one before goes."""
        if self.state in ("offered", "failed", "stopped", "done"):
            self._show_state("asking")
        said = self.note.text()
        self._judge_look_up()
        if self.note.text() != said:
            self.changed.emit()

    def _judge_look_up(self) -> None:
        looking = self.state == "looking"
        able = self.state not in ("looking", "loading")
        self.field.setReadOnly(not able)
        self.look_up.setText("Cancel" if looking else "Look up")
        typed, found = self.field.text().strip(), bool(repository_in(self.field.text()))
        self.look_up.setEnabled(looking or (able and found))
        unreadable = bool(typed) and not found and able
        asking = "Asking huggingface.co …" if looking else _FIELD_NOTE
        self.note.setText(_NAME_NOTE if unreadable else asking)

    def _show_state(self, state: State) -> None:
        self.state = state
        offer = self._offer
        pressed = self.action.hasFocus() or self.look_up.hasFocus()
        if pressed:  # a button that goes would hand the focus to anybody
            self.field.setFocus()
        known = offer is not None and state not in ("asking", "looking")
        troubled = state == "failed" or (state == "offered" and bool(self.problem.text()))
        self.card.setVisible(known or state == "failed")
        for part in (self.name, self.facts, self.figures):
            part.setVisible(known)
        self.bar.setVisible(known and state in ("loading", "stopped", "failed", "done"))
        if state not in ("loading", "stopped", "done"):
            self.progress.setText("")
        self.warning.setVisible(troubled)
        self.problem.setVisible(troubled)
        label, tip = _ACTIONS.get(state, _ACTIONS["offered"])
        self.action.setText(label)
        self.action.setAccessibleName(label)
        self.action.setToolTip(tip)
        self.action.setVisible(state in _ACTIONS and not (state == "offered" and troubled))
        self._judge_look_up()
        self._wear_theme()
        if pressed:
            self.take_focus()
        self.changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Now it is seen."""
        super().showEvent(event)
        self._unseen = False

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._wear_theme()

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:  # setting a style sheet is a style change as well
            self._worn = worn.name
            self.card.setStyleSheet(f"#offer {{ background: {worn.raised}; }}")
            self.warning.setPixmap(icon("warning", worn, worn.danger).pixmap(SIZE, SIZE))


class _Figures(QWidget):
    """How much is downloaded, what is free on the disk, and what it needs of memory."""

    def __init__(self) -> None:
        super().__init__()
        self.download, self.disk, self.memory = _label(""), _label(""), _label("")
        self.fit = FitMark()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, theme.SPACE, 0, theme.SPACE)
        grid.setHorizontalSpacing(2 * theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        named = (("Download", self.download), ("Disk", self.disk), ("Memory", self.memory))
        for row, (name, value) in enumerate(named):
            grid.addWidget(_label("quiet", text=name), row, 0)
            grid.addWidget(value, row, 1)
        grid.addWidget(self.fit, 2, 2)
        grid.setColumnStretch(3, 1)

    def show_offer(self, offer: Offer) -> None:
        download = in_words(offer.download_bytes)
        if offer.present_bytes:
            download += f", {in_words(offer.present_bytes)} more are here already"
        self.download.setText(download)
        self.disk.setText(f"{in_words(offer.free_bytes)} free" if offer.free_bytes else "unknown")
        needs = f"needs about {in_words(offer.memory_bytes)}" if offer.memory_bytes else "unknown"
        self.memory.setText(needs)
        self.fit.set_fit(offer.fit)


def repository_in(text: str) -> str:
    """The "owner/name" in what was typed or pasted, or "" where there is none."""
    typed = _ADDRESS.sub("", text.strip()).strip("/")
    found = _REPOSITORY.match(typed)
    return found.group() if found else ""


def progress_words(done: int, total: int, rate: float) -> str:
    """ "1.2 of 4.3 GB  ·  12 MB/s  ·  4 min left"."""
    parts = [f"{in_words(done)} of {in_words(total)}"]
    if rate > 0:
        parts.append(f"{in_words(round(rate))}/s")
        if done < total:
            parts.append(f"{duration((total - done) / rate)} left")
    return "  ·  ".join(parts)


def _label(role: str, *, wraps: bool = False, text: str = "") -> QLabel:
    label = QLabel(text)
    if role:
        label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    return label
