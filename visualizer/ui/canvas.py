"""The canvas: the picture under the playhead, as large as the window allows."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.grip import DragHandle, Grip
from visualizer.ui.icons import IconButton
from visualizer.ui.picture_menu import add_actions
from visualizer.ui.shortcuts import shown_keys

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

DRAWINGS = "Was it in the training pictures?"
_NOTHING_YET = "Describe a picture and press Enter."
_ON_ITS_WAY = "The first step is on its way …"
MAX_PIXEL = 64.0
"""The largest one pixel of a picture is drawn, in pixels of the screen."""
VIEW_NAMES = {
    "noisy": "noisy latent",
    "denoised": "model’s guess",
    "noise": "predicted noise",
    "change": "change",
    "channels": "channels",
    "unprompted": "guess without the prompt",
    "guidance": "the prompt’s pull",
}
_NO_PREVIEW = "No preview yet: these are the numbers themselves. The picture comes after the run."
SCALED_BYTES = 128 * 2**20
"""Pictures already brought to the size of the canvas; 50 of 800² take it up."""


def image_of(picture: Picture) -> QImage:
    """The picture as Qt sees it, without copying: keep the array alive as long as the image."""
    height, width, _ = picture.shape
    return QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_RGB888)


class Sieve(Protocol):
    """Lets a part of every picture through."""

    @property
    def says(self) -> str:
        """What must be known to read what is left."""

    def __call__(self, picture: Picture) -> Picture:
        """What is left of a picture; the same object again for the same picture, if it may be."""


class ScaledPictures:
    """Pictures scaled to the canvas, those looked at last kept longest, under one bound.

    A picture is known by its identity. It is not held here: it is the picture cache that bounds how
    many there are, and what was scaled of one that is gone is no use to its successor.
    """

    def __init__(self, limit: int = SCALED_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[
            tuple[int, int, int, bool], tuple[weakref.ref[Picture], QPixmap]
        ] = OrderedDict()

    def kept(self, picture: Picture, size: QSize, hard: bool) -> QPixmap | None:
        """What ``get`` would give, where it is there already."""
        key = (id(picture), size.width(), size.height(), hard)
        entry = self._entries.get(key)
        if entry is None or entry[0]() is not picture:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def get(self, picture: Picture, size: QSize, hard: bool) -> QPixmap:
        """The picture in ``size`` pixels of the screen."""
        kept = self.kept(picture, size, hard)
        if kept is not None:
            return kept
        key = (id(picture), size.width(), size.height(), hard)
        pixmap = QPixmap.fromImage(scaled(image_of(picture), size, hard))
        former = self._entries.pop(key, None)  # of another picture that had this identity
        if former is not None:
            self._size -= _bytes(former[1])
        self._entries[key] = (weakref.ref(picture), pixmap)
        self._size += _bytes(pixmap)
        while self._size > self._limit and len(self._entries) > 1:
            _, (_, gone) = self._entries.popitem(last=False)
            self._size -= _bytes(gone)
        return pixmap

    @property
    def bytes_kept(self) -> int:
        """How much memory the scaled pictures take."""
        return self._size

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._size = 0


def scaled(image: QImage, size: QSize, hard: bool) -> QImage:
    """The image in another size: squares, or smooth both ways (also when it shrinks)."""
    if image.size() == size:
        return image.convertToFormat(QImage.Format.Format_RGB32)
    how = (
        Qt.TransformationMode.FastTransformation
        if hard
        else Qt.TransformationMode.SmoothTransformation
    )
    return image.convertToFormat(QImage.Format.Format_RGB32).scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, how
    )


def _bytes(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


class Canvas(QWidget):
    """Shows ``timeline.picture(playhead.index, playhead.view)``, undistorted.

    The wheel zooms about the cursor, a double click shows the whole picture again. Dragging pans an
    enlarged picture; one that is seen whole, or with Alt held, it takes to another program.
    """

    hard_pixels_changed = Signal(bool)
    action_asked = Signal(str)  # of ``picture_menu.LABELS``: the picture is to leave the window
    drag_asked = Signal()  # the mouse, pressed, pulls it out of the window
    drawings_asked = Signal()  # those of the training that are most like it

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self._picture: Picture | None = None
        self._stands_in = ""
        self._message = _NOTHING_YET
        self._sieve: Sieve | None = None
        self._no_drawings: str | None = None
        self._hard = False
        self._zoom = 1.0  # 1 is the whole picture, as large as it goes
        self._center = QPointF(0.5, 0.5)  # the point of the picture in the middle, 0 … 1
        self._grip: QPointF | None = None
        self._pull = Grip()
        self._scaled = ScaledPictures()

        self.setAccessibleName("Picture")
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

        self.copy_button = IconButton(
            "copy", "Copy this picture, or drag it into another program", shown_keys("Ctrl+C")
        )
        self.copy_button.clicked.connect(lambda: self.action_asked.emit("picture"))
        DragHandle(self.copy_button, self.drag_asked.emit)
        self.fit_button = IconButton("fit", "Show the whole picture", "double click")
        self.fit_button.clicked.connect(self.fit)
        self.fit_button.hide()
        self.pixels_button = IconButton("pixels", "Show every pixel as a square")
        self.pixels_button.setCheckable(True)
        self.pixels_button.toggled.connect(self.set_hard_pixels)
        self.drawings_button = IconButton("drawings", DRAWINGS)
        self.drawings_button.clicked.connect(self.drawings_asked)
        self.drawings_button.hide()
        self._corner = QWidget(self)
        row = QHBoxLayout(self._corner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.SPACE // 2)
        corner = (self.fit_button, self.drawings_button, self.copy_button, self.pixels_button)
        for button in corner:
            themes.set_role(button, "overlay")
            row.addWidget(button)
        self._corner.hide()

        playhead.moved.connect(self._look_again)
        playhead.view_changed.connect(self._look_again)

    # --- what it shows ------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline | None:
        """The timeline shown."""
        return self._timeline

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""
        if self._timeline is not None:
            self._timeline.picture_changed.disconnect(self._picture_changed)
            self._timeline.grown.disconnect(self._grown)
        self._timeline = timeline
        self._scaled.clear()
        if timeline is not None:
            timeline.picture_changed.connect(self._picture_changed)
            timeline.grown.connect(self._grown)
        self.fit()
        self._look_again()

    @property
    def picture(self) -> Picture | None:
        """The picture shown now; None when something else is said."""
        return self._picture

    @property
    def message(self) -> str:
        """What is said in place of a picture; "" when there is one."""
        return self._message

    def caption(self) -> str:
        """What must be known to read the picture; "" for most."""
        if self._stands_in:
            return self._stands_in
        if self._sieve is not None and not self.shows_numbers:
            return self._sieve.says
        if self._playhead.view == "change":
            from visualizer.diffusion.views import CHANGE_GAIN

            return f"Amplified {CHANGE_GAIN:g} times"
        return ""

    @property
    def shows_numbers(self) -> bool:
        """Whether channels are shown: as the view, or in place of a picture that is not there."""
        return self._playhead.view == "channels" or bool(self._stands_in)

    def offer_drawings(self, why_not: str | None) -> None:
        """Offer to look for what the picture is like in the training; ``why_not`` is a sentence
        where that cannot be, None where nobody would ask."""
        self._no_drawings = why_not
        self.drawings_button.setVisible(why_not == "")
        self._place_corner()

    def set_sieve(self, sieve: Sieve | None) -> None:
        """Show only what a sieve lets through of every picture; None shows all of it."""
        if sieve is not self._sieve:
            self._sieve = sieve
            self._look_again()

    # --- how it shows it ----------------------------------------------------------------------

    @property
    def hard_pixels(self) -> bool:
        """Whether every pixel is drawn as a square. The channels always are."""
        return self._hard

    def set_hard_pixels(self, hard: bool) -> None:
        """Draw every pixel as a square instead of smoothing the enlargement."""
        if hard != self._hard:
            self._hard = hard
            self.pixels_button.setChecked(hard)
            self.hard_pixels_changed.emit(hard)
            self.update()

    @property
    def zoom(self) -> float:
        """1 shows the whole picture, as large as it goes."""
        return self._zoom

    def fit(self) -> None:
        """Show the whole picture, as large as it goes."""
        self._zoom = 1.0
        self._center = QPointF(0.5, 0.5)
        self._view_moved()

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Enlarge; the point of the picture at ``about`` (the middle by default) stays there."""
        picture = self._picture
        if picture is None:
            return
        about = QPointF(self.rect().center()) if about is None else about
        before = self._target(picture)
        most = max(1.0, MAX_PIXEL / max(self._fitting(picture), 1e-6))
        self._zoom = min(max(self._zoom * factor, 1.0), most)
        u = (about.x() - before.x()) / before.width()
        v = (about.y() - before.y()) / before.height()
        after = self._size(picture)
        middle = QRectF(self.rect()).center()
        self._center = QPointF(
            u - (about.x() - middle.x()) / after[0], v - (about.y() - middle.y()) / after[1]
        )
        self._view_moved()

    def target_rect(self) -> QRectF:
        """Where the whole picture lies, in the widget's coordinates; empty without a picture."""
        picture = self._picture
        return QRectF() if picture is None else self._target(picture)

    def _fitting(self, picture: Picture) -> float:
        """Widget pixels per picture pixel when the whole picture shows."""
        height, width, _ = picture.shape
        return float(min(self.width() / width, self.height() / height))

    def _size(self, picture: Picture) -> tuple[float, float]:
        scale = self._fitting(picture) * self._zoom
        return picture.shape[1] * scale, picture.shape[0] * scale

    def _target(self, picture: Picture) -> QRectF:
        width, height = self._size(picture)
        x = _hold(self.width() / 2 - self._center.x() * width, width, self.width())
        y = _hold(self.height() / 2 - self._center.y() * height, height, self.height())
        return QRectF(x, y, width, height)

    def _view_moved(self) -> None:
        picture = self._picture
        if picture is not None and self._zoom > 1.0:  # the center that the edges really allow
            target = self._target(picture)
            self._center = QPointF(
                (self.width() / 2 - target.x()) / target.width(),
                (self.height() / 2 - target.y()) / target.height(),
            )
        zoomed = self._zoom > 1.0
        if zoomed != self.fit_button.isVisibleTo(self._corner):
            self.fit_button.setVisible(zoomed)
            self._place_corner()
        if self._grip is None:
            shape = Qt.CursorShape.OpenHandCursor if zoomed else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
        self.update()

    # --- news ---------------------------------------------------------------------------------

    def _look_again(self) -> None:
        timeline, k, view = self._timeline, self._playhead.index, self._playhead.view
        self._picture, self._message, self._stands_in = None, "", ""
        there = timeline is not None and len(timeline) > 0
        if timeline is None or not there:
            self._message = _ON_ITS_WAY if timeline and timeline.running else _NOTHING_YET
        elif not timeline.has_view(k, view):
            self._message = timeline.why_missing(k, view)
            if not timeline.shows_pictures(k):
                self._show_numbers(timeline, k, self._message)
        else:
            self._picture = timeline.picture(k, view)
            self._message = "" if self._picture is not None else "Making this picture …"
            if self._picture is None and timeline.running and not timeline.can_preview:
                self._show_numbers(timeline, k, _NO_PREVIEW)
        if self._sieve is not None and self._picture is not None and not self.shows_numbers:
            self._picture = self._sieve(self._picture)
        self._corner.setVisible(there)
        self._place_corner()
        self.copy_button.setEnabled(self._picture is not None)
        self.pixels_button.setEnabled(not self.shows_numbers)
        words = f"{timeline.label(k)}, {VIEW_NAMES[view]}" if timeline and there else ""
        self.setAccessibleDescription(words)
        self.update()

    def _show_numbers(self, timeline: Timeline, k: int, why: str) -> None:
        """Channels in place of a picture, with the reason under them."""
        self._picture = timeline.picture(k, "channels")
        self._message, self._stands_in = "", why

    def _grown(self) -> None:
        """The point looked at may be new, and the channels' common range wider."""
        newest = self._timeline is not None and len(self._timeline) <= self._playhead.index + 1
        if newest or self._picture is None or self.shows_numbers:
            self._look_again()

    def _picture_changed(self, k: int, view: str) -> None:
        if k == self._playhead.index and view == self._playhead.view:
            self._look_again()

    # --- Qt -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, or a quiet sentence in its place."""
        theme = themes.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.ground))
        picture = self._picture
        if picture is None:
            self._paint_message(painter, self._message)
        else:
            self._paint_picture(painter, picture)
            caption = self.caption()
            if caption:
                self._paint_caption(painter, caption)
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: Picture) -> None:
        target = self._target(picture)
        channels = self.shows_numbers
        if self._zoom == 1.0 and not channels:
            # whole pixels of the screen, so that nothing is blurred twice
            ratio = self.devicePixelRatioF()
            left, top = round(target.x() * ratio), round(target.y() * ratio)
            width, height = round(target.width() * ratio), round(target.height() * ratio)
            size = QSize(max(width, 1), max(height, 1))
            pixmap = self._scaled.get(picture, size, self._hard)
            where = QRectF(left / ratio, top / ratio, size.width() / ratio, size.height() / ratio)
            painter.drawPixmap(where, pixmap, QRectF(pixmap.rect()))
            return
        smooth = not (self._hard or channels)
        image = image_of(picture)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, image, QRectF(image.rect()))

    def _paint_message(self, painter: QPainter, text: str) -> None:
        painter.setPen(QColor(themes.current().quiet))
        painter.setFont(themes.font())
        space = self.rect().adjusted(*(themes.SPACE * 3 * s for s in (1, 1, -1, -1)))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(space, flags, text)

    def _paint_caption(self, painter: QPainter, text: str) -> None:
        theme, space = themes.current(), themes.SPACE
        font = themes.font(themes.FONT_SMALL)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        room = QRect(0, 0, self.width() - 4 * space, self.height())
        box = QFontMetrics(font).boundingRect(room, flags, text)
        box.setSize(QSize(box.width() + 2 * space, max(box.height() + space, 3 * space)))
        box.moveCenter(self.rect().center())
        box.moveBottom(self.height() - space)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(theme.text))
        painter.setFont(font)
        painter.drawText(box, flags, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Old sizes will not come back."""
        super().resizeEvent(event)
        self._scaled.clear()
        self._place_corner()
        self._view_moved()

    def _place_corner(self) -> None:
        """Beside the picture where there is room; else in its corner, and never across its edge."""
        self._corner.adjustSize()
        space, target, size = themes.SPACE, self.target_rect(), self._corner.size()
        right, top = self.width() - space, space
        if right - size.width() < target.right() < self.width():
            right = int(target.right()) - space
        if 0 < target.top() < top + size.height():
            top = int(target.top()) + space
        self._corner.move(right - size.width(), top)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme paints the ground anew."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the cursor."""
        if self._picture is None:
            event.ignore()
            return
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """A pinch on a touchpad zooms as well."""
        return zoom_by_pinch(event, self.zoom_by) or super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an enlarged picture, or of one to be taken away."""
        if event.button() != Qt.MouseButton.LeftButton or self._picture is None:
            super().mousePressEvent(event)
            return
        away = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if self._zoom > 1.0 and not away:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.target_rect().contains(event.position()):
            self._pull.press(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or take the picture away."""
        picture = self._picture
        if self._pull.pulled(event.position()):
            self.drag_asked.emit()
            return
        if self._grip is None or picture is None:
            super().mouseMoveEvent(event)
            return
        width, height = self._size(picture)
        moved = event.position() - self._grip
        self._grip = event.position()
        self._center -= QPointF(moved.x() / width, moved.y() / height)
        self._view_moved()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._pull.release()
        if self._grip is None:
            super().mouseReleaseEvent(event)
            return
        self._grip = None
        self._view_moved()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole picture again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the picture."""
        if self._picture is None:
            event.ignore()
            return
        menu = self.picture_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def picture_menu(self) -> QMenu:
        """Ways in which the picture can leave the window."""
        menu = QMenu(self)
        copied = ("picture", "enlarged", "animation", "settings")
        add_actions(menu, copied, self.action_asked.emit, self._picture)
        menu.addSeparator()
        add_actions(menu, ("save",), self.action_asked.emit)
        if self._no_drawings is not None:
            menu.addSeparator()
            menu.setToolTipsVisible(True)
            drawings = menu.addAction(DRAWINGS)
            drawings.setEnabled(not self._no_drawings)
            drawings.setToolTip(self._no_drawings)
            drawings.triggered.connect(self.drawings_asked)
        return menu


def zoom_by_pinch(event: QEvent, zoom_by: Callable[[float, QPointF], None]) -> bool:
    """Zoom as two fingers on a touchpad ask for; False where the event is something else."""
    if (
        isinstance(event, QNativeGestureEvent)
        and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
    ):
        zoom_by(1.0 + event.value(), event.position())
        return True
    return False


def _hold(start: float, length: float, room: float) -> float:
    """A start such that the picture fills the room, or is centered in it when it is smaller."""
    if length <= room:
        return (room - length) / 2
    return min(0.0, max(start, room - length))
