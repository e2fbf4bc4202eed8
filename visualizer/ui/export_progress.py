"""How far an export is, where its file is at the end, or why there is none: in a strip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
)

from visualizer.byte_words import in_words
from visualizer.ui import theme
from visualizer.ui.fold import ShortLabel
from visualizer.ui.icons import IconButton, icon
from visualizer.ui.show_in_folder import show_in_folder

if TYPE_CHECKING:
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.export.options import ExportOptions
    from visualizer.session.exports import ExportEnd, ExportProgress
    from visualizer.session.failure import Failure
    from visualizer.session.lanes import Lanes
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline

_BAR = 1000
_ICON = 20


class ExportStrip(QFrame):
    """One line: a bar and words while something is written, then where it is or what went wrong.

    It keeps its room where nothing is told: what is beside it never moves.
    """

    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAccessibleName("Export in progress")
        self._worn = ""
        self._path = ""
        self.words = ShortLabel("")
        self.words.setAccessibleName("What became of the export")
        self.detail = ShortLabel()
        self.detail.setAccessibleName("Where the file is")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the export")
        self.warning = QLabel()
        self.warning.setFixedSize(_ICON, _ICON)
        self.failure = QLabel()
        self.failure.setWordWrap(True)
        self.failure.setTextFormat(Qt.TextFormat.PlainText)
        self.failure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.failure.setAccessibleName("What went wrong")
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
        told.addWidget(self.detail)
        told.addWidget(self.failure)
        told.addWidget(self.bar)
        told.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.warning, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(told, 1)
        for button in (self.cancel, self.show_button, self.close_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumHeight(6 * theme.SPACE)
        kept = self.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.setSizePolicy(kept)
        for part in (self.warning, self.failure, self.detail, self.show_button):
            part.hide()
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
        self.detail.set_text(place_words(Path(path)))
        self.detail.show()

    def show_failed(self, failure: Failure) -> None:
        """It could not be written."""
        self._show_working(False)
        self.words.hide()
        self._wear_theme()
        sentence = f"{failure.title} {failure.detail}".strip()
        self.failure.setText(sentence)
        self.failure.setToolTip(sentence)
        for part in (self.warning, self.failure):
            part.show()

    def show_cancelled(self) -> None:
        """It was called off."""
        self._show_working(False)
        self.show_button.hide()
        self.words.set_text("Cancelled. Nothing was left behind.")

    def _show_working(self, on: bool) -> None:
        had_focus = self.cancel.hasFocus() and not on
        self.words.show()
        for part in (self.warning, self.failure, self.detail, self.show_button):
            part.hide()
        self.cancel.setEnabled(on)
        self.bar.setVisible(on)
        self.cancel.setVisible(on)
        self.close_button.setVisible(not on)
        self.show()
        if had_focus:  # a button that goes would hand the focus to anybody
            self.close_button.setFocus()

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.words.set_text("Cancelling …")
        self.cancel_asked.emit()

    def _show_in_folder(self) -> None:
        show_in_folder(Path(self._path), self)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme tints what went wrong."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._wear_theme()

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:
            self._worn = worn.name
            size = QSize(_ICON, _ICON)
            self.warning.setPixmap(icon("warning", worn, worn.danger).pixmap(size))
            self.failure.setStyleSheet(f"color: {worn.danger};")


class OwnExports(QObject):
    """The exports that were begun in the panel, of all there are; one is written at a time."""

    said = Signal(str, bool)  # for the status; whether it stays

    def __init__(self, session: Session, strip: ExportStrip) -> None:
        super().__init__(strip)
        self._session, self._strip = session, strip
        self._open: list[int] = []  # ids, the first one at work
        self._told: Failure | None = None
        strip.cancel_asked.connect(self._cancel)
        session.exports.progressed.connect(self._progressed)
        session.exports.ended.connect(self._ended)

    def start(
        self, what: Timeline | Lanes | ExhibitPlan, path: str, options: ExportOptions
    ) -> None:
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
        else:
            self.said.emit("", False)
            self._tell(end.failure)

    def _tell(self, failure: Failure | None) -> None:
        """What went wrong, unless nobody sees the strip: then it is told elsewhere."""
        if failure is not None:
            self._strip.show_failed(failure)
        if failure is None or not self._strip.isVisible():
            self._strip.hide()
        self._told = failure

    def has_told(self, failure: Failure) -> bool:
        """Whether it stands in the strip, where it is seen."""
        return failure is self._told and self._strip.isVisible()


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


def place_words(path: Path) -> str:
    """Where a file is and how large, "2.1 MB in ~/Pictures"; a folder with all that is in it."""
    place = f"in {_shown_folder(path.parent)}"
    try:
        files = list(path.iterdir()) if path.is_dir() else [path]
        return f"{in_words(sum(file.stat().st_size for file in files))} {place}"
    except OSError:  # somebody has moved it already
        return f"In{place[2:]}"


def _shown_folder(folder: Path) -> str:
    try:
        inside = folder.relative_to(Path.home())
    except (ValueError, RuntimeError):
        return str(folder)
    return str(Path("~") / inside)


def _button(label: str, about: str) -> QPushButton:
    button = QPushButton(label)
    button.setProperty("role", "quiet")
    button.setAccessibleName(label)
    button.setToolTip(about)
    return button
