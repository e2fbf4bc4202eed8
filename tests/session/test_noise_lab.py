"""The noise lab: latest wish wins, normal runs come first, and what followed is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pytestqt.qtbot import QtBot

from tests.session.fake_model import CHANNELS, SIDE, FakeModel, FakeSampler, Gate
from visualizer.diffusion.layout import GRID
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import EditedNoise, Flip, Mix, NoiseEdit, Paste, Shift
from visualizer.session import noise_following
from visualizer.session.noise_following import Way, measure, way
from visualizer.session.noise_lab import DRAFT_STEPS, KEPT_RUNS, ROLES, UNASKED_S, NoiseLab, Role
from visualizer.session.session import Session

WAIT_MS = 20_000
STEPS = 12
ALL = 10**6
BASE = SamplingRequest("a red car", seed=7, steps=STEPS, guidance_scale=3.0, width=32, height=32)
OTHER = replace(BASE, seed=8)


def mixed(amount: float) -> SamplingRequest:
    return replace(BASE, start=EditedNoise((Mix(8, amount),)))


def wanted(edited: SamplingRequest) -> dict[Role, SamplingRequest]:
    return {"first": BASE, "edited": edited, "second": OTHER}


class Sampler(FakeSampler):
    """Pictures that depend on the whole request, one gate for all steps."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(ALL)
        self.before_step = lambda k, cancelled: self.gate(k, cancelled)
        self.refuses: SamplingRequest | None = None

    def __call__(self, model: FakeModel, request: SamplingRequest, **how: Any) -> Any:
        if request == self.refuses:
            raise RequestError("This noise cannot be sampled. Choose another.")
        seed = hash((request.seed, request.start)) % 2**32
        run = super().__call__(model, replace(request, seed=seed), **how)
        self.calls[-1] = request
        return replace(run, request=request)


class Noises:
    """Stands in for ``starting_noise``."""

    def __init__(self) -> None:
        self.asked: list[list[SamplingRequest]] = []
        self.refuses = ""
        self.refuses_seeds = False

    def __call__(self, model: FakeModel, requests: list[SamplingRequest]) -> Any:
        edited = any(isinstance(request.start, EditedNoise) for request in requests)
        if self.refuses and (edited or self.refuses_seeds):
            raise RequestError(self.refuses)
        self.asked.append(requests)
        return [(noise_of(request), GRID) for request in requests]


def noise_of(request: SamplingRequest) -> Any:
    random = np.random.default_rng(hash((request.seed, request.start)) % 2**32)
    return random.standard_normal((CHANNELS, SIDE, SIDE), dtype=np.float32)


@pytest.fixture
def sampler() -> Sampler:
    return Sampler()


@pytest.fixture
def noises() -> Noises:
    return Noises()


@pytest.fixture
def session(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, sampler: Sampler, noises: Noises
) -> Iterator[Session]:
    session = Session(
        data_folder=tmp_path / "data",
        open_model=lambda _folder, _say: model,
        sample=sampler,
        draw_noise=noises,
    )
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    yield session
    sampler.gate.allow(ALL)
    assert session.close()
    session.deleteLater()


@pytest.fixture
def lab(session: Session) -> NoiseLab:
    return session.noise_lab


def wait_for(qtbot: QtBot, lab: NoiseLab, *roles: Role, state: str = "done") -> None:
    qtbot.waitUntil(lambda: all(lab.tile(role).state == state for role in roles), timeout=WAIT_MS)


def test_nothing_is_sampled_until_somebody_looks(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.want(wanted(mixed(0.5)))
    assert not lab.sampling
    assert [lab.tile(role).state for role in ("first", "edited", "second")] == ["waiting"] * 3
    lab.set_active(True)
    wait_for(qtbot, lab, "first", "edited", "second")
    assert [call.seed for call in sampler.calls] == [7, 7, 8]
    assert [call.start for call in sampler.calls] == [BASE.start, mixed(0.5).start, BASE.start]


def test_every_tile_shows_its_own_noise_and_the_model_s_own_picture(
    qtbot: QtBot, lab: NoiseLab, model: FakeModel, noises: Noises
) -> None:
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    wait_for(qtbot, lab, "first", "edited", "second")
    for role, request in wanted(mixed(0.5)).items():
        tile, run = lab.tile(role), lab.run(role)
        assert run is not None
        assert run.request == request
        assert tile.picture is run.final
        np.testing.assert_array_equal(tile.static, model.decode(noise_of(request)))
    assert lab.positions == (SIDE, SIDE)
    assert len(noises.asked) == 1


def test_while_dragged_few_steps_are_made_and_all_of_them_at_rest(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.set_active(True)
    lab.want(wanted(BASE))
    wait_for(qtbot, lab, "first", "edited", "second")
    lab.want(wanted(mixed(0.3)), draft=True)
    qtbot.waitUntil(lambda: lab.tile("edited").draft, timeout=WAIT_MS)
    assert sampler.calls[-1] == replace(mixed(0.3), steps=DRAFT_STEPS)
    assert lab.run("edited") is None
    draft = lab.tile("edited").picture
    lab.want(wanted(mixed(0.3)))
    assert lab.tile("edited").picture is draft
    wait_for(qtbot, lab, "edited")
    assert not lab.tile("edited").draft
    assert sampler.calls[-1] == mixed(0.3)


def test_a_request_of_few_steps_is_whole_while_it_is_dragged(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    few = replace(mixed(0.3), steps=DRAFT_STEPS)
    lab.set_active(True)
    lab.want({"edited": few}, draft=True)
    wait_for(qtbot, lab, "edited")
    assert not lab.tile("edited").draft
    lab.want({"edited": few})  # let go
    assert sampler.calls == [few]
    run = lab.run("edited")
    assert run is not None
    assert run.request == few
    # and a slider that never rests shows them as it does drafts, one after the other
    sampler.gate = Gate(0)
    lab.want({"edited": replace(few, seed=1)}, draft=True)
    qtbot.waitUntil(lambda: lab.sampling)
    lab.want({"edited": replace(few, seed=2)}, draft=True)
    sampler.gate.allow(ALL)
    wait_for(qtbot, lab, "edited")
    assert [call.seed for call in sampler.calls[1:]] == [1, 2]
    lab.want({"edited": replace(few, seed=1)})
    assert lab.run("edited") is not None, "the first one was not stopped half-way"


def test_of_runs_that_are_looked_at_again_and_again_none_is_let_go(
    qtbot: QtBot, lab: NoiseLab
) -> None:
    lab.set_active(True)
    for seed in range(KEPT_RUNS + 2):
        lab.want({"first": BASE, "edited": replace(mixed(0.5), seed=100 + seed)})
        wait_for(qtbot, lab, "first", "edited")
    assert lab.run("first") is not None
    lab.want({"first": BASE, "edited": replace(mixed(0.5), seed=100)})
    assert lab.tile("edited").state == "done"
    assert lab.run("edited") is None, "only its picture is remembered"


def test_of_many_wishes_while_a_draft_is_made_the_newest_is_next(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.set_active(True)
    lab.want(wanted(BASE))
    wait_for(qtbot, lab, "first", "edited", "second")
    sampler.gate = Gate(0)
    lab.want(wanted(mixed(0.1)), draft=True)
    qtbot.waitUntil(lambda: lab.sampling)
    for amount in (0.2, 0.3, 0.4):
        lab.want(wanted(mixed(amount)), draft=True)
    sampler.gate.allow(ALL)
    qtbot.waitUntil(lambda: not lab.sampling, timeout=WAIT_MS)
    amounts = [call.start.edits[0].amount for call in sampler.calls[2:]]  # type: ignore[union-attr]
    assert amounts == [0.1, 0.4]


def test_a_whole_run_that_nobody_wants_any_more_is_stopped(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.set_active(True)
    sampler.gate = Gate(2)
    lab.want(wanted(mixed(0.1)))
    qtbot.waitUntil(lambda: len(sampler.calls) == 1)
    lab.want({"edited": mixed(0.9)})
    qtbot.waitUntil(lambda: len(sampler.calls) == 2)  # the gate is still shut for the first one
    sampler.gate.allow(ALL)
    wait_for(qtbot, lab, "edited")
    assert sampler.calls == [BASE, mixed(0.9)]
    assert lab.tile("first").state == ""
    assert lab.tile("first").picture is None


def test_a_normal_run_comes_first_and_the_lab_goes_on_after_it(
    qtbot: QtBot, lab: NoiseLab, session: Session, sampler: Sampler
) -> None:
    lab.set_active(True)
    sampler.gate = Gate(2)
    lab.want(wanted(mixed(0.5)))
    qtbot.waitUntil(lambda: lab.sampling)
    with qtbot.waitSignal(session.run_started, timeout=WAIT_MS):
        session.generate(SamplingRequest("a castle", seed=1, steps=4))
    assert lab.tile("first").state == "waiting"
    with qtbot.waitSignal(session.run_finished, timeout=WAIT_MS):
        sampler.gate.allow(ALL)
    assert session.current is not None
    assert session.current.complete
    wait_for(qtbot, lab, "first", "edited", "second")


def test_whoever_leaves_stops_it(qtbot: QtBot, lab: NoiseLab, sampler: Sampler) -> None:
    lab.set_active(True)
    sampler.gate = Gate(2)
    lab.want(wanted(mixed(0.5)))
    qtbot.waitUntil(lambda: lab.sampling)
    lab.set_active(False)
    qtbot.waitUntil(lambda: not lab.sampling, timeout=WAIT_MS)
    assert lab.tile("first").state == "waiting"
    assert lab.run("first") is None


def test_the_first_picture_emerges_guess_by_guess(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.set_active(True)
    sampler.gate = Gate(3)
    lab.want({"first": BASE, "edited": mixed(0.5)})
    qtbot.waitUntil(lambda: lab.tile("first").guess, timeout=WAIT_MS)
    guess = lab.tile("first").picture
    assert guess is not None
    sampler.gate.allow(ALL)
    wait_for(qtbot, lab, "first", "edited")
    assert not lab.tile("first").guess
    assert lab.tile("first").picture is not guess
    # one that takes the place of another keeps it until it is finished, unless that takes long
    sampler.gate, shown = Gate(3), lab.tile("edited").picture
    seen = []
    lab.changed.connect(lambda role: seen.append(lab.tile("edited").guess))
    lab.want({"first": BASE, "edited": mixed(0.6)})
    assert lab.tile("edited").picture is shown
    sampler.gate.allow(ALL)
    wait_for(qtbot, lab, "edited")
    assert seen
    assert not any(seen)


def test_one_that_fails_says_why_and_the_others_go_on(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    sampler.refuses = mixed(0.5)
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    wait_for(qtbot, lab, "first", "second")
    wait_for(qtbot, lab, "edited", state="failed")
    assert lab.tile("edited").failure == "This noise cannot be sampled. Choose another."
    sampler.refuses = None
    lab.try_again()
    wait_for(qtbot, lab, "edited")


@pytest.mark.parametrize("seeds", [False, True])
def test_noise_that_cannot_be_edited_is_told_once_and_seeds_are_sampled(
    qtbot: QtBot, lab: NoiseLab, noises: Noises, seeds: bool
) -> None:
    noises.refuses, noises.refuses_seeds = "The noise of this model cannot be edited.", seeds
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    wait_for(qtbot, lab, "edited", state="failed")
    wait_for(qtbot, lab, "first", "second")
    assert lab.tile("edited").failure == noises.refuses
    for role in ("first", "second"):
        tile = lab.tile(role)
        assert tile.failure == ""
        assert tile.picture is not None
        # its noise may be refused after its picture is made
        qtbot.waitUntil(
            lambda tile=tile: (tile.static is None, bool(tile.unseen)) == (seeds, seeds)  # type: ignore[misc]
        )
    noises.refuses = ""
    lab.try_again()
    wait_for(qtbot, lab, "edited")
    qtbot.waitUntil(lambda: all(lab.tile(role).static is not None for role in ROLES))


def test_what_takes_long_is_made_when_it_is_asked_for(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.set_careful(True)
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    qtbot.waitUntil(lambda: all(lab.tile(role).static is not None for role in ROLES))
    assert lab.waits
    assert not lab.sampling
    lab.want(wanted(mixed(0.4)), draft=True)
    assert not lab.sampling
    lab.try_again()
    assert not lab.waits
    lab.want(wanted(mixed(0.4)))
    wait_for(qtbot, lab, *ROLES)
    lab.want(wanted(mixed(0.3)))  # another edit of the same
    assert not lab.waits
    wait_for(qtbot, lab, "edited")
    made = len(sampler.calls)
    lab.want({"first": OTHER, "edited": replace(mixed(0.3), seed=8)})
    assert lab.tile("first").state == "done", "it is there already"
    assert lab.waits
    lab.set_careful(False)
    wait_for(qtbot, lab, "edited")
    assert len(sampler.calls) == made + 1


def test_of_a_slow_model_only_a_little_is_made_unasked(
    qtbot: QtBot, lab: NoiseLab, sampler: Sampler
) -> None:
    lab.set_pace(2.5 * STEPS / UNASKED_S)  # there is time for two and a half pictures
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    assert lab.waits
    lab.want({"first": BASE, "edited": mixed(0.5)})
    assert not lab.waits
    wait_for(qtbot, lab, "first", "edited")
    lab.want(wanted(mixed(0.5)))
    wait_for(qtbot, lab, "second")
    assert len(sampler.calls) == 3


def test_another_model_begins_anew(
    qtbot: QtBot, lab: NoiseLab, session: Session, sampler: Sampler
) -> None:
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    wait_for(qtbot, lab, "first", "edited", "second")
    made = len(sampler.calls)
    with qtbot.waitSignal(session.model_ready, timeout=WAIT_MS):
        session.load_model("another")
    assert lab.run("first") is None
    wait_for(qtbot, lab, "first", "edited", "second")
    assert len(sampler.calls) == made + 3


def test_what_is_interrupted_begins_anew_behind_what_was_asked_for(
    qtbot: QtBot, lab: NoiseLab, session: Session, sampler: Sampler
) -> None:
    lab.set_active(True)
    sampler.gate = Gate(2)
    lab.want(wanted(mixed(0.5)))
    qtbot.waitUntil(lambda: len(sampler.calls) == 1)
    with qtbot.waitSignal(session.model_ready, timeout=WAIT_MS):
        session.load_model("another")
        lab.interrupt()
    sampler.gate.allow(ALL)
    wait_for(qtbot, lab, "first", "edited", "second")


def test_a_result_that_is_kept_is_a_run_like_any_other(
    qtbot: QtBot, lab: NoiseLab, session: Session
) -> None:
    lab.set_active(True)
    lab.want(wanted(mixed(0.5)))
    wait_for(qtbot, lab, "edited")
    run = lab.run("edited")
    assert run is not None
    timeline = session.keep(run)
    assert session.current is timeline
    assert session.history[-1] is timeline
    assert timeline.complete
    assert session.playhead.index == STEPS
    qtbot.waitUntil(lambda: bool([*session.history_folder.glob("*.denoise")]), timeout=WAIT_MS)


# --- what followed --------------------------------------------------------------------------------

pictures = arrays(np.uint8, (6, 5, 3))
RANDOM = np.random.default_rng(0)
FIRST, SECOND, THIRD = (RANDOM.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(3))


@given(pictures, pictures)
def test_a_way_begins_at_the_one_picture_and_ends_at_the_other(a: Any, b: Any) -> None:
    if np.array_equal(a, b):
        assert way(a, a, b) is None
        return
    begin, end = way(a, a, b), way(b, a, b)
    assert begin is not None
    assert end is not None
    assert (begin.along, begin.beside) == (0.0, 0.0)
    assert end.along == pytest.approx(1.0)
    assert end.beside == pytest.approx(0.0, abs=1e-6)


@given(pictures, pictures, pictures)
def test_a_way_seen_from_its_other_end_is_the_same_way(e: Any, a: Any, b: Any) -> None:
    there, back = way(e, a, b), way(e, b, a)
    if there is None or back is None:
        assert there is back
        return
    assert there.along + back.along == pytest.approx(1.0, abs=1e-6)
    assert there.beside == pytest.approx(back.beside, rel=1e-6, abs=1e-6)


@given(st.floats(0, 1))
def test_a_cross_fade_lies_on_the_way_and_another_picture_beside_it(amount: float) -> None:
    fade = ((1 - amount) * FIRST + amount * SECOND).round().astype(np.uint8)
    found = measure((Mix(8, amount),), fade, FIRST, SECOND).whole
    assert found is not None
    assert found.along == pytest.approx(amount, abs=0.01)
    assert found.beside < 0.01
    other = measure((Mix(8, amount),), THIRD, FIRST, SECOND).whole
    assert other is not None
    assert other.along == pytest.approx(0.5, abs=0.1)
    assert other.beside == pytest.approx(3**0.5 / 2, abs=0.1)


def test_what_all_pictures_have_in_common_counts_for_nothing() -> None:
    common = np.full_like(FIRST, 100)
    pictures = [common + each // 4 for each in (THIRD, FIRST, SECOND)]
    mine, theirs = way(*pictures), way(THIRD // 4, FIRST // 4, SECOND // 4)
    assert mine == theirs


def test_what_was_pasted_is_measured_inside_and_outside() -> None:
    edited = FIRST.copy()
    edited[8:24, 16:32] = SECOND[8:24, 16:32]
    found = measure((Paste(8, 0.5, 0.25, 1.0, 0.75),), edited, FIRST, SECOND)
    assert found.inside == Way(1.0, 0.0)
    assert found.outside == Way(0.0, 0.0)
    assert found.whole is None
    everything = measure((Paste(8, 0.0, 0.0, 1.0, 1.0),), SECOND, FIRST, SECOND)
    assert everything.inside == Way(1.0, 0.0)
    assert everything.outside is None


@pytest.mark.parametrize(
    ("edits", "moved"),
    [
        ((Flip("horizontal"),), FIRST[:, ::-1]),
        ((Flip("vertical"),), FIRST[::-1]),
        ((Flip("horizontal"), Flip("vertical")), FIRST[::-1, ::-1]),
        ((Shift(0.25, -0.5),), np.roll(FIRST, (-16, 8), axis=(0, 1))),
    ],
)
def test_what_was_moved_is_measured_against_the_moved_picture(
    edits: tuple[NoiseEdit, ...], moved: Any
) -> None:
    assert measure(edits, np.ascontiguousarray(moved), FIRST, None).whole == Way(1.0, 0.0)
    assert measure(edits, FIRST, FIRST, None).whole == Way(0.0, 0.0)


def large(seed: int, side: int = 700) -> Any:
    """A picture with coarse forms and fine grain, such as models make."""
    random = np.random.default_rng(seed)
    forms = np.kron(random.normal(0, 50, (7, 7, 3)), np.ones((side // 7, side // 7, 1)))
    grain = random.normal(0, 15, (side, side, 3))
    return np.clip(128 + forms + grain, 0, 255).astype(np.uint8)


def test_of_large_pictures_a_part_of_the_pixels_says_what_all_of_them_say() -> None:
    first, second, third = large(1), large(2), large(3)
    edited = (0.3 * first + 0.4 * second + 0.3 * third).astype(np.uint8)
    found, exact = measure((Mix(8, 0.5),), edited, first, second).whole, way(edited, first, second)
    assert found is not None
    assert exact is not None
    assert found != exact
    assert found.along == pytest.approx(exact.along, abs=0.01)
    assert found.beside == pytest.approx(exact.beside, abs=0.01)


def test_large_pictures_that_moved_or_were_pasted_are_measured_to_the_pixel() -> None:
    first, second = large(1), large(2)
    moved = np.roll(first[:, ::-1], (-35, 7), axis=(0, 1))
    edits = (Flip("horizontal"), Shift(0.01, -0.05))
    assert measure(edits, np.ascontiguousarray(moved), first, None).whole == Way(1.0, 0.0)
    pasted = first.copy()
    pasted[175:350, 350:] = second[175:350, 350:]
    found = measure((Paste(8, 0.5, 0.25, 1.0, 0.5),), pasted, first, second)
    assert (found.inside, found.outside) == (Way(1.0, 0.0), Way(0.0, 0.0))


def test_no_more_pixels_are_compared_than_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def count(picture: Any, start: Any, end: Any) -> None:
        looked.append(picture.shape[0] * picture.shape[1])

    monkeypatch.setattr(noise_following, "way", count)
    measure((Mix(8, 0.5),), large(1), large(2), large(3))
    measure((Flip("vertical"),), large(1), large(2), None)
    assert looked == [140 * 140] * 2
