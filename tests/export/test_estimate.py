"""What is told before a file is written, against the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.example_runs import StandInDecoder, make_picture, make_run
from tests.export.grids import four_seeds
from tests.export.reading import film
from visualizer import export
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import View
from visualizer.export import ExportError, bounds
from visualizer.export.estimate import estimate
from visualizer.export.film import film_of
from visualizer.export.options import ExportOptions

CASES: list[tuple[str, dict[str, Any]]] = [
    ("run.webp", {}),
    ("run.webp", {"lossless": True}),
    ("run.webp", {"content": "both", "captions": ("step", "noise")}),
    ("run.webp", {"direction": "boomerang", "quality": 40}),
    ("run.gif", {"format": "gif"}),
    ("run.gif", {"format": "gif", "palette": "shared", "dither": "ordered", "colors": 32}),
    ("run.apng", {"format": "apng"}),
    ("run.mp4", {"format": "mp4"}),
    ("run.webm", {"format": "webm"}),
    ("run.webm", {"format": "webm", "codec": "av1"}),
    ("run.webp", {"content": "plot"}),
    ("run.gif", {"format": "gif", "palette": "shared", "dither": "ordered", "colors": 16}),
    (
        "run.gif",
        {"format": "gif", "palette": "shared", "dither": "none", "direction": "boomerang"},
    ),
    ("run.mp4", {"format": "mp4", "content": "plot"}),
    ("run.mp4", {"format": "mp4", "fps": 50, "hold": 10}),
    ("frames", {"format": "frames"}),
    ("run.html", {"format": "page"}),
    ("run.denoise", {"format": "run"}),
]
STILL: list[tuple[str, dict[str, Any]]] = [
    ("final.png", {"format": "picture"}),
    ("final.jpg", {"format": "picture"}),
    ("sheet.png", {"format": "sheet"}),
    ("sheet.pdf", {"format": "sheet"}),
    ("run.npz", {"format": "raw"}),
    ("run.safetensors", {"format": "raw"}),
]


def size_of(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_sizes_are_about_right(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    run = make_run(16, size=256)
    told = estimate(film(run, **options))
    export.write(run, tmp_path / name, ExportOptions(**options))
    assert 0.7 < told.bytes / size_of(tmp_path / name) < 1.4
    assert told.seconds > 0


def calmly(steps: int) -> Trajectory:
    """A run of which every picture is much like the one before, as those of real runs are."""
    static, scene = make_picture(1.0, size=128), make_picture(0.0, size=128)
    pictures: dict[tuple[int, View], Picture] = {}
    for k in range(steps):
        share = 1 - k / steps
        mixed = scene + (static.astype(float) - scene) * share**2
        pictures[k, "noisy"] = mixed.astype(np.uint8)
    return make_run(steps, pictures=pictures, final=scene)


@pytest.mark.parametrize(
    ("name", "options"),
    [case for case in CASES if case[0] in ("run.gif", "run.mp4", "run.webm", "run.webp")],
)
@pytest.mark.parametrize("steps", [1, 24])
def test_calm_films_are_estimated_too(
    tmp_path: Path, name: str, options: dict[str, Any], steps: int
) -> None:
    run = calmly(steps)
    told = estimate(film(run, **options))
    export.write(run, tmp_path / name, ExportOptions(**options))
    assert 0.7 < told.bytes / size_of(tmp_path / name) < 1.4


def test_what_a_long_video_takes_is_told_by_stretches(tmp_path: Path) -> None:
    made: list[int] = []
    shown = film(calmly(150), format="mp4", size="4")
    frame = type(shown).frame

    class Counted(type(shown)):  # type: ignore[misc]
        def frame(self, i: int) -> Any:
            made.append(i)
            return frame(self, i)

    shown.__class__ = Counted
    told = estimate(shown)
    assert len(made) < 75
    export.write(calmly(150), tmp_path / "run.mp4", ExportOptions(size="4"))
    assert 0.7 < told.bytes / size_of(tmp_path / "run.mp4") < 1.4


def test_a_run_that_has_its_pictures_made_is_as_large(tmp_path: Path) -> None:
    run = make_run(8, pictures=False, decoder=StandInDecoder())
    told = estimate(film(run, format="run"))
    export.write(run, tmp_path / "run.denoise")
    assert 0.9 < told.bytes / size_of(tmp_path / "run.denoise") < 1.1


@pytest.mark.parametrize(("name", "options"), STILL)
def test_what_does_not_move_is_told_exactly(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    run = make_run(8, size=128)
    suffix = Path(name).suffix
    told = estimate(film(run, **options), suffix)
    export.write(run, tmp_path / name, ExportOptions(**options))
    assert 0.97 < told.bytes / size_of(tmp_path / name) < 1.03
    assert (told.frames, told.film_seconds, told.held_bytes) == (1, 0.0, 0)


def test_what_a_film_will_be() -> None:
    told = estimate(film(make_run(6), direction="boomerang", fps=10, hold=2))
    assert (told.frames, told.width, told.height) == (12, 512, 512)
    assert told.film_seconds == pytest.approx(11 * 0.1 + 2)
    assert told.held_bytes == bounds.held_bytes(film(make_run(6), direction="boomerang"))


def test_grids_are_estimated_too(tmp_path: Path) -> None:
    grid = four_seeds(6)
    told = estimate(film_of(grid, ExportOptions()))
    export.write(grid, tmp_path / "grid.webp")
    assert 0.7 < told.bytes / size_of(tmp_path / "grid.webp") < 1.4


def test_what_cannot_be_written_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_HELD_BYTES", 1000)
    with pytest.raises(ExportError, match="hold one frame at a time"):
        estimate(film(make_run(6), format="gif"))


def test_few_frames_are_made_for_it() -> None:
    made: list[int] = []
    shown = film(make_run(60))
    frame = type(shown).frame

    class Counted(type(shown)):  # type: ignore[misc]
        def frame(self, i: int) -> Any:
            made.append(i)
            return frame(self, i)

    shown.__class__ = Counted
    estimate(shown)
    assert 3 <= len(made) <= 5
