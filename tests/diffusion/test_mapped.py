"""Run files looked at without reading them whole."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.example_runs import make_run
from visualizer.diffusion import RunFileError, Trajectory, mapped
from visualizer.diffusion.request import FrozenMapping, SamplingRequest
from visualizer.diffusion.stored_pictures import StoredPictures

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def request() -> SamplingRequest:
    extra = FrozenMapping({"image": ARRAY, "eta": 0.5})
    return SamplingRequest("a car", seed=3, steps=6, extra=extra)


def test_a_mapped_run_equals_a_loaded_one(tmp_path: Path) -> None:
    make_run(6, trials=1, request=request()).save(tmp_path / "run.denoise")
    there, whole = mapped.load(tmp_path / "run.denoise"), Trajectory.open(tmp_path / "run.denoise")
    assert there.request == whole.request == request()
    assert there.planned == whole.planned
    assert set(there.pictures) == set(whole.pictures)
    for a, b in zip(there.steps, whole.steps, strict=True):
        assert np.array_equal(a.latents, b.latents)
        assert np.array_equal(a.trials[0].prediction, b.trials[0].prediction)
        assert a.noise_level == b.noise_level
    for k in range(7):
        assert np.array_equal(there.picture(k), whole.picture(k))


def test_pictures_stay_in_the_file_until_they_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "run.denoise"
    make_run(4, size=256).save(path)
    tracemalloc.start()
    try:
        run = mapped.load(path)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    pictures = run.pictures
    assert isinstance(pictures, StoredPictures)
    packed = sum(len(pictures.png(key)) for key in pictures)
    assert packed > 500_000
    assert taken < packed / 5
    path.unlink()  # what is open stays readable, and can be sent to another process
    sent = pickle.loads(pickle.dumps(pictures))
    for key in pictures:
        assert pictures.size(key) == (256, 256)
        assert np.array_equal(sent[key], pictures[key])


def test_the_request_is_read_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "run.denoise"
    make_run(6, request=request()).save(path)
    assert mapped.request_in(path) == request()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    for look in (mapped.request_in, mapped.load):
        with pytest.raises(RunFileError, match="its end is missing"):
            look(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.data())
def test_damage_gives_a_sentence_or_a_run(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "run.denoise"
    if not path.exists():
        make_run(2).save(path)
    content = bytearray(path.read_bytes())
    end = 8 + int.from_bytes(content[:8], "little")
    place = data.draw(st.integers(0, end - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    (tmp_path / "damaged").write_bytes(content)
    try:
        run = mapped.load(tmp_path / "damaged")
    except RunFileError:
        return
    assert len(run.steps) == 3
