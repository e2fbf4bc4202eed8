"""The transport bar drives the playhead, and says where it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton
from pytestqt.qtbot import QtBot

from tests.ui.example_timelines import make_points, make_timeline, playhead_on
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Timeline
from visualizer.ui.transport import TransportBar


def show_bar(
    qtbot: QtBot, timeline: Timeline | None, k: int = 0, running: bool = False
) -> tuple[TransportBar, Playhead]:
    playhead = playhead_on(timeline, k, running)
    bar = TransportBar(playhead)
    playhead.setParent(bar)
    qtbot.addWidget(bar)
    bar.set_timeline(timeline)
    bar.show()
    qtbot.waitExposed(bar)
    return bar, playhead


def test_buttons_move_the_playhead_and_the_counter_follows(qtbot: QtBot) -> None:
    bar, playhead = show_bar(qtbot, make_timeline(10))
    assert bar.counter.text() == "0 / 10"
    bar.next.click()
    bar.next.click()
    assert (playhead.index, bar.counter.text()) == (2, "2 / 10")
    bar.previous.click()
    assert bar.counter.text() == "1 / 10"
    bar.last.click()
    assert bar.counter.text() == "10 / 10"
    bar.first.click()
    assert bar.counter.text() == "0 / 10"


def test_no_button_that_would_do_nothing(qtbot: QtBot) -> None:
    bar, playhead = show_bar(qtbot, None)
    buttons = (bar.first, bar.previous, bar.play, bar.next, bar.last)
    assert not any(b.isEnabled() for b in buttons)
    assert bar.counter.text() == ""
    timeline = make_timeline(3)
    playhead.set_bounds(len(timeline))
    bar.set_timeline(timeline)
    assert [b.isEnabled() for b in buttons] == [False, False, True, True, True]
    playhead.seek(3)
    assert [b.isEnabled() for b in buttons] == [True, True, True, False, False]


def test_play_turns_into_pause(qtbot: QtBot) -> None:
    bar, playhead = show_bar(qtbot, make_timeline(10))
    picture = bar.play.icon().cacheKey()
    bar.play.click()
    assert playhead.playing
    assert bar.play.accessibleName() == "Pause"
    assert bar.play.icon().cacheKey() != picture
    bar.play.click()
    assert not playhead.playing
    assert bar.play.toolTip() == "Play  (Space)"


def test_speed_and_loop_go_both_ways(qtbot: QtBot) -> None:
    bar, playhead = show_bar(qtbot, make_timeline(10))
    labels = {action.text(): action for action in bar.speed.menu().actions()}
    assert list(labels) == ["¼×", "½×", "1×", "2×", "4×"]
    assert labels["1×"].isChecked()
    labels["4×"].trigger()
    assert playhead.speed == 4.0
    assert bar.speed.text() == "4×"
    playhead.speed = 0.5
    assert bar.speed.text() == "½×"
    assert labels["½×"].isChecked()
    bar.loop.click()
    assert playhead.loop
    playhead.loop = False
    assert not bar.loop.isChecked()


def test_the_live_chip_leads_back_to_a_run_that_goes_on(qtbot: QtBot) -> None:
    timeline = make_timeline(10, there=4)
    bar, playhead = show_bar(qtbot, timeline, running=True)
    playhead.go_live()
    assert not bar.live.isVisible()
    assert bar.counter.text() == "3 / 10"
    playhead.seek(1)
    assert bar.live.isVisible()
    timeline.append(make_points(10)[4:6])
    playhead.set_bounds(6, running=True)
    bar.live.click()
    assert playhead.index == 5
    assert not bar.live.isVisible()
    playhead.seek(2)
    playhead.set_bounds(11, running=False)
    assert not bar.live.isVisible(), "nothing is live when the run is over"


def test_every_control_can_be_named_and_reached(qtbot: QtBot) -> None:
    bar, _ = show_bar(qtbot, make_timeline(10))
    for button in bar.findChildren(QAbstractButton):
        assert button.accessibleName(), button
        assert button.toolTip(), button
        assert button.focusPolicy() == Qt.FocusPolicy.TabFocus
    for button, key in ((bar.first, "Home"), (bar.last, "End"), (bar.next, "→")):
        assert button.toolTip().endswith(f"({key})")


def test_the_window_s_own_buttons_stand_at_the_right(qtbot: QtBot) -> None:
    bar, _ = show_bar(qtbot, make_timeline(10))
    bar.resize(800, bar.sizeHint().height())
    save = QPushButton("Save")
    bar.add_action_widget(save)
    qtbot.waitUntil(lambda: save.geometry().right() == bar.rect().right())
