"""Fitting the fast decoder: in slices between other work, for a run at once, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from tests.session.fake_model import CHANNELS, FACTOR, FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.fast_decoder import FIT_NOISE_SHARES, FastDecoder, FastDecoderFit
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.session import worker as worker_module
from visualizer.session.answers import Fitted
from visualizer.session.fitting import Fitting
from visualizer.session.session import Session

REQUEST = SamplingRequest("a red car", seed=7, steps=4)
SLICES = 6 * len(FIT_NOISE_SHARES)


class UnfittedModel(FakeModel):
    """A model of which no fast decoder is kept; its pictures are affine in their latents."""

    def __init__(self) -> None:
        super().__init__("Unfitted")
        self.kept: FastDecoder | None = None
        self.slices = 0
        self.before_slice: Callable[[], None] = lambda: None
        self.no_way_back = False

    @property
    def kept_fast_decoder(self) -> FastDecoder | None:
        return self.kept

    def begin_fast_decoder(self) -> FastDecoderFit:
        return FastDecoderFit(self._encode, self._counted)

    def keep_fast_decoder(self, fit: FastDecoderFit) -> FastDecoder:
        self.kept = fit.decoder()
        return self.kept

    def _encode(self, picture: Picture) -> FloatArray:
        if self.no_way_back:
            raise LookupError("This model has no encoder.")
        side = picture.shape[0] // FACTOR
        random = np.random.default_rng(int(picture.astype(int).sum()))
        return read_only(random.standard_normal((CHANNELS, side, side), dtype=np.float32))

    def _counted(self, latents: NDArray[Any]) -> Picture:
        self.before_slice()
        self.slices += 1
        return self.fast_decoder.decode(np.asarray(latents, dtype=np.float32))


class Sitting:
    """A session with such a model, and what its worker says of previews."""

    def __init__(self, folder: Path) -> None:
        self.model, self.sampler = UnfittedModel(), FakeSampler()
        self.session = Session(
            data_folder=folder, open_model=lambda _folder, _say: self.model, sample=self.sampler
        )
        self.witness = Witness(self.session)
        self.fitted: list[Fitted] = []
        self.session._worker.fitted.connect(self.fitted.append)


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    made = Sitting(tmp_path)
    yield made
    assert made.session.close()
    made.session.deleteLater()


def load(qtbot: QtBot, sitting: Sitting) -> None:
    with qtbot.waitSignal(sitting.session.model_ready):
        sitting.session.load_model(None)


def test_it_is_fitted_in_the_background_first_roughly_then_well(
    qtbot: QtBot, sitting: Sitting
) -> None:
    load(qtbot, sitting)
    qtbot.waitUntil(lambda: sitting.model.kept is not None)
    qtbot.waitUntil(lambda: len(sitting.fitted) == 2)
    assert sitting.model.slices == SLICES
    latents = np.random.default_rng(1).standard_normal((CHANNELS, 4, 4)).astype(np.float32)
    exact = sitting.model.fast_decoder.decode(latents).astype(int)
    for fitted in sitting.fitted:
        assert np.abs(fitted.fast_decoder.decode(latents).astype(int) - exact).mean() < 4


def test_plans_come_between_two_slices(qtbot: QtBot, sitting: Sitting) -> None:
    planned_at: list[int] = []
    plan = sitting.model.plan

    def plan_and_tell(request: SamplingRequest) -> Any:
        planned_at.append(sitting.model.slices)
        return plan(request)

    sitting.model.plan = plan_and_tell  # type: ignore[method-assign]
    asked: list[int] = []

    def ask_once() -> None:
        if sitting.model.slices == 9 and not asked:
            asked.append(9)
            sitting.session._worker.plan(1, REQUEST)

    sitting.model.before_slice = ask_once
    load(qtbot, sitting)
    qtbot.waitUntil(lambda: sitting.model.kept is not None)
    assert planned_at[0] == 10, "after the slice at hand, before the next"


def test_a_run_begins_with_what_has_been_fitted_by_then(
    qtbot: QtBot, sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr("visualizer.session.fitting.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(worker_module, "FIT_BEFORE_A_RUN_S", 11.5)  # readings of that clock
    gate = Gate(2)
    sitting.sampler.before_step = gate

    with qtbot.waitSignal(sitting.session.run_started):
        sitting.session.load_model(None)
        sitting.session.generate(REQUEST)
    slices = sitting.model.slices
    assert len(FIT_NOISE_SHARES) <= slices < SLICES
    timeline = sitting.session.current
    assert timeline is not None
    qtbot.waitUntil(lambda: len(timeline) == 2)
    assert timeline.picture(1, "denoised") is not None
    assert sitting.model.slices == slices, "while it runs nothing is fitted"
    gate.allow(10)
    qtbot.waitUntil(lambda: sitting.model.kept is not None)
    assert sitting.model.slices == SLICES


def test_a_model_that_cannot_be_fitted_runs_without_previews(
    qtbot: QtBot, sitting: Sitting
) -> None:
    sitting.model.no_way_back = True
    load(qtbot, sitting)
    gate = Gate(2)
    sitting.sampler.before_step = gate
    sitting.session.generate(REQUEST)
    qtbot.waitUntil(
        lambda: sitting.session.current is not None and len(sitting.session.current) > 1
    )
    timeline = sitting.session.current
    assert timeline is not None
    assert not timeline.can_preview
    assert timeline.picture(1, "noisy") is None
    assert timeline.picture(1, "channels") is not None
    gate.allow(10)
    qtbot.waitUntil(lambda: timeline.is_exact(1, "noisy"))
    assert sitting.fitted == []
    assert sitting.witness.all("failed") == []


def test_a_slice_that_fails_is_told_once_and_the_rest_works(qtbot: QtBot, sitting: Sitting) -> None:
    def fail() -> None:
        raise MemoryError

    sitting.model.before_slice = fail
    with qtbot.waitSignal(sitting.session.failed) as failed:
        sitting.session.load_model(None)
    assert failed.args is not None
    assert failed.args[0].title == "Fast previews cannot be made with this model."
    with qtbot.waitSignal(sitting.session.run_finished):
        sitting.session.generate(REQUEST)
    assert len(sitting.witness.all("failed")) == 1
    assert sitting.session.history[0].complete


class TinyStandIn:
    """Keeps up with steps of a second and more."""

    def keeps_up(self, step: Step, seconds: float) -> bool:
        return seconds >= 1


class ModelWithATinyOne(UnfittedModel):
    """A model whose owner has a tiny autoencoder for it."""

    def __init__(self) -> None:
        super().__init__()
        self.tiny: Any = TinyStandIn()

    def find_tiny_autoencoder(self) -> Any:
        return self.tiny


def test_a_tiny_autoencoder_shows_the_steps_that_it_keeps_up_with() -> None:
    model = ModelWithATinyOne()
    fitting = Fitting(model, lambda fast: None)
    while fitting.open:
        fitting.advance()
    step = Step(0, 999.0, NoiseLevel.from_alpha_bar(0.0), np.zeros((CHANNELS, 4, 4)), None)
    assert fitting.previewer(step, 1.5) is model.tiny
    assert fitting.previewer(step, 0.1) is fitting.fast
    assert fitting.previewer(step, 0.0) is fitting.fast, "how long a step takes is not known yet"


def test_without_previews_no_tiny_one_is_looked_for() -> None:
    model = ModelWithATinyOne()
    model.no_way_back = True
    fitting = Fitting(model, lambda fast: None)
    while fitting.open:
        fitting.advance()
    assert fitting.fast is None
    assert fitting.tiny is None
