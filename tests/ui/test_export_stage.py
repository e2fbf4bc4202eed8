"""The preview's player: at the film's own speed, one frame asked for at a time."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from pytestqt.qtbot import QtBot

from tests.ui.sitting import pixels
from visualizer.diffusion.arrays import Picture
from visualizer.ui import theme
from visualizer.ui.export_stage import ExportStage

FRAME_MS, TICK_MS = 30, 10
COUNT = 5


class Clock:
    """Time that a test lets pass."""

    def __init__(self) -> None:
        self.milliseconds = 0

    def __call__(self) -> int:
        """What time it is."""
        return self.milliseconds

    def move(self, stage: ExportStage, milliseconds: int) -> None:
        """Let time pass, tick by tick."""
        for _ in range(0, milliseconds, TICK_MS):
            self.milliseconds += TICK_MS
            stage.tick()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(qtbot: QtBot, clock: Clock) -> ExportStage:
    made = ExportStage(clock=clock)
    qtbot.addWidget(made)
    made.resize(400, 300)
    with qtbot.waitExposed(made):
        made.show()
    return made


def gray(value: int, side: int = 40) -> Picture:
    return np.full((side, side, 3), value, np.uint8)


def answer(stage: ExportStage, asked: list[int]) -> None:
    """Answer every wish at once."""
    stage.wanted.connect(asked.append)
    stage.wanted.connect(lambda i: stage.show_frame(i, gray(40 * i)))


def test_it_plays_every_frame_and_begins_anew(qtbot: QtBot) -> None:
    stage, asked = ExportStage(), list[int]()
    qtbot.addWidget(stage)
    with qtbot.waitExposed(stage):
        stage.show()
    answer(stage, asked)
    stage.show_film([200] * COUNT, (40, 40))  # slow: a busy machine leaves none out
    qtbot.waitUntil(lambda: asked[-3:] == [COUNT - 1, 0, 1], timeout=10_000)
    assert asked[:COUNT] == list(range(COUNT))
    assert stage.position.text().startswith(f"{stage.index + 1} of {COUNT}")


def test_the_last_frame_stands_as_long_as_the_film_says(stage: ExportStage, clock: Clock) -> None:
    asked: list[int] = []
    answer(stage, asked)
    stage.show_film([FRAME_MS, FRAME_MS, 10 * FRAME_MS], (40, 40))
    clock.move(stage, 11 * FRAME_MS)
    assert asked == [0, 1, 2]
    clock.move(stage, FRAME_MS)
    assert asked == [0, 1, 2, 0]


def test_a_late_frame_makes_no_queue(stage: ExportStage, clock: Clock) -> None:
    asked: list[int] = []
    stage.wanted.connect(asked.append)
    stage.show_film([FRAME_MS] * 40, (40, 40))
    clock.move(stage, 5 * FRAME_MS)
    assert asked == [0], "nothing more is asked for while the first one is awaited"
    stage.show_frame(0, gray(0))
    clock.move(stage, TICK_MS)
    assert asked == [0, 5], "what is asked for then is the frame whose time it is"
    clock.move(stage, 2000)
    assert len(asked) == 4, "a frame that never comes is asked for once more a second"


def test_paused_it_asks_only_for_what_a_person_wants(
    stage: ExportStage, clock: Clock, qtbot: QtBot
) -> None:
    asked: list[int] = []
    answer(stage, asked)
    stage.show_film([FRAME_MS] * COUNT, (40, 40))
    qtbot.mouseClick(stage.play_button, Qt.MouseButton.LeftButton)
    assert not stage.playing
    asked.clear()
    stage.end()
    stage.step(-1)
    stage.slider.setValue(1)
    stage.home()
    stage.step(-1)
    assert asked == [4, 3, 1, 0, 0]
    asked.clear()
    clock.move(stage, 3 * FRAME_MS)
    assert asked == []
    stage.refresh()
    assert asked == [0], "a sharper picture is fetched"


def test_hidden_it_asks_for_nothing(stage: ExportStage, clock: Clock) -> None:
    asked: list[int] = []
    answer(stage, asked)
    stage.show_film([FRAME_MS] * COUNT, (40, 40))
    stage.hide()
    clock.move(stage, 3 * FRAME_MS)
    assert asked == [0]
    stage.show()
    clock.move(stage, FRAME_MS)
    assert asked == [0, 1]


def test_a_frame_of_the_film_before_is_dropped(stage: ExportStage) -> None:
    stage.pause()
    stage.show_film([FRAME_MS] * 9, (40, 40))
    stage.seek(8)
    stage.show_frame(8, gray(80))
    stage.show_film([FRAME_MS] * 2, (40, 40))
    stage.show_frame(8, gray(200))
    assert stage.index == 1
    stage.show_frame(1, gray(10))
    assert pixels(stage.frame)[stage.frame.height() // 2, stage.frame.width() // 2, 0] == 10


def test_pictures_are_never_enlarged_and_large_ones_fit(stage: ExportStage) -> None:
    stage.pause()
    stage.show_film([FRAME_MS, FRAME_MS], (40, 40))
    stage.show_frame(0, np.full((40, 40, 3), (250, 10, 10), np.uint8))
    seen = pixels(stage.frame)
    assert (seen[..., 0] == 250).sum() == 40 * 40
    assert "seen at" not in stage.position.text()
    stage.show_film([FRAME_MS, FRAME_MS], (4000, 1000))
    stage.show_frame(0, np.full((50, 200, 3), (250, 10, 10), np.uint8))
    red = np.argwhere(pixels(stage.frame)[..., 0] == 250)
    width = red[:, 1].max() - red[:, 1].min() + 1
    assert width == stage.frame.room.width()
    assert stage.position.text().endswith(f"seen at {width / 4000:.0%}")


def test_a_single_picture_has_no_player(stage: ExportStage) -> None:
    stage.show_film([0], (40, 40))
    stage.show_frame(0, gray(90))
    assert not stage.slider.isVisible()
    assert not stage.play_button.isVisible()


def test_words_stand_in_for_a_picture_and_lie_over_one(stage: ExportStage) -> None:
    stage.forget("There is nothing to be seen.")
    assert stage.frame.accessibleDescription() == "There is nothing to be seen."
    empty = pixels(stage.frame)
    stage.forget()
    assert (pixels(stage.frame) != empty).any()
    stage.show_film([0], (300, 200))
    stage.show_frame(0, np.full((200, 300, 3), 128, np.uint8))
    plain = pixels(stage.frame)
    stage.show_words("Preparing pictures: 3 of 9")
    changed = np.argwhere((pixels(stage.frame) != plain).any(axis=2))
    assert changed[:, 0].min() > stage.frame.height() // 2, "at the lower edge"


def test_the_room_is_what_the_screen_has(stage: ExportStage, qtbot: QtBot) -> None:
    before = stage.room
    with qtbot.waitSignal(stage.room_changed):
        stage.resize(600, 300)
    assert stage.room[0] > before[0]
    air = QSize(4 * theme.SPACE, 4 * theme.SPACE)
    assert stage.frame.room == stage.frame.size() - air
