"""How one lane of the grid is drawn: its picture or a quiet frame, its mark and its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from visualizer.ui import theme as themes
from visualizer.ui.canvas import ScaledPictures, image_of
from visualizer.ui.lane_camera import Camera
from visualizer.ui.lane_captions import shortest
from visualizer.ui.lane_layout import Place
from visualizer.ui.lane_mark import mark_size, paint_mark

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

CLOSE = 20
"""The side of the button that removes a lane."""
RING = 2
_LEAST_LABEL = 48
_STEP = re.compile(r"step (\d+) of (\d+)")
_FEWEST_WORDS = 88
"""A frame narrower than this has no room for a sentence."""


@dataclass(frozen=True)
class Look:
    """What a lane shows now.

    Attributes:
        picture: None where there is none.
        message: said in the frame in place of a picture, or over its lower edge.
        short: what is said where that does not fit.
        failed: the message is that of a failure.
        numbers: the picture is the latent's channels, whose pixels are always squares.
        beside: a few words at the right of the caption.
    """

    picture: Picture | None = None
    message: str = ""
    short: str = ""
    failed: bool = False
    numbers: bool = False
    beside: str = ""


def paint_picture(
    painter: QPainter,
    place: QRect,
    look: Look,
    camera: Camera,
    scaled: ScaledPictures,
    ratio: float,
    *,
    hurry: bool,
) -> bool:
    """The picture in its room, or a quiet frame.

    Args:
        hurry: draw a picture that was not seen in this size before with one sample a pixel, which
            takes no time.

    Returns:
        Whether it can be drawn better: ``refine`` it, and paint again.
    """
    theme, better = themes.current(), False
    if look.picture is None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.danger if look.failed else theme.line), 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        _paint_message(painter, place, look)
        return False
    target = camera.target(QRectF(place), look.picture)
    hard = camera.hard or look.numbers
    if camera.zoom == 1.0:
        # whole pixels of the screen, so that nothing is blurred twice
        size = _pixels(target, ratio)
        corner = QPointF(round(target.x() * ratio) / ratio, round(target.y() * ratio) / ratio)
        where = QRectF(corner, QPointF(size.width(), size.height()) / ratio + corner)
        pixmap = scaled.kept(look.picture, size, hard)
        better = pixmap is None and not hard and hurry
        if better:
            _draw(painter, where, look.picture, smooth=False)
        else:
            pixmap = scaled.get(look.picture, size, hard) if pixmap is None else pixmap
            painter.drawPixmap(where, pixmap, QRectF(pixmap.rect()))
    else:
        painter.save()
        painter.setClipRect(place, Qt.ClipOperation.IntersectClip)
        _draw(painter, target, look.picture, smooth=not hard)
        painter.restore()
    if look.message:
        _paint_note(painter, place, look)
    return better


def refine(place: QRect, look: Look, camera: Camera, scaled: ScaledPictures, ratio: float) -> bool:
    """Scale a picture with all of its pixels; whether that was still to be done."""
    if look.picture is None or camera.zoom != 1.0 or camera.hard or look.numbers:
        return False
    size = _pixels(camera.target(QRectF(place), look.picture), ratio)
    if scaled.kept(look.picture, size, hard=False) is not None:
        return False
    scaled.get(look.picture, size, hard=False)
    return True


def _pixels(target: QRectF, ratio: float) -> QSize:
    return QSize(max(round(target.width() * ratio), 1), max(round(target.height() * ratio), 1))


def _draw(painter: QPainter, where: QRectF, picture: Picture, *, smooth: bool) -> None:
    image = image_of(picture)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(where, image, QRectF(image.rect()))


def _paint_message(painter: QPainter, place: QRect, look: Look) -> None:
    """As much of it as fits; the tooltip has it all."""
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
    inset = themes.SPACE if place.width() >= _FEWEST_WORDS else 2
    space = place.adjusted(inset, inset, -inset, -inset)
    metrics = QFontMetrics(font)
    for words in (look.message, look.short):
        if space.contains(metrics.boundingRect(space, flags, words)):
            painter.setPen(QColor(theme.danger if look.failed else theme.quiet))
            painter.setFont(font)
            painter.drawText(space, flags, words)
            return


def _paint_note(painter: QPainter, place: QRect, look: Look) -> None:
    """Over the lower edge of a picture, on a ground of its own."""
    if place.width() < _FEWEST_WORDS:
        return
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
    room = place.adjusted(themes.SPACE, 0, -themes.SPACE, 0)
    words = QFontMetrics(font).boundingRect(room, flags, look.message)
    ground = QRect(place.left(), 0, place.width(), min(words.height() + 8, place.height()))
    ground.moveBottom(place.bottom())
    painter.fillRect(ground, QColor(theme.surface))
    painter.setPen(QColor(theme.danger if look.failed else theme.text))
    painter.setFont(font)
    painter.drawText(ground.adjusted(8, 0, -8, 0), flags, look.message)


def paint_caption(
    painter: QPainter, place: Place, letter: str, color: int, label: str, beside: str
) -> None:
    """The lane's mark, its label, and a few words at the right where there is room."""
    room = place.caption
    if room.isEmpty():
        return
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    metrics = QFontMetrics(font)
    width, height = mark_size(letter)
    top = room.top() + (room.height() - height) / 2 + 1
    paint_mark(painter, room.left(), top, letter, color)
    line = room.adjusted(width + 6, 2, 0, 0)
    painter.setFont(font)
    middle = Qt.AlignmentFlag.AlignVCenter
    if metrics.horizontalAdvance(label) > line.width():
        label = shortest(label)
    wanted = min(metrics.horizontalAdvance(label), _LEAST_LABEL)
    for words in (beside, _STEP.sub(r"\1/\2", beside)):
        taken = metrics.horizontalAdvance(words) + themes.SPACE
        if words and line.width() - taken >= wanted:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(line, int(middle | Qt.AlignmentFlag.AlignRight), words)
            line.setRight(line.right() - taken)
            break
    painter.setPen(QColor(theme.text))
    short = metrics.elidedText(label, Qt.TextElideMode.ElideRight, line.width())
    painter.drawText(line, int(middle | Qt.AlignmentFlag.AlignLeft), short)


def paint_corner(painter: QPainter, picture: QRect, letter: str, color: int) -> None:
    """The lane's mark on a picture that is too small for a caption."""
    painter.save()
    painter.translate(picture.topLeft())
    painter.scale(0.8, 0.8)
    paint_mark(painter, 2, 2, letter, color)
    painter.restore()


def paint_number(painter: QPainter, picture: QRect, caption: str) -> None:
    """What tells a small picture from those beside it, where a few letters can: its seed."""
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    words, metrics = shortest(caption), QFontMetrics(font)
    room = QRect(0, 0, metrics.horizontalAdvance(words) + 6, metrics.height())
    if not words or room.width() > picture.width() // 2:
        return
    room.moveBottomLeft(picture.bottomLeft())
    painter.fillRect(room, QColor(theme.surface))
    painter.setPen(QColor(theme.text))
    painter.setFont(font)
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)


def paint_ring(painter: QPainter, picture: QRect, color: str, *, dashed: bool) -> None:
    """Around a picture: whole for the lane in focus, dashed for the other one of a pair."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(color), RING)
    if dashed:
        pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(picture).adjusted(-2, -2, 2, 2), 4, 4)
    painter.restore()


def close_rect(picture: QRect) -> QRect:
    """Where the button lies that removes a lane."""
    inset = themes.SPACE // 2 if picture.width() > 64 else 1
    side = CLOSE if picture.width() > 64 else 14
    return QRect(picture.right() - side - inset + 1, picture.top() + inset, side, side)


def paint_close(painter: QPainter, picture: QRect, *, under_mouse: bool) -> None:
    """A small × on a ground of its own."""
    theme, room = themes.current(), QRectF(close_rect(picture))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.hover if under_mouse else theme.surface))
    painter.drawRoundedRect(room, 4, 4)
    painter.setPen(QPen(QColor(theme.text), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    arm = room.width() * 0.18
    middle = room.center()
    for x, y in ((arm, arm), (arm, -arm)):
        painter.drawLine(middle - QPointF(x, y), middle + QPointF(x, y))
    painter.restore()


def paint_headings(
    painter: QPainter,
    columns: tuple[QRect, ...],
    column_labels: tuple[str, ...],
    rows: tuple[QRect, ...],
    row_labels: tuple[str, ...],
    *,
    over: bool = False,
) -> None:
    """Above the columns, and at the left of the rows or over them."""
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    metrics = QFontMetrics(font)
    painter.setFont(font)
    painter.setPen(QColor(theme.quiet))
    center = int(Qt.AlignmentFlag.AlignCenter)
    tight = any(
        metrics.horizontalAdvance(label) > room.width()
        for room, label in zip(columns, column_labels, strict=False)
    )
    shared, shorter = shared_word(column_labels)
    if tight and shared and rows:
        corner = QRect(rows[0].left(), columns[0].top(), rows[0].width(), columns[0].height())
        painter.drawText(corner, int(_SIDE), shared)
        column_labels = shorter
    for room, label in zip(columns, column_labels, strict=False):
        short = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, center, short)
    for room, label in zip(rows, row_labels, strict=False):
        if over:
            short = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room.width())
            left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(room, int(left), short)
        else:
            painter.drawText(room, int(_SIDE), wrapped(label, metrics, room.size()))


_SIDE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def shared_word(labels: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The word that all labels begin with, and what is left of them: ("seed", ("1", "2"))."""
    firsts = {label.split(" ", 1)[0] for label in labels}
    if len(firsts) != 1 or not all(" " in label for label in labels):
        return "", labels
    return firsts.pop(), tuple(label.split(" ", 1)[1] for label in labels)


def wrapped(label: str, metrics: QFontMetrics, room: QSize) -> str:
    """A label in lines of this width, with "…" where it goes on beyond the height."""
    most = max(room.height() // max(metrics.lineSpacing(), 1), 1)
    lines: list[str] = []
    rest = label.split()
    while rest:
        if len(lines) == most - 1:
            lines.append(" ".join(rest))
            break
        taken = 1
        while taken < len(rest) and (
            metrics.horizontalAdvance(" ".join(rest[: taken + 1])) <= room.width()
        ):
            taken += 1
        lines.append(" ".join(rest[:taken]))
        rest = rest[taken:]
    right = Qt.TextElideMode.ElideRight
    return "\n".join(metrics.elidedText(line, right, room.width()) for line in lines)


def paint_insertion(painter: QPainter, mark: QRect) -> None:
    """Where a dragged lane would go; seen over any picture."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for color, room in ((themes.current().ground, mark.adjusted(-2, -2, 2, 2)), ("", mark)):
        painter.setBrush(QColor(color or themes.current().text))
        painter.drawRoundedRect(room, room.width() / 2, room.width() / 2)
    painter.restore()


def paint_away(painter: QPainter, picture: QRect) -> None:
    """Over the picture of a lane that is being carried away."""
    veil = QColor(themes.current().ground)
    veil.setAlphaF(0.6)
    painter.fillRect(picture, veil)


def paint_carried(painter: QPainter, at: QPoint, letter: str, color: int) -> None:
    """The mark of the lane that is dragged, at the mouse."""
    paint_mark(painter, at.x() + 10, at.y() + 10, letter, color)
