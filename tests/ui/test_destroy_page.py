"""The Destroy page in the real window: with a core that answers at once, and with the real one."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler
from tests.ui.exhibits import painted
from tests.ui.sitting import RUN_MS, Sitting
from visualizer.diffusion import Model
from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.encoding import RoundTrip
from visualizer.diffusion.forward import forward_process
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import FromPicture
from visualizer.diffusion.survival import SurvivalPoint
from visualizer.lessons.page_setup import PageSetup
from visualizer.session.failure import Failure
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Timeline
from visualizer.settings import Settings
from visualizer.ui.destroy.destroy_page import DestroyPage
from visualizer.ui.destroy.destroy_words import DESTROY, ROUND_TRIP, TURN_ROUND

_LOAD_MS = 120_000


class Core(QObject):
    """Answers as ``Destroying`` does, at once, with runs of a fake model destroyed."""

    picture_taken = Signal(str)
    round_trip_ready = Signal()
    destroyed = Signal(object)
    survived = Signal(object)
    survival_ended = Signal()
    working_changed = Signal(bool)
    why_not_changed = Signal(str)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.playhead = Playhead(self)
        self.title, self.space, self.why_not, self.seed = "", "latents", "", 0
        self.picture: Picture | None = None
        self.round_trip: RoundTrip | None = None
        self.timeline: Timeline | None = None
        self.survival: tuple[SurvivalPoint, ...] = ()
        self.working = self.measuring = self.shown = self.slow = False
        self.requests: list[SamplingRequest] = []
        self.taken: list[Any] = []
        self.turned: list[tuple[int, SamplingRequest]] = []
        self.generate: Any = None

    def _take(self, what: Any, title: str) -> None:
        self.taken.append(what)
        random = np.random.default_rng(len(self.taken))
        self.picture = read_only(random.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        self.title, self.round_trip = title, None
        self.picture_taken.emit(title)
        self.answer()

    def take(self, source: Any) -> None:
        if source == b"broken":
            self.failed.emit(Failure("The picture cannot be taken.", "It is damaged."))
        else:
            self._take(source, "Pasted picture")

    def take_scene(self, index: int) -> None:
        self._take(index, f"scene {index}")

    def take_run(self, timeline: Timeline) -> None:
        self._take(timeline, timeline.title)

    def answer(self) -> None:
        """The destruction of what was asked for last."""
        self.working = True
        self.working_changed.emit(True)
        if not self.slow:
            self.finish()

    def finish(self) -> None:
        """What is on its way is there."""
        if self.picture is None or (self.why_not and self.space == "latents"):
            return
        self.working = False
        request = self.requests[-1] if self.requests else SamplingRequest("a car")
        model = FakeModel()
        run = FakeSampler()(model, request, on_step=lambda _step: None, cancelled=threading.Event())
        self.timeline = Timeline.of(forward_process(run), from_file=False)
        self.playhead.set_bounds(len(self.timeline))
        if not self.why_not:
            self.round_trip = RoundTrip(self.picture, read_only(255 - self.picture))
            self.round_trip_ready.emit()
        self.destroyed.emit(self.timeline)

    def set_request(self, request: SamplingRequest | None) -> None:
        if request is not None and (not self.requests or request != self.requests[-1]):
            self.requests.append(request)
            self.seed = request.seed
            if self.picture is not None:
                self.answer()

    def set_space(self, space: str) -> None:
        self.space = space
        if self.picture is not None:
            self.answer()

    def step_of(self, k: int) -> int:
        return 0 if self.timeline is None else len(self.timeline) - 1 - k

    def turn_round(self, k: int, request: SamplingRequest) -> None:
        self.turned.append((k, request))
        assert self.picture is not None
        self.generate(replace(request, start=FromPicture(self.picture, self.step_of(k))))

    def measure_survival(self, _request: SamplingRequest) -> None:
        self.measuring = True

    def chance_of(self, _request: SamplingRequest) -> float | None:
        return self.survival[0].chance if self.survival else None

    def stop_survival(self) -> None:
        if self.measuring:
            self.measuring = False
            self.survival_ended.emit()

    def set_shown(self, shown: bool) -> None:
        self.shown = shown

    def set_facts(self, _facts: object) -> None:
        self.why_not_changed.emit(self.why_not)

    def set_busy(self, busy: bool) -> None:
        """Nothing is measured here."""

    def close(self) -> None:
        self.playhead.pause()


@pytest.fixture
def core(sitting: Sitting) -> Core:
    core = Core(sitting.session)
    core.generate = sitting.session.generate
    sitting.session.destroying = core  # type: ignore[assignment]
    return core


def opened(sitting: Sitting) -> DestroyPage:
    sitting.window.show_page("destroy")
    page = sitting.window.pages["destroy"]
    assert isinstance(page, DestroyPage)
    return page


def test_nobody_meets_an_empty_page(sitting: Sitting, core: Core) -> None:
    page = opened(sitting)
    assert page.stage == ROUND_TRIP
    assert len(core.taken) == 1
    assert isinstance(core.taken[0], int)  # no run yet: a scene
    row = page.view.round_trip
    assert core.round_trip is not None
    assert row.tiles["original"].picture is core.round_trip.original
    assert row.tiles["decoded"].picture is core.round_trip.decoded
    assert row.note("decoded").startswith("PSNR")
    assert page.view.panel.title.text() == "Fine detail is gone"
    assert page.view.panel.reading.text().endswith("dB")
    assert row.caption("original") == core.title
    assert not page.view.transport.isVisible()
    assert core.shown
    sitting.window.show_page("denoise")
    assert not core.shown
    sitting.window.show_page("destroy")
    assert len(core.taken) == 1


def test_a_run_s_picture_is_never_drowned_in_the_noise_it_was_carved_from(
    sitting: Sitting, core: Core
) -> None:
    run = sitting.run()
    page = opened(sitting)
    assert run not in core.taken  # an autoencoder painted that one already
    sitting.qtbot.mouseClick(page.view.source.buttons["run"], Qt.MouseButton.LeftButton)
    assert core.taken[-1] is run
    assert core.requests[-1].seed == run.request.seed + 1
    sitting.qtbot.mouseClick(page.view.source.buttons["scene"], Qt.MouseButton.LeftButton)
    assert core.requests[-1].seed == run.request.seed
    page.show_stage(DESTROY)
    sitting.qtbot.mouseClick(page.view.dice, Qt.MouseButton.LeftButton)
    drawn = core.requests[-1].seed
    assert str(drawn) in page.view.dice.toolTip()
    sitting.window.header.seed.set_number(99)
    sitting.qtbot.waitUntil(lambda: core.requests[-1].seed == 99)


def test_space_plays_the_destruction_and_the_words_follow(sitting: Sitting, core: Core) -> None:
    page = opened(sitting)
    sitting.press(Qt.Key.Key_Space)
    assert page.stage == DESTROY
    assert core.playhead.playing
    core.playhead.end()
    core.playhead.pause()
    assert page.view.canvas.timeline is core.timeline
    assert page.view.panel.headline.text() == "Nothing but static"
    assert page.view.panel.filled.isVisible()
    core.playhead.home()
    assert page.view.panel.headline.text() == "Still whole"
    sitting.press(Qt.Key.Key_2)  # what a model would guess is no view of this
    assert core.playhead.view == "noisy"


def test_other_steps_leave_the_playhead_where_it_was_as_noisy(sitting: Sitting, core: Core) -> None:
    page = opened(sitting)
    page.show_stage(DESTROY)
    core.playhead.seek(3)
    assert core.timeline is not None
    before = core.timeline.level(3).noise_share
    sitting.window.header.settings_row.steps.set_number(12)
    sitting.qtbot.waitUntil(lambda: core.timeline is not None and len(core.timeline) == 13)
    assert core.timeline.level(core.playhead.index).noise_share == pytest.approx(before, abs=0.05)


def test_the_main_button_turns_round_from_the_playhead(sitting: Sitting, core: Core) -> None:
    page, header = opened(sitting), sitting.window.header
    assert header.generate.text() == "Turn round"
    page.show_stage(DESTROY)
    core.playhead.seek(4)
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.stage == TURN_ROUND
    assert [k for k, _ in core.turned] == [4]
    run, turning = page.view.turning.run, page.view.turning
    assert run is sitting.session.current
    assert run is not None
    assert run.trajectory is not None
    assert turning.tiles["result"].picture is run.trajectory.final
    assert turning.note("result").startswith("likeness")
    assert page.view.panel.reading.text().startswith("Likeness")
    assert page.shown_timeline is run
    sitting.window.show_page("denoise")
    assert header.generate.text() == "Generate"


def test_turning_round_waits_for_the_destruction(sitting: Sitting, core: Core) -> None:
    core.slow = True
    page, header = opened(sitting), sitting.window.header
    page.generate()
    assert not core.turned
    assert page.view.turning.tiles["result"].words == "Starting …"
    assert page.view.panel.headline.text() == "Starting …"
    assert (header.generate.text(), header.generate.property("role")) == ("Stop", "")
    header.generate.click()
    assert header.generate.text() == "Turn round"
    header.generate.click()
    with sitting.qtbot.waitSignal(sitting.session.run_started, timeout=RUN_MS):
        core.finish()
    (k, _request) = core.turned[0]
    assert core.timeline is not None
    assert k > 0
    assert core.timeline.level(k).noise_share == pytest.approx(0.6, abs=0.15)


@pytest.mark.parametrize("call_off", ["leave", "escape"])
def test_what_has_not_begun_never_begins_once_it_is_called_off(
    sitting: Sitting, core: Core, call_off: str
) -> None:
    page = opened(sitting)
    core.slow = True
    options = {"picture": "scene 12", "from": "40"}
    sitting.window.set_up(PageSetup("destroy", run=True, options=options))
    assert page.view.turning.tiles["result"].words == "Starting …"
    assert "from 40\N{NO-BREAK SPACE}% noise" in page.view.panel.text.text()
    assert page.view.turning.caption("start") == "Starts from"  # not where the playhead stood
    if call_off == "leave":
        sitting.window.show_page("words")
    else:
        sitting.press(Qt.Key.Key_Escape)
    core.finish()
    assert not core.turned
    assert not sitting.session.running


def test_what_survives_is_measured_when_it_is_asked_for_and_escape_stops(
    sitting: Sitting, core: Core
) -> None:
    page = opened(sitting)
    page.show_stage(TURN_ROUND)
    assert page.view.measure.text() == "How much survives?"
    sitting.qtbot.mouseClick(page.view.measure, Qt.MouseButton.LeftButton)
    assert core.measuring
    assert page.view.measure.text() == "Stop measuring"
    assert core.timeline is not None
    assert core.picture is not None
    share = core.timeline.level(2).noise_share
    point = SurvivalPoint(core.step_of(2), share, 0.8, 0.3, core.picture)
    core.survival = (point,)
    core.survived.emit(point)
    assert page.view.strip.points == (point,)
    core.playhead.seek(2)
    assert page.view.turning.tiles["result"].picture is point.picture
    assert "0.30" in page.view.panel.reading.text()
    sitting.press(Qt.Key.Key_Escape)
    assert not core.measuring
    exhibit = painted(page.exhibit())
    assert page.shown_timeline is None
    assert len(exhibit.frames) == len(exhibit.captions) == 1
    assert max(exhibit.frames[0].shape[:2]) <= 2048
    page.view.strip.share_chosen.emit(0.0)
    assert core.playhead.index == 0


def test_the_round_trip_is_exported_as_pictures_beside_each_other(
    sitting: Sitting, core: Core
) -> None:
    page = opened(sitting)
    exhibit = painted(page.exhibit())
    frame = exhibit.frames[0]
    assert core.round_trip is not None
    assert frame.shape[1] > 2 * frame.shape[0]
    corner = core.round_trip.original[:1, :1]
    assert np.abs(frame[:1, :1].astype(int) - corner).max() <= 40
    assert "dB" in exhibit.captions[0]
    page.show_stage(DESTROY)
    assert page.exhibit() is None
    assert page.shown_timeline is core.timeline


def test_a_model_that_cannot_encode_says_so_and_destroys_pixels(
    sitting: Sitting, core: Core
) -> None:
    core.why_not = "This model has no encoder."
    page = opened(sitting)
    assert core.space == "pixels"
    assert page.view.panel.text.text().count("no encoder")
    assert page.view.round_trip.tiles["decoded"].words == core.why_not
    page.show_stage(DESTROY)
    assert not page.view.spaces.buttons["latents"].isEnabled()
    assert page.view.spaces.buttons["pixels"].isChecked()
    assert page.view.canvas.timeline is core.timeline
    page.generate()
    assert sitting.window.message.is_failure
    assert core.why_not in sitting.window.message.text
    assert not core.turned


def test_a_picture_that_cannot_be_read_is_told_and_the_last_one_stays(
    sitting: Sitting, core: Core
) -> None:
    page = opened(sitting)
    before = core.picture
    page.take_picture(b"broken")
    assert "damaged" in sitting.window.message.text
    assert page.view.round_trip.tiles["original"].picture is before
    page.take_picture(Path("own.png"))
    assert core.taken[-1] == Path("own.png")


def test_a_lesson_sets_the_page_up(sitting: Sitting, core: Core) -> None:
    setup = PageSetup("destroy", options={"picture": "scene 5", "stage": DESTROY})
    sitting.window.set_up(setup)
    page = sitting.window.pages["destroy"]
    assert isinstance(page, DestroyPage)
    assert core.taken[-1] == 5
    assert page.stage == DESTROY
    assert core.playhead.playing
    sitting.window.set_up(PageSetup("destroy", playhead=1.0, options={"space": "pixels"}))
    assert core.space == "pixels"
    assert core.playhead.index == core.playhead.count - 1
    setup = PageSetup("destroy", run=True, options={"from": "50"})
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.window.set_up(setup)
    assert page.stage == TURN_ROUND
    assert core.space == "latents"
    assert core.timeline is not None
    assert core.timeline.level(core.turned[0][0]).noise_share == pytest.approx(0.5, abs=0.1)


def test_a_low_window_keeps_everything_in_sight(sitting: Sitting, core: Core) -> None:
    sitting.window.resize(960, 600)
    page = opened(sitting)
    for stage in (ROUND_TRIP, DESTROY, TURN_ROUND):
        page.show_stage(stage)
        sitting.window.grab()
        assert sitting.window.height() == 600
        panel, bar = page.view.panel, page.view.source
        bottom = panel.next.mapTo(page, panel.next.rect().bottomRight())
        assert page.rect().contains(bottom)
        for button in bar.buttons.values():
            assert button.width() >= button.sizeHint().width()


# --- the real model -------------------------------------------------------------------------------


def test_a_scene_is_destroyed_and_turned_round_by_the_built_in_model(
    qtbot: QtBot, tmp_path: Path
) -> None:
    model = Model.builtin()
    settings = Settings(steps=4, folder=tmp_path, seed=7)
    sitting = Sitting(qtbot, tmp_path, lambda _folder, _say: model, sample=None, settings=settings)
    sitting.show()
    with qtbot.waitSignal(sitting.session.model_ready, timeout=_LOAD_MS):
        sitting.session.load_model(None)
    page, destroying = opened(sitting), sitting.session.destroying
    qtbot.waitUntil(lambda: destroying.timeline is not None, timeout=RUN_MS)
    assert destroying.round_trip is not None
    assert 15 < destroying.round_trip.psnr_db < 60
    page.show_stage(DESTROY)
    timeline = destroying.timeline
    assert timeline is not None
    destroying.playhead.seek(2)
    qtbot.waitUntil(lambda: timeline.is_exact(2, "noisy"), timeout=RUN_MS)
    assert page.view.canvas.picture is not None
    with qtbot.waitSignal(sitting.session.run_finished, timeout=3 * RUN_MS):
        page.generate()
    result = page.view.turning.result
    assert result is not None
    share, picture, likeness = result
    assert share == pytest.approx(timeline.level(2).noise_share)
    assert picture.shape == destroying.round_trip.original.shape
    assert likeness > 0.3
    assert not sitting.failures
    sitting.close()
