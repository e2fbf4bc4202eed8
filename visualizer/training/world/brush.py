"""What everything is painted with: filled shapes, antialiased, in the units of the one who paints.

A picture is 256 units wide and high, whatever its size in pixels; a thing is painted in a frame of
its own, see ``things.kind``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QGradient,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QRadialGradient,
)

UNITS = 256.0
"""The width and the height of a picture."""

Point = tuple[float, float]
Fill = QColor | QBrush | QGradient


class Brush:
    """A painter without outlines.

    Attributes:
        p: the painter itself, for what is not here.
    """

    def __init__(self, painter: QPainter) -> None:
        self.p = painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)

    def polygon(self, points: Sequence[Point], fill: Fill) -> None:
        """A filled polygon."""
        self.p.setBrush(fill)
        self.p.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))

    def box(self, x: float, y: float, w: float, h: float, fill: Fill, round_: float = 0) -> None:
        """A rectangle from its upper left corner, its corners perhaps rounded."""
        self.p.setBrush(fill)
        if round_:
            self.p.drawRoundedRect(QRectF(x, y, w, h), round_, round_)
        else:
            self.p.drawRect(QRectF(x, y, w, h))

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Fill) -> None:
        """An ellipse about its middle."""
        self.p.setBrush(fill)
        self.p.drawEllipse(QPointF(x, y), rx, ry)

    def curve(self, start: Point, curves: Sequence[tuple[float, ...]], fill: Fill) -> None:
        """A closed shape, see ``path``."""
        self.fill(self.path(start, curves), fill)

    def path(self, start: Point, curves: Sequence[tuple[float, ...]]) -> QPainterPath:
        """A closed path: each entry is a line (2 numbers), a quadratic (4) or a cubic (6)."""
        path = _open(start, curves)
        path.closeSubpath()
        return path

    def fill(self, path: QPainterPath, fill: Fill) -> None:
        """Fill any path."""
        self.p.setBrush(fill)
        self.p.drawPath(path)

    def cover(self, path: QPainterPath, fill: Fill) -> None:
        """Fill the rectangle about a path: what is quickest inside ``within`` this path."""
        self.p.setBrush(fill)
        self.p.drawRect(path.controlPointRect())

    def line(self, points: Sequence[Point], width: float, color: QColor) -> None:
        """An open line with round ends. Nothing thinner than 2.5 units of the picture is kept."""
        self.p.setPen(_pen(width, color))
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))
        self.p.setPen(Qt.PenStyle.NoPen)

    def stroke(
        self, start: Point, curves: Sequence[tuple[float, ...]], width: float, fill: Fill
    ) -> None:
        """A thick open line along curves (entries as in ``path``), with round ends."""
        self.p.strokePath(_open(start, curves), _pen(width, fill))

    def arch(self, x: float, y: float, w: float, h: float, fill: Fill) -> None:
        """A door or a window with a round top: the middle of its foot, its width and height."""
        side, top = w / 2, y - h + w / 2
        curves = [
            (x - side, top),
            (x - side, y - h, x, y - h),
            (x + side, y - h, x + side, top),
            (x + side, y),
        ]
        self.curve((x - side, y), curves, fill)

    @contextmanager
    def within(self, path: QPainterPath) -> Iterator[None]:
        """What is painted inside the with is cut to a path."""
        self.p.save()
        self.p.setClipPath(path, Qt.ClipOperation.IntersectClip)
        yield
        self.p.restore()

    @contextmanager
    def moved(
        self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, mirror: bool = False
    ) -> Iterator[None]:
        """Paint in a frame whose origin is at x, y, turned by degrees, clockwise."""
        self.p.save()
        self.p.translate(x, y)
        self.p.rotate(angle)
        self.p.scale(-scale if mirror else scale, scale)
        yield
        self.p.restore()


def _open(start: Point, curves: Sequence[tuple[float, ...]]) -> QPainterPath:
    path = QPainterPath(QPointF(*start))
    for c in curves:
        if len(c) == 2:
            path.lineTo(c[0], c[1])
        elif len(c) == 4:
            path.quadTo(c[0], c[1], c[2], c[3])
        else:
            path.cubicTo(c[0], c[1], c[2], c[3], c[4], c[5])
    return path


def _pen(width: float, fill: Fill) -> QPen:
    pen = QPen(QBrush(fill), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def down(y0: float, y1: float, *colors: QColor) -> QLinearGradient:
    """Evenly from the first color at y0 to the last at y1."""
    return _ramp(QLinearGradient(0, y0, 0, y1), colors)


def across(x0: float, x1: float, *colors: QColor) -> QLinearGradient:
    """Evenly from the first color at x0 to the last at x1."""
    return _ramp(QLinearGradient(x0, 0, x1, 0), colors)


def around(x: float, y: float, r: float, *colors: QColor) -> QRadialGradient:
    """Evenly from the first color in the middle to the last at the radius r."""
    gradient = QRadialGradient(x, y, r)
    for k, color in enumerate(colors):
        gradient.setColorAt(k / max(len(colors) - 1, 1), color)
    return gradient


def _ramp(gradient: QLinearGradient, colors: Sequence[QColor]) -> QLinearGradient:
    for k, color in enumerate(colors):
        gradient.setColorAt(k / max(len(colors) - 1, 1), color)
    return gradient
