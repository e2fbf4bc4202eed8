"""The numbers: read again with numpy and safetensors alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from tests.example_runs import make_run
from tests.export.grids import make_grid
from visualizer import export
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError
from visualizer.export.options import ExportOptions

KINDS = ["run.npz", "run.safetensors"]
Numbers = tuple[dict[str, NDArray[Any]], dict[str, str]]


def read_numbers(path: Path) -> Numbers:
    """The arrays and the texts of a file."""
    if path.suffix == ".safetensors":
        with safetensors.safe_open(path, framework="numpy") as file:
            return safetensors.numpy.load_file(path), dict(file.metadata())
    with np.load(path, allow_pickle=False) as file:
        texts = {name: str(file[name]) for name in file.files if file[name].dtype.kind == "U"}
        return {name: file[name] for name in file.files if name not in texts}, texts


def written(what: Trajectory | Comparison, path: Path, **options: Any) -> Numbers:
    export.write(what, path, ExportOptions(format="raw", **options))
    return read_numbers(path)


@pytest.mark.parametrize("name", KINDS)
def test_the_numbers_are_those_of_the_run(tmp_path: Path, name: str) -> None:
    run = make_run(6)
    arrays, texts = written(run, tmp_path / name)
    assert np.array_equal(arrays["latents"], np.stack([step.latents for step in run.steps]))
    said = [step.prediction for step in run.steps if step.prediction is not None]
    assert np.array_equal(arrays["predictions"], np.stack(said))
    levels = [step.noise_level for step in run.steps]
    assert arrays["signal"].tolist() == [level.signal for level in levels]
    assert arrays["noise"].tolist() == [level.noise for level in levels]
    assert arrays["timesteps"].tolist() == [step.timestep for step in run.steps]
    assert arrays["stages"].tolist() == [0] * 7
    assert arrays["picture_steps"].tolist() == list(range(7))
    assert np.array_equal(arrays["pictures"], np.stack([run.picture(k) for k in range(7)]))
    told = json.loads(texts["runs"])[0]
    assert SamplingRequest.from_json(told["request"]) == run.request
    assert told["model"] == {"name": "Built-in", "weights": "d" * 64}
    assert (told["prediction_type"], told["space"]) == (["epsilon"], "vp")
    assert json.loads(texts["stage_names"]) == [""]
    assert texts["parameters"].startswith(run.request.prompt)


@pytest.mark.parametrize("name", KINDS)
def test_noise_added_to_the_guess_gives_the_latents(tmp_path: Path, name: str) -> None:
    run = make_run(6)
    arrays, _ = written(run, tmp_path / name)
    signal, noise = (arrays[key][2] for key in ("signal", "noise"))
    guess = (arrays["latents"][2] - noise * arrays["predictions"][2]) / signal
    assert np.allclose(guess, run.steps[2].denoised, atol=1e-4)


@pytest.mark.parametrize("name", KINDS)
def test_stages_of_other_shapes_have_arrays_of_their_own(tmp_path: Path, name: str) -> None:
    run = make_run(5)
    steps = tuple(
        replace(
            step,
            stage="prior" if k < 3 else "decoder",
            latents=step.latents[:4] if k < 3 else step.latents,
            prediction=None
            if k == 2 or step.prediction is None
            else step.prediction[:4]
            if k < 3
            else step.prediction,
        )
        for k, step in enumerate(run.steps)
    )
    arrays, texts = written(replace(run, steps=steps), tmp_path / name)
    assert arrays["latents/prior"].shape == (3, 4, 16, 16)
    assert arrays["predictions/prior"].shape == (2, 4, 16, 16)
    assert arrays["latents/decoder"].shape == (3, 8, 16, 16)
    assert arrays["stages"].tolist() == [0, 0, 0, 1, 1, 1]
    assert json.loads(texts["stage_names"]) == ["prior", "decoder"]


@pytest.mark.parametrize("name", KINDS)
def test_the_lanes_of_a_grid_have_numbers(tmp_path: Path, name: str) -> None:
    grid = make_grid(make_run(2), None, make_run(3, seed=9))
    arrays, texts = written(grid, tmp_path / name)
    assert arrays["lane0/latents"].shape[0] == 3
    assert arrays["lane2/latents"].shape[0] == 4
    assert not [key for key in arrays if key.startswith("lane1/")]
    assert [told["label"] for told in json.loads(texts["runs"])] == ["seed 7", "seed 1", "seed 9"]


@pytest.mark.parametrize("name", KINDS)
def test_a_run_without_pictures_has_numbers_too(tmp_path: Path, name: str) -> None:
    arrays, _ = written(make_run(6, stop_after=2, pictures=False), tmp_path / name)
    assert arrays["latents"].shape[0] == arrays["predictions"].shape[0] == 2
    assert "pictures" not in arrays
    with pytest.raises(ExportError, match="nothing has been sampled yet"):
        written(make_run(6, stop_after=0), tmp_path / f"empty{name}")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", KINDS)
def test_numbers_of_sixteen_bits_stay_so(tmp_path: Path, name: str) -> None:
    run = make_run(2)
    half = tuple(replace(step, latents=step.latents.astype(np.float16)) for step in run.steps)
    arrays, _ = written(replace(run, steps=half), tmp_path / name)
    assert arrays["latents"].dtype == np.float16


@pytest.mark.parametrize("name", KINDS)
def test_any_prompt_can_be_kept_or_left_out(tmp_path: Path, name: str) -> None:
    prompt = '🚗 \n\t "quoted" \\ سيارة'
    _, texts = written(make_run(1, prompt=prompt), tmp_path / name)
    assert json.loads(texts["runs"])[0]["request"]["prompt"] == prompt
    _, texts = written(make_run(1, prompt=prompt), tmp_path / name, remember=False)
    assert set(texts) == {"software", "stage_names"}
