"""The Words page in the real window: which pixels listen to which word, and what a word changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.session.fake_model import Gate
from tests.ui.exhibits import painted
from tests.ui.sitting import RUN_MS, STEPS, pixels
from tests.ui.words_sitting import PROMPT, WORDS, WordsSitting, maps_of
from visualizer.diffusion.starts import EditedNoise, Flip
from visualizer.lessons.page_setup import PageSetup
from visualizer.session import session as session_module
from visualizer.ui.words.guidance_part import SCALES, SEEDS
from visualizer.ui.words.reading_list import ROW
from visualizer.ui.words.word_chips import HEIGHT, WordChip
from visualizer.ui.words.word_sentences import LOADING, NO_MAPS, NO_MAPS_OF_FILE, OTHER_WORDS
from visualizer.ui.words.words_page import WordsPage

RED, CAR = WORDS.index("red"), WORDS.index("car")


@pytest.fixture
def sitting(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WordsSitting]:
    """A window that is ready."""
    made = WordsSitting(qtbot, tmp_path, monkeypatch)
    made.start()
    yield made
    made.close()


def shown_map(page: WordsPage) -> np.ndarray:
    shown = page.listening.overlay.shown
    assert shown is not None
    return shown.shares


def test_pointing_at_a_word_lights_its_pixels_and_dims_the_others(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    assert sitting.recorded == sitting.made
    assert [chip.text() for chip in page.chips.chips] == list(WORDS)
    before = pixels(page.listening.canvas).astype(int)
    chip = page.chips.chips[RED]
    sitting.qtbot.mouseMove(chip)
    sitting.qtbot.waitUntil(lambda: chip.lit)
    np.testing.assert_array_equal(shown_map(page), maps_of(STEPS).of_word(RED))
    after = pixels(page.listening.canvas).astype(int)
    target = page.listening.canvas.target_rect()
    y = round(target.center().y())
    heard, unheard = (round(target.left() + s * target.width()) for s in (0.375, 0.875))
    assert np.abs(after[y, heard] - before[y, heard]).max() <= 6
    assert after[y, unheard].sum() < 0.5 * before[y, unheard].sum()
    sitting.qtbot.mouseMove(page.transport)
    sitting.qtbot.waitUntil(lambda: page.listening.overlay.shown is None)
    # and the other way round: the pixel under the mouse tells which words it listens to
    canvas = page.listening.canvas
    column = CAR  # where that word alone is heard
    x = target.left() + (column + 0.5) * target.width() / 4
    sitting.qtbot.mouseMove(canvas, QPoint(round(x), round(target.center().y())))
    maps = maps_of(STEPS)
    sitting.qtbot.waitUntil(
        lambda: page.chips.chips[CAR].share == pytest.approx(float(maps.of_word(CAR)[2, column]))
    )
    assert "car" in page.listening.scale.text()


def come_by_tab(chip: WordChip) -> None:
    """As Tab brings the focus; windows of the offscreen platform are not always active."""
    came = QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason)
    QApplication.sendEvent(chip, came)


def test_a_word_is_pointed_at_and_held_by_keyboard(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    chips = page.chips.chips
    assert all(chip.focusPolicy() == Qt.FocusPolicy.TabFocus for chip in chips)
    assert chips[RED].nextInFocusChain() is chips[CAR]
    come_by_tab(chips[RED])
    assert chips[RED].lit
    np.testing.assert_array_equal(shown_map(page), maps_of(STEPS).of_word(RED))
    assert "%" in chips[RED].accessibleDescription()
    sitting.qtbot.keyClick(chips[RED], Qt.Key.Key_Space)
    assert page.chips.current == RED
    come_by_tab(chips[CAR])
    assert page.word == CAR  # pointed at, while the other is held
    leave = QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    QApplication.sendEvent(chips[CAR], leave)
    assert page.word == RED
    assert page.escape()
    assert page.word is None


def test_the_maps_follow_the_playhead_or_stand_for_all_steps(sitting: WordsSitting) -> None:
    page, maps = sitting.open_page(), maps_of(STEPS)
    page.choose_word(CAR)
    sitting.session.playhead.seek(3)
    np.testing.assert_array_equal(shown_map(page), maps.of_word(CAR, 3))
    share = page.chips.chips[CAR].share
    assert share == pytest.approx(float(maps.of_word(CAR, 3).mean()), abs=1e-3)
    page.listening.when.buttons["all"].click()
    np.testing.assert_array_equal(shown_map(page), maps.of_word(CAR))
    page.listening.when.buttons["step"].click()
    sitting.session.playhead.end()  # nothing was asked there any more
    np.testing.assert_array_equal(shown_map(page), maps.of_word(CAR))


def test_strength_over_time_small_maps_and_what_is_exported(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    assert page.exhibit() is None  # no word is held: then it is the run
    page.panel.choose("attention")
    part = page.panel.attention
    page.choose_word(CAR)
    (strong,) = [line for line in part.plot.lines if line.strong]
    assert strong.values == pytest.approx(maps_of(STEPS).strength(CAR).tolist())
    part.plot.press_at(QPointF(part.plot.x_of(2), 40))
    assert sitting.session.playhead.index == 2
    assert "car" in part.words.text()
    cell = part.grid.cell(RED).center().toPoint()
    sitting.qtbot.mouseMove(part.grid, cell)
    sitting.qtbot.waitUntil(lambda: page.word == RED)
    sitting.qtbot.mouseClick(part.grid, Qt.MouseButton.LeftButton, pos=cell)
    assert page.chips.current == RED
    page.choose_word(CAR)
    exhibit = painted(page.exhibit())
    assert len(exhibit.frames) == len(exhibit.captions) == STEPS + 1
    assert {frame.shape for frame in exhibit.frames} == {exhibit.frames[0].shape}
    assert exhibit.captions[0].startswith("car · step 0 of 6")
    assert exhibit.captions[-1].startswith("car · all steps")


def test_maps_are_there_while_the_picture_is_still_made(sitting: WordsSitting) -> None:
    sitting.window.show_page("words")
    sitting.type_prompt(PROMPT)
    timeline = sitting.begin(3)
    page = sitting.page
    page.choose_word(CAR)
    sitting.qtbot.waitUntil(lambda: page.listening.overlay.shown is not None)
    assert timeline.running
    sitting.session.playhead.set_view("channels")  # numbers are not laid out as the picture is
    assert page.listening.overlay.shown is None
    sitting.session.playhead.set_view("noisy")
    sitting.let_finish()
    assert page.chips.current == CAR  # it is held through the end of the run


def test_a_run_without_maps_offers_to_be_made_again(
    sitting: WordsSitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)
    run = sitting.run(PROMPT)  # on the Denoise page
    assert sitting.recorded == []
    sitting.window.show_page("words")
    page = sitting.page
    assert page.subject.why_no_maps() == NO_MAPS == page.listening.why.text()
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        page.listening.record.click()
    assert sitting.recorded == [run.request]
    assert page.subject.why_no_maps() == ""
    assert page.listening.record.isHidden()


def test_the_same_bits_are_promised_only_where_they_are_known(
    sitting: WordsSitting, tmp_path: Path
) -> None:
    run = sitting.run(PROMPT)
    assert run.trajectory is not None
    path = tmp_path / "run.dvrun"
    run.trajectory.save(path)
    with sitting.qtbot.waitSignal(sitting.session.current_changed, timeout=RUN_MS):
        sitting.session.open_run(str(path))
    sitting.window.show_page("words")
    page = sitting.page
    assert page.subject.why_no_maps() == NO_MAPS_OF_FILE == page.listening.why.text()
    assert "bit for bit" not in page.listening.record.toolTip()
    assert not page.listening.record.isHidden()
    page.subject.facts = None  # as long as no model is there
    assert page.subject.why_no_maps() == LOADING


def test_words_are_those_without_weights_everywhere(sitting: WordsSitting) -> None:
    sitting.model.facts = replace(sitting.model.facts, weighting=True)
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=RUN_MS):
        sitting.session.load_model(None)
    sitting.window.show_page("words")
    page = sitting.page
    sitting.window.header.set_weights(True)
    sitting.type_prompt("a (red:1.3) car")
    sitting.qtbot.waitUntil(lambda: page.subject.reading is not None and page.subject.weighted)
    sitting.qtbot.waitUntil(lambda: [c.text() for c in page.chips.chips] == ["a", "red", "car"])
    page.choose_word(2)
    assert "Does “car” look at “red”?" in page.panel.reading.look.text()
    with sitting.qtbot.waitSignal(sitting.session.words.swap_ready, timeout=RUN_MS):
        page.swapping.begin("boat")
    assert [request.prompt for request in sitting.made] == ["a (red:1.3) car", "a (red:1.3) boat"]


def test_pictures_beside_a_run_begin_as_it_did(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    run = sitting.session.current
    assert run is not None
    edited = replace(run.request, start=EditedNoise((Flip("horizontal"),)), seed=123)
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.session.generate(edited)
    page.panel.choose("swap")
    page.choose_word(RED)
    assert page.base() == edited
    assert "from its edited static" in page.panel.swap.words.text()
    page.panel.guidance.choose("unprompted")
    assert "not as this picture did" in page.panel.guidance.words.text()
    with sitting.qtbot.waitSignal(sitting.session.words.swap_ready, timeout=RUN_MS):
        page.swapping.begin("blue")
    assert sitting.made[-1] == replace(edited, prompt="a blue car at sunset")
    assert sitting.made.count(edited) == 1  # the picture looked at is the one compared
    strip = PageSetup(
        "words", prompt=PROMPT, seed=7, options={"part": "guidance", "strip": "no prompt"}, run=True
    )
    with sitting.qtbot.waitSignal(sitting.session.words.strip_ended, timeout=RUN_MS):
        sitting.window.set_up(strip)
    assert page.panel.guidance.look == "unprompted"
    assert [r.seed for r in sitting.made[-SEEDS:]] == [7 + n for n in range(SEEDS)]
    assert {r.prompt for r in sitting.made[-SEEDS:]} == {""}


def test_a_model_without_cross_attention_says_so_and_is_asked_for_none(
    sitting: WordsSitting,
) -> None:
    why = "In this model words and picture attend to each other in one sequence."
    sitting.model.facts = replace(sitting.model.facts, no_attention=why)
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=RUN_MS):
        sitting.session.load_model(None)
    page = sitting.open_page()
    page.panel.choose("attention")
    assert sitting.recorded == []
    assert page.panel.attention.words.text() == why == page.listening.why.text()
    assert page.listening.record.isHidden()
    assert page.panel.attention.grid.isHidden()
    assert page.chips.chips  # they are read all the same


def test_other_words_are_read_while_they_are_typed(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    sitting.type_prompt("a blue boat")
    sitting.qtbot.waitUntil(lambda: [c.text() for c in page.chips.chips] == ["a", "blue", "boat"])
    assert page.subject.why_no_maps() == OTHER_WORDS == page.listening.why.text()
    assert page.listening.record.isHidden()  # it would make the other words' picture
    sitting.qtbot.waitUntil(lambda: page.subject.reading is not None)
    assert page.panel.reading.reading is page.subject.reading
    sitting.session.show(sitting.session.history[0])
    sitting.window.show_page("denoise")
    sitting.window.show_page("words")  # it tells of the run that is looked at
    assert [chip.text() for chip in page.chips.chips] == list(WORDS)


def test_the_reading_tells_who_looks_at_whom_and_which_words_are_near(
    sitting: WordsSitting,
) -> None:
    page = sitting.open_page()
    part = page.panel.reading
    assert "sees only the words before it" in part.words.text()
    assert "5 words" in part.path.text().replace("\u00a0", " ")
    page.choose_word(CAR)
    assert part.look.text().startswith("Does “car” look at “red”? Yes, with 50")
    assert (CAR, RED, 0.5) in part.list.looks()
    sitting.qtbot.waitUntil(lambda: bool(part.bars.rows))
    assert part.near_words.text() == "To the encoder “car” is nearest to “boat”: 0.50 of 1."
    sitting.qtbot.waitUntil(lambda: part.list.height() == part.list.sizeHint().height())
    at = QPoint(40, round((1 + WORDS.index("at") + 0.5) * ROW))
    sitting.qtbot.mouseClick(part.list, Qt.MouseButton.LeftButton, pos=at)
    assert page.chips.current == WORDS.index("at")


def test_a_word_is_swapped_and_left_out(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    run = sitting.session.current
    assert run is not None
    page.panel.choose("swap")
    part = page.panel.swap
    assert not part.swap.isEnabled()
    page.choose_word(RED)
    part.field.setText("blue")
    with sitting.qtbot.waitSignal(sitting.session.words.swap_ready, timeout=RUN_MS):
        part.swap.click()
        assert page.swapping.busy
    assert sitting.made[-1] == replace(run.request, prompt="a blue car at sunset")
    assert sitting.made.count(run.request) == 1  # the picture that is there is not made again
    assert [tile.picture is not None for tile in page.swapping.stage.tiles] == [True, True]
    assert page.swapping.stage.captions[1].text() == "a blue car at sunset"
    assert part.verdict.text().startswith("They part at step 2 of 6")
    exhibit = painted(page.exhibit())
    assert exhibit.captions == (PROMPT, "a blue car at sunset")
    with sitting.qtbot.waitSignal(sitting.session.words.swap_ready, timeout=RUN_MS):
        part.drop.click()
    assert sitting.made[-1].prompt == "a car at sunset"
    part.field.setText("elephant")
    assert part.unknown.text() == "The model was never taught “elephant”."
    sitting.gate = Gate(0)
    page.swapping.begin("blue")
    part.stop.click()
    assert not page.swapping.busy
    assert page.swapping.stage.tiles[1].picture is None


def test_guidance_is_made_as_a_strip_and_without_a_prompt(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    run = sitting.session.current
    assert run is not None
    page.panel.choose("guidance")
    page.panel.guidance.looks.buttons["strip"].click()
    with sitting.qtbot.waitSignal(sitting.session.words.strip_ended, timeout=RUN_MS):
        page.panel.guidance.make.click()
    made = sitting.made[1:]
    scale = run.request.guidance_scale
    assert [r.guidance_scale for r in made] == [s for s in SCALES if s != scale]
    assert {replace(r, guidance_scale=scale) for r in made} == {run.request}
    assert all(tile.picture is not None for tile in page.guiding.stage.tiles)
    assert page.panel.guidance.make.isHidden()
    page.panel.guidance.looks.buttons["unprompted"].click()
    with sitting.qtbot.waitSignal(sitting.session.words.strip_ended, timeout=RUN_MS):
        page.panel.guidance.make.click()
    silent = sitting.made[-SEEDS:]
    assert {request.prompt for request in silent} == {""}
    assert [request.seed for request in silent] == [run.request.seed + n for n in range(SEEDS)]
    exhibit = painted(page.exhibit())
    assert len(exhibit.frames) == SEEDS
    sitting.window.header.seed.set_number(run.request.seed + 1)  # other pictures are asked for
    sitting.qtbot.waitUntil(lambda: page.guiding.stage.tiles[0].picture is None)
    sitting.gate = Gate(0)
    page.guiding.begin("unprompted")
    assert page.guiding.busy
    sitting.window.show_page("denoise")  # nobody looks any more
    assert not page.guiding.busy


def test_a_lesson_sets_part_word_and_moment(sitting: WordsSitting) -> None:
    options = {"part": "attention", "word": "Car"}
    setup = PageSetup("words", prompt=PROMPT, run=True, playhead=0.5, options=options)
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.window.set_up(setup)
    page = sitting.page
    assert page.panel.part == "attention"
    assert page.word == CAR
    assert sitting.session.playhead.index == STEPS // 2
    swap = PageSetup("words", options={"part": "swap", "swap": "red -> green"}, run=True)
    with sitting.qtbot.waitSignal(sitting.session.words.swap_ready, timeout=RUN_MS):
        sitting.window.set_up(swap)
    assert sitting.made[-1].prompt == "a green car at sunset"


def test_a_very_long_prompt_takes_three_rows_and_scrolls(sitting: WordsSitting) -> None:
    page = sitting.open_page()
    sitting.window.resize(960, 600)
    sitting.window.header.prompt.setText(" ".join(["mountain"] * 77))
    sitting.qtbot.waitUntil(lambda: len(page.chips.chips) == 77)
    low = page.chips.height()
    assert low == HEIGHT
    page.set_compact(False)
    assert HEIGHT < page.chips.height() <= 3 * (HEIGHT + 4)
    come_by_tab(page.chips.chips[-1])  # what Tab points at is seen
    assert page.chips.verticalScrollBar().value() == page.chips.verticalScrollBar().maximum() > 0
