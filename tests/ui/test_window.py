"""The main window, driven as a person drives it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QCursor, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import Gate
from tests.ui.sitting import RUN_MS, STEPS, Sitting, TaughtModel, pixels
from visualizer.diffusion.views import VIEWS
from visualizer.session import session
from visualizer.session.failure import Failure
from visualizer.session.jobs import JobThread
from visualizer.settings import Settings
from visualizer.ui import theme
from visualizer.ui.window import wear

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_a_prompt_and_enter_make_a_picture(sitting: Sitting) -> None:
    timeline = sitting.run("a blue boat by a lake")
    run = timeline.trajectory
    assert run is not None
    assert run.request.prompt == "a blue boat by a lake"
    assert len(timeline) == STEPS + 1
    assert run.final is not None
    # the playhead followed the run to its end, and what is seen there is the run's own picture
    assert sitting.session.playhead.index == STEPS
    np.testing.assert_array_equal(sitting.seen(), run.final)
    window = sitting.window
    assert window.focusWidget() is window.denoise.timeline_view
    assert window.windowTitle().startswith("a blue boat by a lake")
    assert window.header.generate.text() == "Generate"
    assert window.denoise.save_button.isEnabled()
    assert window.denoise.export_button.isEnabled()
    assert window.denoise.history.count() == 1
    assert window.denoise.history.currentRow() == 0
    assert window.denoise.side_panel.step.text() == f"Step {STEPS} of {STEPS}"
    assert window.denoise.side_panel.headline.text() == "The picture"
    assert not sitting.failures


def test_dragging_the_playhead_shows_the_pictures_of_its_steps(sitting: Sitting) -> None:
    run = sitting.run().trajectory
    assert run is not None
    for start, end in ((STEPS, 2), (2, 4), (4, 0)):
        sitting.drag_playhead(start, end)
        assert sitting.session.playhead.index == end
        sitting.exact(end)
        np.testing.assert_array_equal(sitting.seen(), sitting.expected(end))
        assert sitting.window.denoise.side_panel.step.text() == f"Step {end} of {STEPS}"
    assert sitting.window.denoise.side_panel.headline.text() == "Pure static"


def test_every_view_shows_the_runs_own_picture(sitting: Sitting) -> None:
    run = sitting.run().trajectory
    assert run is not None
    sitting.drag_playhead(STEPS, 3)
    for number, view in enumerate(VIEWS, start=1):
        sitting.press(Qt.Key(ord("0") + number))
        assert sitting.session.playhead.view == view
        sitting.exact(3, view)
        expected = sitting.expected(3, view)
        uncovered = slice(0, len(expected) * 3 // 4)  # two views have a caption below
        np.testing.assert_array_equal(sitting.seen()[uncovered], expected[uncovered])


def test_filmstrip_plot_and_panel_stand_on_one_axis(sitting: Sitting) -> None:
    sitting.run()
    view, playhead = sitting.window.denoise.timeline_view, sitting.session.playhead
    accent = np.array([0xF2, 0xA3, 0x3C])
    for k in (1, 4):
        sitting.drag_playhead(0, k)
        assert playhead.index == k
        screen = pixels(view).astype(int)
        x = round(view.axis.x(k))
        column = np.abs(screen[:, x - 1 : x + 2] - accent).sum(axis=2).min(axis=1) < 60
        strip = view.filmstrip.height()
        assert column[strip // 2]
        assert column[view.mark.height() - 4], "below the dot"


def test_single_keys_move_through_time_outside_text_fields(sitting: Sitting) -> None:
    sitting.run()
    playhead = sitting.session.playhead
    steps = [
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_End, STEPS),
    ]
    for key, expected in steps:
        sitting.press(key)
        assert playhead.index == expected
    sitting.press(Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert playhead.index == 0  # ten steps back, held by the start
    sitting.press(Qt.Key.Key_Space)
    assert playhead.playing
    sitting.press(Qt.Key.Key_K)
    assert not playhead.playing
    sitting.press(Qt.Key.Key_L)
    sitting.press(Qt.Key.Key_L)
    assert playhead.playing
    assert playhead.speed == 2
    sitting.press(Qt.Key.Key_J)
    assert playhead.speed == 1
    playhead.pause()


def test_single_keys_are_letters_inside_text_fields(sitting: Sitting) -> None:
    sitting.run()
    playhead = sitting.session.playhead
    playhead.seek(3)
    sitting.type_prompt("jkl 123")
    sitting.press(Qt.Key.Key_Space)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End):
        sitting.press(key)
    assert sitting.window.header.prompt.text() == "jkl 123 "
    assert (playhead.index, playhead.view, playhead.playing) == (3, "noisy", False)


def test_a_click_beside_the_fields_leaves_them(sitting: Sitting) -> None:
    sitting.type_prompt("a red car")
    sitting.qtbot.mouseClick(sitting.window.denoise.side_panel, Qt.MouseButton.LeftButton)
    assert not sitting.window.header.prompt.hasFocus()


def test_the_playhead_follows_a_run_until_a_person_takes_it(sitting: Sitting) -> None:
    timeline = sitting.begin(3)
    playhead, transport = sitting.session.playhead, sitting.window.denoise.transport
    sitting.qtbot.waitUntil(lambda: playhead.index == 2)
    assert playhead.live
    assert transport.live.isHidden()
    assert len(timeline) == 3
    assert timeline.total == STEPS + 1
    sitting.drag_playhead(2, 0)  # back, while it still runs
    assert playhead.index == 0
    assert not playhead.live
    assert not transport.live.isHidden()
    sitting.gate.allow(2)
    sitting.qtbot.waitUntil(lambda: len(timeline) == 5)
    assert playhead.index == 0
    sitting.qtbot.mouseClick(transport.live, Qt.MouseButton.LeftButton)
    assert playhead.live
    assert playhead.index == 4
    sitting.let_finish()
    assert playhead.index == STEPS
    assert transport.live.isHidden()


def test_progress_is_told_while_a_run_goes_on(sitting: Sitting) -> None:
    sitting.begin(4)
    window = sitting.window
    sitting.qtbot.waitUntil(lambda: window.progress.share == 3 / STEPS)
    assert window.denoise.status.text().startswith(f"Step 3 of {STEPS}")
    assert window.header.generate.text() == "Stop"
    sitting.let_finish()
    assert window.progress.share == 0
    assert window.denoise.status.text() == "Done"


def test_generate_pressed_twice_makes_one_run(sitting: Sitting) -> None:
    started: list[Any] = []
    sitting.session.run_started.connect(started.append)
    button = sitting.window.header.generate
    sitting.gate = Gate(0)
    with sitting.qtbot.waitSignal(sitting.session.run_started, timeout=RUN_MS):
        sitting.qtbot.mouseDClick(button, Qt.MouseButton.LeftButton)
        sitting.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert sitting.session.running  # the second press did not stop it
    sitting.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    sitting.window.header.prompt.setFocus()
    sitting.press(Qt.Key.Key_Return)  # nor does Enter, ever
    assert sitting.session.running
    sitting.let_finish()
    assert len(started) == 1
    assert len(sitting.session.history) == 1


@pytest.mark.parametrize("how", ["button", "escape"])
def test_stop_keeps_what_is_there(
    sitting: Sitting, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = sitting.begin(3)
    monkeypatch.setattr("visualizer.ui.run_status._SECOND_PRESS_MS", 0)
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        if how == "button":
            sitting.qtbot.mouseClick(sitting.window.header.generate, Qt.MouseButton.LeftButton)
        else:
            sitting.press(Qt.Key.Key_Escape)
    run = timeline.trajectory
    assert run is not None
    assert run.cancelled
    assert 3 <= len(timeline) <= 4
    window = sitting.window
    assert window.header.generate.text() == "Generate"
    assert window.denoise.save_button.isEnabled()
    assert window.denoise.side_panel.headline.text() == "Stopped here"
    sitting.press(Qt.Key.Key_Home)
    sitting.exact(0)
    np.testing.assert_array_equal(sitting.seen(), sitting.expected(0))


def test_closing_in_the_middle_of_a_run_leaves_nothing_running(
    qtbot: QtBot, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    sitting = Sitting(qtbot, tmp_path)
    sitting.start()
    sitting.begin(2)
    sitting.window.close()
    assert not sitting.window.isVisible()
    assert not {t for t in set(threading.enumerate()) - before if t.name == "diffusion"}
    assert sitting.settings.path.exists()
    sitting.close()


def test_all_threads_share_one_deadline_at_the_end(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    join = JobThread.join

    def watched(thread: JobThread, seconds: float) -> bool:
        waits.append(seconds)
        return join(thread, seconds)

    monkeypatch.setattr(session, "CLOSE_SECONDS", 1.5)
    monkeypatch.setattr(JobThread, "join", watched)
    sitting.window.close()
    assert len(waits) > 6
    assert waits[0] <= 1.5
    assert waits == sorted(waits, reverse=True), "none begins to count anew"


def test_generate_waits_for_the_model_and_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    loaded = threading.Event()

    def open_slowly(_folder: str | None, say: Any) -> Any:
        say("Loading PyTorch …")
        loaded.wait(30)
        return TaughtModel()

    sitting = Sitting(qtbot, tmp_path, open_slowly)
    sitting.show()
    window = sitting.window
    with qtbot.waitSignal(sitting.session.model_loading):
        sitting.session.load_model(None)
    assert "Loading PyTorch" in window.denoise.status.text()
    assert window.progress.share is None
    sitting.type_prompt("a green castle")
    sitting.press(Qt.Key.Key_Return)
    assert window.header.generate.text() == "Waiting …"
    assert "as soon as the model is loaded" in window.denoise.status.text()
    with qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        loaded.set()
    current = sitting.session.current
    assert current is not None
    assert current.request.prompt == "a green castle"
    sitting.close()


def test_the_plan_is_drawn_before_anything_runs(sitting: Sitting) -> None:
    window = sitting.window
    with sitting.qtbot.waitSignal(sitting.session.planned, timeout=RUN_MS):
        window.header.settings_row.steps.set_number(9)
    assert window.denoise.timeline_view.axis.total == 10
    assert window.denoise.side_panel.headline.text() == "The plan"
    # once there is a run, a plan never hides it
    timeline = sitting.run()
    with sitting.qtbot.waitSignal(sitting.session.planned, timeout=RUN_MS):
        window.header.settings_row.steps.set_number(4)
    assert window.denoise.timeline_view.axis.total == timeline.total == 10
    plot = window.denoise.timeline_view.plot
    assert plot is not None
    steps = plot._coming_curve.getData()[0]
    assert list(steps) == [0, 2.25, 4.5, 6.75, 9]  # beside it, dotted, from end to end
    with sitting.qtbot.waitSignal(sitting.session.planned, timeout=RUN_MS):
        window.header.settings_row.steps.set_number(9)
    assert plot._coming_curve.getData()[0] is None or not len(plot._coming_curve.getData()[0])


def test_a_run_file_dropped_on_the_window_opens(sitting: Sitting, tmp_path: Path) -> None:
    path = tmp_path / "dropped.denoise"
    make_run(4, prompt="an orange cat").save(path)
    with sitting.qtbot.waitSignal(sitting.session.opened, timeout=RUN_MS):
        drop(sitting, path)
    current = sitting.session.current
    assert current is not None
    assert current.request.prompt == "an orange cat"
    run = current.trajectory
    assert run is not None
    sitting.session.playhead.seek(2)
    np.testing.assert_array_equal(sitting.seen(), run.picture(2))
    assert sitting.window.windowTitle().startswith("an orange cat")
    # what it was made from can be put into the fields
    assert not sitting.window.denoise.side_panel.reuse.isHidden()
    sitting.qtbot.mouseClick(sitting.window.denoise.side_panel.reuse, Qt.MouseButton.LeftButton)
    assert sitting.window.header.prompt.text() == "an orange cat"
    assert sitting.window.denoise.side_panel.reuse.isHidden()


def test_a_file_dropped_on_the_prompt_is_no_text(sitting: Sitting, tmp_path: Path) -> None:
    path = tmp_path / "dropped.denoise"
    make_run(4).save(path)
    was = sitting.window.header.prompt.text()
    with sitting.qtbot.waitSignal(sitting.session.opened, timeout=RUN_MS):
        drop(sitting, path, on=sitting.window.header.prompt)
    assert sitting.window.header.prompt.text() == was


def test_a_file_that_is_no_run_is_told_in_the_bar(sitting: Sitting, tmp_path: Path) -> None:
    timeline = sitting.run()
    path = tmp_path / "notes.denoise"
    path.write_text("buy milk")
    with sitting.qtbot.waitSignal(sitting.session.failed, timeout=RUN_MS):
        drop(sitting, path)
    message = sitting.window.message
    assert message.isVisible()
    assert message.is_failure
    assert len(message.text) > 30
    assert QApplication.activeModalWidget() is None
    assert sitting.session.current is timeline  # nothing is lost
    sitting.press(Qt.Key.Key_Escape)
    assert not message.isVisible()


def drop(sitting: Sitting, path: Path, on: QWidget | None = None) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    held = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(200, 300), Qt.DropAction.CopyAction, *held)
    QApplication.sendEvent(on or sitting.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(
        sitting.window, QDropEvent(QPointF(200, 300), Qt.DropAction.CopyAction, *held)
    )


def test_while_something_welcome_is_dragged_over_the_window_it_says_so(
    sitting: Sitting, tmp_path: Path
) -> None:
    window, sign = sitting.window, sitting.window.drop_sign
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.denoise"))])
    held = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    before = pixels(window)
    enter = QDragEnterEvent(QPoint(200, 300), Qt.DropAction.CopyAction, *held)
    QApplication.sendEvent(window, enter)
    assert sign.isVisible()
    assert sign.size() == window._page.size()
    assert (pixels(window) != before).mean() > 0.05
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not sign.isVisible()
    QApplication.sendEvent(window, enter)
    event = QDropEvent(QPointF(200, 300), Qt.DropAction.CopyAction, *held)
    QApplication.sendEvent(window, event)
    assert not sign.isVisible()
    data.setUrls([QUrl("https://example.org/a.png")])
    QApplication.sendEvent(
        window, QDragEnterEvent(QPoint(200, 300), Qt.DropAction.CopyAction, *held)
    )
    assert not sign.isVisible(), "an address cannot be opened"


def test_the_button_of_a_menu_does_not_stay_highlighted(sitting: Sitting) -> None:
    """The menu takes the mouse away, and the button is not told that it has left."""
    window = sitting.window
    more, under = window.header.settings_row.more, Qt.WidgetAttribute.WA_UnderMouse
    QCursor.setPos(window.mapToGlobal(QPoint(5, 5)))
    more.setAttribute(under, True)
    window.more_menu.aboutToHide.emit()
    sitting.qtbot.waitUntil(lambda: not more.testAttribute(under))


def test_every_key_has_room_in_the_smallest_window(sitting: Sitting) -> None:
    window, card = sitting.window, sitting.window.shortcuts_card
    window.resize(window.minimumSize())
    sitting.press(Qt.Key.Key_F1)
    assert card.isVisible()
    for label in card.findChildren(QLabel):
        if not label.wordWrap():
            assert label.width() >= label.sizeHint().width(), label.text()


def test_an_empty_prompt_gets_a_sentence(sitting: Sitting) -> None:
    sitting.type_prompt(" ")
    sitting.press(Qt.Key.Key_Return)
    assert not sitting.session.running
    assert "prompt is empty" in sitting.window.message.text
    sitting.run("a red car")
    assert not sitting.window.message.isVisible()


def test_a_long_prompt_says_how_much_is_read(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, session, message = sitting.model.facts.max_words, sitting.session, sitting.window.message
    for words, told in ((limit, False), (limit + 1, True), (1, False)):
        with sitting.qtbot.waitSignal(session.planned, timeout=RUN_MS):
            sitting.type_prompt("car " * words)
        assert message.isVisible() == told
        assert (f"first {limit}" in message.text) == told
    with sitting.qtbot.waitSignal(session.planned, timeout=RUN_MS):
        sitting.type_prompt("car " * (limit + 1))
    assert message.isVisible()
    monkeypatch.setattr(session, "plan", lambda request: None)  # it comes after the run
    sitting.run("a red car")
    assert not message.isVisible(), "it was said of another prompt"


def test_steps_that_the_sampler_cannot_do_get_a_sentence(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.session.fake_model.MAX_STEPS", 20)
    steps = sitting.window.header.settings_row.steps
    with sitting.qtbot.waitSignal(sitting.session.plan_refused, timeout=RUN_MS):
        steps.set_number(21)
    assert "at most 20 steps" in sitting.window.message.text
    with sitting.qtbot.waitSignal(sitting.session.planned, timeout=RUN_MS):
        steps.set_number(20)
    assert not sitting.window.message.isVisible()


def test_unknown_words_are_underlined_and_explained(sitting: Sitting) -> None:
    prompt = sitting.window.header.prompt
    sitting.type_prompt("a red car at sunset ")
    plain = pixels(prompt)
    assert not prompt.unknown
    sitting.type_prompt("a red elephant at sunset ")
    assert [unknown.word for unknown in prompt.unknown] == ["elephant"]
    elephant = prompt.unknown[0]
    (word, *line), *others = prompt.underlines()
    assert word is elephant
    assert not others
    left, right, y = (round(number) for number in line)
    band = pixels(prompt)[y - 1 : y + 2].astype(int)
    drawn = np.abs(band - plain[y - 1 : y + 2].astype(int)).sum(axis=(0, 2)) > 60
    dotted = drawn.nonzero()[0]
    assert left - 2 <= dotted.min()
    assert dotted.max() <= right + 2
    assert len(dotted) > 10
    hint = prompt.hint_at(QPoint((left + right) // 2, y))
    assert "elephant" in hint
    assert "car" in hint
    assert prompt.hint_at(QPoint(2, y)) == ""


def test_what_is_no_text_is_taken_out_of_a_prompt(sitting: Sitting) -> None:
    prompt = sitting.window.header.prompt
    prompt.setText("a\0red\ncar")
    assert prompt.text() == "ared car"
    assert "taken out" in sitting.window.message.text
    timeline = sitting.run("רכב אדום 🚗 a car")
    assert timeline.request.prompt == "רכב אדום 🚗 a car"


def test_the_seed_takes_every_number_there_is(sitting: Sitting) -> None:
    seed = sitting.window.header.seed
    seed.selectAll()
    sitting.qtbot.keyClicks(seed, "4294967295")
    timeline = sitting.run()
    assert timeline.request.seed == 4294967295
    assert "4294967295" in sitting.window.denoise.side_panel.seed.text()
    seed.setFocus()
    seed.selectAll()
    sitting.qtbot.keyClicks(seed, "4294967296")
    sitting.press(Qt.Key.Key_Tab)
    assert seed.whole() == 4294967295
    assert "from 0 to 4294967295" in sitting.window.message.text
    drawn = set()
    for _ in range(4):
        sitting.qtbot.mouseClick(sitting.window.header.dice, Qt.MouseButton.LeftButton)
        drawn.add(seed.whole())
    assert len(drawn) > 1


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, CONTROL])
@pytest.mark.parametrize(
    ("name", "typed", "runs", "told"),
    [
        ("seed", "99999999999", 4294967295, "from 0 to 4294967295"),
        ("steps", "0", 1, "from 1 to 1000; 0 became 1"),
        ("guidance_scale", "-3", 0, "from 0.0 to 100.0; -3 became 0.0"),
    ],
)
def test_a_number_out_of_range_is_corrected_told_and_run(
    sitting: Sitting,
    name: str,
    typed: str,
    runs: float,
    told: str,
    modifier: Qt.KeyboardModifier,
) -> None:
    header, message = sitting.window.header, sitting.window.message
    row = header.settings_row
    field = {"seed": header.seed, "steps": row.steps, "guidance_scale": row.guidance}[name]
    message.show_failure(Failure("An old failure.", "It hides every note."))
    field.setFocus()
    field.selectAll()
    sitting.qtbot.keyClicks(field, typed)
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.press(Qt.Key.Key_Return, modifier)
    timeline = sitting.session.current
    assert timeline is not None
    assert getattr(timeline.request, name) == runs
    assert field.value() == runs
    assert told in message.text
    assert not message.is_failure
    window = sitting.window
    window._noted.start(0)  # what was said long enough goes by itself
    sitting.qtbot.waitUntil(lambda: not message.isVisible())


def test_the_memory_of_pictures_is_chosen_and_holds_at_once(qtbot: QtBot, tmp_path: Path) -> None:
    sitting = Sitting(qtbot, tmp_path, settings=Settings(folder=tmp_path, picture_memory_mib=300))
    sitting.show()
    assert sitting.session.cache.limit == 300 * 2**20
    offered = sitting.window.more_menu._memory.actions()
    assert [a.text() for a in offered if a.isChecked()] == ["300 MB"]
    next(a for a in offered if a.text() == "1 GB").trigger()
    assert sitting.session.cache.limit == 2**30
    assert sitting.settings.picture_memory_mib == 1024
    sitting.close()
    assert Settings.load(tmp_path).picture_memory_mib == 1024


def test_settings_of_another_size_can_be_used_again(qtbot: QtBot, tmp_path: Path) -> None:
    sitting = Sitting(qtbot, tmp_path)
    sizes = ((32, 32), (48, 32), (32, 48), (64, 32), (32, 64))
    sitting.model.facts = replace(sitting.model.facts, sizes=sizes)
    sitting.start()
    window, row = sitting.window, sitting.window.header.settings_row
    menu = window.more_menu._sizes

    def offered() -> list[tuple[str, bool]]:
        window.more_menu.aboutToShow.emit()
        return [(entry.text(), entry.isChecked()) for entry in menu.actions()]

    timeline = sitting.run()
    assert (timeline.request.width, timeline.request.height) == (32, 32), "its own, said aloud"
    assert not window.denoise.side_panel.reuse.isVisible()
    assert menu.menuAction().isVisible()
    assert [text for text, _ in offered()] == [
        "32 × 32  (its own)",
        "48 × 32",
        "32 × 48",
        "64 × 32",
        "32 × 64",
    ]
    menu.actions()[3].trigger()
    assert row.picture_size == (64, 32)
    assert (window.header.request().width, window.header.request().height) == (64, 32)
    assert window.denoise.side_panel.reuse.isVisible(), (
        "the fields ask for another size than this run has"
    )
    wide = sitting.run()
    assert (wide.request.width, wide.request.height) == (64, 32)
    assert not window.denoise.side_panel.reuse.isVisible()
    sitting.session.show(timeline)
    assert window.denoise.side_panel.reuse.isVisible()
    qtbot.mouseClick(window.denoise.side_panel.reuse, Qt.MouseButton.LeftButton)
    assert row.picture_size is None
    assert [checked for _, checked in offered()] == [True, False, False, False, False]
    assert not window.denoise.side_panel.reuse.isVisible()
    sitting.close()


def test_avoid_says_why_it_is_off(sitting: Sitting) -> None:
    row = sitting.window.header.settings_row
    row.avoid.setText("fog")
    assert row.avoid.isEnabled()
    assert sitting.window.header.request().negative_prompt == "fog"
    row.guidance.set_number(1)
    assert not row.avoid.isEnabled()
    assert "guidance" in row.avoid.toolTip()
    assert sitting.window.header.request().negative_prompt is None


def test_history_is_one_click_back(sitting: Sitting) -> None:
    first = sitting.run("a red car")
    second = sitting.run("a blue boat")
    history = sitting.window.denoise.history
    assert history.count() == 2
    assert history.currentRow() == 0
    sitting.qtbot.mouseClick(
        history.viewport(),
        Qt.MouseButton.LeftButton,
        pos=history.visualItemRect(history.item(1)).center(),
    )
    assert sitting.session.current is first
    assert history.currentRow() == 1
    run = first.trajectory
    assert run is not None
    assert run.final is not None
    sitting.press(Qt.Key.Key_End)
    np.testing.assert_array_equal(sitting.seen(), run.final)
    assert "a red car" in history.item(1).toolTip()
    assert second.trajectory is not None


def test_saving_writes_a_file(
    sitting: Sitting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.run()
    target = tmp_path / "mine"
    monkeypatch.setattr(
        "visualizer.ui.files.QFileDialog.getSaveFileName",
        lambda *_arguments: (str(target), ""),
    )
    with sitting.qtbot.waitSignal(sitting.session.saved, timeout=RUN_MS):
        sitting.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert (tmp_path / "mine.denoise").stat().st_size > 1000


def test_themes_change_every_part(sitting: Sitting) -> None:
    sitting.run()
    window = sitting.window
    dark = pixels(window)[-1, -1].mean()
    window.choose_theme("light")
    assert pixels(window)[-1, -1].mean() > 200 > 60 > dark
    assert sitting.settings.theme == "light"
    wear("dark")


def test_the_system_scheme_is_followed_live(sitting: Sitting, qapp: QApplication) -> None:
    changed = qapp.styleHints().colorSchemeChanged
    before = theme.current()
    assert sitting.settings.theme == "system"
    theme.apply(qapp, theme.LIGHT)
    changed.emit(Qt.ColorScheme.Dark)
    assert theme.current() is before
    sitting.window.choose_theme("light")
    changed.emit(Qt.ColorScheme.Dark)
    assert theme.current() is theme.LIGHT
    wear("dark")


def test_f1_and_f11(sitting: Sitting) -> None:
    window = sitting.window
    sitting.press(Qt.Key.Key_F1)
    assert window.shortcuts_card.isVisible()
    assert QApplication.activeModalWidget() is None
    sitting.press(Qt.Key.Key_Escape)
    assert not window.shortcuts_card.isVisible()
    sitting.press(Qt.Key.Key_F11)
    assert window.isFullScreen()
    sitting.press(Qt.Key.Key_Escape)
    assert not window.isFullScreen()


def test_choices_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    sitting = Sitting(qtbot, tmp_path)
    sitting.start()
    header = sitting.window.header
    sitting.type_prompt("a pink balloon")
    header.seed.set_number(4294967295)
    header.settings_row.steps.set_number(11)
    header.settings_row.sampler.choose("ddim")
    sitting.session.playhead.speed = 2
    sitting.window.denoise.timeline_view.set_scale("log_snr")
    sitting.window.denoise.canvas.set_hard_pixels(True)
    sitting.window.resize(960, 707)
    sitting.close()
    again = type(sitting.settings).load(tmp_path)
    assert (again.prompt, again.seed, again.steps) == ("a pink balloon", 4294967295, 11)
    assert again.sampler == "ddim"
    other = Sitting(qtbot, tmp_path, settings=again)
    assert (other.window.width(), other.window.height()) == (960, 707)
    assert other.session.playhead.speed == 2
    assert other.window.denoise.timeline_view.scale.key == "log_snr"
    assert other.window.denoise.canvas.hard_pixels
    assert other.window.header.seed.whole() == 4294967295
    other.start()
    assert other.window.header.settings_row.steps.whole() == 11
    assert other.window.header.settings_row.sampler.key() == "ddim"
    other.close()


def test_everything_has_a_name_and_a_tooltip(sitting: Sitting) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QWidget

    controls = [
        widget
        for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit)
        for widget in sitting.window.findChildren(kind)
        if not isinstance(widget.parent(), QAbstractSpinBox)
        and not widget.objectName().startswith("qt_")
    ]
    assert len(controls) > 20
    for control in controls:
        assert isinstance(control, QWidget)
        assert control.accessibleName(), control
        assert control.toolTip(), control.accessibleName()


def test_the_smallest_window_fits(sitting: Sitting) -> None:
    window = sitting.window
    sitting.run()
    strip, switch = window.denoise.timeline_view.filmstrip, window.denoise.view_switch
    usual = strip.cell(0)
    window.resize(960, 600)
    assert (window.width(), window.height()) == (960, 600)
    sitting.qtbot.waitUntil(lambda: window.denoise.canvas.target_rect().height() > 270)
    assert strip.cell(0).height() < usual.height()
    assert switch.x() > window.denoise.canvas.geometry().right(), "beside the picture, not below"
    for part in (
        window.header,
        window.denoise.canvas,
        switch,
        window.denoise.side_panel,
        window.denoise.timeline_view,
    ):
        corner = part.mapTo(window, QPoint(part.width(), part.height()))
        assert corner.x() <= 960
        assert corner.y() <= 600
    window.resize(1280, 800)
    sitting.qtbot.waitUntil(lambda: switch.y() > window.denoise.canvas.geometry().bottom())
    assert strip.cell(0).size() == usual.size()
