"""Comparisons saved and opened again as they were, or a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.diffusion.test_runfile import assert_same_run, same_array
from tests.example_runs import StandInDecoder, make_run
from visualizer.diffusion import (
    Model,
    comparison_file,
    container,
    runfile,
    sample,
    stored_pictures,
)
from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.branching import branch
from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.diffusion.grid import MAX_LANES
from visualizer.diffusion.request import FrozenMapping, SamplingRequest
from visualizer.diffusion.runfile import RunFileError
from visualizer.diffusion.starts import EditedNoise, FromStep, Mix
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import VIEWS

quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "several.denoise"


def branch_of(parent: Trajectory, step: int, seed: int = 40, **changes: Any) -> Trajectory:
    """A branch made by hand: the parent's own Step objects, then steps of another run."""
    request = replace(parent.request, start=FromStep(parent.request, step), seed=seed)
    rest = make_run(len(parent.steps) - 1, seed=seed, request=request)
    pictures = {key: picture for key, picture in rest.pictures.items() if key[0] > step}
    steps = (*parent.steps[: step + 1], *rest.steps[step + 1 :])
    return replace(rest, steps=steps, pictures=pictures, **changes)


def lane_of(run: Trajectory | None, label: str = "a lane", **changes: Any) -> CompareLane:
    request = SamplingRequest(prompt="never ran") if run is None else run.request
    return CompareLane(run, request, label, **changes)


def family(size: int = 8) -> Comparison:
    parent = make_run(4, size=size, trials=1)
    child = branch_of(parent, 2)
    stopped = make_run(4, size=size, seed=9, stop_after=2)
    lanes = (
        lane_of(parent, "seed 7"),
        lane_of(child, "seed 40", column=1),
        lane_of(stopped, "seed 9", row=1, failure="The numbers overflowed at step 2."),
        lane_of(None, "seed 10", row=1, column=1, failure="The memory is full."),
    )
    return Comparison(
        lanes,
        ("seed 7", "seed 40"),
        ("above", "below"),
        title="Which Ferrari?",
        alignment="step",
        focus=2,
        pair=(1, 0),
        position=0.25,
        view="denoised",
        summary="They differ.",
    )


def assert_same_comparison(a: Comparison, b: Comparison) -> None:
    for name in Comparison.__dataclass_fields__:
        if name != "lanes":
            assert getattr(a, name) == getattr(b, name), name
    assert len(a.lanes) == len(b.lanes)
    for x, y in zip(a.lanes, b.lanes, strict=True):
        for name in ("request", "label", "row", "column", "failure"):
            assert getattr(x, name) == getattr(y, name), name
        if x.run is None or y.run is None:
            assert x.run is y.run
        else:
            assert_same_run(x.run, y.run)


def save_and_load(comparison: Comparison, path: Path, **how: Any) -> Comparison:
    comparison_file.save(comparison, path, **how)
    return comparison_file.load(path)


# --- What is kept ---------------------------------------------------------------------------------


def test_a_comparison_comes_back_as_it_was(path: Path) -> None:
    made = family()
    back = save_and_load(made, path)
    assert_same_comparison(made, back)
    for lane, there in zip(made.lanes[:2], back.lanes[:2], strict=True):
        assert lane.run is not None
        assert there.run is not None
        for k, view in lane.run.pictures:
            assert same_array(lane.run.picture(k, view), there.run.picture(k, view))
        assert not there.run.steps[0].latents.flags.writeable
    again = save_and_load(back, path)
    assert_same_comparison(made, again)


def test_steps_that_lanes_share_are_kept_once_and_are_one_object_again(path: Path) -> None:
    made = family()
    back = save_and_load(made, path)
    parent, child = back.lanes[0].run, back.lanes[1].run
    assert parent is not None
    assert child is not None
    assert all(parent.steps[k] is child.steps[k] for k in range(3))
    assert parent.steps[3] is not child.steps[3]
    stored = safetensors.numpy.load_file(path)
    assert sum(name.startswith("latents/") for name in stored) == 5 + 2 + 2
    # the branch has no pictures of its own there: it shows its parent's
    assert same_array(child.picture(1, "denoised"), parent.picture(1, "denoised"))


def test_a_branch_of_the_real_model_is_kept_with_its_parent(path: Path, builtin: Model) -> None:
    parent = sample(builtin, SamplingRequest("a red car", seed=7, steps=4, guidance_scale=5.0))
    asked = branch(parent.request, 2, prompt="a blue boat")
    child = sample(builtin, asked, parent=parent)
    made = Comparison((lane_of(parent, "car"), lane_of(child, "boat")))
    back = save_and_load(made, path, decode=True)
    assert_same_comparison(made, back)
    assert back.lanes[1].request == asked
    first, second = (lane.run for lane in back.lanes)
    assert first is not None
    assert second is not None
    shared = [a is b for a, b in zip(first.steps, second.steps, strict=True)]
    assert shared == [a is b for a, b in zip(parent.steps, child.steps, strict=True)]
    assert any(shared)
    assert same_array(second.picture(1, "noisy"), parent.picture(1, "noisy"))


def test_equal_content_is_kept_once_too(path: Path) -> None:
    run, same = make_run(4), make_run(4)
    single = path.with_name("single.denoise")
    run.save(single)
    back = save_and_load(Comparison((lane_of(run), lane_of(same), lane_of(run))), path)
    assert path.stat().st_size < 1.1 * single.stat().st_size
    first, second, third = (lane.run for lane in back.lanes)
    assert first is third
    assert first is not None
    assert second is not None
    assert first.steps[2] is second.steps[2]
    assert first.final is second.final


def test_arrays_of_the_requests_and_of_their_parents_come_back(path: Path) -> None:
    array = np.arange(6, dtype=">f4").reshape(2, 3)
    grand = SamplingRequest("a", extra=FrozenMapping({"image": array}))
    parent = SamplingRequest("b", start=FromStep(grand, 2))
    request = SamplingRequest("c", start=FromStep(parent, 1), extra=FrozenMapping({"n": [array]}))
    lanes = (lane_of(make_run(1, request=request)), CompareLane(None, parent, "failed"))
    back = save_and_load(Comparison(lanes), path)
    assert back.lanes[0].request == request
    assert back.lanes[1].request == parent
    assert back.lanes[0].run is not None
    start = back.lanes[0].run.request.start
    assert isinstance(start, FromStep)
    assert isinstance(start.parent.start, FromStep)
    assert same_array(start.parent.start.parent.extra["image"], array)
    # and of a single run
    alone = path.with_name("alone.denoise")
    make_run(1, request=request).save(alone)
    assert Trajectory.open(alone).request == request


def test_edited_noise_comes_back(path: Path) -> None:
    request = SamplingRequest("a", start=EditedNoise((Mix(3, 0.5),)))
    back = save_and_load(Comparison((lane_of(make_run(1, request=request)),)), path)
    assert back.lanes[0].request.start == request.start


def test_sixty_four_lanes_of_a_sweep_open(path: Path) -> None:
    runs = [make_run(1, seed=seed, pictures=False) for seed in range(MAX_LANES)]
    made = Comparison(tuple(lane_of(run, f"seed {i}", column=i) for i, run in enumerate(runs)))
    assert_same_comparison(made, save_and_load(made, path))
    with pytest.raises(ValueError, match="up to 64 lanes, not 65"):
        Comparison((*made.lanes, made.lanes[0]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"focus": 4},
        {"pair": (0, 0)},
        {"pair": (0, 9)},
        {"position": 1.5},
        {"position": float("nan")},
        {"view": "x-ray"},
        {"alignment": "stars"},
        {"column_labels": ("",) * (MAX_LANES + 1)},
        {"row_labels": ("",) * (MAX_LANES + 1)},
    ],
)
def test_a_look_at_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        replace(family(), **wrong)


texts = st.text(max_size=12)


@quick
@given(data=st.data())
def test_every_comparison_comes_back(tmp_path: Path, data: st.DataObject) -> None:
    runs = [make_run(2, size=8), make_run(1, size=8, seed=3, stop_after=1), None]
    runs.append(branch_of(make_run(2, size=8), 1))
    chosen = data.draw(st.lists(st.sampled_from(runs), max_size=6))
    lanes = tuple(
        lane_of(
            run, data.draw(texts), row=i // 3, column=i % 3, failure=data.draw(st.just("") | texts)
        )
        for i, run in enumerate(chosen)
    )
    indices = st.integers(0, max(0, len(lanes) - 1))
    pairs = st.tuples(indices, indices).filter(lambda pair: pair[0] != pair[1])
    made = Comparison(
        lanes,
        tuple(data.draw(st.lists(texts, max_size=3))),
        tuple(data.draw(st.lists(texts, max_size=3))),
        title=data.draw(texts),
        alignment=data.draw(st.sampled_from(["noise", "step"])),
        focus=data.draw(st.none() | indices) if lanes else None,
        pair=data.draw(st.none() | pairs) if len(lanes) > 1 else None,
        position=data.draw(st.floats(0, 1)),
        view=data.draw(st.sampled_from(VIEWS)),
        summary=data.draw(texts),
    )
    assert_same_comparison(made, save_and_load(made, tmp_path / "several.denoise"))


# --- Pictures -------------------------------------------------------------------------------------


def test_pictures_are_decoded_only_when_asked(path: Path) -> None:
    decoder = StandInDecoder()
    run = make_run(2, pictures=False, decoder=decoder)
    assert not save_and_load(Comparison((lane_of(run),)), path).lanes[0].run.pictures  # type: ignore[union-attr]
    assert decoder.calls == 0
    back = save_and_load(Comparison((lane_of(run),)), path, decode=True).lanes[0].run
    assert back is not None
    assert same_array(back.picture(1, "noisy"), run.picture(1, "noisy"))


def test_many_lanes_share_the_room_for_pictures(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make_run(9, seed=seed) for seed in range(8)]
    size = runs[0].picture(0).nbytes
    monkeypatch.setattr(stored_pictures, "MAX_STORED_BYTES", 8 * size)
    back = save_and_load(Comparison(tuple(lane_of(run) for run in runs)), path)
    counts = [len(lane.run.pictures) for lane in back.lanes if lane.run is not None]
    assert counts == [4] * 8  # a half of 8 each: 4 runs' worth for 8 runs
    assert all(lane.run.final is not None for lane in back.lanes if lane.run is not None)


# --- Which kind of file ---------------------------------------------------------------------------


def test_the_kind_is_told_without_reading_it_all(path: Path) -> None:
    comparison_file.save(family(), path)
    single = path.with_name("single.denoise")
    make_run(1).save(single)
    assert runfile.kind_of(path) == "comparison"
    assert runfile.kind_of(single) == "run"
    with pytest.raises(RunFileError, match="is a saved comparison, not a run file"):
        runfile.load(path)
    with pytest.raises(RunFileError, match="is a run file, not a saved comparison"):
        comparison_file.load(single)


def test_what_is_neither_gets_a_sentence(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"w": np.ones(3)}, tmp_path / "weights")
    for name, content in {
        "empty": b"",
        "text": b"a red Ferrari",
        "cut": (1000).to_bytes(8, "little") + b'{"a":',
        "absurd": (2**63).to_bytes(8, "little") + b"{}",
        "deep": (9000).to_bytes(8, "little") + b'{"a":' + b"[" * 8995,
        "list": (9).to_bytes(8, "little") + b'{"a": []}',
        "other": (25).to_bytes(8, "little") + b'{"__metadata__": [1, 2] }',
    }.items():
        (tmp_path / name).write_bytes(content)
    for name in ("empty", "text", "cut", "absurd", "deep", "list", "other", "weights", "gone", "."):
        for read in (runfile.kind_of, comparison_file.load):
            with pytest.raises(RunFileError) as refused:
                read(tmp_path / name)
            assert str(refused.value).endswith(".")


# --- What is refused ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("saved") / "several.denoise"
    comparison_file.save(family(), path)
    return path.read_bytes()


@quick
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(tmp_path: Path, saved: bytes, where: float) -> None:
    path = tmp_path / "several.denoise"
    path.write_bytes(saved[: int(len(saved) * where)])
    with pytest.raises(RunFileError):
        comparison_file.load(path)


@settings(quick, max_examples=150)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), header=st.booleans())
def test_a_flipped_bit_is_refused(
    tmp_path: Path, saved: bytes, where: float, bit: int, header: bool
) -> None:
    end = 8 + int.from_bytes(saved[:8], "little") if header else len(saved)
    changed = bytearray(saved)
    changed[int(end * where)] ^= 1 << bit
    path = tmp_path / "several.denoise"
    path.write_bytes(changed)
    with pytest.raises(RunFileError):
        comparison_file.load(path)


def forged(saved: bytes, change: Any) -> bytes:
    """The file with other JSON and tensors, signed as if it were meant."""
    length = int.from_bytes(saved[:8], "little")
    metadata = json.loads(saved[8 : 8 + length])["__metadata__"]
    tensors = safetensors.numpy.load(saved)
    values = json.loads(metadata["comparison"])
    change(values, metadata, tensors)
    metadata = {**metadata, "comparison": json.dumps(values), "sha256": "0" * 64}
    return b"".join(container.signed(safetensors.numpy.save(tensors, metadata)))


def deep_request(values: Any) -> Any:
    request = values["lanes"][0]["request"]
    for _ in range(40):
        request = {**request, "start": {"kind": "step", "parent": request, "step": 1}}
    return request


FORGERIES: dict[str, Any] = {
    "no lanes": lambda v, m, t: v.pop("lanes"),
    "65 lanes": lambda v, m, t: v.update(lanes=v["lanes"][:1] * 65),
    "65 runs": lambda v, m, t: v.update(runs=v["runs"][:1] * 65),
    "a run that is not there": lambda v, m, t: v["lanes"][0].update(run=9),
    "a run from the end": lambda v, m, t: v["lanes"][0].update(run=-1),
    "half a run": lambda v, m, t: v["lanes"][0].update(run=0.5),
    "true for a run": lambda v, m, t: v["lanes"][0].update(run=True),
    "a step that is not there": lambda v, m, t: v["runs"][0]["steps"].append(99),
    "a step twice": lambda v, m, t: v["runs"][0].update(steps=[0, 0]),
    "steps from the end": lambda v, m, t: v["runs"][0].update(steps=[-9]),
    "steps in another order": lambda v, m, t: v["runs"][0]["steps"].reverse(),
    "steps without end": lambda v, m, t: v["runs"][0].update(steps=[0] * 1000),
    "a step of no number": lambda v, m, t: v["steps"][0].pop("index"),
    "a missing tensor": lambda v, m, t: t.pop("latents/1"),
    "a final that is not there": lambda v, m, t: v["runs"][0].update(final=7),
    "a final of another kind": lambda v, m, t: t.update({"final/0": np.zeros((4, 4), np.uint8)}),
    "a picture": lambda v, m, t: t.update({"picture/0/noisy": np.zeros(99, np.uint8)}),
    "a focus": lambda v, m, t: v.update(focus=64),
    "a pair": lambda v, m, t: v.update(pair=[1]),
    "a pair of one": lambda v, m, t: v.update(pair=[1, 1]),
    "a position": lambda v, m, t: v.update(position="late"),
    "a view": lambda v, m, t: v.update(view=["noisy"]),
    "an alignment": lambda v, m, t: v.update(alignment="stars"),
    "a title": lambda v, m, t: v.update(title=["a"]),
    "labels": lambda v, m, t: v.update(columns="abc"),
    "labels without end": lambda v, m, t: v.update(columns=[""] * 65),
    "rows without end": lambda v, m, t: v.update(rows=[""] * 65),
    "a label": lambda v, m, t: v["lanes"][1].update(label=None),
    "a place": lambda v, m, t: v["lanes"][1].update(row=10**9),
    "a seed": lambda v, m, t: v["lanes"][1]["request"].update(seed=-1),
    "branches without end": lambda v, m, t: v["lanes"][0].update(request=deep_request(v)),
    "a start of nothing": lambda v, m, t: v["lanes"][0]["request"].update(
        start={"kind": "step", "parent": [], "step": 0}
    ),
    "a list": lambda v, m, t: v.update(steps={}),
    "metadata": lambda v, m, t: m.update(format="recipe"),
    "a version": lambda v, m, t: m.update(version="one"),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_signed_file_that_makes_no_sense_is_refused(
    path: Path, saved: bytes, change: Any
) -> None:
    path.write_bytes(forged(saved, change))
    with pytest.raises(RunFileError) as refused:
        comparison_file.load(path)
    assert str(refused.value).startswith("'several.denoise' ")
    assert str(refused.value).endswith(".")


def test_a_newer_version_is_named(path: Path, saved: bytes) -> None:
    path.write_bytes(forged(saved, lambda values, metadata, tensors: metadata.update(version="2")))
    with pytest.raises(RunFileError, match="newer version of this program"):
        comparison_file.load(path)


def test_what_a_later_version_may_add_is_passed_over(path: Path, saved: bytes) -> None:
    def add(values: Any, metadata: Any, tensors: Any) -> None:
        values["notes"] = ["look here"]
        values["lanes"][0]["mood"] = values["runs"][0]["mood"] = "noisy"
        metadata["editor"] = "somebody"
        tensors["attention/0"] = np.zeros(3, np.float32)

    path.write_bytes(forged(saved, add))
    assert_same_comparison(comparison_file.load(path), family())


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 99)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(quick, max_examples=120)
@given(data=st.data())
def test_any_value_in_any_place_is_a_comparison_or_a_sentence(
    tmp_path: Path, saved: bytes, data: st.DataObject
) -> None:
    def change(values: Any, metadata: Any, tensors: Any) -> None:
        place: Any = values
        while True:
            keys = list(range(len(place))) if isinstance(place, list) else sorted(place)
            if not keys:
                return
            key = data.draw(st.sampled_from(keys))
            if not isinstance(place[key], (list, dict)) or data.draw(st.booleans()):
                place[key] = data.draw(json_values)
                return
            place = place[key]

    path = tmp_path / "several.denoise"
    path.write_bytes(forged(saved, change))
    try:
        opened = comparison_file.load(path)
    except RunFileError as error:
        refusal = str(error)
        if not refusal.startswith("'several.denoise' "):
            raise
    else:
        assert len(opened.lanes) <= MAX_LANES


# --- Writing that fails ---------------------------------------------------------------------------


def test_numbers_that_cannot_be_kept_leave_the_former_file(path: Path) -> None:
    comparison_file.save(family(), path)
    before = path.read_bytes()
    run = make_run(2)
    odd = tuple(replace(s, latents=read_only(s.latents.astype(np.complex64))) for s in run.steps)
    with pytest.raises(RunFileError, match="complex64"):
        comparison_file.save(Comparison((lane_of(replace(run, steps=odd)),)), path)
    assert path.read_bytes() == before
    with pytest.raises(RunFileError, match="folder does not exist"):
        comparison_file.save(family(), path.parent / "no" / "several.denoise")
