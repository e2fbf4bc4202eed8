"""Branch from here: the fields ask for a branch of the run that is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.sitting import RUN_MS, STEPS, Sitting, TaughtModel
from visualizer.diffusion.branching import BranchPlan, restarts
from visualizer.diffusion.facts import SamplerName
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FromStep
from visualizer.diffusion.trajectory import Trajectory
from visualizer.session.timeline import Timeline

NOT_HERE = "The sampler Heun cannot begin in the middle of a run. Choose another one."


class BranchingModel(TaughtModel):
    """Knows three samplers, of which two can go on in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = replace(
            self.facts,
            samplers=(*self.facts.samplers, SamplerName("heun", "Heun")),
            branch_samplers=("ddim", "euler"),
        )

    def plan_branch(self, request: SamplingRequest, parent: Trajectory | None = None) -> BranchPlan:
        """A sampler that keeps notes cannot begin in the middle."""
        if restarts(request) and request.sampler == "heun":
            raise RequestError(NOT_HERE)
        return super().plan_branch(request, parent)


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    model = BranchingModel()
    sitting = Sitting(qtbot, tmp_path, lambda _folder, _say: model)
    sitting.model = model
    sitting.start()
    yield sitting
    sitting.close()


def enter(sitting: Sitting, step: int) -> None:
    """Go to a step and press B."""
    sitting.session.playhead.seek(step)
    sitting.window.denoise.timeline_view.setFocus()
    sitting.press(Qt.Key.Key_B)


def branch(sitting: Sitting) -> Timeline:
    """Press Enter and wait for the branch."""
    sitting.session._pressed_at = 0.0
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.press(Qt.Key.Key_Return)
    timeline = sitting.session.current
    assert timeline is not None
    return timeline


def planned(sitting: Sitting) -> Timeline:
    """The plan of what the fields ask for now."""
    with sitting.qtbot.waitSignal(sitting.session.planned, timeout=RUN_MS) as said:
        pass
    assert said.args is not None
    timeline: Timeline = said.args[0]
    return timeline


def test_another_prompt_from_a_step_makes_a_branch(sitting: Sitting) -> None:
    window, root = sitting.window, sitting.run("a red car at sunset")
    enter(sitting, 2)
    assert window.denoise.branching.run is root
    assert window.denoise.branch_bar.isVisible()
    assert window.denoise.branch_bar.where.text() == f"Branching from step 2 of {STEPS}."
    assert window.header.generate.text() == "Branch"
    assert window.header.prompt.hasFocus()
    sitting.qtbot.keyClicks(window.header.prompt, "a blue boat")  # what was there is selected
    run = branch(sitting)
    assert run.parent_run is root
    assert run.request.prompt == "a blue boat"
    assert isinstance(run.request.start, FromStep)
    assert (run.request.start.parent, run.request.start.step) == (root.request, 2)
    assert [run.step(k) is root.step(k) for k in range(4)] == [True, True, False, False]
    assert window.denoise.branching.run is None
    assert window.denoise.branch_bar.isHidden()
    assert window.header.generate.text() == "Generate"
    assert window.header.prompt.text() == "a blue boat"
    assert not sitting.failures


def test_only_what_was_touched_is_changed(sitting: Sitting) -> None:
    sitting.run("a red car at sunset")
    window, root = sitting.window, sitting.session.current
    assert root is not None
    enter(sitting, 3)
    assert window.denoise.branching.request() == replace(
        root.request, start=FromStep(root.request, 3)
    )
    assert "the same picture" in window.denoise.branch_bar.words.text()
    window.header.settings_row.guidance.set_number(8)
    assert window.denoise.branching.request().guidance_scale == 8
    assert window.denoise.branching.request().prompt == root.request.prompt
    assert "the same picture" not in window.denoise.branch_bar.words.text()
    window.header.seed.set_number(12)
    assert branch(sitting).request.seed == 12


def test_the_playhead_still_moves_and_the_branch_with_it(sitting: Sitting) -> None:
    window = sitting.window
    sitting.run()
    enter(sitting, 2)
    sitting.drag_playhead(2, 4)
    assert window.denoise.branch_bar.where.text() == f"Branching from step 4 of {STEPS}."
    start = planned(sitting).request.start
    assert isinstance(start, FromStep)
    assert start.step == 4
    sitting.drag_playhead(4, STEPS)
    assert "Nothing is left" in window.denoise.branch_bar.words.text()
    assert not window.header.generate.isEnabled()
    spy = QSignalSpy(sitting.session.run_started)
    window.generate()
    assert spy.count() == 0
    assert window.denoise.branching.run is not None
    sitting.drag_playhead(STEPS, 1)
    assert window.header.generate.isEnabled()


@pytest.mark.parametrize("size", [(960, 600), (1280, 800), (1920, 1080)])
def test_the_picture_keeps_its_size_while_the_words_change(
    sitting: Sitting, size: tuple[int, int]
) -> None:
    window = sitting.window
    window.resize(*size)
    sitting.run()
    enter(sitting, 2)
    heights, words = set(), set()

    def look() -> None:
        QApplication.processEvents()
        heights.add((window.denoise.branch_bar.height(), window.denoise.canvas.height()))
        words.add(window.denoise.branch_bar.words.text())

    look()
    window.header.seed.set_number(12)
    look()
    sitting.session.playhead.seek(0)
    look()
    sitting.session.playhead.end()
    look()
    assert len(words) == 4
    assert len(heights) == 1


def test_steps_size_and_model_stay_those_of_the_run(sitting: Sitting) -> None:
    row = sitting.window.header.settings_row
    sitting.run()
    before = [(field.isEnabled(), field.toolTip()) for field in (row.steps, row.model)]
    enter(sitting, 2)
    assert [field.isEnabled() for field in (row.steps, row.model)] == [False, False]
    assert row.steps.toolTip() == "A branch keeps the steps of its run"
    sitting.press(Qt.Key.Key_Escape)
    assert [(field.isEnabled(), field.toolTip()) for field in (row.steps, row.model)] == before


def test_only_samplers_that_can_go_on_are_offered(sitting: Sitting) -> None:
    rule = sitting.window.header.settings_row.sampler.rule

    def offered() -> list[object]:
        return [rule.itemData(i) for i in range(rule.count()) if rule.itemText(i)]

    sitting.run()
    assert offered() == [None, "euler", "ddim", "heun"]
    enter(sitting, 2)
    assert offered() == [None, "euler", "ddim"]
    sitting.window.header.settings_row.sampler.choose("euler")
    assert branch(sitting).request.sampler == "euler"
    assert offered() == [None, "euler", "ddim", "heun"]


def test_a_sampler_that_cannot_go_on_is_refused_before_it_starts(sitting: Sitting) -> None:
    window, row = sitting.window, sitting.window.header.settings_row
    row.sampler.choose("heun")
    root = sitting.run()
    assert root.request.sampler == "heun"
    enter(sitting, 2)
    with sitting.qtbot.waitSignal(sitting.session.plan_refused, timeout=RUN_MS):
        sitting.window.header.seed.set_number(99)
    sitting.session._pressed_at = 0.0
    spy = QSignalSpy(sitting.session.run_started)
    sitting.press(Qt.Key.Key_Return)
    assert window.message.text == f"This branch cannot be made. {NOT_HERE}"
    assert spy.count() == 0
    assert window.denoise.branching.run is root
    row.sampler.choose("euler")
    run = branch(sitting)
    assert run.parent_run is root
    assert not window.message.is_failure


def test_cancel_gives_the_fields_back(sitting: Sitting) -> None:
    window, header = sitting.window, sitting.window.header
    sitting.run("a red car at sunset")
    sitting.type_prompt("a castle by a lake")
    header.seed.set_number(123)
    header.settings_row.avoid.setText("fog")
    enter(sitting, 2)
    assert header.prompt.text() == "a red car at sunset"
    assert header.settings_row.avoid.text() == ""
    sitting.qtbot.keyClicks(header.prompt, "a cat")
    sitting.qtbot.mouseClick(window.denoise.branch_bar.cancel, Qt.MouseButton.LeftButton)
    assert window.denoise.branching.run is None
    assert header.prompt.text() == "a castle by a lake"
    assert header.seed.whole() == 123
    assert header.settings_row.avoid.text() == "fog"
    assert header.request().start.kind == "seed"


def test_it_says_why_where_it_cannot(sitting: Sitting) -> None:
    window = sitting.window
    assert not window.denoise.branch_button.isEnabled()
    assert "no run" in window.denoise.branch_button.toolTip()
    sitting.type_prompt("a red car at sunset")
    sitting.begin(2)
    assert not window.denoise.branch_button.isEnabled()
    assert "going on" in window.denoise.branch_button.toolTip()
    sitting.let_finish()
    sitting.session.playhead.seek(STEPS)
    assert not window.denoise.branch_button.isEnabled()
    assert "last step" in window.denoise.branch_button.toolTip()
    sitting.session.playhead.seek(1)
    assert window.denoise.branch_button.isEnabled()
    assert window.denoise.branch_button.toolTip() == "Branch from here  (B)"


def test_a_run_that_was_stopped_can_be_branched_where_it_got_to(sitting: Sitting) -> None:
    sitting.type_prompt("a red car at sunset")
    sitting.begin(4)
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.session.stop()
    root = sitting.session.current
    assert root is not None
    assert root.cancelled
    sitting.gate.allow(10**6)
    enter(sitting, len(root) - 1)
    run = branch(sitting)
    assert run.complete
    assert run.parent_run is root


def test_looking_at_another_run_calls_it_off(sitting: Sitting) -> None:
    first = sitting.run("a red car")
    sitting.run("a castle by a lake")
    enter(sitting, 2)
    sitting.session.show(first)
    assert sitting.window.denoise.branching.run is None
    assert sitting.window.header.prompt.text() == "a castle by a lake"


def test_on_another_page_nothing_is_branched(sitting: Sitting) -> None:
    window = sitting.window
    sitting.run()
    enter(sitting, 2)
    assert window.denoise.branching.run is not None
    window.show_page("compare")
    assert window.denoise.branching.run is None
    assert window.denoise.branch_bar.isHidden()
    sitting.press(Qt.Key.Key_B)
    assert window.denoise.branching.run is None


def test_b_is_a_letter_in_the_prompt(sitting: Sitting) -> None:
    sitting.run()
    sitting.session.playhead.seek(2)
    sitting.type_prompt("abc")
    assert sitting.window.denoise.branching.run is None
    assert sitting.window.header.prompt.text() == "abc"


def test_the_tree_is_shown_and_a_click_on_a_line_looks_at_that_run(sitting: Sitting) -> None:
    window, root = sitting.window, sitting.run("a red car at sunset")
    tree = window.denoise.timeline_view.branch_map
    assert tree.isHidden()
    enter(sitting, 2)
    sitting.qtbot.keyClicks(window.header.prompt, "a blue boat")
    run = branch(sitting)
    assert [row.run for row in tree.rows] == [root, run]
    assert tree.labels == ("a red car at sunset", "a blue boat")
    sitting.session.playhead.seek(4)
    line = QPoint(round(window.denoise.timeline_view.axis.x(5)), round(tree.y_of(0)))
    sitting.qtbot.mouseClick(tree, Qt.MouseButton.LeftButton, pos=line)
    assert sitting.session.current is root
    assert sitting.session.playhead.index == 4


def test_a_branch_is_compared_with_its_parent(sitting: Sitting) -> None:
    window, root = sitting.window, sitting.run("a red car at sunset")
    assert window.denoise.parent_button.isHidden()
    enter(sitting, 2)
    sitting.qtbot.keyClicks(window.header.prompt, "a blue boat")
    run = branch(sitting)
    assert "branched at step 2" in window.denoise.side_panel.facts.text()
    sitting.session.playhead.seek(4)
    sitting.qtbot.mouseClick(window.denoise.parent_button, Qt.MouseButton.LeftButton)
    lanes = sitting.session.lanes
    assert window.page == "compare"
    assert [lane.timeline for lane in lanes.lanes] == [root, run]
    assert lanes.pair == tuple(lane.id for lane in lanes.lanes)
    assert lanes.lanes[1].label == "a blue boat"
    assert "a blue boat" in sitting.session.comparisons[-1].about, "one click away later on"
    assert lanes.playhead.index == 4
    sitting.session.playhead.seek(1)
    window.show_page("denoise")
    sitting.qtbot.mouseClick(window.denoise.parent_button, Qt.MouseButton.LeftButton)
    assert [lane.timeline for lane in lanes.lanes] == [root, run], "they are there already"
    assert len(sitting.session.comparisons) == 1
    sitting.session.show(root)
    assert window.denoise.parent_button.isHidden()


def test_at_the_last_step_the_key_says_why_there_is_no_branch(sitting: Sitting) -> None:
    window = sitting.window
    sitting.run()
    sitting.session.playhead.seek(STEPS)
    window.denoise.timeline_view.setFocus()
    sitting.qtbot.keyClick(window.denoise.timeline_view, Qt.Key.Key_B)
    assert "last step is the finished picture" in window.message.text
    assert window.denoise.branching.run is None


def test_the_hint_stays_one_line_and_has_all_words_as_its_tooltip(sitting: Sitting) -> None:
    window = sitting.window
    window.resize(960, 600)
    sitting.run()
    enter(sitting, 2)
    words = window.denoise.branch_bar.words
    sitting.qtbot.waitUntil(lambda: words.toolTip() == words.text())
    window.resize(1920, 1080)
    sitting.qtbot.waitUntil(lambda: words.toolTip() == "")
