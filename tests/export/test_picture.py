"""The final picture: pixel for pixel where it can be, and knowing how it was made."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import make_run
from tests.export.reading import far, film
from visualizer import export
from visualizer.diffusion.request import FrozenMapping, SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError, picture
from visualizer.export.options import ExportOptions
from visualizer.metadata.reading import read


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


def test_a_png_is_the_final_picture_and_knows_how_it_was_made(
    tmp_path: Path, run: Trajectory
) -> None:
    export.write(run, tmp_path / "final.png")
    with Image.open(tmp_path / "final.png") as image:
        assert np.array_equal(np.asarray(image), run.picture(6))
        assert image.info["parameters"].startswith(run.request.prompt)
        assert "Denoising Visualizer" in image.info["Software"]
    found = read(tmp_path / "final.png")
    assert found is not None
    assert found.request == run.request


@pytest.mark.parametrize("name", ["final.webp", "final.jpg", "Final.JPEG"])
def test_other_kinds_of_pictures_remember_as_well(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    options = ExportOptions(format="picture", quality=95)
    export.write(run, tmp_path / name, options)
    with Image.open(tmp_path / name) as image:
        assert far(np.asarray(image.convert("RGB")), run.picture(6)) < 3
    found = read(tmp_path / name)
    assert found is not None
    assert found.request == run.request


def test_a_webp_without_loss_is_the_picture_itself(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "a.webp", ExportOptions(format="picture", lossless=True))
    with Image.open(tmp_path / "a.webp") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), run.picture(6))


@pytest.mark.parametrize("name", ["a.webp", "a.jpg"])
def test_static_keeps_its_color(tmp_path: Path, name: str) -> None:
    def spread(pixels: Any) -> float:
        return float((pixels[..., 0].astype(float) - pixels[..., 1]).std())

    stopped = make_run(6, stop_after=1)  # what it shows is static
    export.write(stopped, tmp_path / name, ExportOptions(format="picture"))
    with Image.open(tmp_path / name) as image:
        found = np.asarray(image.convert("RGB"))
    assert spread(found) > 0.9 * spread(stopped.picture(0))


@pytest.mark.parametrize("name", ["final.png", "final.jpg", "final.webp"])
def test_nothing_is_remembered_where_it_is_not_wanted(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    export.write(run, tmp_path / name, ExportOptions(format="picture", remember=False))
    content = (tmp_path / name).read_bytes()
    assert b"Ferrari" not in content
    assert "Ferrari".encode("utf-16-be") not in content


@pytest.mark.parametrize("prompt", ["", "🚗 سيارة حمراء 红色跑车", "é" * 300_000])
def test_any_prompt_gets_its_picture(tmp_path: Path, prompt: str) -> None:
    run = make_run(2, prompt=prompt)
    export.write(run, tmp_path / "final.png")
    export.write(run, tmp_path / "final.jpg")
    export.write(run, str(tmp_path / "Sheet.PNG"))
    with Image.open(tmp_path / "final.png") as image:
        image.load()
        if len(prompt) < 1000:
            assert json.loads(image.info["denoising-visualizer"])["request"]["prompt"] == prompt


def test_arrays_in_a_request_do_not_swell_the_picture(tmp_path: Path) -> None:
    extra = FrozenMapping({"image": np.zeros((500, 500))})
    export.write(make_run(2, request=SamplingRequest("a", extra=extra)), tmp_path / "final.png")
    assert (tmp_path / "final.png").stat().st_size < 10_000


def test_a_stopped_run_gives_the_picture_where_it_stopped(tmp_path: Path) -> None:
    run = make_run(6, stop_after=3)
    export.write(run, tmp_path / "final.png")
    with Image.open(tmp_path / "final.png") as image:
        assert np.array_equal(np.asarray(image), run.picture(2))


def test_it_is_enlarged_when_that_is_wanted(run: Trajectory) -> None:
    plain = picture.final_picture(film(run, format="picture"))
    large = picture.final_picture(film(run, format="picture", size="4", pixels="square"))
    assert large.size == (4 * plain.width, 4 * plain.height)
    assert np.array_equal(np.asarray(large)[::4, ::4], np.asarray(plain))


def test_played_backwards_it_is_still_the_final_one(run: Trajectory) -> None:
    for direction in ("back", "boomerang"):
        made = picture.final_picture(film(run, format="picture", direction=direction))
        assert np.array_equal(np.asarray(made), run.picture(6))


def test_what_a_format_cannot_hold_is_refused(run: Trajectory) -> None:
    wide = Image.new("RGB", (16_384, 1))
    with pytest.raises(ExportError, match=r"at most 16383 pixels a side, .* 16384 × 1.* Use .png"):
        picture.save(wide, film(run, format="picture"), io.BytesIO(), ".webp")
