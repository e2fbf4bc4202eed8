"""What lies over filmstrip and plot: the playhead's one line, the hover line, and the legend."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes
from visualizer.ui.focus_ring import paint_ring

HALF = 8
"""Half the width of the mark: room for its dot."""


class _Overlay(QWidget):
    """Drawn over its siblings; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.hide()


class PlayheadMark(_Overlay):
    """One line through filmstrip and plot, and a dot on the noise line.

    Moving it repaints a strip 16 pixels wide, nothing else.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._dot: float | None = None

    @property
    def x_pixel(self) -> int:
        """The middle of the line, in pixels of the parent."""
        return self.x() + HALF

    def stand(self, x: int, bottom: int, dot: float | None) -> None:
        """Stand with the line's middle at x, from the top to ``bottom``; the dot at height y."""
        self.setGeometry(x - HALF, 0, 2 * HALF, bottom)
        if dot != self._dot:
            self._dot = dot
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Line and dot."""
        theme = themes.current()
        accent = QColor(theme.accent)
        painter = QPainter(self)
        painter.fillRect(HALF - 1, 0, 2, self.height(), accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._dot is not None:
            painter.setBrush(accent)
            painter.setPen(QPen(QColor(theme.ground), 2))
            painter.drawEllipse(QPointF(HALF, self._dot), 5.5, 5.5)
        painter.end()


class HoverMark(_Overlay):
    """A thin quiet line where the mouse points."""

    def stand(self, x: int, bottom: int) -> None:
        """Stand at x, from the top to ``bottom``."""
        self.setGeometry(x, 0, 1, bottom)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(themes.current().quiet))
        painter.end()


class FocusRing(_Overlay):
    """Says that the keyboard speaks to the timeline."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ring."""
        painter = QPainter(self)
        paint_ring(painter, self.rect())
        painter.end()


_COMING, _PLANNED = "next run", "planned noise"


class Legend(_Overlay):
    """Which line is which, in words, with a piece of each line beside them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._measured = ""

    def show_lines(
        self, planned: bool, measured: str, coming: bool = False, only: str = ""
    ) -> None:
        """Name the lines that are there.

        Args:
            measured: the name of the measured line, "" where there is none.
            only: the name of the planned line where no other is ever beside it.
        """
        self._measured = measured
        named = ((_COMING, coming), (only or _PLANNED, planned), (measured, measured))
        self._words = [words for words, there in named if there]
        self.setAccessibleName(", ".join(self._words))
        self.update()

    def sizeHint(self) -> QSize:
        """As long as its words."""
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        length = sum(metrics.horizontalAdvance(words) for words in self._words)
        return QSize(length + 42 * len(self._words), 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A piece of line and its name, for each line."""
        theme = themes.current()
        font = themes.font(themes.FONT_SMALL)
        metrics = QFontMetrics(font)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.ground))  # no line goes through the words
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        x, middle = 0.0, self.height() / 2
        for words in self._words:
            measured = words == self._measured
            color = QColor(theme.second if measured else theme.quiet)
            dots = Qt.PenStyle.DotLine if words == _COMING else Qt.PenStyle.SolidLine
            painter.setPen(QPen(color, 2 if measured else 1.5, dots))
            painter.drawLine(QPointF(x, middle), QPointF(x + 18, middle))
            if measured:
                painter.setBrush(color)
                painter.drawEllipse(QPointF(x + 9, middle), 2.5, 2.5)
            painter.setPen(QColor(theme.quiet))
            length = metrics.horizontalAdvance(words)
            painter.drawText(
                QRectF(x + 24, 0, length + 2, self.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                words,
            )
            x += length + 42
        painter.end()
