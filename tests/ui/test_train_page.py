"""The Train page: three parts, the loop line by line, and what is exported of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.session.plain_autoencoder import PlainAutoencoder
from tests.ui.exhibits import painted
from tests.ui.sitting import Sitting
from visualizer.diffusion.request import SamplingRequest
from visualizer.lessons.page_setup import PageSetup
from visualizer.session.checkpoint_lab import CheckpointPicture
from visualizer.session.train_lab import LabSamples
from visualizer.session.training_example import LOADING
from visualizer.training import live_lab
from visualizer.training.architecture import LATENT_SIZE, PICTURE_SIZE
from visualizer.training.lab_subjects import SUBJECTS
from visualizer.training.training_loop import LOOP
from visualizer.training.worked_example import ExampleQuestion, StepTaken, WorkedExample
from visualizer.ui.train.exhibits import of_lab
from visualizer.ui.train.spread import spread
from visualizer.ui.train.train_page import TrainPage

WAIT_MS = 120_000


def page_of(sitting: Sitting) -> TrainPage:
    """The page as the window shows it; no fixture, which would outlive the window."""
    sitting.window.show_page("train")
    made = sitting.window.pages["train"]
    assert isinstance(made, TrainPage)
    return made


def gray(value: int) -> Any:
    return np.full((PICTURE_SIZE, PICTURE_SIZE, 3), value, np.uint8)


def example() -> WorkedExample:
    return WorkedExample(
        question=ExampleQuestion(12, 400, 5),
        caption="a pink house in the snow",
        noise_share=0.68,
        drawn=gray(10),
        clean=gray(20),
        noise=gray(30),
        noisy=gray(40),
        guess=gray(50),
        guessed_noise=gray(60),
        error=np.full((LATENT_SIZE, LATENT_SIZE), 0.25, np.float32),
        noise_loss=0.09,
        v_loss=0.28,
    )


def work_out(page: TrainPage) -> None:
    """As if the built-in model had answered."""
    desk = page.example.example
    desk.why_not = ""
    desk.numbers = (12, 400, 5)
    desk._on_worked(example())


def test_a_model_that_is_not_the_built_in_one_is_told_why(sitting: Sitting) -> None:
    page = page_of(sitting)
    tiles = page.example.tiles.tiles
    assert len(tiles) == 1
    assert "built-in model" in tiles[0].words
    assert not page.example.side.next_line.isEnabled()
    assert page.exhibit() is None
    page.choose_part("checkpoints")
    assert "built-in" in page.checkpoints.tiles.tiles[0].words


def test_the_main_button_is_the_parts(sitting: Sitting) -> None:
    page, header = page_of(sitting), sitting.window.header
    words = []
    for name in ("example", "lab", "checkpoints"):
        page.choose_part(name)
        prompted = name == "checkpoints"  # elsewhere no prompt is painted
        assert (header.isVisible(), page.main.isVisible()) == (prompted, not prompted)
        words.append((header.generate if prompted else page.main).text())
    assert [w.split()[0] for w in words] == ["Next", "Start", "Generate"]
    page.choose_part("example")
    sitting.window.show_page("denoise")
    assert header.isVisible()
    assert header.generate.text() == "Generate"


def test_a_lesson_moves_the_slider_before_any_model_has_answered(sitting: Sitting) -> None:
    page = page_of(sitting)
    page.choose_part("lab")
    for noise, least in ((5, 20), (95, 600)):  # the model here is none that could answer
        sitting.window.set_up(PageSetup("train", options={"part": "example", "noise": str(noise)}))
        assert page.part == "example"
        assert page.example.time.value() == page.example.example.numbers[1]
        assert least < page.example.time.value() < least + 100
        assert f"{noise}\N{NO-BREAK SPACE}%" in page.example.time_words.text()


def test_numbers_of_another_question_are_taken_away_at_once(sitting: Sitting) -> None:
    page = page_of(sitting)
    work_out(page)
    page.example.example.why_not = "as if the model were busy"
    page.example.example.set_timestep(900)
    assert page.example.time.value() == 900
    assert "0.0900" not in page.example.side.numbers.text()


def test_line_by_line_the_example_is_uncovered(sitting: Sitting) -> None:
    page = page_of(sitting)
    work_out(page)
    part = page.example
    assert all(tile.picture is not None for tile in part.tiles.tiles)
    asked: list[str] = []
    part.example.work = lambda: asked.append("work")  # type: ignore[method-assign]
    part.example.take_step = lambda: asked.append("step")  # type: ignore[method-assign]
    seen = []
    for line in LOOP:
        part.next_line()
        assert part.side.running == line.name
        seen.append(sum(tile.picture is not None for tile in part.tiles.tiles))
    assert seen == [0, 1, 1, 2, 3, 3, 5, 6, 6, 6, 6, 6]
    assert asked == ["work", "work", "work", "step"]  # three dice, and the direction
    assert part.example.numbers != (0, 400, 0)
    assert page.escape()
    assert part.side.running == ""
    assert not page.escape()


def test_the_numbers_of_the_example_and_its_step_are_read(sitting: Sitting) -> None:
    page = page_of(sitting)
    work_out(page)
    numbers = page.example.side.numbers.text()
    assert "0.0900" in numbers
    assert "0.2800" in numbers
    assert "68" in page.example.time_words.text()
    page.example._line = "step"
    page.example.example._on_taken(StepTaken(1.5, 7, 0.28, 0.26))
    assert "0.2800 becomes 0.2600" in page.example.side.value.text()
    shown = painted(page.exhibit())
    assert shown.frames[0].shape == (PICTURE_SIZE, 6 * PICTURE_SIZE + 5 * 8, 3)


def test_a_line_that_is_pointed_at_is_explained(sitting: Sitting) -> None:
    page = page_of(sitting)
    code, about = page.example.side.code, page.example.side.about
    whole, left = about.text(), Qt.MouseButton.LeftButton
    for row in (3, 5):
        at, none = code.row_rect(row).center(), Qt.MouseButton.NoButton
        moved = QMouseEvent(
            QEvent.Type.MouseMove,
            at,
            code.mapToGlobal(at),
            none,
            none,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(code, moved)
        assert about.text() == LOOP[row].about
    code.leaveEvent(QEvent(QEvent.Type.Leave))
    assert about.text() == whole
    sitting.qtbot.keyClick(code, Qt.Key.Key_Down)
    sitting.qtbot.keyClick(code, Qt.Key.Key_Down)
    assert about.text() == LOOP[1].about
    assert code.accessibleDescription() == code.lines[1].strip()
    page.example.side.pass_by("noise")
    assert about.text() == LOOP[1].about
    page.example.side.mark("")
    assert about.text() == whole
    sitting.qtbot.keyClick(code, Qt.Key.Key_Down)
    sitting.qtbot.keyClick(code, Qt.Key.Key_Down)
    sitting.qtbot.mouseClick(code, left, pos=code.row_rect(1).center().toPoint())
    code.leaveEvent(QEvent(QEvent.Type.Leave))
    assert about.text() == whole


def test_the_lab_is_started_by_a_lesson_and_paused_by_the_main_button(
    qtbot: QtBot, sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(sitting)
    monkeypatch.setattr(live_lab, "open_autoencoder", PlainAutoencoder)
    lab, whole = sitting.session.train_lab, page.lab.side.about.text()
    setup = PageSetup("train", options={"part": "lab", "start": "yes"})
    with qtbot.waitSignal(lab.sampled, timeout=WAIT_MS):
        sitting.window.set_up(setup)
    assert page.part == "lab"
    qtbot.waitUntil(lambda: page.lab.tiles.tiles[0].picture is not None)
    assert page.main.text().startswith("Pause")
    assert not page.lab.seed.isEnabled()
    qtbot.waitUntil(lambda: page.lab.side.running != "", timeout=WAIT_MS)
    assert page.lab.side.about.text() == whole  # a sentence a tenth of a second is none
    page.generate()
    assert not lab.going
    assert page.main.text().startswith("Go on")
    qtbot.mouseClick(page.lab.reset, Qt.MouseButton.LeftButton)
    assert page.main.text().startswith("Start")
    assert page.lab.tiles.tiles[0].picture is None
    assert page.exhibit() is None


def test_earlier_samples_are_looked_at_and_all_are_exported(sitting: Sitting) -> None:
    page = page_of(sitting)
    page.choose_part("lab")
    lab = sitting.session.train_lab
    lab.state = "paused"
    lab.losses.extend([1.0, 0.5, 0.25, 0.25])
    for n in range(3):
        pictures = tuple(gray(50 * n + k) for k in range(len(SUBJECTS)))
        lab._on_told(LabSamples(n + 1, 16 * (n + 1), float(n), pictures))
    assert page.lab.tiles.tiles[0].picture is lab.samples[2].painted[0]
    page.lab.over_time.chosen.emit(0)
    assert page.lab.tiles.tiles[1].picture is lab.samples[0].painted[1]
    shown = painted(of_lab(lab))
    assert len(shown.frames) == len(shown.captions) == 3
    assert len({frame.shape for frame in shown.frames}) == 1
    assert "loss 0.583" in shown.captions[2]  # the mean of 1, 0.5 and 0.25


def test_the_strip_is_scrubbed_and_exported(sitting: Sitting) -> None:
    page = page_of(sitting)
    page.choose_part("checkpoints")
    part, lab = page.checkpoints, sitting.session.checkpoint_lab
    lab.why_not = ""
    lab.request = SamplingRequest("a red boat", seed=12)
    lab._on_told((None, ((0.01, 100), (1.0, 10_000))))
    assert part.state.text() == "“a red boat”, seed 12", "whose pictures they are"
    guesses = tuple(gray(k) for k in range(5))
    lab._on_told((0, CheckpointPicture(0.01, 100, gray(200), guesses)))
    assert (
        part.tiles.captions[1].text()
        == "after 100\N{NO-BREAK SPACE}% of the training\n10,000 pictures shown"
    )
    tile = part.tiles.tiles[0]
    assert tile.picture is not None
    assert tile.picture[0, 0, 0] == 200
    part.time.setValue(2)
    assert tile.picture[0, 0, 0] == 2
    shown = painted(page.exhibit())
    assert shown.captions == ("after 1% · 100 pictures shown",)


def test_a_strip_asked_for_too_early_waits_for_the_model(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, lab = page_of(sitting), sitting.session.checkpoint_lab
    made: list[SamplingRequest] = []
    monkeypatch.setattr(lab, "make", made.append)
    wish = PageSetup("train", prompt="a boat", run=True, options={"part": "checkpoints"})
    lab.why_not = LOADING
    sitting.window.set_up(wish)
    assert not made
    assert not sitting.window.message.isVisible()
    lab.why_not = ""
    assert sitting.session.facts is not None
    page.set_facts(sitting.session.facts)
    page.set_facts(sitting.session.facts)
    assert [request.prompt for request in made] == ["a boat"]


def test_a_strip_goes_on_when_the_page_is_left_and_a_lesson_begins_another(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, lab = page_of(sitting), sitting.session.checkpoint_lab
    going = [True]
    made: list[SamplingRequest] = []
    monkeypatch.setattr(type(lab), "running", property(lambda _lab: bool(going)))
    monkeypatch.setattr(lab, "stop", going.clear)
    monkeypatch.setattr(lab, "make", made.append)
    lab.why_not = ""
    sitting.window.show_page("denoise")
    assert lab.running
    assert "go on" in page.status.text()
    wish = PageSetup("train", prompt="a cat", run=True, options={"part": "checkpoints"})
    sitting.window.set_up(wish)
    assert [request.prompt for request in made] == ["a cat"]


def test_the_first_and_the_last_are_always_shown() -> None:
    assert spread(3, 5) == [0, 1, 2]
    assert spread(100, 1) == [99]
    for count, room in ((100, 7), (8, 7), (7, 7)):
        shown = spread(count, room)
        assert (shown[0], shown[-1]) == (0, count - 1)
        assert len(set(shown)) == room
