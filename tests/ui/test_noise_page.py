"""The Noise page: edit the static, see what follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.session.fake_model import SIDE, FakeModel, Gate
from tests.session.test_noise_lab import Noises, Sampler
from tests.ui.sitting import RUN_MS, Sitting, pixels
from visualizer.diffusion import Model
from visualizer.diffusion.facts import SamplerName
from visualizer.diffusion.starts import EditedNoise, Flip, Mix, Paste, Shift
from visualizer.session.noise_following import Following, Way
from visualizer.session.noise_lab import DRAFT_STEPS, KEPT_RUNS, ROLES
from visualizer.session.progress import Progress
from visualizer.session.session import Session
from visualizer.settings import Settings
from visualizer.ui.header import Header
from visualizer.ui.noise_page import NoisePage
from visualizer.ui.noise_words import TOOLS, bars, explained, followed, reading
from visualizer.ui.pages import NOISE

ALL = 10**6
STEPS = 12
_LOAD_MS = 120_000


class Desk:
    """A header over a Noise page, and a session with a model without weights."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.sampler, self.noises, self.model = Sampler(), Noises(), FakeModel()
        self.session = Session(
            data_folder=folder,
            open_model=lambda _folder, _say: self.model,
            sample=self.sampler,
            draw_noise=self.noises,
        )
        self.settings = Settings(steps=STEPS, folder=folder, seed=7)
        self.window = QWidget()
        self.header = Header(self.settings)
        self.page = NoisePage(self.session, self.settings, self.header)
        self.session.model_ready.connect(self.header.set_facts)
        self.session.model_ready.connect(self.page.set_facts)
        column = QVBoxLayout(self.window)
        column.addWidget(self.header)
        column.addWidget(self.page, 1)
        self.window.resize(1200, 800)
        qtbot.addWidget(self.window)

    def start(self) -> None:
        """Show the page and wait for the model."""
        with self.qtbot.waitExposed(self.window):
            self.window.show()
        with self.qtbot.waitSignal(self.session.model_ready):
            self.session.load_model(None)
        self.settle()

    def settle(self) -> None:
        """Wait until everything that is wished for is there."""
        self.qtbot.waitUntil(self.settled, timeout=RUN_MS)

    def settled(self) -> bool:
        lab, page = self.page.lab, self.page
        tiles = [lab.tile(name) for name in page.stage.shown]  # type: ignore[arg-type]
        return not page._edits_later.isActive() and all(
            tile.state == "done" and tile.static is not None for tile in tiles
        )

    def drag(self, start: tuple[float, float], *ways: tuple[float, float]) -> None:
        """Take hold of the first static, and drag; places as shares of its sides."""
        tile = self.page.stage.columns["first"].static

        def place(at: tuple[float, float]) -> QPoint:
            return QPoint(round(at[0] * tile.width()), round(at[1] * tile.height()))

        self.qtbot.mousePress(tile, Qt.MouseButton.LeftButton, pos=place(start))
        for way in ways:
            self.qtbot.mouseMove(tile, place(way))
        last = place(ways[-1] if ways else start)
        self.qtbot.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=last)

    @property
    def asked(self) -> Any:
        """How the last picture that was sampled started."""
        return self.sampler.calls[-1].start


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(qtbot, tmp_path)
    desk.start()
    yield desk
    desk.sampler.gate.allow(ALL)
    desk.window.hide()
    assert desk.session.close()
    desk.session.deleteLater()
    del desk.session, desk.page, desk.header


def test_it_shows_static_above_picture_for_both_seeds_and_the_mix(desk: Desk) -> None:
    page, stage = desk.page, desk.page.stage
    assert stage.shown == ["first", "edited", "second"]
    captions = [stage.caption(name) for name in stage.shown]
    assert captions == ["Seed 7", "Mixed 50 : 50", "Seed 8"]
    for name in stage.shown:
        tile, column = page.lab.tile(name), stage.columns[name]  # type: ignore[arg-type]
        assert column.static.picture is tile.static
        assert column.result.picture is tile.picture
        assert column.result.chip == ""
        assert column.static.geometry().bottom() < column.result.geometry().top()
    run = page.lab.run("edited")
    assert run is not None
    assert run.request == replace(
        desk.header.request(), start=EditedNoise((Mix(8, 0.5),)), width=32, height=32
    )
    assert [bar.name for bar in page.panel.bars.rows] == ["how far it went", "beside"]


def test_the_slider_samples_in_few_steps_while_it_moves_and_in_all_at_rest(desk: Desk) -> None:
    page = desk.page
    page.mix.setSliderDown(True)
    page.mix.setValue(80)
    desk.qtbot.waitUntil(lambda: page.lab.tile("edited").draft, timeout=RUN_MS)
    assert desk.asked == EditedNoise((Mix(8, 0.8),))
    assert "steps while you drag" in page.stage.columns["edited"].result.chip
    assert page.panel.bars.rows == ()
    page.mix.setSliderDown(False)
    desk.settle()
    assert desk.sampler.calls[-1].steps == STEPS
    assert page.stage.caption("edited") == "Mixed 20 : 80"
    assert page.stage.columns["edited"].result.chip == ""
    assert len(page.panel.bars.rows) == 2


def test_a_mix_of_nothing_is_the_seed_itself(desk: Desk) -> None:
    made = len(desk.sampler.calls)
    desk.page.mix.setValue(0)
    desk.page.mix.sliderReleased.emit()
    desk.settle()
    assert len(desk.sampler.calls) == made
    own, edited = (desk.page.lab.tile(role) for role in ("first", "edited"))
    assert own.picture is edited.picture
    assert not desk.page.panel.keep.isEnabled()


def test_a_rectangle_is_pasted_in_whole_positions(desk: Desk) -> None:
    page = desk.page
    page.choose_tool("paste")
    assert page.edits() == ()
    desk.drag((0.3, 0.3), (0.4, 0.4), (0.7, 0.95))
    desk.settle()
    wanted = (0.25, 0.25, 0.75, 1.0)  # of the four positions each way those that were touched
    assert SIDE == 4
    assert desk.asked == EditedNoise((Paste(8, *wanted),))
    stage = page.stage
    for name in stage.shown:
        assert stage.columns[name].static.frame == wanted
    assert stage.columns["edited"].result.frame == wanted
    assert stage.columns["first"].result.frame is None
    names = [bar.name for bar in page.panel.bars.rows]
    assert names == ["inside the rectangle", "outside of it"]
    desk.drag((0.1, 0.1))  # a click
    assert page.edits() == ()


def test_the_rectangle_is_drawn_where_it_is(desk: Desk) -> None:
    page = desk.page
    page.choose_tool("paste")
    tile = page.stage.columns["edited"].result
    before = pixels(tile)
    desk.drag((0.3, 0.3), (0.7, 0.7))
    desk.settle()
    after, side = pixels(tile), tile.width()
    changed = np.abs(after.astype(int) - before.astype(int)).sum(axis=2) > 0
    edge = round(0.25 * side)
    assert changed[:, edge - 2 : edge + 3].any()
    assert (after[side // 2, edge - 1 : edge + 2] == 255).all(axis=1).any()


def test_flipping(desk: Desk) -> None:
    page = desk.page
    page.choose_tool("flip")
    assert page.stage.shown == ["first", "edited"]
    assert not page.other.isVisible()
    page.flips["vertical"].click()
    desk.settle()
    assert desk.asked == EditedNoise((Flip("vertical"),))
    page.flips["horizontal"].click()
    desk.settle()
    assert desk.asked == EditedNoise((Flip("horizontal"), Flip("vertical")))
    assert page.panel.bars.rows[0].name == "how far it followed"


def test_moving_wraps_round(desk: Desk) -> None:
    page = desk.page
    page.choose_tool("shift")
    desk.drag((0.1, 0.5), (0.4, 0.5), (0.62, 0.5))
    desk.settle()
    assert desk.asked == EditedNoise((Shift(0.5, 0.0),))
    desk.drag((0.1, 0.1), (0.36, 0.36))
    desk.settle()
    assert desk.asked == EditedNoise((Shift(-0.25, 0.25),)), "three quarters right is one left"
    page.back.click()
    assert page.edits() == ()


def test_while_it_is_moved_the_static_follows_at_once(desk: Desk) -> None:
    page = desk.page
    page.choose_tool("shift")
    desk.settle()
    desk.sampler.gate = Gate(0)
    tile, edited = page.stage.columns["first"].static, page.stage.columns["edited"].static
    before = pixels(edited)
    desk.qtbot.mousePress(tile, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    desk.qtbot.mouseMove(tile, QPoint(10 + tile.width() // 2, 10))
    after = pixels(edited)
    half = edited.width() // 2
    middle = slice(half // 2, half)
    np.testing.assert_allclose(
        after[middle, half + 8 : 2 * half - 8].astype(int),
        before[middle, 8 : half - 8].astype(int),
        atol=40,
    )
    desk.sampler.gate.allow(ALL)
    desk.qtbot.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))


def test_the_keyboard_edits_as_well(desk: Desk) -> None:
    page, tile = desk.page, desk.page.stage.columns["first"].static
    page.choose_tool("shift")
    tile.setFocus()
    desk.qtbot.keyClick(tile, Qt.Key.Key_Right)
    assert page.edits() == (Shift(0.25, 0.0),)
    page.choose_tool("paste")
    desk.qtbot.keyClick(tile, Qt.Key.Key_Down)
    assert page.edits() == (Paste(8, 0.25, 0.5, 0.75, 1.0),)
    desk.qtbot.keyClick(tile, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert page.edits() == (Paste(8, 0.25, 0.5, 1.0, 1.0),)
    for widget in (tile, page.mix):
        override = QKeyEvent(
            QEvent.Type.ShortcutOverride, Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier
        )
        override.ignore()
        QApplication.sendEvent(widget, override)
        assert override.isAccepted(), "the window's keys of time do not take it"


def test_other_words_are_sampled_when_they_rest(desk: Desk) -> None:
    desk.header.prompt.setText("a castle")
    desk.qtbot.waitUntil(lambda: not desk.page._edits_later.isActive())
    desk.settle()
    assert {call.prompt for call in desk.sampler.calls[-3:]} == {"a castle"}
    desk.header.prompt.setText("")
    desk.qtbot.waitUntil(lambda: desk.page.lab.tile("first").request is None)
    result = desk.page.stage.columns["first"].result
    assert result.picture is None
    assert result.words == "Say above what the picture should show."


def test_another_other_seed_is_another_second_column(desk: Desk) -> None:
    desk.page.other.set_number(99)
    desk.qtbot.waitUntil(lambda: desk.page.stage.caption("second") == "Seed 99")
    desk.settle()
    assert desk.page.lab.tile("second").request.seed == 99  # type: ignore[union-attr]
    assert desk.page.edits() == (Mix(99, 0.5),)


def test_one_that_fails_is_told_and_can_be_tried_again(desk: Desk) -> None:
    page = desk.page
    desk.sampler.refuses = replace(
        desk.header.request(), start=EditedNoise((Mix(8, 0.7),)), width=32, height=32
    )
    page.mix.setValue(70)
    page.mix.sliderReleased.emit()
    desk.qtbot.waitUntil(lambda: page.lab.tile("edited").state == "failed", timeout=RUN_MS)
    assert page.stage.columns["edited"].result.words.startswith("This noise cannot be sampled.")
    assert page.panel.headline.text() == "This noise cannot be sampled"
    assert page.stage.columns["first"].result.picture is not None
    desk.sampler.refuses = None
    desk.qtbot.mouseClick(page.panel.again, Qt.MouseButton.LeftButton)
    desk.settle()
    assert page.panel.again.isHidden()


def test_a_noise_that_cannot_be_edited_is_told_once(desk: Desk) -> None:
    page, stage = desk.page, desk.page.stage
    desk.noises.refuses = "The starting noise of this model cannot be edited."
    page.other.set_number(99)
    desk.qtbot.waitUntil(lambda: page.lab.tile("edited").state == "failed", timeout=RUN_MS)
    desk.qtbot.waitUntil(lambda: page.lab.tile("second").state == "done", timeout=RUN_MS)
    assert page.panel.words.text() == desk.noises.refuses
    for name in stage.shown:
        column = stage.columns[name]
        assert desk.noises.refuses not in (column.static.words, column.result.words)
    for name in ("first", "second"):
        assert stage.columns[name].static.picture is not None
        assert stage.columns[name].result.picture is not None
    assert stage.columns["edited"].result.words == "This noise cannot be sampled."
    assert stage.columns["edited"].static.words == "This noise cannot be shown."


def test_of_a_model_that_may_be_slow_pictures_are_asked_for(desk: Desk) -> None:
    page = desk.page
    assert not page.panel.make.isVisible()
    with desk.qtbot.waitSignal(desk.session.model_ready):
        desk.session.load_model("another")
    desk.qtbot.waitUntil(
        lambda: (
            not page.lab.sampling and all(page.lab.tile(role).static is not None for role in ROLES)
        ),
        timeout=RUN_MS,
    )
    assert page.panel.make.isVisible()
    assert page.panel.make.text() == "Make the three pictures"
    # those of the model before stay until something is known of this one
    first = page.stage.columns["first"]
    desk.qtbot.waitUntil(lambda: first.result.words == "Not made yet", timeout=RUN_MS)
    desk.qtbot.waitUntil(lambda: first.static.picture is not None, timeout=RUN_MS)
    assert not page.panel.keep.isEnabled()
    page.mix.setValue(30)
    page.mix.sliderReleased.emit()
    assert not page.lab.sampling
    made = len(desk.sampler.calls)
    desk.qtbot.mouseClick(page.panel.make, Qt.MouseButton.LeftButton)
    desk.settle()
    assert len(desk.sampler.calls) == made + 3
    assert not page.panel.make.isVisible()
    page.mix.setValue(40)
    page.mix.sliderReleased.emit()
    desk.settle()
    followed = {call.start for call in desk.sampler.calls[made + 3 :]}
    assert followed == {EditedNoise((Mix(8, 0.4),))}, "what is edited follows by itself"
    desk.header.prompt.setText("a boat")
    desk.qtbot.waitUntil(page.panel.make.isVisible, timeout=RUN_MS)
    page.generate()  # Enter asks for them too
    desk.settle()
    assert desk.sampler.calls[-1].prompt == "a boat"


def test_a_model_that_was_slow_in_the_last_run_is_asked(desk: Desk) -> None:
    page = desk.page
    desk.session.progressed.emit(Progress(3, 30, steps_per_second=0.5, seconds_left=54.0))
    desk.header.prompt.setText("a boat")
    desk.qtbot.waitUntil(page.panel.make.isVisible, timeout=RUN_MS)
    assert not page.lab.sampling
    desk.qtbot.mouseClick(page.panel.make, Qt.MouseButton.LeftButton)
    desk.settle()


def test_what_is_kept_is_looked_at_as_a_run(desk: Desk) -> None:
    page, run = desk.page, desk.page.lab.run("edited")
    assert run is not None
    spy = QSignalSpy(page.run_asked)
    desk.qtbot.mouseClick(page.panel.keep, Qt.MouseButton.LeftButton)
    assert spy.count() == 1
    assert desk.session.current is not None
    assert desk.session.current.trajectory is run
    assert desk.session.history == (desk.session.current,)


def test_what_has_few_steps_can_be_kept_after_it_was_dragged(desk: Desk) -> None:
    page = desk.page
    desk.header.show_request(replace(desk.header.request(), steps=DRAFT_STEPS))
    page._take_fields()
    desk.settle()
    page.mix.setSliderDown(True)
    page.mix.setValue(35)
    desk.settle()
    page.mix.setSliderDown(False)
    assert page.panel.keep.isEnabled()
    desk.qtbot.mouseClick(page.panel.keep, Qt.MouseButton.LeftButton)
    assert desk.session.current is not None
    assert desk.session.current.request.start == EditedNoise((Mix(8, 0.35),))


def test_an_early_picture_whose_steps_were_let_go_is_kept_all_the_same(desk: Desk) -> None:
    page, session = desk.page, desk.session
    for amount in (10, *range(20, 20 + KEPT_RUNS)):
        page.mix.setValue(amount)
        page.mix.sliderReleased.emit()
        desk.settle()
    page.mix.setValue(10)
    page.mix.sliderReleased.emit()
    desk.settle()
    assert page.lab.run("edited") is None
    picture = page.lab.tile("edited").picture
    with desk.qtbot.waitSignal(session.run_finished, timeout=RUN_MS):
        desk.qtbot.mouseClick(page.panel.keep, Qt.MouseButton.LeftButton)
    assert session.current is not None
    assert session.current.trajectory is not None
    np.testing.assert_array_equal(session.current.trajectory.final, picture)


def test_keeping_makes_the_edited_picture_a_run(desk: Desk) -> None:
    page, session = desk.page, desk.session
    made = page.lab.run("edited")
    page.keep()  # it is there: nothing is sampled again
    assert session.current is not None
    assert session.current.trajectory is made
    desk.sampler.gate = Gate(0)
    page.mix.setValue(30)
    page.mix.sliderReleased.emit()
    spy = QSignalSpy(page.run_asked)
    session._pressed_at = 0.0
    with desk.qtbot.waitSignal(session.run_finished, timeout=RUN_MS):
        page.keep()
        desk.sampler.gate.allow(ALL)
    assert spy.count() == 1
    assert session.current.request.start == EditedNoise((Mix(8, 0.3),))
    assert session.history[-1] is session.current
    desk.settle()


def test_without_words_enter_says_what_is_missing(desk: Desk) -> None:
    desk.header.prompt.setText("")
    with desk.qtbot.waitSignal(desk.page.failed) as said:
        desk.page.generate()
    assert said.args is not None
    assert said.args[0].detail == "Say above what the picture should show."


def test_whoever_is_not_there_samples_nothing(desk: Desk) -> None:
    made = len(desk.sampler.calls)
    desk.page.hide()
    desk.header.prompt.setText("a castle")
    desk.page.other.set_number(1234)
    desk.qtbot.waitUntil(lambda: not desk.page._edits_later.isActive())
    assert not desk.page.lab.sampling
    assert len(desk.sampler.calls) == made
    desk.page.show()
    desk.settle()
    assert {call.prompt for call in desk.sampler.calls[made:]} == {"a castle"}


def test_it_fits_into_the_smallest_window(desk: Desk) -> None:
    desk.page.setMinimumSize(0, 0)
    assert desk.page.minimumSizeHint().width() <= 960 - 64
    assert desk.page.minimumSizeHint().height() <= 480


def test_a_sampler_that_adds_noise_at_every_step_says_so_instead_of_a_conclusion(
    desk: Desk,
) -> None:
    page = desk.page
    assert "only the static differs" in page.panel.reading.text()
    desk.model.facts = replace(
        desk.model.facts,
        samplers=(SamplerName("euler_a", "Euler a"), SamplerName("dpmpp_2m", "DPM++ 2M")),
        own_sampler="Euler a",
        random_samplers=("", "euler_a"),
    )
    with desk.qtbot.waitSignal(desk.session.model_ready):
        desk.session.load_model(None)
    desk.settle()
    assert page.panel.headline.text() == "New noise at every step"
    assert page.panel.words.text().startswith("Euler a adds new noise at every step")
    assert "DPM++ 2M" in page.panel.words.text()
    assert "not only the first static differs" in page.panel.reading.text()
    page.choose_tool("flip")
    page.flips["horizontal"].click()
    desk.settle()
    assert "later steps stays as it was" in page.panel.reading.text()


def test_a_tool_that_has_done_nothing_says_what_to_do(desk: Desk) -> None:
    page = desk.page
    page.choose_tool("flip")
    assert page.stage.caption("edited") == "Choose how to mirror it"
    page.flips["horizontal"].click()
    assert page.stage.caption("edited") == "Mirrored"
    page.choose_tool("shift")
    assert page.stage.caption("edited") == "Drag the static first"


def test_enter_makes_the_pictures_at_once_and_stays(desk: Desk) -> None:
    page, looked = desk.page, QSignalSpy(desk.page.run_asked)
    desk.header.prompt.setText("a boat")
    page.generate()
    assert {page.lab.tile(name).request.prompt for name in page.stage.shown} == {"a boat"}  # type: ignore
    desk.settle()
    assert looked.count() == 0
    assert not desk.session.history


def test_the_main_button_keeps_the_picture_while_the_page_is_shown(desk: Desk) -> None:
    page, header, looked = desk.page, desk.header, QSignalSpy(desk.page.run_asked)
    page.enter()
    assert header.generate.text() == page.panel.keep.text() == "Keep as run"
    assert header.generate.width() >= header.generate.sizeHint().width()
    header.generate.click()
    assert looked.count() == 1
    assert len(desk.session.history) == 1
    page.leave()
    assert header.generate.text() == "Generate"


def test_another_seed_out_of_range_is_told(desk: Desk) -> None:
    notes = QSignalSpy(desk.header.note)
    desk.page.other.lineEdit().setText("-5")
    desk.page.other.interpretText()
    assert desk.page.other.whole() == 0
    assert "other seed" in notes.at(0)[0]


# --- words ----------------------------------------------------------------------------------------

WAYS = [Way(along, beside) for along in (-0.2, 0.1, 0.5, 0.9, 1.2) for beside in (0.0, 0.9)]


@pytest.mark.parametrize("tool", TOOLS)
def test_every_measurement_has_words_with_its_number(tool: str) -> None:
    for way in WAYS:
        found = Following(inside=way, outside=way) if tool == "paste" else Following(way)
        headline, words = followed(tool, found, 7, 8, 0.5)
        assert headline
        assert f"{max(round(100 * way.along), 0)}\u00a0%" in words, "never backwards"
        assert bars(tool, found)[0].value == max(way.along, 0)
    nothing = followed(tool, Following(), 7, 8)
    assert nothing[0] == "Nothing to tell apart"
    assert "7" in explained(tool, 7, 8) or tool in ("flip", "shift")
    assert "0 is seed 7’s picture" in reading(tool, 7, 8)


def test_a_picture_beside_every_cross_fade_is_a_third_one() -> None:
    assert followed("mix", Following(Way(0.5, 0.9)), 7, 8, 0.5)[0] == "A third picture, not a blend"
    assert followed("mix", Following(Way(0.5, 0.1)), 7, 8, 0.5)[0] == "Close to a cross-fade"
    assert followed("mix", Following(Way(0.1, 0.1)), 7, 8, 0.1)[0] == "Still seed 7’s picture"
    assert followed("mix", Following(Way(0.9, 0.1)), 7, 8, 0.9)[0] == "Already seed 8’s picture"


@pytest.mark.parametrize("tool", ["flip", "shift"])
def test_only_a_picture_that_is_near_the_moved_one_follows(tool: str) -> None:
    headlines = [
        followed(tool, Following(way), 7, 8)[0]
        for way in (Way(0.95, 0.1), Way(0.8, 0.6), Way(0.5, 0.87), Way(0.1, 0.5))
    ]
    assert headlines == [
        "The picture follows",
        "The picture follows in part",
        "Another picture",
        "The picture does not follow",
    ]


def test_what_was_pasted_is_told_by_its_inside() -> None:
    headlines = [
        followed("paste", Following(inside=Way(along, 0.3), outside=Way(0.1, 0.1)), 7, 8)[0]
        for along in (0.9, 0.65, 0.5, 0.2)
    ]
    assert headlines == [
        "The picture follows the static there",
        "The picture follows in part",
        "Neither one nor the other",
        "The picture keeps what it was",
    ]


# --- the real model -------------------------------------------------------------------------------


def test_what_follows_an_edit_of_the_built_in_model_s_static(qtbot: QtBot, tmp_path: Path) -> None:
    model = Model.builtin()
    settings = Settings(steps=3, folder=tmp_path, seed=7)
    sitting = Sitting(qtbot, tmp_path, lambda _folder, _say: model, sample=None, settings=settings)
    sitting.show()
    with qtbot.waitSignal(sitting.session.model_ready, timeout=_LOAD_MS):
        sitting.session.load_model(None)
    page = sitting.window.noise
    page.choose_tool("paste")
    page.stage.columns["first"].static.framed.emit((0.0, 0.0, 1.0, 1.0), False)
    sitting.window.show_page(NOISE)

    def settled() -> bool:
        return page.lab.tile("first").request is not None and all(
            page.lab.tile(role).state == "done" for role in ("first", "edited", "second")
        )

    qtbot.waitUntil(settled, timeout=6 * RUN_MS)
    edited, other = page.lab.tile("edited"), page.lab.tile("second")
    np.testing.assert_array_equal(edited.static, other.static)
    np.testing.assert_allclose(
        np.asarray(edited.picture, dtype=int), np.asarray(other.picture, dtype=int), atol=1
    )
    assert page.panel.bars.rows[0].value == pytest.approx(1.0, abs=0.01)
    qtbot.mouseClick(page.panel.keep, Qt.MouseButton.LeftButton)
    assert sitting.window.page == "denoise"
    assert sitting.session.current is not None
    assert sitting.session.current.request.start == EditedNoise((Paste(8, 0.0, 0.0, 1.0, 1.0),))
    assert not sitting.failures
    sitting.close()
