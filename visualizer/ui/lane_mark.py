"""The mark of a lane: its letter on its color, the same wherever a lane is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from visualizer.diffusion.lane_letters import letter_of as letter_of
from visualizer.ui import theme as themes

if TYPE_CHECKING:
    from visualizer.session.lanes import Lane, Lanes

MARK = 18
"""Height of a mark, and its width while it is one letter."""
_DARK_INK, _LIGHT_INK = "#000000", "#ffffff"


def lane_letter(_lanes: Lanes, lane: Lane) -> str:
    """The letter of a lane, the same wherever it stands."""
    return letter_of(lane.number)


def ink_on(color: str) -> QColor:
    """Dark or light letters, whichever is read better on this color."""
    light = luminance(color)
    on_light = (light + 0.05) / (luminance(_DARK_INK) + 0.05)
    on_dark = 1.05 / (light + 0.05)
    return QColor(_DARK_INK if on_light >= on_dark else _LIGHT_INK)


def luminance(color: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2), 0 … 1."""
    parts = (QColor(color).redF(), QColor(color).greenF(), QColor(color).blueF())
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def mark_size(letter: str) -> tuple[int, int]:
    """(width, height) of the mark of a letter."""
    return MARK + 7 * (len(letter) - 1), MARK


def paint_mark(painter: QPainter, left: float, top: float, letter: str, color: int) -> QRectF:
    """Draw a lane's mark; ``color`` is ``Lane.color``. Returns where it lies."""
    fill = themes.lane_color(color)
    room = QRectF(left, top, *mark_size(letter))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(room, 4, 4)
    painter.setPen(ink_on(fill))
    painter.setFont(themes.font(themes.FONT_SMALL, bold=True))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, letter)
    painter.restore()
    return room


def mark_icon(letter: str, color: int, ratio: float = 1.0) -> QIcon:
    """A lane's mark for a button or a menu; ``ratio`` is that of the screen's pixels."""
    pixmap = QPixmap(QSize(*mark_size(letter)) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_mark(painter, 0, 0, letter, color)
    painter.end()
    return QIcon(pixmap)
