"""The header: what to make (prompt, seed, Generate) and, more quietly, how to make it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from string import Template
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.control_pictures import ControlPictures
from visualizer.ui.icons import IconButton
from visualizer.ui.number_field import MAX_SEED, NumberField
from visualizer.ui.prompt_field import PromptField
from visualizer.ui.settings_row import SettingsRow
from visualizer.ui.word_hints import vocabulary_note

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.settings import Settings

_GENERATE = ("Generate", "Make this picture")
KEEP = "Keep as run"
KEEP_TIP = "Put the edited picture with all its steps into the history, and look at it"
_FIELD_HEIGHT = 5 * theme.SPACE
_BUTTON_WIDTH = 15 * theme.SPACE
_STYLE = """
/* A style sheet that hides the arrows with NoButtons gives the text no room at all. */
NumberField::up-button, NumberField::down-button { width: 0; margin: 0; border: none; }
NumberField::up-arrow, NumberField::down-arrow { image: none; width: 0; height: 0; }
QLineEdit[role="quiet"], QComboBox[role="quiet"], NumberField[role="quiet"] {
    background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 0 5px; min-height: 24px;
}
QPlainTextEdit[role="quiet"] {
    background: $surface; border: 1px solid transparent; border-radius: 6px; padding: 4px 5px;
}
QPlainTextEdit[role="quiet"]:hover { border-color: $edge; }
QPlainTextEdit[role="quiet"]:focus { border: 2px solid $second; padding: 3px 4px; }
QLineEdit[role="quiet"] { background: $surface; }
NumberField[role="quiet"] { background: $surface; padding: 0; }
NumberField QLineEdit { padding: 0; }
QComboBox[role="quiet"] { background: $surface; padding-right: 22px; }
QLineEdit[role="quiet"]:hover, QComboBox[role="quiet"]:hover, NumberField[role="quiet"]:hover {
    border-color: $edge;
}
QLineEdit[role="quiet"]:focus, QComboBox[role="quiet"]:focus, NumberField[role="quiet"]:focus {
    border: 2px solid $second; min-height: 22px;
}
QLineEdit[role="quiet"]:focus { padding: 0 4px; }
QComboBox[role="quiet"]:focus { padding: 0 21px 0 4px; }
QToolButton[role="field"] {
    background: $surface; border: 1px solid transparent; border-radius: 6px;
    padding: 0 22px 0 6px; text-align: left;
}
QToolButton[role="field"]:hover { border-color: $edge; }
QToolButton[role="field"]:focus { border: 2px solid $second; padding: 0 21px 0 5px; }
QToolButton[role="drop"] { color: $text; }
QToolButton[role="drop"]:disabled { color: $faint; }
QLineEdit[role="quiet"]:disabled, NumberField[role="quiet"]:disabled { background: transparent; }
"""
_PLAIN_TIP = "What the picture shows. Enter generates it."


@dataclass(frozen=True)
class Written:
    """What stands in the fields, to be put back."""

    prompt: str
    avoid: str
    seed: float
    steps: float
    guidance: float
    sampler: str | None
    size: tuple[int, int] | None
    weights: bool


class Header(QWidget):
    """Two rows of fields; together they are one SamplingRequest."""

    generate_asked = Signal()
    keep_asked = Signal()
    stop_asked = Signal()
    edited = Signal()  # a field changed, whoever changed it
    weights_changed = Signal(bool)  # whether the prompt's weights are read
    note = Signal(str)  # a field had to correct what was typed

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._working = self._branching = self._keeping = self._yields = False
        self._worn = ""
        self._making, self._is_main = _GENERATE, True
        self._facts: ModelFacts | None = None
        self._weights = False
        self.prompt = PromptField("Prompt")
        self.prompt.setProperty("role", "prompt")
        self.prompt.setPlaceholderText("Describe a picture")
        self.prompt.setToolTip(_PLAIN_TIP)
        self.prompt.setFixedHeight(_FIELD_HEIGHT)
        self.prompt.setText(settings.prompt)
        self.seed_label = QLabel("Seed")
        self.seed_label.setProperty("role", "quiet")
        self.seed = NumberField("seed", 0, MAX_SEED)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("Which static the picture is carved from: any number up to 4294967295")
        self.seed.setFixedSize(15 * theme.SPACE, _FIELD_HEIGHT)
        self.seed.set_number(settings.seed)
        self.seed_label.setBuddy(self.seed)
        self.dice = IconButton("dice", "Draw another seed")
        self.dice.setFixedSize(_FIELD_HEIGHT, _FIELD_HEIGHT)
        self.dice.clicked.connect(self.draw_seed)
        self.generate = QPushButton("Generate")
        self.generate.setProperty("role", "primary")
        self.generate.setFixedSize(_BUTTON_WIDTH, _FIELD_HEIGHT)
        self.generate.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.generate.clicked.connect(self._pressed)
        self.settings_row = SettingsRow(settings)
        self.control = ControlPictures()
        self.show_state("ready")
        self._lay_out()
        self._connect()
        self._wear_theme()

    def changeEvent(self, event: QEvent) -> None:
        """The fields wear the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._wear_theme()

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:  # setting a style sheet is a style change as well
            self._worn = worn.name
            self.setStyleSheet(Template(_STYLE).substitute(asdict(worn)))

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(theme.SPACE)
        first.addWidget(self.prompt, 1)
        first.addSpacing(theme.SPACE)
        first.addWidget(self.seed_label)
        first.addWidget(self.seed)
        first.addWidget(self.dice)
        first.addWidget(self.generate)
        self._rows = QVBoxLayout(self)
        self._rows.setSpacing(theme.SPACE)
        self._rows.addLayout(first)
        self._rows.addWidget(self.settings_row)
        self._rows.addWidget(self.control)
        self.set_compact(False)

    def _connect(self) -> None:
        row = self.settings_row
        for text in (self.prompt, row.avoid):
            text.textChanged.connect(lambda _text: self.edited.emit())
            text.returnPressed.connect(self.generate_asked)
            text.cleaned.connect(self.note)
        for number in (self.seed, row.steps, row.guidance):
            number.changed.connect(self.edited)
            number.corrected.connect(self.note)
            number.entered.connect(self.generate_asked)
        row.edited.connect(self._settle_size)
        row.edited.connect(self.edited)
        self.control.edited.connect(self.edited)

    # What the window asks ----------------------------------------------------------------------

    def settle_numbers(self) -> None:
        """Take over what is typed in the number fields; one out of range is corrected and told."""
        for number in (self.seed, self.settings_row.steps, self.settings_row.guidance):
            number.interpretText()

    def request(self) -> SamplingRequest:
        """The request that the fields make.

        Raises:
            RequestError: with a sentence, when they make none.
        """
        # it loads numpy: not at the start
        from visualizer.diffusion.request import FrozenMapping, SamplingRequest

        row = self.settings_row
        width, height = row.size_to_make()
        return SamplingRequest(
            prompt=self.prompt.text().strip(),
            negative_prompt=row.avoid_text(),
            seed=self.seed.whole(),
            steps=row.step_count(),
            guidance_scale=row.guidance_scale(),
            sampler=row.sampler_key(),
            width=width,
            height=height,
            extra=FrozenMapping({**self.control.values(), **self._weighting()}),
        )

    def set_facts(self, facts: ModelFacts) -> None:
        """Offer what this model can do."""
        self._facts = facts
        self.control.set_facts(facts)
        self.settings_row.set_facts(facts)
        words = facts.vocabulary
        if words is None:
            self.prompt.set_vocabulary(frozenset(), (), ())
            self.settings_row.avoid.set_vocabulary(frozenset(), (), ())
            self.prompt.setToolTip(_PLAIN_TIP)
            return
        objects, colors = tuple(words.objects), tuple(words.colors)
        self.prompt.set_vocabulary(words.words, objects, colors)
        self.settings_row.avoid.set_vocabulary(words.words, objects, colors)
        known = vocabulary_note(objects, colors, words.places, words.times)
        self.prompt.setToolTip(f"{_PLAIN_TIP} The built-in model was taught these:\n{known}")

    def show_request(self, request: SamplingRequest) -> None:
        """Fill the fields from a run, so that it can be varied."""
        self.prompt.setText(request.prompt)
        self.prompt.setCursorPosition(0)
        self.seed.set_number(request.seed)
        self.settings_row.show_request(request)
        self.control.show_request(request)
        self.set_weights(bool(request.extra.get("weighting")))

    def fill_in(self, request: SamplingRequest) -> None:
        """Fill the fields from a picture: what it says, and as far as this model has it."""
        row = self.settings_row
        avoid, size = request.negative_prompt, row.picture_size
        row.avoid.setText(avoid or "")
        self.prompt.setText(request.prompt)
        self.prompt.setCursorPosition(0)
        self.seed.set_number(request.seed)
        row.show_request(request)
        if self._facts is not None and (request.width, request.height) not in self._facts.sizes:
            row.set_size(size)
        self.set_weights(bool(request.extra.get("weighting")))

    def fill_setup(self, setup: PageSetup) -> None:
        """Fill the fields as a lesson wants them; what it leaves open stays."""
        row = self.settings_row
        if setup.prompt is not None:
            self.prompt.setText(setup.prompt)
            self.prompt.setCursorPosition(0)
        if setup.avoid is not None:
            row.avoid.setText(setup.avoid)
        for field, value in (
            (self.seed, setup.seed),
            (row.steps, setup.steps),
            (row.guidance, setup.guidance),
        ):
            if value is not None:
                field.set_number(value)
        if setup.sampler is not None:
            row.sampler.choose(setup.sampler)

    def written(self) -> Written:
        """What stands in the fields."""
        row = self.settings_row
        return Written(
            prompt=self.prompt.text(),
            avoid=row.avoid.text(),
            seed=self.seed.value(),
            steps=row.steps.value(),
            guidance=row.guidance.value(),
            sampler=row.sampler_key(),
            size=row.picture_size,
            weights=self._weights,
        )

    def put_back(self, written: Written) -> None:
        """Let that stand in the fields again, as far as this model has it."""
        row = self.settings_row
        self.prompt.setText(written.prompt)
        self.prompt.setCursorPosition(0)
        row.avoid.setText(written.avoid)
        self.seed.set_number(written.seed)
        row.steps.set_number(written.steps)
        row.guidance.set_number(written.guidance)
        row.sampler.choose(written.sampler)
        row.set_size(written.size)
        self.set_weights(written.weights)

    def shows_request(self, request: SamplingRequest) -> bool:
        """Whether the fields say what this run was made from."""
        row = self.settings_row
        return (
            self.prompt.text().strip() == request.prompt.strip()
            and self.seed.whole() == request.seed
            and request.steps in (None, row.steps.whole())
            and request.guidance_scale in (None, row.guidance_scale())
            and (request.negative_prompt or None) == row.avoid_text()
            and row.sampler_key() == request.sampler
            and row.shows_size(request)
            and self.control.shows_request(request)
            and bool(self._weighting()) == bool(request.extra.get("weighting"))
        )

    @property
    def weights(self) -> bool:
        """Whether weights in the prompt are asked for, where the model can read them."""
        return self._weights

    def set_branching(self, samplers: Sequence[str] | None) -> None:
        """Ask for a branch: what it cannot change sleeps, and the button says "Branch".

        Args:
            samplers: keys of those that can go on in the middle; None asks for new runs again.
        """
        self._branching = samplers is not None
        self.settings_row.set_branching(samplers)
        self.control.setEnabled(samplers is None)
        if not self._working:
            self.show_state("ready")

    def set_keeping(self, on: bool) -> None:
        """Pictures are made without being asked for: the button keeps one of them as a run."""
        self._keeping = on
        if not self._working:
            self.show_state("ready")

    def set_making(
        self, label: str = _GENERATE[0], tip: str = _GENERATE[1], *, main: bool = True
    ) -> None:
        """What the main button says on a page that makes something of its own.

        Args:
            main: whether it wears the accent; what stops something does not.
        """
        self._making, self._is_main = (label, tip), main
        if not self._working:
            self.show_state("ready")

    def set_weights(self, on: bool) -> None:
        """Read the weights in the prompt, where the model can, or take them for text."""
        if on != self._weights:
            self._weights = on
            self.weights_changed.emit(on)
            self.edited.emit()

    def _weighting(self) -> dict[str, Any]:
        can = self._facts is not None and self._facts.weighting
        return {"weighting": True} if self._weights and can else {}

    def add_row(self, row: QWidget) -> None:
        """One more row of fields, above what the model is given beside the prompt."""
        self._rows.insertWidget(self._rows.count() - 1, row)

    def set_varied(self, fields: frozenset[str]) -> None:
        """These fields of the request are spread over several values elsewhere: here they sleep."""
        for widget in (self.seed_label, self.seed, self.dice):
            widget.setEnabled("seed" not in fields)
        self.prompt.setEnabled("prompt" not in fields)
        self.settings_row.set_varied(fields)

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        side, top = 2 * theme.SPACE, theme.SPACE if compact else 2 * theme.SPACE
        self._rows.setContentsMargins(side, top, side, theme.SPACE)

    def draw_seed(self) -> None:
        """Another seed, at random."""
        self.seed.set_number(secrets.randbelow(MAX_SEED + 1))

    def yield_accent(self, yields: bool) -> None:
        """Another button is the main one for a while."""
        self._yields = yields
        self._wear_role()

    def show_state(self, state: str) -> None:
        """The button: "ready" Generate, "waiting" for the model, "running" Stop, "stopping"."""
        self._working = state != "ready"
        button = self.generate
        ready, makes = self._making
        if self._branching:
            ready, makes = "Branch", "Go on from this step with these settings"
        tip = f"{makes} (Enter in the prompt, Ctrl+Enter anywhere)"
        if self._keeping:
            ready, tip = KEEP, KEEP_TIP
        words = {"ready": ready, "waiting": "Waiting …", "stopping": "Stopping …"}
        button.setText(words.get(state, "Stop"))
        names = {"ready": ready, "waiting": "Cancel", "stopping": "Stopping"}
        button.setAccessibleName(names.get(state, "Stop"))
        button.setEnabled(state != "stopping")
        button.setToolTip(
            {
                "ready": tip,
                "waiting": "Starts as soon as the model is loaded. Press to call it off (Esc)",
                "stopping": "The step that is being made comes to its end first",
                "running": "Stop here and keep the steps made so far (Esc)",
            }[state]
        )
        self._wear_role()
        button.setFixedWidth(max(_BUTTON_WIDTH, button.sizeHint().width()))

    def _wear_role(self) -> None:
        quiet = self._working or self._yields or not self._is_main
        theme.set_role(self.generate, "" if quiet else "primary")

    def _settle_size(self) -> None:
        """Pictures are cut to the size of the request."""
        if self._facts is not None:
            own = (self._facts.width, self._facts.height)
            self.control.set_size(self.settings_row.picture_size or own)

    def _pressed(self) -> None:
        asked = self.keep_asked if self._keeping else self.generate_asked
        (self.stop_asked if self._working else asked).emit()
