"""The axis fields: what changes from lane to lane, across and down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSizePolicy,
    QStackedWidget,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.lane_painting import wrapped
from visualizer.ui.sampler_field import SPACINGS, ElidingComboBox, variants_of

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts, SamplerName
    from visualizer.diffusion.grid import Axis, Grid
    from visualizer.diffusion.request import SamplingRequest

HEIGHT = 3 * theme.SPACE + theme.SPACE // 2
MOST_LINES = 4
_TWO_LINES = 4 * theme.SPACE
_TEXT_LEFT = 6
_NOTHING = ""
WORDS = {
    "seed": "seed",
    "prompt": "prompt",
    "negative_prompt": "avoid",
    "guidance_scale": "guidance",
    "steps": "steps",
    "sampler": "sampler",
}
"""The fields an axis can spread, and what people call them: ``visualizer.diffusion.grid.FIELDS``,
without importing numpy for it; a test compares."""
_PLURALS = {
    "seed": "seeds",
    "prompt": "prompts",
    "negative_prompt": "avoid texts",
    "guidance_scale": "values",
    "steps": "numbers",
    "sampler": "samplers",
}
_HINTS = {
    "seed": "1-4, 7",
    "prompt": "one a line (Shift+Enter), or separated by |",
    "negative_prompt": "one a line (Shift+Enter), or separated by |",
    "guidance_scale": "1, 3, 7.5",
    "steps": "10, 20, 30",
}
_STARTS = {"seed": "1-4", "guidance_scale": "1, 3, 5, 8", "steps": "10, 20, 40"}
_COMPARED = ("euler", "euler_a", "ddim")
"""What most people compare with the model's own sampler."""
_TEXTS = ("prompt", "negative_prompt")


@dataclass(frozen=True)
class WrittenAxis:
    """What stands in an axis field, to be put back.

    Attributes:
        field: of the request, or "".
        texts: the values of every field that was looked at, as they are typed.
        typed: the fields whose values somebody chose.
        samplers: those that are ticked.
    """

    field: str
    texts: Mapping[str, str]
    typed: frozenset[str]
    samplers: tuple[str | None, ...]


class AxisFields(QWidget):
    """Across [seed] [1-4]   Down [prompt] [ … ]   and what that comes to."""

    edited = Signal()
    entered = Signal()  # Enter was pressed in one of the fields
    fields_changed = Signal()  # another field of the request is spread

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own_sampler = ""
        self.across = AxisField("Across", optional=False)
        self.down = AxisField("Down", optional=True)
        self.said = TwoLines()
        theme.set_role(self.said, "small-quiet")
        self.said.setAccessibleName("How many pictures")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.SPACE)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self.across, 5, top)
        row.addWidget(self.down, 5, top)
        row.addWidget(self.said, 3, top)
        for axis in (self.across, self.down):
            axis.edited.connect(self.edited)
            axis.entered.connect(self.entered)
            axis.field_changed.connect(self._field_changed)
        self.across.set_field("seed")
        self._field_changed()

    @property
    def varied(self) -> frozenset[str]:
        """The fields of the request that are spread."""
        return frozenset(filter(None, (self.across.field, self.down.field)))

    def set_facts(self, facts: ModelFacts) -> None:
        """Offer what this model can do."""
        offered = ["seed", "prompt"]
        if facts.guidance and facts.avoid:
            offered.append("negative_prompt")
        if facts.guidance:
            offered.append("guidance_scale")
        offered.append("steps")
        if facts.samplers:
            offered.append("sampler")
        self._own_sampler = facts.own_sampler
        for axis in (self.across, self.down):
            axis.offer(offered, facts.samplers, facts.own_sampler)
        self._field_changed()

    def suggest(self, field: str, text: str) -> None:
        """What stands in a field that nobody filled in yet."""
        for axis in (self.across, self.down):
            axis.suggest(field, text)

    def show_seeds(self, text: str) -> None:
        """Seeds across, nothing down."""
        self.across.set_field("seed")
        self.across.set_text(text)
        self.down.set_field(_NOTHING)

    def show_axes(self, columns: Axis, rows: Axis | None) -> bool:
        """Fill the fields from the axes of a grid; False, and nothing, where they cannot be."""
        axes = ((self.across, columns), (self.down, rows))
        if not all(axis is None or field.can_show(axis) for field, axis in axes):
            return False
        for field, axis in axes:
            field.set_field(_NOTHING if axis is None else axis.field)
            if axis is not None:
                field.set_values(axis.values)
        return True

    def show_one_picture(self, values: Mapping[str, Any]) -> dict[str, bool]:
        """Let the axes say what one picture was made from, each a single value.

        Args:
            values: of the fields of a request, as far as they are known.

        Returns:
            The fields whose axis said something else, and whether it could be changed.
        """
        from visualizer.diffusion.grid import Axis

        changed = {}
        for axis in (self.across, self.down):
            if axis.field not in values:
                continue
            one = Axis(axis.field, (values[axis.field],))
            if not axis.shows(one):
                changed[axis.field] = axis.can_show(one)
                if changed[axis.field]:
                    axis.set_values(one.values)
        return changed

    def written(self) -> tuple[WrittenAxis, WrittenAxis]:
        """What stands in the fields."""
        return self.across.written(), self.down.written()

    def put_back(self, written: tuple[WrittenAxis, WrittenAxis]) -> None:
        """Let that stand in the fields again, as far as this model has it."""
        for axis, was in zip((self.across, self.down), written, strict=True):
            axis.put_back(was)

    def grid(self, base: SamplingRequest) -> Grid:
        """The requests that the fields make.

        Raises:
            RequestError: with a sentence, where they make none or too many.
        """
        from visualizer.diffusion.grid import Axis, Grid

        own = self._own_sampler
        columns = Axis(self.across.field, self.across.values(), own)
        rows = Axis(self.down.field, self.down.values(), own) if self.down.field else None
        grid = Grid(base, columns, rows)
        grid.check()
        return grid

    def repeated(self) -> str:
        """Which values stand there twice, as a sentence; "" where none does."""
        twice = [axis.field for axis in (self.across, self.down) if axis.has_repetitions()]
        return " ".join(f"Repeated {_PLURALS[field]} count once." for field in twice)

    def say(self, text: str, *, refused: bool = False) -> None:
        """What the fields come to, or what is wrong with them."""
        self.said.say(text)
        self.said.setProperty("refused", refused)
        self.said.setStyleSheet(f"color: {theme.current().danger};" if refused else "")

    def changeEvent(self, event: QEvent) -> None:
        """A refusal wears the theme's own color."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.said.property("refused"):
            self.said.setStyleSheet(f"color: {theme.current().danger};")

    def _field_changed(self) -> None:
        """What is spread across cannot be spread down as well."""
        self.down.leave_out(self.across.field)
        self.across.leave_out(self.down.field)
        self.fields_changed.emit()
        self.edited.emit()


class TwoLines(QLabel):
    """A sentence in as much room as there is; the tooltip has all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_TWO_LINES)  # the same for one line, so that nothing jumps
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def say(self, sentence: str) -> None:
        """Say something else."""
        self.sentence = sentence
        self.setToolTip(sentence)
        self.setAccessibleDescription(sentence)
        self._fit()

    def _fit(self) -> None:
        metrics = QFontMetrics(theme.font(theme.FONT_SMALL))
        for lines in (2, 3, 4):  # what is wrong with the fields is worth another line
            height = max(_TWO_LINES, lines * metrics.lineSpacing() + 2)
            text = wrapped(self.sentence, metrics, QSize(self.width(), height))
            if "…" not in text:
                break
        self.setFixedHeight(height)
        self.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room."""
        super().resizeEvent(event)
        self._fit()


class AxisField(QWidget):
    """Which field of the request an axis spreads, and over which values."""

    edited = Signal()
    entered = Signal()
    field_changed = Signal()

    def __init__(self, name: str, *, optional: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._optional = name, optional
        self._left_out = _NOTHING
        self._kept: dict[str, str] = dict(_STARTS)
        self._typed: set[str] = set()
        self.label = QLabel(name)
        self.label.setProperty("role", "quiet")
        self.label.setFixedHeight(HEIGHT)
        self.kind = ElidingComboBox()
        self.kind.setProperty("role", "quiet")
        self.kind.setAccessibleName(f"{name}: what changes")
        self.kind.setToolTip(f"What changes from picture to picture, {name.lower()} the grid")
        self.kind.setFixedSize(17 * theme.SPACE, HEIGHT)
        self.numbers = QLineEdit()
        self.numbers.setProperty("role", "quiet")
        self.numbers.setFixedHeight(HEIGHT)
        self.texts = TextsField()
        self.samplers = SamplersButton()
        for field in (self.numbers, self.texts, self.samplers):
            field.setAccessibleName(f"{name}: values")
            field.setToolTip(f"What changes from picture to picture, {name.lower()} the grid")
        self._values = QStackedWidget()
        for field in (self.numbers, self.texts, self.samplers):
            self._values.addWidget(field)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)  # whatever is spread, all stays where it is
        self._values.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self.label, 0, top)
        row.addWidget(self.kind, 0, top)
        row.addWidget(self._values, 1, top)
        self.offer(["seed", "prompt", "negative_prompt", "guidance_scale", "steps"], (), "")
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.numbers.textEdited.connect(self._typed_in)
        self.texts.textChanged.connect(self._typed_in)
        self.texts.resized.connect(self._fit)
        self.samplers.changed.connect(self.edited)
        self.numbers.returnPressed.connect(self.entered)
        self.texts.entered.connect(self.entered)
        self._show_values()

    @property
    def field(self) -> str:
        """The field of the request, or "" for nothing."""
        return str(self.kind.currentData() or _NOTHING)

    def set_field(self, field: str) -> None:
        """Spread another field."""
        index = self.kind.findData(field)
        if index >= 0:
            self.kind.setCurrentIndex(index)

    def text(self) -> str:
        """The values as they are typed; "" for samplers, which are picked."""
        if self.field in _TEXTS:
            return self.texts.toPlainText()
        return self.numbers.text()

    def set_text(self, text: str) -> None:
        """Type other values."""
        self._kept[self.field] = text
        self._typed.add(self.field)
        self._show_values()
        self.edited.emit()

    def suggest(self, field: str, text: str) -> None:
        """What stands there until somebody types something else."""
        if field not in self._typed:
            self._kept[field] = text
            if field == self.field:
                self._show_values()

    def can_show(self, axis: Axis) -> bool:
        """Whether the model that is there can spread this, and it can be typed here."""
        from visualizer.diffusion.grid import read_values
        from visualizer.diffusion.request import RequestError

        if self.kind.findData(axis.field) < 0:
            return False
        if axis.field == "sampler":
            return self.samplers.can_choose(axis.values)
        try:
            return read_values(axis.field, _as_typed(axis.field, axis.values)) == axis.values
        except RequestError:
            return False

    def shows(self, axis: Axis) -> bool:
        """Whether these are its values."""
        from visualizer.diffusion.request import RequestError

        try:
            return axis.field == self.field and axis.values == self.values()
        except RequestError:
            return False

    def written(self) -> WrittenAxis:
        """What stands in it."""
        chosen = self.samplers.chosen()
        return WrittenAxis(self.field, dict(self._kept), frozenset(self._typed), chosen)

    def put_back(self, written: WrittenAxis) -> None:
        """Let that stand in it again, as far as this model has it."""
        self._kept, self._typed = dict(written.texts), set(written.typed)
        if self.samplers.chosen() != written.samplers:
            self.samplers.choose(written.samplers)
        self.set_field(written.field)
        self._show_values()
        self.edited.emit()

    def set_values(self, values: tuple[Any, ...]) -> None:
        """Show these values."""
        if self.field == "sampler":
            self.samplers.choose(values)
        elif self.field:
            self.set_text(_as_typed(self.field, values))

    def values(self) -> tuple[Any, ...]:
        """What the axis spreads over, without repetitions.

        Raises:
            RequestError: with a sentence, for what is no list of values.
        """
        from visualizer.diffusion.grid import Axis, read_values

        if self.field == "sampler":
            return Axis("sampler", self.samplers.chosen()).values
        return read_values(self.field, self.text())

    def has_repetitions(self) -> bool:
        """Whether a value stands there twice."""
        from visualizer.diffusion.grid import read_values
        from visualizer.diffusion.request import RequestError

        if self.field in ("sampler", _NOTHING):
            return False
        try:
            one_by_one = [read_values(self.field, part) for part in _parts(self.field, self.text())]
            return sum(map(len, one_by_one)) > len(read_values(self.field, self.text()))
        except RequestError:
            return False

    def offer(self, fields: list[str], samplers: tuple[SamplerName, ...], own: str) -> None:
        """Fields that can be spread, and the samplers there are."""
        was = self.field
        self._offered = fields
        self.samplers.offer(samplers, own)
        self.kind.blockSignals(True)
        self.kind.clear()
        if self._optional:
            self.kind.addItem("nothing", _NOTHING)
        for field in fields:
            self.kind.addItem(WORDS[field], field)
        self.kind.setCurrentIndex(max(self.kind.findData(was), 0))
        self.kind.blockSignals(False)
        self._judge_left_out()
        self._show_values()

    def leave_out(self, field: str) -> None:
        """The other axis spreads this one."""
        self._left_out = field
        self._judge_left_out()

    def _judge_left_out(self) -> None:
        view = self.kind.view()
        for row in range(self.kind.count()):
            taken = bool(self._left_out) and self.kind.itemData(row) == self._left_out
            view.setRowHidden(row, taken)  # type: ignore[attr-defined]

    def _kind_changed(self) -> None:
        self._show_values()
        self.field_changed.emit()

    def _typed_in(self) -> None:
        self._kept[self.field] = self.text()
        self._typed.add(self.field)
        self.edited.emit()

    def _show_values(self) -> None:
        field = self.field
        self._values.setVisible(bool(field))
        text, hint = self._kept.get(field, ""), _HINTS.get(field, "")
        if field == "sampler":
            self._values.setCurrentWidget(self.samplers)
        elif field in _TEXTS:
            self.texts.setPlaceholderText(hint)
            lines = one_a_line(text)
            if self.texts.toPlainText() != lines:
                self.texts.blockSignals(True)
                self.texts.setPlainText(lines)
                self.texts.blockSignals(False)
                self.texts.fit()
            self.texts.setToolTip(f"{WORDS[field].capitalize()} texts, {hint}")
            self._values.setCurrentWidget(self.texts)
        elif field:
            self.numbers.setPlaceholderText(hint)
            self.numbers.setText(text)
            self.numbers.setToolTip(f"Numbers and ranges, for example {hint}")
            self._values.setCurrentWidget(self.numbers)
        self._fit()

    def _fit(self) -> None:
        tall = self.field in _TEXTS
        self._values.setFixedHeight(self.texts.maximumHeight() if tall else HEIGHT)


class TextsField(QPlainTextEdit):
    """Texts, one a line; as high as it needs to be, up to a few lines."""

    entered = Signal()
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "quiet")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(0)
        self.setFixedHeight(HEIGHT)
        self.textChanged.connect(self.fit)

    def fit(self) -> None:
        """Take the height of the lines there are."""
        lines = min(max(self.blockCount(), 1), MOST_LINES)
        height = HEIGHT + (lines - 1) * self.fontMetrics().lineSpacing()
        if height != self.maximumHeight():
            self.setFixedHeight(height)
            self.resized.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter makes the pictures, Shift+Enter begins another line."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        shift = Qt.KeyboardModifier.ShiftModifier
        if event.text() == "|" or (event.text() == " " and self.textCursor().atBlockStart()):
            if event.text() == "|":  # what it separates stands in lines, where all of it is seen
                self.textCursor().insertBlock()
        elif not enter:
            super().keyPressEvent(event)
        elif event.modifiers() & shift:
            self.textCursor().insertBlock()  # Qt's own would be a soft break in the same line
        else:
            self.entered.emit()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """What is pasted stands one a line as well."""
        self.insertPlainText(one_a_line(source.text()))


def one_a_line(text: str) -> str:
    """Texts that are separated by "|" in lines of their own."""
    return re.sub(r"[ \t]*\|[ \t]*", "\n", text)


class SamplersButton(QToolButton):
    """A menu of samplers in which several can be ticked."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "field")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._actions: dict[str | None, QAction] = {}
        self._menus: list[QMenu] = []
        self._by_person = False
        self._menu = OpenMenu(self)
        self.setMenu(self._menu)
        self._label()

    def sizeHint(self) -> QSize:
        """Room for the names of two."""
        return QSize(20 * theme.SPACE, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The words begin where those of the other fields do; a tool button centers its own."""
        painter, option = QStylePainter(self), QStyleOptionToolButton()
        self.initStyleOption(option)
        words, option.text = self.text(), ""
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        room = self.rect().adjusted(_TEXT_LEFT, 0, -3 * theme.SPACE, 0)
        words = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(QColor(theme.current().text))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, int(left), words)
        painter.end()

    def offer(self, names: tuple[SamplerName, ...], own: str) -> None:
        """List what a model can run; what was ticked stays ticked where it is there."""
        ticked = set(self.chosen()) if self._by_person else set()
        self._menu.clear()
        self._actions, self._menus = {}, []
        if names:
            self._add(self._menu, None, f"{own} (its own)" if own else "the model’s own")
            self._menu.addSeparator()
        labels = {name.key: name.label for name in names}
        for rule, spacings in variants_of(names).items():
            if len(spacings) == 1:
                self._add(self._menu, rule, labels[rule])
                continue
            menu = OpenMenu(self._menu)
            menu.setTitle(labels[rule])
            self._menu.addMenu(menu).setCheckable(True)
            self._menus.append(menu)
            for spacing, variant in spacings.items():
                self._add(menu, variant, SPACINGS.get(spacing, "usual spacing"), labels[variant])
        for key, action in self._actions.items():
            action.setChecked(key in ticked)
        if names and not self.chosen():  # something to compare at once, and no sampler twice
            others = [key for key in (*_COMPARED, *self._actions) if key in self._actions]
            others = [key for key in others if key and self._actions[key].data() != own]
            for key in (None, *list(dict.fromkeys(others))[:2]):
                self._actions[key].setChecked(True)
        self._label()

    def chosen(self) -> tuple[str | None, ...]:
        """The keys that are ticked, None for the model's own, in the order of the menu."""
        return tuple(key for key, action in self._actions.items() if action.isChecked())

    def can_choose(self, keys: tuple[str | None, ...]) -> bool:
        """Whether all of these are listed."""
        return all(key in self._actions for key in keys)

    def choose(self, keys: tuple[str | None, ...]) -> None:
        """Tick these."""
        for key, action in self._actions.items():
            action.setChecked(key in keys)
        self._ticked()

    def _add(self, menu: QMenu, key: str | None, label: str, full: str = "") -> None:
        action = menu.addAction(label)
        action.setCheckable(True)
        action.setData(full or label)
        action.triggered.connect(lambda _=False: self._ticked())
        self._actions[key] = action

    def _ticked(self) -> None:
        self._by_person = True
        self._label()
        self.changed.emit()

    def _label(self) -> None:
        names = [str(self._actions[key].data()) for key in self.chosen()]
        words = names[0] if len(names) == 1 else f"{len(names)} samplers"
        self.setText(words if names else "none chosen")
        for menu in self._menus:  # a tick inside is seen outside
            menu.menuAction().setChecked(any(action.isChecked() for action in menu.actions()))
        self.setToolTip("\n".join(names) or "Tick the samplers to compare")


class OpenMenu(QMenu):
    """A menu that stays open while things are ticked in it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tick, and stay."""
        action = self.activeAction()
        if action is not None and action.menu() is None and action.isCheckable():
            action.trigger()
            return
        super().mouseReleaseEvent(event)


def _parts(field: str, text: str) -> list[str]:
    """A list of values, one by one; ranges stay whole."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    if field in _TEXTS:
        parts = [part for line in lines for part in line.split("|")]
    else:
        joined = re.sub(r"(?<=\d)\s*([-‐‑–—]|\.\.\.?|…)\s*(?=\d)", r"\1", "\n".join(lines))
        parts = re.split(r"[\s,;|]+", joined)
    return [part for part in parts if part.strip()]


def _as_typed(field: str, values: tuple[Any, ...]) -> str:
    if field in _TEXTS:
        return "\n".join("(none)" if value is None else value for value in values)
    return _as_text(values)


def _as_text(values: tuple[Any, ...]) -> str:
    """ "1-4, 7" for whole numbers, "1, 3, 7.5" for others."""
    runs: list[list[Any]] = []
    for value in values:
        whole = isinstance(value, int)
        if whole and runs and isinstance(runs[-1][-1], int) and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts = []
    for run in runs:
        if len(run) > 2:
            parts.append(f"{run[0]}-{run[-1]}")
        else:
            parts += [f"{value:.15g}" if isinstance(value, float) else str(value) for value in run]
    return ", ".join(parts)
