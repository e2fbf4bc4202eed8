"""FitMark: whether something fits, as a word and a shape, so that no color has to tell it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme

Fit = Literal["yes", "tight", "no"]
WORDS: dict[Fit, str] = {"yes": "fits", "tight": "tight", "no": "too large"}
MEANINGS: dict[Fit, str] = {
    "yes": "It fits into memory.",
    "tight": "It just fits into memory: it may be slow, or need a smaller picture.",
    "no": "It needs more memory than there is.",
}
SIDE = 14


class FitMark(QWidget):
    """The mark and the word, beside other words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit: Fit | None = None

    def set_fit(self, fit: Fit | None) -> None:
        """None shows nothing."""
        self._fit = fit
        self.setAccessibleName("" if fit is None else WORDS[fit])
        self.setToolTip("" if fit is None else MEANINGS[fit])
        self.setVisible(fit is not None)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the word."""
        return QSize(width_of(self._fit), SIDE + 4) if self._fit else QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        """No word is cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The mark and the word."""
        if self._fit is not None:
            painter = QPainter(self)
            draw_fit(painter, QRectF(self.rect()), self._fit)
            painter.end()


def width_of(fit: Fit) -> int:
    """How wide mark and word are."""
    from PySide6.QtGui import QFontMetrics

    words = QFontMetrics(theme.font(theme.FONT_SMALL)).horizontalAdvance(WORDS[fit])
    return SIDE + theme.SPACE // 2 + 2 + words


def draw_fit(painter: QPainter, room: QRectF, fit: Fit) -> None:
    """Mark and word at the right end of a room, in the middle of its height."""
    color = QColor(theme.current().quiet)
    left = room.right() - width_of(fit)
    mark = QRectF(left, room.center().y() - SIDE / 2, SIDE, SIDE)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(
        QPen(color, 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    _draw_mark(painter, mark.adjusted(1, 1, -1, -1), fit)
    painter.setFont(theme.font(theme.FONT_SMALL))
    word = QRectF(room)
    word.setLeft(mark.right() + theme.SPACE // 2)
    painter.drawText(word, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, WORDS[fit])
    painter.restore()


def _draw_mark(painter: QPainter, mark: QRectF, fit: Fit) -> None:
    x, y, size = mark.left(), mark.top(), mark.width()

    def at(across: float, down: float) -> QPointF:
        return QPointF(x + across * size, y + down * size)

    if fit == "yes":
        painter.drawEllipse(mark)
        painter.drawPolyline(QPolygonF([at(0.28, 0.53), at(0.44, 0.69), at(0.73, 0.34)]))
    elif fit == "tight":
        painter.drawPolygon(QPolygonF([at(0.5, 0.02), at(1.0, 0.95), at(0.0, 0.95)]))
        painter.drawLine(QLineF(at(0.5, 0.38), at(0.5, 0.6)))
        painter.drawPoint(at(0.5, 0.78))
    else:
        painter.drawEllipse(mark)
        painter.drawLine(QLineF(at(0.33, 0.33), at(0.67, 0.67)))
        painter.drawLine(QLineF(at(0.67, 0.33), at(0.33, 0.67)))
