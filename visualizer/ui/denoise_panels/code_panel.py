"""The Code panel: the loop that makes the picture, and its numbers where the playhead stands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from visualizer.ui import theme
from visualizer.ui.code_view import CodeView, monospaced
from visualizer.ui.denoise_panels.code_of_run import calls_of, loop_of, moment_of, section_of
from visualizer.ui.denoise_panels.code_text import (
    LETTERS,
    CodeLine,
    Loop,
    Moment,
    code_lines,
    mark,
)
from visualizer.ui.panel_parts import label
from visualizer.ui.scroll_room import keep_room

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.step import Step
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

NONE = "–"
_ROWS = ("latent", "said", "guess", "noise")
BRIEFEST_MS = 60
"""A line of the loop is marked at least so long, or the mark does not go from line to line."""
_LOW = 60 * theme.SPACE
"""A panel that is lower has less air, so that the numbers are seen with the code."""


class CodePanel(QScrollArea):
    """Follows the playhead at once: all it computes are means of numbers that are there."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self._facts: ModelFacts | None = None
        self._asked = -1
        self._moment: Moment = ""
        self._walk = QTimer(self)
        self._walk.timeout.connect(self._go_on)
        keep_room(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("The loop as code")
        self.code = CodeView("The loop as code", "Click a line to learn what it does")
        self.about = label("small")
        self.shape = label("small-quiet", wraps=False)
        self.shape.setToolTip("How the numbers lie: so many of each")
        self.level = label("small", wraps=False)
        self.calls = label("small-quiet")
        self.names: dict[str, QLabel] = {}
        self.numbers: dict[str, QLabel] = {}
        self._lay_out()
        self.code.asked.connect(self._ask)
        playhead.moved.connect(self.refresh)
        playhead.playing_changed.connect(self.refresh)

    def _lay_out(self) -> None:
        space = theme.SPACE
        inside = QWidget()
        column = self._column = QVBoxLayout(inside)
        column.setContentsMargins(space, space, 0, space)
        column.setSpacing(space)
        column.addWidget(self.code)
        words = self._words = QVBoxLayout()
        words.setContentsMargins(space, 0, space, 0)
        words.setSpacing(space)
        words.addWidget(self.about)
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedHeight(1)
        words.addWidget(line)
        words.addWidget(self.level)
        table = self._table = QGridLayout()
        table.setHorizontalSpacing(space)
        table.setVerticalSpacing(space // 2)
        table.setColumnStretch(0, 1)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        table.addWidget(self.shape, 0, 0, left)
        for at, head in enumerate(("mean", "deviation"), 1):
            table.addWidget(label("small-quiet", head, wraps=False), 0, at, right)
        for at, row in enumerate(_ROWS, 1):
            self.names[row] = label("small", wraps=False)
            table.addWidget(self.names[row], at, 0, left)
            for column_at, key in ((1, "mean"), (2, "std")):
                number = self.numbers[f"{row} {key}"] = label("small", wraps=False)
                number.setFont(monospaced())
                table.addWidget(number, at, column_at, right)
        words.addLayout(table)
        words.addWidget(self.calls)
        column.addLayout(words)
        column.addStretch(1)
        self.setWidget(inside)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Follow another timeline, or none."""
        if self._timeline is not None:
            self._timeline.grown.disconnect(self.refresh)
        self._timeline, self._asked = timeline, -1
        if timeline is not None:
            timeline.grown.connect(self.refresh)
        self.refresh()

    def set_facts(self, facts: ModelFacts) -> None:
        """Know the names of samplers, and whether the model that is there is guided."""
        self._facts = facts
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Less air where there is little height."""
        super().resizeEvent(event)
        low, space = self.height() < _LOW, theme.SPACE
        self._column.setSpacing(space // 2 if low else space)
        self._words.setSpacing(space // 2 if low else space)
        self._table.setVerticalSpacing(space // 4 if low else space // 2)
        self.code.set_compact(low)

    def refresh(self, _changed: object = None) -> None:
        """Write it all again, for where the playhead stands now; nothing while nobody looks."""
        if not self.isVisible():
            return
        timeline = self._timeline
        self._walk.stop()
        if timeline is None or timeline.total == 0:
            self._show(code_lines(Loop()), "")
            self._show_numbers(None, Loop())
            return
        k = min(self._playhead.index, timeline.total - 1)
        loop = loop_of(timeline, self._facts, self._sampler(timeline), k)
        moment = moment_of(timeline, k)
        self._show(code_lines(loop), moment)
        there = k < len(timeline)
        self._show_numbers(timeline.step(k) if there else None, loop)
        self.calls.setText(_calls(timeline, loop, k) if there else "")

    def showEvent(self, event: object) -> None:
        """What it did not follow while it was hidden."""
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def hideEvent(self, event: object) -> None:
        """Nobody sees the mark."""
        super().hideEvent(event)  # type: ignore[arg-type]
        self._walk.stop()

    def _show(self, lines: tuple[CodeLine, ...], moment: Moment) -> None:
        if moment != self._moment or self._asked >= len(lines):
            self._asked = -1  # what happens now is worth more than what was asked before
        self._moment = moment
        running, span = mark(lines, moment)
        each = 1000 / self._playhead.steps_per_second / max(len(span) - 1, 1)
        if moment == "pass" and self._playhead.playing and each >= BRIEFEST_MS:
            running = span.start + 1
            self._walk.start(int(each))
        self.code.show_lines([line.text for line in lines], running, self._asked, span)
        words = lines[self._asked].about if self._asked >= 0 else _SAID.get(moment, "")
        self.about.setText(words)
        self.about.setVisible(bool(words))

    def _go_on(self) -> None:
        """While a person plays slowly the mark goes through the loop, to the sampler's line."""
        code = self.code
        if code.running + 1 in code.span:
            code.show_lines(code.lines, code.running + 1, self._asked, code.span)
        else:
            self._walk.stop()

    def _ask(self, row: int) -> None:
        self._asked = -1 if row == self._asked else row
        self.refresh()
        QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(self.about))

    def _show_numbers(self, step: Step | None, loop: Loop) -> None:
        letter = LETTERS.get(loop.prediction, "out")
        self.names["latent"].setText("x  latent")
        self.names["said"].setText(f"{letter}  model’s answer")
        self.names["guess"].setText("x₀  its guess")  # many fonts have no place for a hat on x
        self.names["noise"].setText("ε̂  its noise")
        shape = () if step is None else step.latents.shape
        self.shape.setText(" × ".join(str(n) for n in shape))
        if step is None:
            self.level.setText(NONE)
            found: dict[str, FloatArray | None] = dict.fromkeys(_ROWS)
        else:
            self.level.setText(_level(step))
            said = step.prediction
            found = {
                "latent": step.latents,
                "said": None if said is None else said[: len(step.latents)],
                "guess": step.denoised,
                "noise": step.noise,
            }
        for row, values in found.items():
            mean, deviation = _measured(values)
            self.numbers[f"{row} mean"].setText(mean)
            self.numbers[f"{row} std"].setText(deviation)
        if step is None:
            self.calls.setText("")

    def _sampler(self, timeline: Timeline) -> str:
        if timeline.sampler:
            return timeline.sampler
        key, facts = timeline.request.sampler, self._facts
        return "" if facts is None or key is not None else facts.own_sampler


_SAID: dict[Moment, str] = {
    "": (
        "This is the whole program. Every line runs on real numbers as soon as a picture is made. "
        "Click a line to learn what it does."
    ),
    "beginning": (
        "The first pass is on its way. Its numbers are there as soon as the network has answered."
    ),
}


def _level(step: Step) -> str:
    """Timestep and noise level, as samplers tell them."""
    level = step.noise_level
    sigma = "∞" if math.isinf(level.sigma) else _number(level.sigma)
    if level.space == "flow":
        return f"t = {step.timestep:.4g}    σ = {level.noise:.3f}"
    return f"t = {step.timestep:.4g}    σ = {sigma}    ᾱ = {level.alpha_bar:.3g}"


def _measured(values: FloatArray | None) -> tuple[str, str]:
    """Mean and standard deviation, in words."""
    if values is None:
        return NONE, NONE
    import numpy as np

    some = values.astype(np.float32, copy=False)
    return _number(float(some.mean())), _number(float(some.std()))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return NONE
    return f"{value:.3f}".replace("-", "−") if abs(value) < 100 else f"{value:.4g}"


def _calls(timeline: Timeline, loop: Loop, k: int) -> str:
    """Which pass it is, and how often the network was asked up to the numbers that are shown."""
    section, stage = section_of(timeline, k), timeline.stage(k)
    calls = calls_of(section.timeline.steps[section.first : k + 1], loop.guiding)
    how = "twice a step, with the prompt and without" if loop.guiding == "twice" else "once a step"
    if loop.avoid and loop.guiding == "twice":
        how = "twice a step, with the prompt and with the avoid text"
    more = ", and again where the sampler tries" if loop.trials else ""
    times = "once" if calls == 1 else f"{calls} times"
    place = f"Pass {k - stage.first + 1} of {stage.last - stage.first}"
    place = "The end" if k >= stage.last else place
    since = "by then"
    if section.request is not timeline.request:
        place += " of the run that this one branched from"
    elif loop.start == "step":
        since = f"since it branched at step {loop.joined},"
    return f"{place}: {since} the network was asked {times}, {how}{more}."
