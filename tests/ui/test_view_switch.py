"""The view switch chooses, and dims what is empty."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tests.ui.example_timelines import make_points, make_timeline, playhead_on
from visualizer.diffusion.views import VIEWS
from visualizer.ui.canvas import VIEW_NAMES
from visualizer.ui.view_switch import WORDS, ViewSwitch


def test_all_views_have_a_segment_in_the_order_of_the_keys() -> None:
    assert tuple(WORDS) == VIEWS
    assert set(VIEW_NAMES) == set(VIEWS)


def test_choosing_goes_both_ways(qtbot: QtBot) -> None:
    timeline = make_timeline(10)
    playhead = playhead_on(timeline, 4)
    switch = ViewSwitch(playhead)
    qtbot.addWidget(switch)
    assert not switch.buttons["noisy"].isEnabled()
    switch.set_timeline(timeline)
    assert switch.buttons["noisy"].isChecked()
    switch.buttons["denoised"].click()
    assert playhead.view == "denoised"
    playhead.set_view("channels")
    assert [v for v, b in switch.buttons.items() if b.isChecked()] == ["channels"]
    assert switch.buttons["channels"].toolTip().endswith("(5)")


def test_empty_views_are_dimmed_and_say_why(qtbot: QtBot) -> None:
    timeline = make_timeline(10, guided=True)
    playhead = playhead_on(timeline, 0)
    switch = ViewSwitch(playhead)
    qtbot.addWidget(switch)
    switch.set_timeline(timeline)

    def empty() -> set[str]:
        return {v for v, b in switch.buttons.items() if b.property("empty")}

    assert empty() == {"change"}
    assert "first step" in switch.buttons["change"].toolTip()
    assert switch.buttons["change"].isEnabled(), "chosen, the canvas explains"
    playhead.seek(5)
    assert empty() == set()
    playhead.seek(10)
    assert empty() == {"noise", "unprompted", "guidance"}


def test_what_the_prompt_does_is_offered_where_the_model_was_asked_without_it(
    qtbot: QtBot,
) -> None:
    guided, unguided = make_timeline(4, guided=True), make_timeline(4)
    playhead = playhead_on(guided)
    switch = ViewSwitch(playhead)
    qtbot.addWidget(switch)
    resized: list[int] = []
    switch.resized.connect(lambda: resized.append(switch.width_across()))

    def offered() -> list[str]:
        return [view for view, button in switch.buttons.items() if not button.isHidden()]

    assert offered() == list(VIEWS[:5])
    switch.set_timeline(guided)
    assert offered() == list(VIEWS)
    switch.set_timeline(unguided)
    assert offered() == list(VIEWS[:5])
    assert resized[0] > resized[1]
    playhead.set_view("guidance")  # by its key: what is chosen is always there to be seen
    assert offered() == [*VIEWS[:5], "guidance"]
    assert "one pass" in switch.buttons["guidance"].toolTip()
    playhead.set_view("noisy")
    assert offered() == list(VIEWS[:5])


def test_a_run_that_has_just_begun_takes_no_segment_away(qtbot: QtBot) -> None:
    playhead = playhead_on(None)
    switch = ViewSwitch(playhead)
    qtbot.addWidget(switch)
    switch.set_timeline(make_timeline(4, guided=True))
    begun = make_timeline(4, there=0)
    begun.begin()
    switch.set_timeline(begun)
    assert not switch.buttons["unprompted"].isHidden()
    begun.append(make_points(4)[:1])
    assert switch.buttons["unprompted"].isHidden()
