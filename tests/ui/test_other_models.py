"""The window for models that are not like the built-in one: stages, long prompts, no previews."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import FakeModel
from tests.ui.example_timelines import make_timeline, playhead_on
from tests.ui.sitting import RUN_MS, STEPS, Sitting, pixels
from visualizer.diffusion.facts import PromptReading
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.step import Step
from visualizer.session.progress import Progress
from visualizer.session.timeline import Timeline, points_of
from visualizer.ui.canvas import Canvas
from visualizer.ui.filmstrip import Filmstrip
from visualizer.ui.progress_line import StepWatch, progress_text
from visualizer.ui.prompt_field import PromptField
from visualizer.ui.side_panel import SidePanel
from visualizer.ui.step_axis import StepAxis
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewSwitch
from visualizer.ui.window import wear


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    wear("dark")
    made = Sitting(qtbot, tmp_path)
    yield made
    made.close()


# --- prompts --------------------------------------------------------------------------------------


def reading(tokens: int, limit: int = 75, cut: int | None = None, note: str = "") -> PromptReading:
    return PromptReading(5, 9, (), tokens, limit, cut, note)


@pytest.fixture
def field(qtbot: QtBot) -> PromptField:
    made = PromptField("Prompt")
    qtbot.addWidget(made)
    made.resize(500, 40)
    return made


def test_what_is_not_read_is_struck_through(field: PromptField) -> None:
    field.setText("  a red car by a lake")
    whole = pixels(field).astype(int)
    field.show_reading("a red car by a lake", reading(90, cut=10))
    assert field.struck == "by a lake"
    strike = field.strike()
    assert strike is not None
    left, right, y = (round(number) for number in strike)
    field.counter.hide()
    band = np.abs(pixels(field).astype(int) - whole)[y - 1 : y + 2].sum(axis=(0, 2)) > 60
    drawn = band.nonzero()[0]
    drawn = drawn[drawn < 400]
    assert abs(drawn.min() - left) <= 2
    assert abs(drawn.max() - right) <= 2
    assert "stops before this" in field.hint_at(QPoint((left + right) // 2, y))
    assert field.hint_at(QPoint(left - 12, y)) == ""


def test_the_line_follows_what_is_typed_until_it_is_read_again(field: PromptField) -> None:
    field.setText("a red car by a lake")
    field.show_reading("a red car by a lake", reading(90, cut=10))
    field.end(False)
    field.insert(" at night")
    assert field.struck == "by a lake at night"
    field.show_reading("a red car by a lake", reading(12))  # of an older text
    assert field.struck == "by a lake at night"
    field.setText("a blue car by a lake at night")
    assert field.struck == ""


def test_a_field_that_is_left_shows_what_is_read(field: PromptField) -> None:
    said = ("a red car by a lake " * 20).strip()
    field.setText(said)
    field.show_reading(said, reading(90, cut=10))
    field.end(False)
    field.focusOutEvent(QFocusEvent(QEvent.Type.FocusOut))
    assert field.cursorPosition() == 0
    field.show_reading(said, reading(12))
    field.end(False)
    field.focusOutEvent(QFocusEvent(QEvent.Type.FocusOut))
    assert field.cursorPosition() == len(said), "where all is read it stays"


def test_tokens_are_counted_only_where_it_matters(field: PromptField) -> None:
    field.setText("a red car")
    for tokens, said in ((45, ""), (46, "46 / 75"), (75, "75 / 75"), (90, "90 / 75")):
        field.show_reading("a red car", reading(tokens, cut=2 if tokens > 75 else None))
        assert field.counter.isHidden() == (not said)
        if said:
            assert field.counter.text() == f"{said} tokens"
            assert ("struck through" in field.counter.toolTip()) == (tokens > 75)
            assert field.textMargins().right() > field.counter.width()
    field.show_reading("a red car", reading(5000, limit=0))
    assert field.counter.isHidden()
    assert field.textMargins().right() == 0


def test_a_count_does_not_stay_beside_another_prompt(qtbot: QtBot, field: PromptField) -> None:
    """A model at work reads nothing, and its answer may take a whole run."""
    field.setText("a red car by a lake")
    field.show_reading("a red car by a lake", reading(70))
    field.setText("a red car by a lake ")  # it reads this as the same
    qtbot.waitUntil(lambda: not field._outdated.isActive())
    assert not field.counter.isHidden()
    field.setText("a car")
    qtbot.waitUntil(field.counter.isHidden)


def test_a_prompt_that_is_too_long_shows_it_as_it_is_typed(sitting: Sitting) -> None:
    sitting.start()
    prompt = sitting.window.header.prompt
    with sitting.qtbot.waitSignal(sitting.session.prompt_read, timeout=RUN_MS):
        sitting.type_prompt("car " * 22 + "boat lake")
    assert prompt.struck == "boat lake"
    assert prompt.counter.text() == "24 / 22 tokens"
    with sitting.qtbot.waitSignal(sitting.session.prompt_read, timeout=RUN_MS):
        sitting.type_prompt("a red car")
    assert prompt.struck == ""
    assert prompt.counter.isHidden()


def test_weights_are_offered_where_the_model_reads_them(sitting: Sitting) -> None:
    sitting.model.facts = replace(sitting.model.facts, weighting=True)
    sitting.start()
    window = sitting.window
    weights = window.more_menu.weights
    assert weights.isVisible()
    assert "word++" in weights.toolTip()
    plain = sitting.run()
    assert dict(plain.request.extra) == {}
    weights.trigger()
    assert window.denoise.side_panel.reuse.isVisible(), "the fields ask for something else now"
    weighted = sitting.run()
    assert dict(weighted.request.extra) == {"weighting": True}
    assert not window.denoise.side_panel.reuse.isVisible()
    sitting.session.show(plain)
    sitting.qtbot.mouseClick(window.denoise.side_panel.reuse, Qt.MouseButton.LeftButton)
    assert not weights.isChecked()
    sitting.model.facts = replace(sitting.model.facts, name="Deaf", weighting=False)
    weights.trigger()
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=RUN_MS):
        sitting.session.load_model("another")
    assert not weights.isVisible()
    assert dict(window.header.request().extra) == {}


# --- guidance -------------------------------------------------------------------------------------


def test_the_panel_says_how_far_the_prompt_pulled(sitting: Sitting) -> None:
    sitting.start()
    window = sitting.window
    timeline = sitting.run()
    sitting.session.playhead.seek(2)
    pull = window.denoise.side_panel.pull
    strength = timeline.step(2).guidance_strength
    assert strength is not None
    assert f"{round(strength * 100)}\u00a0%" in pull.text()
    assert "3 times the difference" in pull.toolTip()
    assert "prompt’s pull" in window.denoise.timeline_view.describe(2)
    heights = set()
    for k in (2, STEPS):  # the last one has no prediction: its room is kept
        sitting.session.playhead.seek(k)
        heights.add(window.denoise.side_panel.headline.y())
    assert len(heights) == 1
    window.header.settings_row.guidance.set_number(1)
    sitting.run()
    assert not pull.isVisible()
    assert "prompt’s pull" not in window.denoise.timeline_view.describe(2)


def test_seven_views_fit_beside_the_picture_where_they_do_not_fit_below(sitting: Sitting) -> None:
    sitting.start()
    window, switch = sitting.window, sitting.window.denoise.view_switch
    sitting.run()
    window.resize(960, 800)
    assert (window.width(), window.height()) == (960, 800)
    sitting.qtbot.waitUntil(lambda: switch.x() > window.denoise.canvas.geometry().right())
    window.header.settings_row.guidance.set_number(1)
    sitting.run()  # five fit below
    sitting.qtbot.waitUntil(lambda: switch.y() > window.denoise.canvas.geometry().bottom())


# --- stages ---------------------------------------------------------------------------------------


def staged(steps: int = 9, prior: int = 4) -> Timeline:
    """A prior's numbers, then pictures."""
    run = make_run(steps, pictures=False)
    made: list[Step] = []
    for k, step in enumerate(run.steps):
        changes: dict[str, Any] = {"stage": "prior" if k < prior else "decoder"}
        if k < prior:
            changes["layout"] = LatentLayout("features")
        if k == prior - 1:
            changes["prediction"] = None
        made.append(replace(step, **changes))
    timeline = Timeline.of(replace(run, steps=tuple(made)))
    timeline.set_model(can_decode=False, can_preview=True)
    return timeline


def test_a_prior_is_shown_as_numbers_that_say_so(qtbot: QtBot) -> None:
    timeline = staged()
    playhead = playhead_on(timeline, 2)
    canvas = Canvas(playhead)
    qtbot.addWidget(canvas)
    canvas.set_timeline(timeline)
    assert canvas.picture is not None
    assert canvas.shows_numbers
    assert "no decoder" in canvas.caption()
    playhead.set_view("channels")
    assert canvas.caption() == ""
    playhead.set_view("noisy")
    playhead.seek(6)
    assert not canvas.shows_numbers
    strip = Filmstrip(playhead)
    qtbot.addWidget(strip)
    strip.resize(1000, strip.height())
    strip.set_timeline(timeline)
    shown = pixels(strip)[:, strip.cell(1).left() : strip.cell(1).right()]
    assert shown.std() > 5, "there is something in the frame of a prior"


def test_a_prior_is_called_a_signal_and_its_channels_are_the_view(qtbot: QtBot) -> None:
    timeline = staged()
    playhead = playhead_on(timeline, 2)
    switch, panel, bar = ViewSwitch(playhead), SidePanel(playhead), TransportBar(playhead)
    run = timeline.trajectory
    assert run is not None
    sentence = "No decoder turns a prior into a picture."
    panel.set_facts(replace(FakeModel().facts, name=run.model.name, cannot_show=(sentence,)))
    for part in (switch, panel, bar):
        qtbot.addWidget(part)
        part.set_timeline(timeline)
    assert switch.buttons["channels"].isChecked()
    assert panel.picture_share.text().endswith("signal")
    assert panel.limits.isHidden(), "the explanation says so"
    assert panel.share.accessibleDescription().count("signal") == 1
    playhead.seek(3)
    assert bar.counter.text() == "3 / 3"
    playhead.seek(4)
    assert bar.counter.text() == "0 / 5"
    assert switch.buttons["noisy"].isChecked()
    assert panel.picture_share.text().endswith("picture")
    assert panel.limits.text() == sentence


def test_a_step_that_takes_long_takes_back_what_was_foretold(qtbot: QtBot) -> None:
    watch = StepWatch()
    told: list[str] = []
    watch.late.connect(lambda progress: told.append(progress_text(progress)))
    watch.watch(Progress(3, 10, 2.0, 3.5))
    assert watch.timer.isActive()
    watch.timer.timeout.emit()
    assert told == ["Step 3 of 10"]
    watch.stop()
    assert not watch.timer.isActive()


def test_a_run_without_previews_shows_its_numbers_meanwhile(qtbot: QtBot) -> None:
    run = make_run(6, pictures=False)
    timeline = Timeline(run.request, levels=run.planned)
    timeline.set_model(can_decode=True, can_preview=False)
    timeline.begin()
    playhead = playhead_on(timeline)
    canvas = Canvas(playhead)
    qtbot.addWidget(canvas)
    canvas.set_timeline(timeline)
    timeline.append(points_of(run)[:2])
    assert canvas.shows_numbers
    assert "No preview" in canvas.caption()
    picture = np.full((16, 16, 3), 90, dtype=np.uint8)
    timeline.put_picture(0, "noisy", picture, exact=True)
    assert canvas.picture is picture
    assert canvas.caption() == ""


def test_no_line_joins_two_stages(qtbot: QtBot) -> None:
    timeline = staged()
    playhead = playhead_on(timeline, 2)
    view = TimelineView(playhead)
    playhead.setParent(view)
    qtbot.addWidget(view)
    view.resize(900, 220)
    view.set_timeline(timeline)
    view.show()
    qtbot.waitUntil(lambda: view.plot is not None)
    plot = view.plot
    assert plot is not None
    for curve in (plot._planned_curve, plot._measured_curve):
        joined = curve.opts["connect"]
        assert [k for k in range(len(timeline)) if not joined[k]] == [3, 9]
    x, y = plot._area.getData()
    assert list(x[3:7]) == [3, 3, 4, 4], "what is filled goes down between them"
    assert y[4] == y[5] == 0
    assert "Decoder, step 2 of 5" in view.describe(6)


def test_each_stage_counts_below_the_plot_from_its_name_on() -> None:
    stages = staged(39, 20).stages
    labels = StepAxis(1200, 40).labels(stages)
    assert labels[0] == (0, "prior")
    assert (20, "decoder") in labels
    assert labels[-1] == (39, "19")
    places = [StepAxis(1200, 40).x(k) for k, _ in labels]
    assert all(b - a > 60 for a, b in pairwise(places))
    assert StepAxis(1200, 11).labels()[0] == (0, "step 0")


def test_a_plan_that_changes_is_drawn_anew(qtbot: QtBot) -> None:
    timeline = make_timeline(6, there=2)
    timeline.begin()
    playhead = playhead_on(timeline)
    view = TimelineView(playhead)
    playhead.setParent(view)
    qtbot.addWidget(view)
    view.set_timeline(timeline)
    other = make_timeline(6)
    levels = [other.level(0)] * 6 + [other.level(6)]
    timeline.set_plan(levels, [])
    view._draw_plot()
    assert view._planned[4] == other.level(0).noise_share


def test_sentences_on_what_is_not_shown_stand_in_the_panel(sitting: Sitting) -> None:
    sentence = "This model makes a video: its first frame is shown."
    sitting.model.facts = replace(sitting.model.facts, cannot_show=(sentence,))
    sitting.start()
    sitting.run()
    limits = sitting.window.denoise.side_panel.limits
    assert limits.text() == sentence
    assert limits.isVisible()
