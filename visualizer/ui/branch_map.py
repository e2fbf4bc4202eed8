"""The branch map: the runs of a tree as lines on the timeline's own x axis.

Drawn as version control draws its graphs: a run is a line from where it left its parent to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.branch_words import changed_words, described
from visualizer.ui.step_axis import RIGHT, StepAxis
from visualizer.ui.tips import wrapped

if TYPE_CHECKING:
    from visualizer.session.timeline import Timeline

ROW = 2 * themes.SPACE
MARGIN = themes.SPACE // 2
"""Above the first row and below the last one."""
MOST_ROWS, MOST_ROWS_LOW = 6, 3
"""Rows that are seen at once; the wheel reaches the others."""
_TURN = 5.0
"""Radius of the bend where a run leaves its parent."""
_BAR = 3
_LONGEST = 200
"""Letters of a label; how many are written depends on the room."""


@dataclass(frozen=True)
class Row:
    """One run of the tree.

    Attributes:
        run: its timeline.
        start: the point it leaves its parent at, 0 for the first run.
        parent: the row of the run whose line it leaves; None for the first run.
    """

    run: Timeline
    start: int
    parent: int | None


def rows_of(runs: Sequence[Timeline]) -> list[Row]:
    """The tree, one run a row: a run stands above what branches from it.

    Of the branches of a run those that leave it last come first, so that no line ever crosses
    another one; those that leave it together stand in the order in which they were made.
    """
    known = list(runs)
    lines = {id(run): _line_left(run, known) for run in known}
    found: list[Row] = []

    def add(run: Timeline, parent: int | None) -> None:
        found.append(Row(run, 0 if parent is None else run.branched_at, parent))
        mine = len(found) - 1
        children = [child for child in known if lines[id(child)] is run]
        for child in sorted(children, key=lambda child: -child.branched_at):
            add(child, mine)

    for run in known:
        if lines[id(run)] is None:
            add(run, None)
    return found


def _line_left(run: Timeline, known: Sequence[Timeline]) -> Timeline | None:
    """The run whose line is left: a branch from before its parent's own beginning leaves the line
    that the parent shares there."""
    above = run.parent_run
    while above is not None and above.parent_run is not None:
        if run.branched_at > above.branched_at:
            break
        above = above.parent_run
    return above if any(above is other for other in known) else None


@dataclass(frozen=True)
class Course:
    """Where the points of a run stand on the axis of the run that is looked at.

    What it shares with that run stands where it stands there. What it does not share takes the rest
    of the axis, however many steps it is: every run ends at its right end.
    """

    shared: int
    at: float
    stretch: float

    def position(self, k: int) -> float:
        """Where point k stands, in steps of the run that is looked at."""
        if k <= self.shared:
            return self.at - (self.shared - k)
        return self.at + (k - self.shared) * self.stretch


def courses_of(rows: Sequence[Row], current: int) -> list[Course]:
    """The course of every row, on the axis of the row ``current``."""
    leaves: dict[int, int] = {}  # on the way to the current run: where the way leaves this line
    row: int | None = current
    leaves[current] = max(rows[current].run.total - 1, 0)
    while row is not None and rows[row].parent is not None:
        above = rows[row].parent
        assert above is not None
        leaves[above] = rows[row].start
        row = above
    end = float(leaves[current])
    found: list[Course] = []
    for index, each in enumerate(rows):
        if index in leaves:
            shared, at = leaves[index], float(leaves[index])
        else:
            shared = each.start
            at = 0.0 if each.parent is None else found[each.parent].position(each.start)
        rest = each.run.total - 1 - shared
        found.append(Course(shared, at, (end - at) / rest if rest > 0 else 0.0))
    return found


class BranchMap(QWidget):
    """The tree of the run that is looked at; a click looks at another run of it."""

    chosen = Signal(object)  # Timeline

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._labels: list[str] = []
        self._courses: list[Course] = []
        self._current: Timeline | None = None
        self._axis = StepAxis(1, 0)
        self._low = False
        self._top = 0  # the first row that is seen
        self._hovered: int | None = None
        self.setAccessibleName("Branches")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    # --- what it shows ------------------------------------------------------------------------

    def set_runs(self, runs: Sequence[Timeline], current: Timeline | None) -> None:
        """Show these runs of one tree; fewer than two are no tree."""
        self._rows = rows_of(runs) if len(runs) > 1 else []
        self._labels = [changed_words(row.run, _LONGEST) for row in self._rows]
        self._current, self._hovered = current, None
        place = self.row_of(current) or 0
        self._courses = courses_of(self._rows, place) if self._rows else []
        if self._rows:
            self._scroll_to(place)
        self.setVisible(bool(self._rows))
        self.setAccessibleDescription("; ".join(self._labels))
        self.updateGeometry()
        self.update()

    def set_axis(self, axis: StepAxis) -> None:
        """The axis of filmstrip and plot."""
        if axis != self._axis:
            self._axis = axis
            if self._rows:  # while a run grows, how long it gets may turn out anew
                self._courses = courses_of(self._rows, self.row_of(self._current) or 0)
            self.update()

    def set_low(self, low: bool) -> None:
        """Fewer rows at once, for a low window."""
        self._low = low
        self._scroll_to(self.row_of(self._current) or 0)
        self.updateGeometry()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The runs, from top to bottom."""
        return tuple(self._rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """What is written at each of them."""
        return tuple(self._labels)

    @property
    def top(self) -> int:
        """The first row that is seen."""
        return self._top

    def row_of(self, run: Timeline | None) -> int | None:
        """The row of a run."""
        return next((i for i, row in enumerate(self._rows) if row.run is run), None)

    def row_at(self, y: float) -> int | None:
        """The row at this height."""
        row = int((y - MARGIN) // ROW) + self._top
        seen = self._top <= row < min(self._top + self._seen, len(self._rows))
        return row if seen else None

    def y_of(self, row: int) -> float:
        """The height of a row's line; may lie outside of what is seen."""
        return MARGIN + (row - self._top + 0.5) * ROW

    def neighbor(self, delta: int) -> Timeline | None:
        """The run so many rows below the one that is looked at."""
        place = self.row_of(self._current)
        if place is None or not 0 <= place + delta < len(self._rows):
            return None
        return self._rows[place + delta].run

    @property
    def needed_height(self) -> int:
        """How high it wants to be; 0 where there is no tree."""
        return self._seen * ROW + 2 * MARGIN if self._rows else 0

    @property
    def _seen(self) -> int:
        return min(len(self._rows), MOST_ROWS_LOW if self._low else MOST_ROWS)

    def _scroll_to(self, row: int) -> None:
        first, last = row - self._seen + 1, row
        self._scroll(min(max(self._top, first), last))

    def _scroll(self, top: int) -> None:
        top = min(max(top, 0), max(len(self._rows) - self._seen, 0))
        if top != self._top:
            self._top = top
            self.update()

    # --- Qt -----------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """As high as the rows that are seen."""
        return QSize(320, self.needed_height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines, quiet ones first; then what is written on them."""
        theme = themes.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.ground))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(themes.font(themes.FONT_SMALL))
        order = sorted(range(len(self._rows)), key=lambda i: self._rows[i].run is self._current)
        for row in order:
            self._paint_line(painter, row)
        for row in range(self._top, self._top + self._seen):
            self._paint_label(painter, row)
        self._paint_bar(painter)
        painter.end()

    def _pen(self, row: int) -> QPen:
        theme = themes.current()
        if self._rows[row].run is self._current:
            return QPen(QColor(theme.text), 2.5)
        return QPen(QColor(theme.text if row == self._hovered else theme.quiet), 1.5)

    def _paint_line(self, painter: QPainter, index: int) -> None:
        row, y = self._rows[index], self.y_of(index)
        start, end = self._ends(index)
        path = QPainterPath()
        if row.parent is None:
            path.moveTo(start, y)
        else:
            path.moveTo(start, self.y_of(row.parent))
            path.lineTo(start, y - _TURN)
            path.quadTo(start, y, start + min(_TURN, max(end - start, 0.0)), y)
        path.lineTo(max(end, start), y)
        painter.setPen(self._pen(index))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setBrush(self._pen(index).color())
        painter.setPen(Qt.PenStyle.NoPen)
        current = row.run is self._current
        painter.drawEllipse(QPointF(max(end, start), y), *(2 * [3.5 if current else 2.5]))

    def x_of(self, index: int, k: int) -> float:
        """Where point k of a row's run stands, in pixels of this widget."""
        return self._axis.x(self._courses[index].position(k))

    def _ends(self, index: int) -> tuple[float, float]:
        """Where a run leaves its parent, and where it ends now: at its newest point."""
        row = self._rows[index]
        newest = max(len(row.run) - 1, row.start)
        return self.x_of(index, row.start), self.x_of(index, newest)

    def _paint_label(self, painter: QPainter, index: int) -> None:
        theme = themes.current()
        box = self.label_rect(index)
        current = self._rows[index].run is self._current
        words = QFontMetrics(painter.font()).elidedText(
            self._labels[index], Qt.TextElideMode.ElideRight, int(box.width()) - 8
        )
        painter.fillRect(box, QColor(theme.ground))
        painter.setPen(QColor(theme.text if current or index == self._hovered else theme.quiet))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def label_rect(self, index: int) -> QRectF:
        """Where a row's words stand: on its line, or before it where the line is too short."""
        row = self._rows[index]
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        wide = metrics.horizontalAdvance(self._labels[index]) + 10.0
        # a run that grows ends later: its words do not move
        start = self.x_of(index, row.start)
        end = self.x_of(index, max(row.run.total - 1, row.start))
        left, gap = start + 2 * themes.SPACE, 1.5 * themes.SPACE
        room = end - left - gap
        if wide > room and start - self._axis.first > room:
            wide = min(wide, start - gap)
            left = start - gap - wide
        wide = min(wide, max(room, 0.0)) if left > start else wide
        return QRectF(left, self.y_of(index) - ROW / 2, wide, ROW)

    def _paint_bar(self, painter: QPainter) -> None:
        """Where among all rows those lie that are seen."""
        hidden = len(self._rows) - self._seen
        if hidden <= 0:
            return
        room = self.height() - 2 * MARGIN
        size = room * self._seen / len(self._rows)
        top = MARGIN + (room - size) * self._top / hidden
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(themes.current().edge))
        bar = QRectF(self.width() - RIGHT / 2 - _BAR, top, _BAR, size)
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)

    def _touched(self, x: float, y: float) -> int | None:
        """The row whose line or words lie under the mouse."""
        row = self.row_at(y)
        if row is None:
            return None
        start, end = self._ends(row)
        on_line = start - themes.SPACE <= x <= end + themes.SPACE
        return row if on_line or self.label_rect(row).contains(QPointF(x, y)) else None

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            hand = Qt.CursorShape.PointingHandCursor
            self.setCursor(Qt.CursorShape.ArrowCursor if row is None else hand)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at this run; beside the lines the timeline is scrubbed."""
        row = self._touched(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row is not None:
            self.chosen.emit(self._rows[row].run)
            event.accept()
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a run."""
        self._hover(self._touched(event.position().x(), event.position().y()))
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The timeline may be scrubbing."""
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at any more."""
        super().leaveEvent(event)
        self._hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The rows that are not seen."""
        if len(self._rows) <= self._seen:
            event.ignore()
            return
        self._scroll(self._top + (-1 if event.angleDelta().y() > 0 else 1))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """What the run under the mouse is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._touched(event.pos().x(), event.pos().y())
            words = "" if row is None else described(self._rows[row].run)
            if words:
                QToolTip.showText(event.globalPos(), wrapped(words), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
