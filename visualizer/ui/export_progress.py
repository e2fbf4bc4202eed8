"""How far an export is, and where its file is at the end: in a strip, and in the status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from visualizer.ui import theme
from visualizer.ui.fold import ShortLabel
from visualizer.ui.icons import IconButton
from visualizer.ui.show_in_folder import show_in_folder

if TYPE_CHECKING:
    from visualizer.export.options import ExportOptions
    from visualizer.session.exports import ExportEnd, ExportProgress
    from visualizer.session.lanes import Lanes
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline

_BAR = 1000


class ExportStrip(QFrame):
    """One line: a bar and words while something is written, then its name and where it is."""

    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAccessibleName("Export in progress")
        self._path = ""
        self.words = ShortLabel("")
        self.words.setAccessibleName("What became of the export")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the export")
        self.cancel = _button("Cancel", "Stop here; nothing is left behind")
        self.cancel.clicked.connect(self._cancel)
        self.show_button = _button("Show in folder", "Open the folder where it lies")
        self.show_button.clicked.connect(self._show_in_folder)
        self.close_button = IconButton("close", "Dismiss this line")
        self.close_button.clicked.connect(self.hide)
        told = QVBoxLayout()
        told.setSpacing(theme.SPACE // 2)
        told.addStretch(1)
        told.addWidget(self.words)
        told.addWidget(self.bar)
        told.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addLayout(told, 1)
        for button in (self.cancel, self.show_button, self.close_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setFixedHeight(6 * theme.SPACE)
        self.hide()

    def show_progress(self, progress: ExportProgress, waiting: int) -> None:
        """So far it is; ``waiting``: how many more will be written after it."""
        self._show_working(True)
        self.words.set_text(progress_words(progress, waiting))
        self.bar.setRange(0, _BAR if progress.total else 0)  # 0 … 0: nobody knows
        if progress.total:
            share = progress.done / progress.total
            self.bar.setValue(round(share * _BAR))
            self.bar.setAccessibleDescription(f"{share:.0%}")

    def show_done(self, path: str) -> None:
        """It is there."""
        self._path = path
        self._show_working(False)
        self.show_button.show()
        self.words.set_text(f"Exported as {Path(path).name}")

    def show_cancelled(self) -> None:
        """It was called off."""
        self._show_working(False)
        self.show_button.hide()
        self.words.set_text("Cancelled. Nothing was left behind.")

    def _show_working(self, on: bool) -> None:
        had_focus = self.cancel.hasFocus() and not on
        self.cancel.setEnabled(on)
        self.bar.setVisible(on)
        self.cancel.setVisible(on)
        self.close_button.setVisible(not on)
        if on:
            self.show_button.hide()
        self.show()
        if had_focus:  # a button that goes would hand the focus to anybody
            self.close_button.setFocus()

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.words.set_text("Cancelling …")
        self.cancel_asked.emit()

    def _show_in_folder(self) -> None:
        show_in_folder(Path(self._path), self)


class OwnExports(QObject):
    """The exports that were begun in the panel, of all there are; one is written at a time."""

    said = Signal(str, bool)  # for the status; whether it stays

    def __init__(self, session: Session, strip: ExportStrip) -> None:
        super().__init__(strip)
        self._session, self._strip = session, strip
        self._open: list[int] = []  # ids, the first one at work
        strip.cancel_asked.connect(self._cancel)
        session.exports.progressed.connect(self._progressed)
        session.exports.ended.connect(self._ended)

    def start(self, what: Timeline | Lanes, path: str, options: ExportOptions) -> None:
        """Write it, after those that were begun before."""
        self._open.append(self._session.exports.start(what, path, options))

    def rest(self) -> None:
        """What is over has been seen."""
        if not self._open:
            self._strip.hide()

    def _cancel(self) -> None:
        """Call off what is written in the panel's name, and what waits."""
        for export_id in tuple(self._open):
            self._session.exports.cancel(export_id)

    def _progressed(self, progress: ExportProgress) -> None:
        if progress.export_id not in self._open[:1]:
            return
        waiting = len(self._open) - 1
        self._strip.show_progress(progress, waiting)
        if not self._session.running:  # its steps are told there
            self.said.emit(progress_words(progress, waiting), True)

    def _ended(self, end: ExportEnd) -> None:
        if end.export_id not in self._open:
            return
        self._open.remove(end.export_id)
        if end.result == "exported":
            self._strip.show_done(end.path)
            self.said.emit(f"Exported as {Path(end.path).name}", False)
        elif end.result == "cancelled":
            self._strip.show_cancelled()
            self.said.emit("Export cancelled", False)
        else:  # what went wrong is told over the pictures
            self._strip.hide()
            self.said.emit("", False)


def progress_words(progress: ExportProgress, waiting: int = 0) -> str:
    """ "Writing a-red-car.webp  ·  12 of 31  ·  1 more waits"."""
    name = Path(progress.path).name
    writes = progress.words == "Writing"
    parts = [f"Writing {name}" if writes else f"{name}: {progress.words.lower()} …"]
    if progress.total:
        parts.append(f"{progress.done} of {progress.total}")
    if waiting:
        parts.append("1 more waits" if waiting == 1 else f"{waiting} more wait")
    return "  ·  ".join(parts)


def _button(label: str, about: str) -> QPushButton:
    button = QPushButton(label)
    button.setProperty("role", "quiet")
    button.setAccessibleName(label)
    button.setToolTip(about)
    return button
