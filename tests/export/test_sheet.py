"""The sheet: which steps and views stand on it, and that it stays readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import make_picture, make_run
from tests.export.reading import film, said_by, silent
from visualizer import export
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError, sheet
from visualizer.export.options import ExportOptions
from visualizer.export.reel import facts_of
from visualizer.export.share_words import noise_words
from visualizer.metadata.reading import read


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


def test_a_sheet_shows_evenly_chosen_steps() -> None:
    run = make_run(30, size=240)
    told: list[tuple[int, int]] = []
    shown = film(run, format="sheet")
    drawn = sheet.draw_sheet(shown, lambda done, total: told.append((done, total)))
    layout = sheet.layout_of(shown)
    assert layout.moments == [0, 4, 9, 13, 17, 21, 26, 30]
    assert told == [(1, 2), (2, 2)]
    pixels = np.asarray(drawn)
    # the tiles hold the very pictures: 240 pixels fit without being resized
    for left, k in zip(layout.lefts, layout.moments, strict=True):
        middle = run.picture(k)[100:140, 100:140]
        columns = pixels[:, left + 100 : left + 140]
        windows = np.lib.stride_tricks.sliding_window_view(columns, 40, axis=0)
        found = (windows.transpose(0, 3, 1, 2) == middle).all(axis=(1, 2, 3))
        assert found.any(), f"step {k} is not on the sheet"


def test_the_steps_can_be_chosen() -> None:
    run = make_run(30)
    tenth = sheet.layout_of(film(run, format="sheet", steps="every", every=10))
    assert tenth.moments == [0, 10, 20, 30]
    by_noise = sheet.layout_of(film(run, format="sheet", steps="noise", count=12))
    assert len(by_noise.moments) == 12


def test_many_steps_get_small_pictures_and_too_many_a_sentence() -> None:
    run = make_run(120)
    many = sheet.layout_of(film(run, format="sheet", steps="noise", count=50))
    assert len(many.moments) == 50
    assert many.width <= sheet.MAX_WIDTH
    with pytest.raises(ExportError, match=r"room for 52 steps, and these are 121\. Choose fewer"):
        sheet.layout_of(film(run, format="sheet", steps="every", every=1))


def test_the_views_can_be_chosen(run: Trajectory) -> None:
    views = ("denoised", "channels", "change", "noise")
    shown = film(run, format="sheet", views=views)
    rows = sheet.rows_of(shown, sheet.layout_of(shown).moments)
    # of "noise" there is no picture in this run, and nothing changes before step 1
    assert [row.view for row in rows] == ["denoised", "channels", "change"]
    assert [row.title for row in rows] == ["Model's guess", "Channels", "Change"]
    assert sheet.draw_sheet(shown, silent).height > sheet.draw_sheet(film(run), silent).height


def test_the_background_can_be_chosen(run: Trajectory) -> None:
    for background, color in (("light", (246, 246, 243)), ("#204060", (32, 64, 96))):
        drawn = sheet.draw_sheet(film(run, format="sheet", background=background), silent)
        assert drawn.getpixel((3, 3)) == color


def test_what_was_measured_stands_in_the_plot() -> None:
    run = make_run(12)
    drawn = np.asarray(sheet.draw_sheet(film(run, format="sheet"), silent)).astype(int)
    r, _, b = drawn[-400:].reshape(-1, 3).T
    assert ((b > 150) & (r < 120)).sum() > 200, "there is no blue line"
    assert ((r > 200) & (b < 100)).sum() > 200, "there is no orange line"


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg", "sheet.pdf"])
def test_a_sheet_remembers_or_forgets(tmp_path: Path, run: Trajectory, name: str) -> None:
    path = tmp_path / name
    export.write(run, path)
    found = read(path)
    assert found is not None
    assert found.request == run.request
    export.write(run, path, ExportOptions(remember=False))
    assert b"Ferrari" not in path.read_bytes()


def test_a_pdf_has_a_page_with_title_and_author(tmp_path: Path, run: Trajectory) -> None:
    path = tmp_path / "sheet.pdf"
    export.write(run, path)
    assert path.read_bytes().startswith(b"%PDF-")
    told = said_by("exiftool", "-s", "-Title", "-Author", "-PageCount", path)
    assert run.request.prompt in told
    assert "Denoising Visualizer" in told
    assert "PageCount                       : 1" in told


def test_a_pdf_that_forgets_has_no_title(tmp_path: Path, run: Trajectory) -> None:
    path = tmp_path / "sheet.pdf"
    export.write(run, path, ExportOptions(remember=False))
    told = said_by("exiftool", "-s", path)
    assert "PageCount" in told
    assert not [name for name in ("Title", "Author", "Subject", "Keywords") if f"{name} " in told]


def test_a_sheet_stays_readable_whatever_the_run() -> None:
    runs = {
        "one step": make_run(1),
        "stopped at once": make_run(6, stop_after=1),
        "long prompt": make_run(3, prompt=" ".join(["a red Ferrari"] * 200)),
        "one long word": make_run(3, prompt="w" * 5000),
        "tall": make_run(3, final=make_picture(0, size=32)[:, :8]),
        "guess not kept": make_run(3, pictures={(k, "noisy"): make_picture(0.5) for k in range(3)}),
    }
    for name, run in runs.items():
        drawn = sheet.draw_sheet(film(run, format="sheet"), silent)
        assert 600 < drawn.width < 2400, name
        assert 300 < drawn.height < 2000, name


def test_only_steps_with_pictures_are_shown() -> None:
    run = make_run(30, pictures={(k, "noisy"): make_picture(0.5) for k in (0, 10, 20)})
    assert sheet.layout_of(film(run, format="sheet")).moments == [0, 10, 20, 30]


def test_what_the_sheet_says_of_a_run() -> None:
    assert facts_of(make_run(30)) == [
        "seed 7",
        "30 steps",
        "guidance 3",
        "DDIM",
        "Built-in model",
        "32 by 32 pixels",
    ]
    assert "stopped at step 2 of 30" in facts_of(make_run(30, stop_after=3))
    request = SamplingRequest("a", negative_prompt="rain")
    assert "avoiding rain" in facts_of(make_run(2, request=request))


def test_flow_levels_are_labeled_by_their_variance_share() -> None:
    assert noise_words(NoiseLevel.from_sigma(0.5, "flow").noise_share) == "50 % noise"


def test_a_jpeg_shows_the_same(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "sheet.png")
    export.write(run, tmp_path / "sheet.jpg", ExportOptions(format="sheet", quality=95))
    with Image.open(tmp_path / "sheet.png") as png, Image.open(tmp_path / "sheet.jpg") as jpeg:
        assert png.size == jpeg.size
        difference = np.asarray(png.convert("RGB"), float) - np.asarray(jpeg, float)
    assert np.abs(difference).mean() < 3
