"""What a person asks is heard at once, and what is said of it stays true."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import Gate
from tests.ui.sitting import RUN_MS, STEPS, Sitting, TaughtModel
from visualizer.session.failure import Failure
from visualizer.session.timeline import Timeline, points_of
from visualizer.settings import Settings
from visualizer.ui.explanation import Moment, explain
from visualizer.ui.settings_row import DropButton


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visualizer.ui.run_status._SECOND_PRESS_MS", 0)


def test_settings_left_alone_are_the_models_own(qtbot: QtBot, tmp_path: Path) -> None:
    loaded = threading.Event()

    def open_slowly(_folder: str | None, _say: Any) -> Any:
        loaded.wait(30)
        return TaughtModel()

    sitting = Sitting(qtbot, tmp_path, open_slowly, settings=Settings(folder=tmp_path))
    sitting.show()
    sitting.session.load_model(None)
    row = sitting.window.header.settings_row
    assert (row.step_count(), row.guidance_scale()) == (None, None)
    row.steps.set_number(5)  # this one is chosen
    sitting.type_prompt("a green castle")
    sitting.press(Qt.Key.Key_Return)
    with qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        loaded.set()
    current = sitting.session.current
    assert current is not None
    assert current.trajectory is not None
    made = current.trajectory.request
    facts = TaughtModel().facts
    assert (made.steps, made.guidance_scale) == (5, facts.guidance_scale)
    assert (made.width, made.height) == facts.sizes[0]
    assert current.request == made
    assert (row.step_count(), row.guidance_scale()) == (5, facts.guidance_scale)
    sitting.close()


@pytest.mark.parametrize("name", ["Built-in", "owner/tiny", "illicit-flow", "WWW mm 11"])
def test_a_name_that_has_its_room_is_not_cut(qtbot: QtBot, name: str) -> None:
    button = DropButton()
    qtbot.addWidget(button)
    button.set_name(name)
    button.resize(button.sizeHint())
    assert button.shown_name() == name.rsplit("/", 1)[-1]


def test_another_model_is_named_while_a_run_goes_on(sitting: Sitting) -> None:
    sitting.begin(2)
    window = sitting.window
    window._load_model("/models/tiny-flow")
    assert window.denoise.status.text() == "tiny-flow opens when this run has ended"
    sitting.gate.allow(1)
    sitting.qtbot.waitUntil(
        lambda: "then tiny-flow opens" in window.denoise.status.text(), timeout=RUN_MS
    )
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=RUN_MS):
        sitting.gate.allow(STEPS)
    assert window.denoise.status.text() == "Ready"


def test_a_stop_is_heard_during_a_slow_step(sitting: Sitting) -> None:
    window, step_ends = sitting.window, threading.Event()
    sitting.gate = lambda k, _cancelled: k < 2 or step_ends.wait(30)  # type: ignore[assignment]
    with sitting.qtbot.waitSignal(sitting.session.run_started, timeout=RUN_MS) as started:
        window.generate()
    assert started.args is not None
    sitting.qtbot.waitUntil(lambda: len(started.args[0]) == 2, timeout=RUN_MS)
    window.stop()
    assert window.header.generate.text() == "Stopping …"
    assert not window.header.generate.isEnabled()
    assert window.denoise.status.text() == "Stops after this step"
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        step_ends.set()
    assert window.header.generate.text() == "Generate"
    assert window.header.generate.isEnabled()
    assert window.denoise.status.text().startswith("Stopped after")
    sitting.gate = Gate()


def test_a_run_stopped_before_its_first_step_says_so(sitting: Sitting) -> None:
    window = sitting.window
    sitting.gate = Gate(0)
    with sitting.qtbot.waitSignal(sitting.session.run_started, timeout=RUN_MS):
        window.generate()
    assert window.denoise.canvas.message == "The first step is on its way …"
    with sitting.qtbot.waitSignal(sitting.session.running_changed, timeout=RUN_MS):
        window.stop()
    sitting.qtbot.waitUntil(lambda: window.denoise.status.text() == "Stopped before the first step")


def test_a_run_that_was_followed_rests_on_a_picture(sitting: Sitting) -> None:
    playhead = sitting.session.playhead
    playhead.set_view("unprompted")
    sitting.run()
    assert playhead.index == STEPS - 1
    assert sitting.window.denoise.canvas.message in ("", "Making this picture …")
    playhead.seek(STEPS)
    assert sitting.window.denoise.side_panel.headline.text() == "The picture is finished"


def test_the_end_of_a_guided_run_is_no_matter_of_asking() -> None:
    end = Moment(10, 10, 0.0, "guidance", "complete", asked_twice=False)
    assert "Step back once to see what your words change" in explain(end).text
    assert "without your words" in explain(replace(end, view="unprompted")).text
    assert explain(replace(end, guided=False)).title == "Not asked here"


def test_a_run_of_this_sitting_is_in_no_file() -> None:
    run = make_run(4)
    timeline = Timeline(run.request, levels=run.planned)
    timeline.append(points_of(run))
    timeline.finish(run, None)
    assert timeline.why_missing(2, "noise") == (
        "Only Built-in can draw this view. Open it again to see it."
    )


@pytest.mark.parametrize("size", [(960, 600), (1280, 800), (1920, 1080)])
@pytest.mark.parametrize("page", ["denoise", "compare", "noise"])
def test_a_message_covers_pictures_only(sitting: Sitting, page: str, size: tuple[int, int]) -> None:
    window = sitting.window
    window.resize(*size)
    window.show_page(page)
    window.show_failure(Failure("This model cannot be opened.", "Its files are damaged. " * 3))
    message, room = window.message, window.pages[page].pictures

    def over() -> QRect:
        return QRect(room.mapTo(window, QPoint(0, 0)), room.size())

    def lies() -> QRect:
        return QRect(message.mapTo(window, QPoint(0, 0)), message.size())

    sitting.qtbot.waitUntil(lambda: over().contains(lies()))
    assert lies().bottom() > over().center().y()


def test_a_message_about_a_page_goes_with_it(sitting: Sitting) -> None:
    window = sitting.window
    window.header.prompt.setText("")
    window.generate()
    assert "prompt is empty" in window.message.text
    window.show_page("compare")
    assert window.message.text == ""
    window.show_failure(Failure("The disk is full.", "Make room, then save again."))
    window.show_page("denoise")
    assert "disk is full" in window.message.text, "it is about no page"
