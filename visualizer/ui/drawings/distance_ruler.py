"""A line of distances, so that a number means something: copy, nearest, any two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes

if TYPE_CHECKING:
    from visualizer.training.nearest import Scale

HEIGHT = 5 * themes.SPACE
_GAP = 6


class DistanceRuler(QWidget):
    """0 at the left; this picture above the line, what it is compared with below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: Scale | None = None
        self._distance = 0.0
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Distances on one line")

    def show_distances(self, distance: float, scale: Scale) -> None:
        """The nearest drawing of this picture, among what distances usually are."""
        self._distance, self._scale = distance, scale
        self.setToolTip(
            "Distances in the latent. A drawing learned by heart would stand where a copy stands; "
            "every drawing has another one about as near as “a drawing’s nearest”."
        )
        self.setAccessibleDescription(
            f"This picture {distance:.2f}; "
            + "; ".join(f"{name} {value:.2f}" for name, value in _marks(scale))
        )
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A line, marks below, a dot with its words above."""
        scale = self._scale
        if scale is None:
            return
        theme, font = themes.current(), themes.font(themes.FONT_SMALL)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        metrics, y = QFontMetrics(font), self.height() / 2
        painter.setPen(QPen(QColor(theme.edge), 2))
        painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
        taken = 0.0
        for name, value in _marks(scale):
            x = self._x(value)
            painter.setPen(QPen(QColor(theme.quiet), 2))
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
            words = f"{name} {value:.2f}"
            width = metrics.horizontalAdvance(words) + 2
            left = min(max(x - width / 2, taken), self.width() - width)
            taken = left + width + _GAP
            painter.drawText(QRectF(left, y + 4, width, 16), Qt.AlignmentFlag.AlignCenter, words)
        x, words = self._x(self._distance), f"this picture {self._distance:.2f}"
        width = metrics.horizontalAdvance(words) + 2
        painter.setPen(QColor(theme.text))
        left = min(max(x - width / 2, 0), self.width() - width)
        painter.drawText(QRectF(left, y - 21, width, 16), Qt.AlignmentFlag.AlignCenter, words)
        painter.setBrush(QColor(theme.text))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(x, y), 4.5, 4.5)
        painter.end()

    def _x(self, distance: float) -> float:
        assert self._scale is not None
        end = 1.1 * max(self._scale.pairs, self._distance)
        return 1 + (self.width() - 2) * distance / end


def _marks(scale: Scale) -> tuple[tuple[str, float], ...]:
    return (
        ("a copy", scale.copy),
        ("a drawing’s nearest", scale.neighbors),
        ("any two drawings", scale.pairs),
    )
