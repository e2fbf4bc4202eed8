"""The second row of the header: how the picture is made, in quiet letters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from visualizer.assets import asset_path
from visualizer.ui import theme
from visualizer.ui.icons import IconButton
from visualizer.ui.licenses import license_words
from visualizer.ui.number_field import NumberField
from visualizer.ui.prompt_field import PromptField
from visualizer.ui.sampler_field import SamplerField

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.settings import Settings

_HEIGHT = 3 * theme.SPACE + theme.SPACE // 2
_CHEVRON = 36
"""The room that a chevron and the button's edges take."""
_BREATH = 2
"""A text is cut where it has exactly the room it takes: letters have fractions of a pixel."""
MAX_STEPS = 1000
_STEPS_TIP = "How many steps from static to picture: more are finer, and slower"
_QUICK_TIP = "Draw in {quick} steps: sooner there, a little less fine"
_UNHURRIED_TIP = "Draw in {steps} steps again: as fine as this model can"
_FIXED_STEPS = "A branch keeps the steps of its run"
_FIXED_MODEL = "A branch is made by the model of its run"


def _recommended_by_the_builtin_model() -> dict[str, float]:
    """What the fields show until the model that is opened recommends its own."""
    file = asset_path("builtin-model", "recommended.json")
    found: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))
    return found


class DropButton(QToolButton):
    """A button under which a panel opens; its text is cut in the middle where it is too long."""

    def set_name(self, name: str, about: str = "") -> None:
        """Show the name of what is chosen; what there is to say about it comes on hover."""
        self.setText(name)
        self.setToolTip("\n".join(filter(None, (f"Which model makes the picture: {name}", about))))
        self.setAccessibleDescription(name)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As wide as the text, and the chevron."""
        needed = self.fontMetrics().horizontalAdvance(self._short) + _BREATH
        return QSize(needed + _CHEVRON, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """In a narrow window a long name is cut."""
        return self.sizeHint().boundedTo(QSize(20 * theme.SPACE, _HEIGHT))

    def shown_name(self) -> str:
        """The name as far as there is room for it."""
        return self.fontMetrics().elidedText(
            self._short, Qt.TextElideMode.ElideMiddle, self.width() - _CHEVRON
        )

    @property
    def _short(self) -> str:
        """A repository's owner says less than its name."""
        return self.text().rsplit("/", 1)[-1]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt does it, with a shorter text and a chevron."""
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = self.shown_name()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        worn, side = theme.current().name, 12
        where = QRect(self.width() - side - 6, (self.height() - side) // 2, side, side)
        QIcon(str(asset_path("theme", f"chevron-down-{worn}.svg"))).paint(painter, where)
        painter.end()


class SettingsRow(QWidget):
    """Avoid, steps, guidance, sampler, model, and the menu of everything else."""

    edited = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._facts: ModelFacts | None = None
        self._branch_samplers: tuple[str, ...] | None = None
        self._varied: frozenset[str] = frozenset()
        self._model_tip = ""
        self.picture_size: tuple[int, int] | None = None
        """The size asked for; None is the model's own."""
        self.avoid = PromptField("Avoid")
        self.avoid.setText(settings.avoid)
        self.avoid.setMinimumWidth(12 * theme.SPACE)
        self.avoid.setMaximumWidth(60 * theme.SPACE)
        self.steps = NumberField("number of steps", 1, MAX_STEPS)
        self.steps.setAccessibleName("Steps")
        self.steps.setFixedWidth(6 * theme.SPACE)
        self.steps.setToolTip(_STEPS_TIP)
        usual = _recommended_by_the_builtin_model()
        self.steps.set_number(settings.steps or usual["steps"])
        self.quick = QToolButton()
        self.quick.setText("Quick")
        self.quick.setAccessibleName("Quick")
        self.quick.setToolTip("Draw in few steps: sooner there, a little less fine")
        self.quick.setCheckable(True)
        self.quick.setProperty("role", "quick")
        self.quick.setFixedHeight(_HEIGHT)
        self.quick.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.quick.hide()
        self.guidance = NumberField("guidance", 0, 100, decimals=1, step=0.5)
        self.guidance.setAccessibleName("Guidance")
        self.guidance.setFixedWidth(6 * theme.SPACE)
        chosen = settings.guidance_scale
        self.guidance.set_number(usual["guidance_scale"] if chosen is None else chosen)
        self.sampler = SamplerField()
        self.sampler.set_field_height(_HEIGHT)
        self.sampler.setMaximumWidth(42 * theme.SPACE)
        self.model = DropButton()
        self.model.setAccessibleName("Model")
        self.model.set_name("Built-in")
        self.model.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.model.setMaximumWidth(40 * theme.SPACE)
        self.model.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.more = IconButton("more", "Size, theme and more")
        self.more.setFixedSize(4 * theme.SPACE, _HEIGHT)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._lay_out()
        self.guidance.changed.connect(self._judge_avoid)
        self.sampler.changed.connect(self.edited)
        self._steps_known = settings.steps is not None
        self._guidance_known = settings.guidance_scale is not None
        self.steps.changed.connect(self._take_steps)
        self.steps.changed.connect(self._show_quick)
        self.quick.clicked.connect(self._hurry)
        self.guidance.changed.connect(self._take_guidance)
        self._judge_avoid()

    def _take_steps(self) -> None:
        self._steps_known = True

    def _take_guidance(self) -> None:
        self._guidance_known = True

    def _hurry(self, on: bool) -> None:
        """The few steps of a model that has a quick way, or its usual ones again."""
        if self._facts is not None and self._facts.quick_steps is not None:
            self.steps.set_number(self._facts.quick_steps if on else self._facts.steps)

    def _show_quick(self) -> None:
        """The button is there for models with a quick way, and says which way is taken."""
        facts = self._facts
        if facts is None or facts.quick_steps is None:
            self.quick.hide()
            return
        on = self.steps.whole() == facts.quick_steps
        self.quick.setChecked(on)
        tip = _UNHURRIED_TIP if on else _QUICK_TIP
        self.quick.setToolTip(tip.format(quick=facts.quick_steps, steps=facts.steps))
        self.quick.setAccessibleDescription(self.quick.toolTip())
        self.quick.setEnabled(self.steps.isEnabled())
        self.quick.show()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        named = (
            ("Avoid", self.avoid, 1),
            ("Steps", self.steps, 0),
            ("Guidance", self.guidance, 0),
            ("Sampler", self.sampler, 2),
            ("Model", self.model, 0),
        )
        for name, field, stretch in named:
            label = QLabel(name)
            label.setProperty("role", "quiet")
            label.setBuddy(field)
            if row.count():
                row.addSpacing(theme.SPACE)
            row.addWidget(label)
            row.addWidget(field, stretch)
            if field is self.steps:
                row.addWidget(self.quick)
            field.setProperty("role", "drop" if field is self.model else "quiet")
            field.setFixedHeight(_HEIGHT)
        row.addStretch(0)  # in a wide window, what no field can use
        row.addSpacing(theme.SPACE)
        row.addWidget(self.more)

    # What the fields say -----------------------------------------------------------------------

    def avoid_text(self) -> str | None:
        """What to steer away from, or None."""
        return (self.avoid.text().strip() or None) if self.avoid.isEnabled() else None

    def step_count(self) -> int | None:
        """The number of steps; None is what the model recommends, while nobody knows it."""
        return self.steps.whole() if self._steps_known else None

    def guidance_scale(self) -> float | None:
        """The guidance; None where the model has none, or recommends what nobody knows yet."""
        known = self._guidance_known and self.guidance.isEnabled()
        return self.guidance.value() if known else None

    def sampler_key(self) -> str | None:
        """The key of the sampler, or None for the model's own."""
        return self.sampler.key()

    def size_to_make(self) -> tuple[int, int] | tuple[None, None]:
        """The size asked for, else the one that suits the model; unknown before there is one."""
        own = next(iter(self._facts.sizes if self._facts else ()), None)
        return self.picture_size or own or (None, None)

    def set_size(self, size: tuple[int, int] | None) -> None:
        """Ask for a size; None is the model's own."""
        if size != self.picture_size:
            self.picture_size = size
            self.edited.emit()

    def shows_size(self, request: SamplingRequest) -> bool:
        """Whether the size asked for is that of a run; without any, both have the model's own."""
        own = next(iter(self._facts.sizes if self._facts else ()), None)
        asked = (request.width, request.height)
        return (self.picture_size or own) == (own if None in asked else asked)

    # What the window tells them ----------------------------------------------------------------

    def set_facts(self, facts: ModelFacts) -> None:
        """Offer what this model can do.

        The first model of the sitting gets what was chosen last time; another one that takes its
        place gets its own recommendations.
        """
        first = self._facts is None
        same = self._facts is not None and self._facts.name == facts.name
        self._facts = facts
        kept = self._settings if first else None
        if not same:
            if not (first and self._steps_known):  # else: chosen last time, or while it loaded
                self.steps.set_number(facts.steps)
            if not (first and self._guidance_known):
                self.guidance.set_number(facts.guidance_scale)
            self._steps_known = self._guidance_known = True
            wanted = (kept.width, kept.height) if kept else (None, None)
            self.picture_size = next((size for size in facts.sizes if size == wanted), None)
        self.guidance.setEnabled(self._has_guidance)
        self._show_quick()
        self._offer_samplers(facts, kept.sampler if kept else self.sampler_key())
        about = (facts.family, license_words(facts.license), facts.device_label, facts.memory_note)
        self.model.set_name(facts.name, "\n".join(filter(None, about)))
        self._judge_avoid()
        self.edited.emit()

    def _offer_samplers(self, facts: ModelFacts, wanted: str | None) -> None:
        keys = self._branch_samplers
        names = [name for name in facts.samplers if keys is None or name.key in keys]
        self.sampler.blockSignals(True)
        self.sampler.offer(names, facts.own_sampler)
        self.sampler.choose(wanted)
        self.sampler.blockSignals(False)

    def show_request(self, request: SamplingRequest) -> None:
        """Fill the fields from a run."""
        if request.steps is not None:
            self.steps.set_number(request.steps)
        if request.guidance_scale is not None:
            self.guidance.set_number(request.guidance_scale)
        self.sampler.choose(request.sampler)
        if request.negative_prompt is not None:
            self.avoid.setText(request.negative_prompt)
        sizes = self._facts.sizes if self._facts is not None else ()
        asked = (request.width, request.height)
        self.set_size(next((size for size in sizes[1:] if size == asked), None))

    def set_branching(self, samplers: Sequence[str] | None) -> None:
        """What a branch cannot change sleeps, and only these samplers are offered; None: all."""
        if (samplers is None) == (self._branch_samplers is None):
            return
        fixed = samplers is not None
        if fixed:
            self._model_tip = self.model.toolTip()
        self._branch_samplers = tuple(samplers) if samplers is not None else None
        self.steps.setEnabled(not fixed)
        self.steps.setToolTip(_FIXED_STEPS if fixed else _STEPS_TIP)
        self._show_quick()
        self.model.setEnabled(not fixed)
        self.model.setToolTip(_FIXED_MODEL if fixed else self._model_tip)
        if self._facts is not None:
            self._offer_samplers(self._facts, self.sampler_key())

    def set_varied(self, fields: frozenset[str]) -> None:
        """These fields of the request are spread over several values elsewhere: here they sleep."""
        self._varied = fields
        self.steps.setEnabled("steps" not in fields and self._branch_samplers is None)
        self._show_quick()
        self.guidance.setEnabled(self._has_guidance)
        self.sampler.setEnabled("sampler" not in fields)
        self._judge_avoid()

    @property
    def _has_guidance(self) -> bool:
        takes = self._facts is None or self._facts.guidance
        return takes and "guidance_scale" not in self._varied

    def _judge_avoid(self) -> None:
        """The avoid field only does something where guidance is on; it says why if it is off."""
        distilled = self._facts is not None and not self._facts.guidance
        reason = ""
        if distilled:
            reason = "not with this model: it works without guidance"
        elif self._facts is not None and not self._facts.avoid:
            reason = "not with this model: it reads no avoid text"
        elif "negative_prompt" in self._varied:
            reason = "changes from picture to picture"
        elif self.guidance.value() <= 1 and "guidance_scale" not in self._varied:
            reason = "needs guidance above 1"
        self.avoid.setEnabled(not reason)
        self.avoid.setPlaceholderText(reason or "e.g. fog")
        self.avoid.setToolTip(
            f"Avoid: {reason}" if reason else "What to steer away from, for example: fog"
        )
        self.guidance.setToolTip(
            "This model was trained to work without guidance"
            if distilled
            else "How strictly the picture follows the words; 1 or less switches guidance off"
        )
