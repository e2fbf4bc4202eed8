"""Runs written as pictures, sheets, animations and videos, and read again by other eyes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.example_runs import StandInDecoder, make_picture, make_run
from visualizer import export
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import FrozenMapping, SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError, frames, lettering, sheet
from visualizer.export.reel import facts_of, reel_of

EXAMPLE = "a red Ferrari on a mountain road at sunset"


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


def seconds_of(path: Path) -> list[float]:
    """How long each frame of an animation stands."""
    found = []
    with Image.open(path) as image:
        for k in range(getattr(image, "n_frames", 1)):
            image.seek(k)
            image.load()
            found.append(image.info["duration"] / 1000)
    return found


# --- The final picture ----------------------------------------------------------------------------


def test_a_png_is_the_final_picture_and_knows_how_it_was_made(
    tmp_path: Path, run: Trajectory
) -> None:
    export.write(run, tmp_path / "final.png")
    with Image.open(tmp_path / "final.png") as image:
        assert np.array_equal(np.asarray(image), run.picture(6))
        request = SamplingRequest.from_json(json.loads(image.info["request"]))
        assert request == run.request
        assert "Denoising Visualizer" in image.info["Software"]


@pytest.mark.parametrize("prompt", ["", "🚗 سيارة حمراء 红色跑车", "é" * 300_000])
def test_any_prompt_gets_its_picture(tmp_path: Path, prompt: str) -> None:
    run = make_run(2, prompt=prompt)
    export.write(run, tmp_path / "final.png")
    export.write(run, str(tmp_path / "Sheet.PNG"))
    with Image.open(tmp_path / "final.png") as image:
        image.load()
        if len(prompt) < 1000:
            assert json.loads(image.info["request"])["prompt"] == prompt


def test_arrays_in_a_request_do_not_swell_the_picture(tmp_path: Path) -> None:
    extra = FrozenMapping({"image": np.zeros((500, 500))})
    export.write(make_run(2, request=SamplingRequest("a", extra=extra)), tmp_path / "final.png")
    assert (tmp_path / "final.png").stat().st_size < 10_000


def test_a_stopped_run_gives_the_picture_where_it_stopped(tmp_path: Path) -> None:
    run = make_run(6, stop_after=3)
    export.write(run, tmp_path / "final.png")
    with Image.open(tmp_path / "final.png") as image:
        assert np.array_equal(np.asarray(image), run.picture(2))


# --- The sheet ------------------------------------------------------------------------------------


def test_a_sheet_shows_evenly_chosen_steps(run: Trajectory) -> None:
    run = make_run(30, size=240)
    told: list[tuple[int, int]] = []
    drawn = sheet.draw_sheet(reel_of(run), lambda done, total: told.append((done, total)))
    layout = sheet.layout_of(reel_of(run))
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


def test_a_sheet_stays_readable_whatever_the_run(tmp_path: Path) -> None:
    runs = {
        "one step": make_run(1),
        "stopped at once": make_run(6, stop_after=1),
        "long prompt": make_run(3, prompt=" ".join(["a red Ferrari"] * 200)),
        "one long word": make_run(3, prompt="w" * 5000),
        "tall": make_run(3, final=make_picture(0, size=32)[:, :8]),
        "guess not kept": make_run(3, pictures={(k, "noisy"): make_picture(0.5) for k in range(3)}),
    }
    for name, run in runs.items():
        drawn = sheet.draw_sheet(reel_of(run), lambda done, total: None)
        assert 600 < drawn.width < 2400, name
        assert 300 < drawn.height < 2000, name


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


def test_shares_are_rounded_honestly() -> None:
    assert [sheet.percent(s) for s in (0, 0.001, 0.5, 0.999, 1)] == [
        "0 % noise",
        "< 1 % noise",
        "50 % noise",
        "> 99 % noise",
        "100 % noise",
    ]


def test_characters_get_a_font_that_has_them() -> None:
    plain, greek = lettering.font_for("a cat", 20), lettering.font_for("ένα γατί", 20)
    assert plain.getname()[0] != greek.getname()[0]
    assert lettering._missing(greek, "ένα γατί") == 0


def test_every_word_of_a_line_gets_a_font_that_has_it() -> None:
    line = lettering.line_of("a cat, ένα γατί, котка", 20)
    assert line.text == "a cat, ένα γατί, котка"
    assert all(not lettering._missing(font, piece) for piece, font in line.pieces)
    # words written from right to left stay in one piece, in which they are put in order
    assert len(lettering.line_of("سيارة حمراء على طريق", 20).pieces) == 1


def test_lines_fit_their_width() -> None:
    lines = lettering.wrapped("a red Ferrari on a mountain road " * 9, 30, 500, 3)
    assert len(lines) == 3
    assert lines[0].text.startswith("a red Ferrari")
    assert lines[-1].text.endswith("…")
    assert all(line.width <= 500 for line in lines)
    assert [line.text for line in lettering.wrapped("two\n\nlines\t", 30, 500, 3)] == ["two lines"]


# --- Animations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run.webp", "run.gif", "run.apng"])
def test_an_animation_goes_from_static_to_the_picture_and_stays_there(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    told: list[tuple[int, int]] = []
    export.write(run, tmp_path / name, lambda done, total: told.append((done, total)))
    with Image.open(tmp_path / name) as image:
        assert image.size == (512, 512)
        assert image.info["loop"] == 0
        shown = [np.asarray(image.convert("RGB").resize((32, 32)), float)]
        image.seek(len(run.steps) - 1)
        shown.append(np.asarray(image.convert("RGB").resize((32, 32)), float))
    for pixels, k in zip(shown, (0, -1), strict=True):
        difference = np.abs(pixels - run.picture(range(7)[k]))
        assert difference.mean() < 20
    durations = seconds_of(tmp_path / name)
    assert len(durations) == 7
    assert durations[-1] == 1.5
    assert max(durations[:-1]) <= 0.13
    assert told == [(k, 7) for k in range(1, 8)]


def test_a_video_plays(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "run.mp4")
    with av.open(str(tmp_path / "run.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (512, 512)
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        assert len(pictures) == 7 + 12  # eight a second, the last held for 1.5 s
    for shown, k in ((pictures[0], 0), (pictures[-1], 6)):
        small = np.asarray(Image.fromarray(shown).resize((32, 32)), float)
        assert np.abs(small - run.picture(k)).mean() < (20 if k == 0 else 5)  # color is halved


def test_a_video_of_odd_sides_plays(tmp_path: Path) -> None:
    odd = make_picture(0.5, size=513)
    run = make_run(1, final=odd, pictures={(0, "noisy"): odd})
    export.write(run, tmp_path / "run.mp4")
    with av.open(str(tmp_path / "run.mp4")) as container:
        assert container.streams.video[0].width == 514


def test_long_and_large_runs_stay_within_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(900, pictures=False, decoder=StandInDecoder())
    steps = frames.moving_moments(reel_of(run))
    assert (len(steps), steps[0], steps[-1]) == (240, 0, 900)
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 5 * 512 * 512 * 3)
    assert len(frames.moving_moments(reel_of(run))) == 5


@pytest.mark.parametrize(
    ("size", "factor"), [((128, 128), 4), ((512, 768), 1), ((100, 700), 6), ((1024, 1024), 1)]
)
def test_small_pictures_are_enlarged_by_whole_factors(size: tuple[int, int], factor: int) -> None:
    assert frames.enlargement(*size) == factor


# --- Any run --------------------------------------------------------------------------------------


def test_a_run_opened_without_its_model_exports_to_everything(
    tmp_path: Path, run: Trajectory
) -> None:
    export.write(run, tmp_path / "run.denoise")
    opened = Trajectory.open(tmp_path / "run.denoise")
    for name in ("final.png", "sheet.png", "run.webp", "run.mp4", "again.denoise"):
        export.write(opened, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0


def test_only_steps_with_pictures_are_shown(tmp_path: Path) -> None:
    kept: dict[Any, Any] = {(k, "noisy"): make_picture(0.5) for k in (0, 10, 20)}
    run = make_run(30, pictures=kept)
    assert frames.moving_moments(reel_of(run)) == [0, 10, 20, 30]
    export.write(run, tmp_path / "sheet.png")


def test_runs_without_pictures_are_refused_with_a_sentence(tmp_path: Path) -> None:
    stopped, bare = make_run(6, stop_after=0), make_run(6, stop_after=2, pictures=False)
    for name in ("final.png", "sheet.png", "run.webp", "run.mp4"):
        with pytest.raises(ExportError, match="before its first step"):
            export.write(stopped, tmp_path / name)
        with pytest.raises(ExportError, match="Open it together with its model"):
            export.write(bare, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# --- Places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run.jpg", "run", ".png", "run.denoise.bak"])
def test_an_unknown_ending_names_those_that_work(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    for attempt in (lambda p: export.write(run, p), export.check):
        with pytest.raises(ExportError) as refused:
            attempt(tmp_path / name)
        assert "Use .png, .webp, .gif, .apng, .mp4, .html or .denoise." in str(refused.value)


def test_places_are_checked_beforehand(tmp_path: Path) -> None:
    export.check(tmp_path / "final.png")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ExportError, match="folder does not exist"):
        export.check(tmp_path / "gone" / "final.png")


@pytest.mark.parametrize(
    "name", ["final.png", "sheet.png", "run.webp", "run.gif", "run.mp4", "run.denoise"]
)
def test_a_full_disk_leaves_the_former_file(
    tmp_path: Path, run: Trajectory, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"former")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="disk is full"):
        export.write(run, path)
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_exports_need_neither_torch_nor_qt(tmp_path: Path, run: Trajectory) -> None:
    run.save(tmp_path / "run.denoise")
    program = (
        "import sys; from visualizer import export; from visualizer.diffusion import Trajectory\n"
        "run = Trajectory.open(sys.argv[1] + '/run.denoise')\n"
        "for name in ('final.png', 'sheet.png', 'run.mp4'):\n"
        "    export.write(run, sys.argv[1] + '/' + name)\n"
        "print([m for m in ('torch', 'diffusers', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_flow_levels_are_labeled_by_their_variance_share() -> None:
    assert sheet.percent(NoiseLevel.from_sigma(0.5, "flow").noise_share) == "50 % noise"
