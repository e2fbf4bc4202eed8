"""ModelList: the models that can be chosen, drawn row by row."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.fit_mark import MEANINGS, draw_fit, width_of
from visualizer.ui.icons import icon
from visualizer.ui.model_rows import Row

_LEFT, _RIGHT = 4 * theme.SPACE, 2 * theme.SPACE
_MODEL_HEIGHT = 6 * theme.SPACE
_HEADING_HEIGHT = 4 * theme.SPACE
_TICK = ((0.0, 0.5), (0.35, 0.85), (1.0, 0.1))
_WRAPPED = int(Qt.TextFlag.TextWordWrap)

Index = QModelIndex | QPersistentModelIndex


class ModelList(QListView):
    """It never has the focus: the field above it passes on the keys."""

    chosen = Signal(object)  # FoundModel
    refused = Signal(str)  # why the model that was asked for cannot be opened

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._model = _Rows(self)
        self.setModel(self._model)
        self.setItemDelegate(_RowDelegate(self))
        self.setAccessibleName("Models")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.entered.connect(self._select)
        self.clicked.connect(self._choose)

    def set_rows(self, rows: list[Row]) -> None:
        """Show these; the chosen row and the place stay where they can."""
        if rows == self.rows:
            return
        chosen, place = self.selected, self.verticalScrollBar().value()
        self.rows = rows
        self._model.show_rows(rows)
        models = [row.model for row in rows]
        if chosen is not None and chosen.model in models:
            self._select(self._model.index(models.index(chosen.model)))
        self.verticalScrollBar().setValue(place)
        self.updateGeometry()

    @property
    def selected(self) -> Row | None:
        """The row that Enter would choose."""
        index = self.currentIndex()
        return self.rows[index.row()] if index.isValid() else None

    def select_first(self) -> None:
        """The keys start at the model in use, or else at the first one."""
        self.setCurrentIndex(QModelIndex())
        able = [k for k, row in enumerate(self.rows) if row.can_be_chosen]
        able = able or [k for k, row in enumerate(self.rows) if row.can_be_reached]
        start = next((k for k in able if self.rows[k].current), able[0] if able else None)
        if start is not None:
            self._select(self._model.index(start))

    def move_selection(self, by: int) -> None:
        """So many models down; up where it is negative."""
        able = [k for k, row in enumerate(self.rows) if row.can_be_reached]
        if not able:
            return
        now = self.currentIndex().row()
        place = able.index(now) + by if now in able else (0 if by > 0 else len(able) - 1)
        target = able[min(max(place, 0), len(able) - 1)]
        self._select(self._model.index(target))
        # the heading above the first model is seen as well
        self.scrollTo(self._model.index(0 if target == able[0] else target))

    def choose_selected(self) -> None:
        """As if it was clicked."""
        self._choose(self.currentIndex())

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        heights = (self.sizeHintForRow(k) for k in range(len(self.rows)))
        return QSize(40 * theme.SPACE, sum(heights) + theme.SPACE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words that are wrapped need another height in another width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _select(self, index: Index) -> None:
        if index.isValid() and self.rows[index.row()].can_be_reached:
            self.setCurrentIndex(self._model.index(index.row()))

    def _choose(self, index: Index) -> None:
        row = self.rows[index.row()] if index.isValid() else None
        if row is None:
            return
        if row.can_be_chosen:
            self.chosen.emit(row.model)
        elif row.reason:
            self._select(index)
            below = self.visualRect(index).bottomLeft() + QPoint(_LEFT, 0)
            QToolTip.showText(self.viewport().mapToGlobal(below), row.reason, self)
            self.refused.emit(row.reason)


class _Rows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.spoken
        if role == Qt.ItemDataRole.ToolTipRole and row.model is not None:
            known = (row.text, row.reason or row.detail, MEANINGS[row.fit] if row.fit else "")
            place = "" if row.model.origin == "builtin" else str(row.model.path)
            return "\n".join(part for part in (*known, place) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self._rows[index.row()].can_be_reached:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, view: ModelList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        row, width = self._view.rows[index.row()], self._view.viewport().width()
        match row.kind:
            case "heading":
                height = _HEADING_HEIGHT
            case "model":
                height = _MODEL_HEIGHT
            case "problem":
                name = QFontMetrics(theme.font()).height()
                height = _wrapped_height(row.detail, width) + name + 2 * theme.SPACE
            case "note":
                height = _wrapped_height(row.text, width) + 2 * theme.SPACE
        return QSize(width, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._view.rows[index.row()]
        area: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.can_be_reached and state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.current().selection))
            painter.drawRoundedRect(QRectF(area).adjusted(8, 1, -8, -1), 6, 6)
        if row.kind == "heading":
            _draw_heading(painter, area, row)
        elif row.kind == "note":
            _draw_note(painter, area, row.text)
        else:
            _draw_model(painter, area, row)
        painter.restore()


def _wrapped_height(text: str, width: int) -> int:
    room = QRect(0, 0, width - _LEFT - _RIGHT, 1000)
    return QFontMetrics(theme.font(theme.FONT_SMALL)).boundingRect(room, _WRAPPED, text).height()


def _draw_heading(painter: QPainter, area: QRect, row: Row) -> None:
    painter.setFont(theme.font(theme.FONT_SMALL, bold=True))
    painter.setPen(QColor(theme.current().quiet))
    room = area.adjusted(2 * theme.SPACE, 0, -_RIGHT, -theme.SPACE // 2)
    painter.drawText(room, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, row.text)


def _draw_note(painter: QPainter, area: QRect, text: str) -> None:
    painter.setFont(theme.font(theme.FONT_SMALL))
    painter.setPen(QColor(theme.current().quiet))
    room = area.adjusted(_LEFT, theme.SPACE // 2, -_RIGHT, 0)
    painter.drawText(room, _WRAPPED, text)


def _draw_model(painter: QPainter, area: QRect, row: Row) -> None:
    """Two lines: the name and whether it fits; what is known of it, or what is wrong."""
    worn = theme.current()
    room = area.adjusted(_LEFT, theme.SPACE // 2 + 1, -_RIGHT, -theme.SPACE // 2)
    if row.current:
        _draw_tick(painter, QRectF(area.left() + 14, area.center().y() - 5, 11, 10))
    taken = 0
    if row.fit is not None:
        taken = width_of(row.fit) + 2 * theme.SPACE
        draw_fit(painter, QRectF(room), row.fit)
    painter.setFont(theme.font())
    metrics = painter.fontMetrics()
    width = room.width() - taken
    name = metrics.elidedText(row.text, Qt.TextElideMode.ElideMiddle, width)
    painter.setPen(QColor(worn.quiet if row.kind == "problem" else worn.text))
    painter.drawText(room.left(), room.top() + metrics.ascent(), name)
    below = room.adjusted(0, metrics.height() + 1, 0, 0)
    painter.setFont(theme.font(theme.FONT_SMALL))
    painter.setPen(QColor(worn.quiet))
    if row.kind == "problem":
        side = 16
        where = QRect(area.left() + 12, below.top(), side, side)
        icon("warning", worn, worn.quiet).paint(painter, where)
        painter.drawText(below, _WRAPPED, row.detail)
        return
    small = painter.fontMetrics()
    detail = small.elidedText(row.detail, Qt.TextElideMode.ElideRight, width)
    painter.drawText(below.left(), below.top() + small.ascent(), detail)


def _draw_tick(painter: QPainter, box: QRectF) -> None:
    pen = QPen(QColor(theme.current().text), 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    points = [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in _TICK]
    painter.drawPolyline(QPolygonF(points))
