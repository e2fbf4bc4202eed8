"""Runs saved and opened again: bit for bit, or a sentence."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.example_runs import StandInDecoder, make_picture, make_run
from visualizer import export
from visualizer.diffusion import atomic, container, runfile, stored_pictures
from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import PREDICTION_TYPES
from visualizer.diffusion.request import FrozenMapping, RequestError, SamplingRequest
from visualizer.diffusion.runfile import RunFileError
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory

quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same_array(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def assert_same_run(a: Trajectory, b: Trajectory) -> None:
    values = ("request", "model", "planned", "timesteps", "cancelled", "sampler", "seconds")
    for name in (*values, "notice"):
        assert getattr(a, name) == getattr(b, name), name
    assert len(a.steps) == len(b.steps)
    for x, y in zip(a.steps, b.steps, strict=True):
        for name in ("index", "timestep", "noise_level", "prediction_type", "stage"):
            assert getattr(x, name) == getattr(y, name), name
        assert same_array(x.latents, y.latents)
        assert same_array(x.prediction, y.prediction)
        assert len(x.trials) == len(y.trials)
        for s, t in zip(x.trials, y.trials, strict=True):
            assert s.timestep == t.timestep
            assert same_array(s.latents, t.latents)
            assert same_array(s.prediction, t.prediction)
    assert same_array(a.final, b.final)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.denoise"


# --- What is kept ---------------------------------------------------------------------------------


def test_a_run_comes_back_bit_for_bit(path: Path) -> None:
    run = make_run(trials=2, notice="The model reads the first 14 words.")
    run.save(path)
    back = Trajectory.open(path)
    assert_same_run(run, back)
    for k in range(len(run.steps)):
        for view in ("noisy", "denoised", "change", "channels"):
            if run.has_view(k, view):
                assert same_array(run.picture(k, view), back.picture(k, view))


def test_what_was_opened_is_read_only_and_saves_to_the_same_run(path: Path) -> None:
    run = make_run()
    run.save(path)
    back = Trajectory.open(path)
    for array in (back.steps[0].latents, back.steps[0].prediction, back.final, back.picture(1)):
        assert array is not None
        assert not array.flags.writeable
    again = path.with_name("again.denoise")
    back.save(again)
    assert_same_run(run, Trajectory.open(again))
    assert same_array(Trajectory.open(again).picture(2, "denoised"), run.picture(2, "denoised"))


@pytest.mark.parametrize("steps_there", [0, 1, 4])
def test_a_stopped_run_comes_back(path: Path, steps_there: int) -> None:
    run = make_run(stop_after=steps_there)
    run.save(path)
    back = Trajectory.open(path)
    assert_same_run(run, back)
    assert back.cancelled
    assert len(back.planned) == 7


def test_arrays_in_the_request_come_back(path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    extra = FrozenMapping(
        {
            "image": array,
            "big endian": array.astype(">f8"),
            "nested": {"masks": [np.array([True, False]), 3, None, "words"]},
            "number": np.float16(0.1),
            "flag": True,
        }
    )
    request = SamplingRequest(prompt="a cat", extra=extra)
    make_run(request=request).save(path)
    back = Trajectory.open(path).request
    assert back == request
    assert same_array(back.extra["image"], array)
    assert back.extra["big endian"].tolist() == array.tolist()
    assert back.extra["nested"]["masks"][0].tolist() == [True, False]
    assert not back.extra["image"].flags.writeable


def test_half_precision_stays_half_precision(path: Path) -> None:
    run = make_run(2)
    half = tuple(replace(s, latents=s.latents.astype(np.float16)) for s in run.steps)
    replace(run, steps=half).save(path)
    assert Trajectory.open(path).steps[0].latents.dtype == np.float16


def test_numbers_that_cannot_be_kept_are_refused(path: Path) -> None:
    run = make_run(2)
    odd = tuple(replace(s, latents=s.latents.astype(np.complex64)) for s in run.steps)
    with pytest.raises(RunFileError, match="complex64"):
        replace(run, steps=odd).save(path)
    assert list(path.parent.iterdir()) == []


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
finite = st.floats(allow_nan=False, allow_infinity=False)
levels = st.builds(NoiseLevel, st.sampled_from(["vp", "ve", "flow"]), finite, finite).filter(
    lambda level: level.signal != 0 or level.noise != 0
)


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)))
    dtype = draw(st.sampled_from(["float16", "float32", "float64"]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))

    def array() -> Any:
        # random bits, so that NaN payloads, infinities and subnormals are among them
        return rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8).view(dtype)[
            ..., 0
        ]

    count = draw(st.integers(0, 3))
    steps = tuple(
        Step(
            index=k,
            timestep=draw(finite),
            noise_level=draw(levels),
            latents=array(),
            prediction=array() if draw(st.booleans()) else None,
            prediction_type=draw(st.sampled_from(PREDICTION_TYPES)),
            stage=draw(texts),
        )
        for k in range(count)
    )
    request = SamplingRequest(
        prompt=draw(texts),
        negative_prompt=draw(st.none() | texts),
        seed=draw(st.integers(0, 2**32 - 1)),
        steps=draw(st.none() | st.integers(1, 1000)),
        guidance_scale=draw(st.none() | st.floats(0, 1000)),
        sampler=draw(st.none() | texts),
        extra=FrozenMapping(draw(st.dictionaries(texts, st.none() | finite | texts, max_size=3))),
    )
    names = st.text(max_size=10)  # a model may call itself anything, half symbols included
    return Trajectory(
        request=request,
        model=ModelIdentity(draw(names), draw(names), "c", "w", versions={"torch": draw(names)}),
        steps=steps,
        planned=tuple(draw(st.lists(levels, max_size=4))),
        timesteps=tuple(draw(st.lists(finite, max_size=4))),
        cancelled=draw(st.booleans()),
        final=make_picture(0.5, size=8) if draw(st.booleans()) else None,
        seconds=draw(finite),
        notice=draw(names),
    )


@quick
@given(run=trajectories())
def test_every_run_comes_back(tmp_path: Path, run: Trajectory) -> None:
    run.save(tmp_path / "run.denoise")
    assert_same_run(run, Trajectory.open(tmp_path / "run.denoise"))


# --- Pictures -------------------------------------------------------------------------------------


def test_pictures_that_are_not_stored_are_decoded_on_saving(path: Path) -> None:
    decoder = StandInDecoder()
    run = make_run(3, pictures=False, decoder=decoder)
    run.save(path)
    back = Trajectory.open(path)
    assert same_array(back.picture(1, "denoised"), run.picture(1, "denoised"))
    assert back.decoder is None
    with pytest.raises(LookupError, match=r"Trajectory\.open"):
        back.picture(1, "noise")


def test_a_prior_is_kept_and_exported_without_pictures_of_it(path: Path) -> None:
    run = make_run(6, pictures=False)
    vector = read_only(np.arange(12, dtype=np.float32))
    prior = {"stage": "prior", "latents": vector, "layout": LatentLayout("embedding")}
    steps = tuple(
        replace(s, **prior, prediction=vector if s.index < 2 else None) if s.index < 3 else s  # type: ignore[arg-type]
        for s in run.steps
    )
    run = replace(run, steps=steps).with_decoder(StandInDecoder())
    run.save(path)
    back = Trajectory.open(path)
    assert [step.stage for step in back.steps] == ["prior"] * 3 + [""] * 4
    assert np.array_equal(back.steps[1].latents, vector)
    assert {k for k, _ in back.pictures} == {3, 4, 5}
    for name in ("run.gif", "run-sheet.png"):
        export.write(run, path.with_name(name))
        export.write(back, path.with_name(f"back-{name}"))


def test_saving_at_once_decodes_nothing(path: Path) -> None:
    decoder = StandInDecoder()
    runfile.save(make_run(3, pictures=False, decoder=decoder), path, decode=False)
    assert decoder.calls == 0
    assert not Trajectory.open(path).pictures


def test_above_the_cap_evenly_chosen_steps_keep_their_pictures(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(20)
    size = run.picture(0).nbytes
    monkeypatch.setattr(stored_pictures, "MAX_STORED_BYTES", 10 * size)
    run.save(path)
    back = Trajectory.open(path)
    kept = sorted({k for k, _ in back.pictures})
    assert len(back.pictures) == 10
    assert kept[0] == 0
    assert kept[-1] == 19  # the 20th is the final picture
    gaps = np.diff(kept)
    assert gaps.max() - gaps.min() <= 1
    assert same_array(back.final, run.final)


def test_a_picture_may_not_claim_an_absurd_size(path: Path) -> None:
    png = bytearray(stored_pictures.pack(make_picture(0.5)))
    png[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(ValueError, match="absurd"):
        stored_pictures.StoredPictures({(0, "noisy"): bytes(png)})


def test_a_picture_is_bytes_and_nothing_else() -> None:
    png = np.frombuffer(stored_pictures.pack(make_picture(0.5)), np.uint8)
    stored = stored_pictures.StoredPictures({(0, "noisy"): png})
    assert stored.png((0, "noisy")) == png.tobytes()
    assert np.array_equal(stored[0, "noisy"], make_picture(0.5))
    wrong: Any
    for wrong in (png.astype(np.uint16), png[None]):
        with pytest.raises(ValueError, match="no bytes"):
            stored_pictures.StoredPictures({(0, "noisy"): wrong})


def test_a_damaged_picture_in_a_signed_file_is_no_crash() -> None:
    png = stored_pictures.pack(make_picture(0.5))
    stored = stored_pictures.StoredPictures({(0, "noisy"): png[: len(png) // 2]})
    with pytest.raises(KeyError):
        stored[0, "noisy"]


# --- What is refused ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("saved") / "run.denoise"
    request = SamplingRequest(prompt="a cat", seed=7, extra=FrozenMapping({"image": np.ones(3)}))
    make_run(2, size=8, request=request, trials=1).save(path)
    return path.read_bytes()


@quick
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(tmp_path: Path, saved: bytes, where: float) -> None:
    path = tmp_path / "run.denoise"
    path.write_bytes(saved[: int(len(saved) * where)])
    with pytest.raises(RunFileError):
        Trajectory.open(path)


@settings(quick, max_examples=250)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), header=st.booleans())
def test_a_flipped_bit_is_refused(
    tmp_path: Path, saved: bytes, where: float, bit: int, header: bool
) -> None:
    end = 8 + int.from_bytes(saved[:8], "little") if header else len(saved)
    changed = bytearray(saved)
    changed[int(end * where)] ^= 1 << bit
    path = tmp_path / "run.denoise"
    path.write_bytes(changed)
    with pytest.raises(RunFileError):
        Trajectory.open(path)


@quick
@given(content=st.binary(max_size=300))
def test_any_other_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.denoise"
    path.write_bytes(content)
    with pytest.raises(RunFileError):
        Trajectory.open(path)


def forged(saved: bytes, change: Any) -> bytes:
    """The file with another ``run`` header (and metadata), signed as if it were meant."""
    length = int.from_bytes(saved[:8], "little")
    metadata = json.loads(saved[8 : 8 + length])["__metadata__"]
    tensors = safetensors.numpy.load(saved)
    run = json.loads(metadata["run"])
    change(run, metadata, tensors)
    metadata = {**metadata, "run": json.dumps(run), "sha256": "0" * 64}
    content = safetensors.numpy.save(tensors, metadata)
    return b"".join(container.signed(content))


def test_a_newer_version_is_named(path: Path, saved: bytes) -> None:
    path.write_bytes(forged(saved, lambda run, metadata, tensors: metadata.update(version="3")))
    with pytest.raises(RunFileError, match="newer version"):
        Trajectory.open(path)


def test_what_a_later_version_may_add_is_passed_over(path: Path, saved: bytes) -> None:
    def add(run: Any, metadata: Any, tensors: Any) -> None:
        run["annotations"] = ["look here"]
        run["model"]["nickname"] = "Bob"
        run["steps"][0]["mood"] = "noisy"
        metadata["editor"] = "somebody"
        tensors["attention/0"] = np.zeros(3, np.float32)

    path.write_bytes(forged(saved, add))
    assert Trajectory.open(path).request.seed == 7


FORGERIES: dict[str, Any] = {
    "no steps": lambda run, metadata, tensors: run.pop("steps"),
    "steps of text": lambda run, metadata, tensors: run.update(steps="many"),
    "a prediction type": lambda run, metadata, tensors: run["steps"][0].update(
        prediction_type="telepathy"
    ),
    "a missing tensor": lambda run, metadata, tensors: tensors.pop("latents/1"),
    "a flat latent": lambda run, metadata, tensors: tensors.update(
        {"latents/0": np.zeros(3, np.float32)}
    ),
    "another shape": lambda run, metadata, tensors: tensors.update(
        {"prediction/0": np.zeros((2, 2, 2), np.float32)}
    ),
    "an infinite level": lambda run, metadata, tensors: run["steps"][0].update(
        level=["vp", float("inf"), 1]
    ),
    "a space": lambda run, metadata, tensors: run["steps"][0].update(level=["warp", 1, 1]),
    "a start": lambda run, metadata, tensors: run["request"].update(start={"kind": "moon"}),
    "a setting": lambda run, metadata, tensors: run["request"].update(magic=1),
    "a seed": lambda run, metadata, tensors: run["request"].update(seed=-1),
    "a final picture": lambda run, metadata, tensors: tensors.update(
        final=np.zeros((4, 4), np.uint8)
    ),
    "a picture": lambda run, metadata, tensors: tensors.update(
        {"picture/0/noisy": np.zeros(99, np.uint8)}
    ),
    "an array": lambda run, metadata, tensors: run["request"]["extra"]["image"].update(
        shape=[10**9, 10**9]
    ),
    "a list": lambda run, metadata, tensors: run.update(request=[]),
    "metadata": lambda run, metadata, tensors: metadata.update(format="recipe"),
    "a version": lambda run, metadata, tensors: metadata.update(version="one"),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_signed_file_that_makes_no_sense_is_refused(
    path: Path, saved: bytes, change: Any
) -> None:
    path.write_bytes(forged(saved, change))
    with pytest.raises(RunFileError) as refused:
        Trajectory.open(path)
    assert str(refused.value).startswith("'run.denoise' ")
    assert str(refused.value).endswith(".")


def test_absurd_sizes_are_refused_unread(path: Path) -> None:
    for length in (2**63, 2**31):
        path.write_bytes(length.to_bytes(8, "little") + b'{"a": 1}')
        with pytest.raises(RunFileError, match="not a run file"):
            Trajectory.open(path)
    path.write_bytes((100_000).to_bytes(8, "little") + b'{"a":' + b"[" * 99_995)
    with pytest.raises(RunFileError, match="not a run file"):
        Trajectory.open(path)
    with path.open("wb") as file:
        file.truncate(runfile.MAX_FILE + 1)  # sparse: takes no room
    with pytest.raises(RunFileError, match="too large"):
        Trajectory.open(path)


def test_other_files_are_named_for_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("a red Ferrari", encoding="utf-8")
    safetensors.numpy.save_file({"w": np.ones(3)}, tmp_path / "weights")
    for name, sentence in {
        "empty": "'empty' is empty.",
        "text": "'text' is not a run file.",
        "weights": "'weights' is not a run file.",
        "gone": "There is no file 'gone'.",
        ".": "is a folder, not a run file.",
    }.items():
        with pytest.raises(RunFileError) as refused:
            Trajectory.open(tmp_path / name)
        assert sentence in str(refused.value)
    with pytest.raises(RunFileError, match="cannot be read"):
        Trajectory.open("a\0b")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(RunFileError, match="not a run file"):
        Trajectory.open(path)


def test_no_permission_to_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"")

    def refuse(self: Path) -> bytes:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(RunFileError, match="You may not read"):
        Trajectory.open(path)


# --- Writing that fails ---------------------------------------------------------------------------


def fail_with(number: int) -> Any:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may not write"), (errno.EIO, "not saved")],
)
def test_a_failing_disk_leaves_the_former_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    make_run(2).save(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", fail_with(number))
    with pytest.raises(RunFileError, match=words):
        make_run(3).save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_swallows_bytes_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems report no error: what was written is compared with what is there."""
    stat = Path.stat

    def short(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = stat(self, follow_symlinks=follow_symlinks)
        if self.suffix == ".part":
            values = list(found)
            values[6] -= 1
            return os.stat_result(values)
        return found

    monkeypatch.setattr(Path, "stat", short)
    with pytest.raises(RunFileError, match="disk is full"):
        make_run(2).save(path)
    monkeypatch.undo()
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A limit on the size of files, set in another process, stands in for a full disk."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such limit")
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from tests.example_runs import make_run; from visualizer.diffusion import RunFileError\n"
        "path = Path(sys.argv[1]); make_run(1, pictures=False).save(path)\n"
        "before = path.read_bytes(); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), len(before)))\n"
        "try: make_run(9).save(path)\n"
        "except RunFileError as error: print(error)\n"
        "assert path.read_bytes() == before\n"
        "assert list(path.parent.iterdir()) == [path]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "run.denoise"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "'run.denoise' was not saved: the disk is full.\n"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    run = make_run(1, pictures=False)
    with pytest.raises(RunFileError, match="folder does not exist"):
        run.save(tmp_path / "no" / "run.denoise")
    with pytest.raises(RunFileError, match="there is a folder of that name"):
        run.save(tmp_path)
    with pytest.raises(RunFileError, match="name is too long"):
        run.save(tmp_path / ("n" * 300))
    with pytest.raises(RunFileError, match="not a name"):
        run.save("a\0b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_goes_on_pointing_at_the_run(tmp_path: Path) -> None:
    target, link = tmp_path / "target.denoise", tmp_path / "link.denoise"
    make_run(1, pictures=False).save(target)
    target.chmod(0o640)
    link.symlink_to(target)
    run = make_run(2, pictures=False)
    run.save(link)
    assert link.is_symlink()
    assert len(Trajectory.open(target).steps) == 3
    assert target.stat().st_mode & 0o777 == 0o640


def test_an_interruption_while_writing_leaves_nothing(path: Path) -> None:
    def write() -> None:
        with atomic.replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(path.parent.iterdir()) == []


def test_asking_beforehand_touches_nothing(path: Path) -> None:
    atomic.check_writable(path)
    assert list(path.parent.iterdir()) == []
    path.write_bytes(b"kept")
    atomic.check_writable(path)
    assert path.read_bytes() == b"kept"
    with pytest.raises(atomic.WriteError, match="folder does not exist"):
        atomic.check_writable(path / "below.png")


# --- What it needs --------------------------------------------------------------------------------


def test_run_files_need_neither_torch_nor_qt(path: Path) -> None:
    make_run(1).save(path)
    program = (
        "import sys; from visualizer.diffusion import Trajectory\n"
        "Trajectory.open(sys.argv[1]).save(sys.argv[1])\n"
        "print([m for m in ('torch', 'diffusers', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_request_with_half_a_symbol_never_reaches_a_file() -> None:
    with pytest.raises(RequestError):
        SamplingRequest(prompt="\ud83d")
