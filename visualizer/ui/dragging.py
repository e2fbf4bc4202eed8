"""Dragging pictures out of the window: what other programs are offered, and when they get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMetaType, QMimeData, QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QDrag, QImage, QPixmap
from PySide6.QtWidgets import QWidget

from visualizer.ui.canvas import image_of

if TYPE_CHECKING:
    from visualizer.session.outgoing_pictures import OutgoingPicture

PNG, FILES, IMAGE = "image/png", "text/uri-list", "application/x-qt-image"
ENCODED = QUrl.ComponentFormattingOption.FullyEncoded
THUMBNAIL = 160
"""The longest side of the small picture under the cursor."""


class PictureMime(QMimeData):
    """A picture for another program, made by the time that program asks for it.

    "image/png" is our own file, with what it remembers, so that every pixel and every setting
    arrives; Qt makes other kinds of it for programs that want those.
    """

    def __init__(self, outgoing: OutgoingPicture, *, as_file: bool) -> None:
        """``as_file``: whether it is offered as a file as well."""
        super().__init__()
        self._outgoing = outgoing
        self._given: Mapping[str, Callable[[], object]] = {
            **({FILES: self._urls} if as_file else {}),
            PNG: lambda: QByteArray(outgoing.png()),
            IMAGE: self._image,
        }

    def formats(self) -> list[str]:
        """What is offered, the best first."""
        return list(self._given)

    def hasFormat(self, mime: str) -> bool:
        """Whether it is offered."""
        return mime in self._given

    def retrieveData(self, mime: str, kind: QMetaType | QMetaType.Type) -> object:
        """Somebody wants it: now it must be there."""
        give = self._given.get(mime)
        if give is None:
            return None
        if mime == FILES and QMetaType(kind).id() == QMetaType.Type.QByteArray.value:
            return QByteArray("".join(f"{u.toString(ENCODED)}\r\n" for u in self._urls()).encode())
        return give()

    def _urls(self) -> list[QUrl]:
        path = self._outgoing.path()
        return [] if path is None else [QUrl.fromLocalFile(str(path))]

    def _image(self) -> QImage:
        picture = self._outgoing.picture()
        return QImage() if picture is None else image_of(picture).copy()


def drag_out(source: QWidget, outgoing: OutgoingPicture, sample: QImage) -> Qt.DropAction:
    """Offer a picture to whatever the mouse is let go over; returns when it is.

    Args:
        source: the widget that the drag begins in; our own window knows by it not to take it.
        sample: what the small picture under the cursor is made of.
    """
    drag = QDrag(source)
    drag.setMimeData(PictureMime(outgoing, as_file=True))
    thumbnail = thumbnail_of(sample, source.devicePixelRatioF())
    drag.setPixmap(thumbnail)
    drag.setHotSpot(QPoint(THUMBNAIL // 8, THUMBNAIL // 8))
    return drag.exec(Qt.DropAction.CopyAction)


def thumbnail_of(image: QImage, ratio: float) -> QPixmap:
    """A small picture of it, for the screen."""
    side = round(THUMBNAIL * ratio)
    size = image.size().scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
    smooth = Qt.TransformationMode.SmoothTransformation
    ignore = Qt.AspectRatioMode.IgnoreAspectRatio
    small = image.scaled(size.expandedTo(QSize(1, 1)), ignore, smooth)
    pixmap = QPixmap.fromImage(small)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
