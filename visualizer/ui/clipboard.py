"""Clipboard: the picture that is looked at, its animation and its settings, for other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from visualizer.session.failure import Failure
from visualizer.session.outgoing_pictures import OutgoingPictures
from visualizer.ui import files
from visualizer.ui.canvas import image_of
from visualizer.ui.dragging import ENCODED, PictureMime, drag_out

if TYPE_CHECKING:
    from visualizer.export.options import FormatKey
    from visualizer.metadata.note import Note
    from visualizer.session.exports import ExportEnd
    from visualizer.session.lanes import Lane
    from visualizer.session.outgoing_pictures import OutgoingPicture
    from visualizer.session.session import Session
    from visualizer.settings import Settings
    from visualizer.ui.canvas import Canvas
    from visualizer.ui.lane_grid import LaneGrid
    from visualizer.ui.shown_picture import ShownPicture

GNOME_FILES = "x-special/gnome-copied-files"
"""What the file managers of GNOME, Xfce and MATE paste files from."""
ANIMATION: FormatKey = "gif"
"""Of all moving pictures it is the one that every chat and every slide takes."""
_NUMBERS = "channels"
"""The view whose pixels are squares always."""
_NOTHING = "There is no picture to copy yet."


class Clipboard(QObject):
    """Copies, drags and saves what is shown. Nothing is encoded on the thread of the window."""

    said = Signal(str, bool)  # for the status; whether it stays
    failed = Signal(object)  # Failure

    def __init__(
        self,
        session: Session,
        settings: Settings,
        canvas: Canvas,
        grid: LaneGrid,
        window: QWidget,
        pictures: OutgoingPictures | None = None,
    ) -> None:
        super().__init__(window)
        self._session, self._settings, self._window = session, settings, window
        self._canvas, self._grid = canvas, grid
        self._pictures = pictures or OutgoingPictures(parent=self)
        self._animation: int | None = None  # the id of its export
        queued = Qt.ConnectionType.QueuedConnection
        self._pictures.failed.connect(self.failed, queued)
        self._pictures.saved.connect(lambda path: self._say(f"Saved as {Path(path).name}"), queued)
        session.exports.ended.connect(self._ended)
        canvas.action_asked.connect(self.do_on_canvas)
        canvas.drag_asked.connect(lambda: self.drag(self._on_canvas(), canvas))
        grid.action_asked.connect(self.do_in_grid)
        grid.drag_asked.connect(lambda lane: self.drag(self._in_grid(lane), grid))

    def close(self) -> None:
        """Take nothing more."""
        self._pictures.close()

    def join(self, seconds: float) -> bool:
        """Wait for what is being made; what other programs were given as files goes."""
        return self._pictures.join(seconds)

    def do_on_canvas(self, action: str = "picture") -> None:
        """Do something of ``picture_menu.LABELS`` with the picture of the run that is shown."""
        self.do(action, self._on_canvas(), square=self._canvas.hard_pixels)

    def do_in_grid(self, action: str = "picture", lane: Lane | None = None) -> None:
        """The same with one lane, or with all of them.

        Args:
            lane: None is the lane in focus, and all of them where none is.
        """
        if lane is None and self._session.lanes.focus is not None:
            lane = self._session.lanes.lane(self._session.lanes.focus)
        whole = action == "all" or lane is None
        square = self._grid.hard_pixels
        self.do(action, self._in_grid(None if whole else lane), square=square)

    def do(self, action: str, shown: ShownPicture | None, *, square: bool = False) -> None:
        """Do something of ``picture_menu.LABELS`` with a picture.

        Args:
            action: a key of ``LABELS``; "all" is told from "picture" by what is shown.
            shown: what is looked at; None where there is no picture.
            square: whether it is enlarged with square pixels.
        """
        if shown is None:
            self._say(_NOTHING)
        elif action == "settings":
            self.copy_settings(shown)
        elif action == "animation":
            self.copy_animation(shown)
        elif action == "save":
            self.save(shown)
        elif action == "enlarged":
            self.copy_picture(_enlarged(shown, square or shown.view == _NUMBERS))
        else:
            self.copy_picture(shown)

    def copy_picture(self, shown: ShownPicture) -> None:
        """The picture, pixel for pixel, with what it remembers."""
        picture = self._offered(shown, as_file=False)
        _put(PictureMime(picture, as_file=False))
        self._say("Picture copied")

    def copy_settings(self, shown: ShownPicture) -> None:
        """How it was made, as the text that other programs read as well."""
        from visualizer.metadata.writing import clipboard_text

        QGuiApplication.clipboard().setText(clipboard_text(shown.note()))
        self._say("Settings copied")

    def copy_animation(self, shown: ShownPicture) -> None:
        """The whole run as a GIF: it is on the clipboard once it is encoded."""
        from visualizer.export.options import ExportOptions

        if self._animation is not None:
            return  # it is on its way
        try:
            place = self._pictures.files.place_for(
                Path(self._name_of(shown)).stem + f".{ANIMATION}"
            )
        except OSError as error:
            self.failed.emit(Failure("The animation could not be copied.", f"{error.strerror}."))
            return
        self._say("Making an animation to copy …", stays=True)
        options = ExportOptions(format=ANIMATION, view=shown.view, remember=self._remembers)
        self._animation = self._session.exports.start(shown.what, str(place), options)

    def save(self, shown: ShownPicture) -> None:
        """Ask where to, and write the picture as it is shown."""
        name = self._name_of(shown)
        path = files.ask_save_as(self._window, name, Path(name).suffix)
        if path:
            self._say("Saving …", stays=True)
            self._pictures.save(shown.picture, self._note_of(shown), path)

    def drag(self, shown: ShownPicture | None, source: QWidget) -> None:
        """Take the picture to another program; returns when the mouse is let go."""
        if shown is not None:
            picture = self._offered(shown, as_file=True)
            drag_out(source, picture, image_of(shown.sample))

    # --- details ------------------------------------------------------------------------------

    def _on_canvas(self) -> ShownPicture | None:
        from visualizer.ui.shown_picture import shown_on_canvas

        playhead = self._session.playhead
        return shown_on_canvas(self._canvas, playhead.index, playhead.view)

    def _in_grid(self, lane: Lane | None) -> ShownPicture | None:
        from visualizer.ui.shown_picture import shown_grid, shown_in_lane

        lanes = self._session.lanes
        if lane is None:
            return shown_grid(self._grid, lanes)
        return shown_in_lane(self._grid, lanes, lane)

    @property
    def _remembers(self) -> bool:
        """Whether pictures are told how they were made: the switch of the exports."""
        return bool(self._settings.export.get("remember", True))

    def _note_of(self, shown: ShownPicture) -> Callable[[], Note] | None:
        return shown.note if self._remembers else None

    def _name_of(self, shown: ShownPicture) -> str:
        """A name is told as well: of what is to remember nothing it says nothing."""
        return shown.name if self._remembers else shown.plain_name

    def _offered(self, shown: ShownPicture, *, as_file: bool) -> OutgoingPicture:
        name, note = self._name_of(shown), self._note_of(shown)
        return self._pictures.offer(shown.picture, name, note, as_file=as_file)

    def _ended(self, end: ExportEnd) -> None:
        if end.export_id != self._animation:
            return
        self._animation = None
        if end.result == "exported":
            _put(animation_mime(Path(end.path)))
            self._say("Animation copied")
        else:
            self._say("")

    def _say(self, text: str, stays: bool = False) -> None:
        self.said.emit(text, stays)


def copy_selected_text() -> bool:
    """Copy text that is selected in a label with the focus; fields do that by themselves."""
    label = QApplication.focusWidget()
    if not isinstance(label, QLabel) or not label.hasSelectedText():
        return False
    QGuiApplication.clipboard().setText(label.selectedText())
    return True


def animation_mime(path: Path) -> QMimeData:
    """A file with an animation, for file managers and chats, and its content for other programs.

    There is no still picture beside it: a program that is offered both often takes that.
    """
    url = QUrl.fromLocalFile(str(path))
    data = QMimeData()
    data.setUrls([url])
    data.setData(GNOME_FILES, QByteArray(f"copy\n{url.toString(ENCODED)}".encode()))
    data.setData(f"image/{ANIMATION}", QByteArray(path.read_bytes()))
    return data


def _enlarged(shown: ShownPicture, square: bool) -> ShownPicture:
    """As large as an export would be; as smooth, or as square, as it is shown."""
    from visualizer.ui.shown_picture import enlarged

    return replace(shown, picture=lambda: enlarged(shown.picture(), square=square))


def _put(data: QMimeData) -> None:
    QGuiApplication.clipboard().setMimeData(data)
