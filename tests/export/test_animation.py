"""WebP, GIF and APNG: which frames, how long each stands, and the colors of a GIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import make_picture, make_run
from tests.export.reading import durations_of, far, film, frames_of, said_by, silent
from visualizer import export
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.animation import in_hundredths
from visualizer.export.frame_sequence import FrameSequence
from visualizer.export.options import ExportOptions
from visualizer.export.palette import Quantizer, in_palette, palette_of
from visualizer.metadata.reading import read

NAMES = ["run.webp", "run.gif", "run.apng"]


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


def reduced(picture: object) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A small copy: dither and what WebP leaves out are local."""
    return np.asarray(Image.fromarray(np.asarray(picture)).reduce(16))


@pytest.mark.parametrize("name", NAMES)
def test_an_animation_goes_from_static_to_the_picture_and_stays_there(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    told: list[tuple[int, int]] = []
    export.write(run, tmp_path / name, progress=lambda done, total: told.append((done, total)))
    shown = frames_of(tmp_path / name)
    assert len(shown) == 7
    for picture, k in ((shown[0], 0), (shown[3], 3), (shown[6], 6)):
        assert picture.shape == (512, 512, 3)
        assert far(reduced(picture), reduced(film(run).frame(k))) < 4
    assert durations_of(tmp_path / name)[-1] == 1500
    assert sum(durations_of(tmp_path / name)) == 1000 * film(run).seconds
    assert told == sorted(told)
    assert set(told) == {(k, 7) for k in range(1, 8)}
    with Image.open(tmp_path / name) as image:
        assert image.info["loop"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_it_remembers_how_it_was_made_or_nothing(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    export.write(run, tmp_path / name)
    found = read(tmp_path / name)
    assert found is not None
    assert found.request == run.request
    export.write(run, tmp_path / name, ExportOptions(remember=False))
    assert read(tmp_path / name) is None


def test_without_loss_every_pixel_is_as_it_is(tmp_path: Path, run: Trajectory) -> None:
    meant = [np.asarray(image) for image in film(run).frames(silent)]
    export.write(run, tmp_path / "run.webp", ExportOptions(lossless=True))
    export.write(run, tmp_path / "run.apng")
    for name in ("run.webp", "run.apng"):
        shown = frames_of(tmp_path / name)
        assert all(np.array_equal(a, b) for a, b in zip(shown, meant, strict=True))


@pytest.mark.parametrize(("name", "count"), [("run.webp", 7), ("run.apng", 7), ("run.gif", 2)])
def test_equal_frames_are_all_there_but_in_a_gif(tmp_path: Path, name: str, count: int) -> None:
    picture = make_picture(0.5)
    pictures = {(k, "noisy"): picture for k in range(6)}
    run = make_run(6, pictures=pictures, final=make_picture(0.0))  # type: ignore[arg-type]
    export.write(run, tmp_path / name, ExportOptions(fps=10, hold=1))
    assert len(frames_of(tmp_path / name)) == count
    assert sum(durations_of(tmp_path / name)) == 1600


def test_quality_decides_the_size_of_a_webp(tmp_path: Path, run: Trajectory) -> None:
    sizes = []
    for quality in (10, 95):
        export.write(run, tmp_path / "run.webp", ExportOptions(quality=quality))
        sizes.append((tmp_path / "run.webp").stat().st_size)
    assert sizes[0] < sizes[1] / 2


@pytest.mark.parametrize("name", NAMES)
def test_a_film_of_one_frame_is_a_picture(tmp_path: Path, name: str) -> None:
    run = make_run(6, stop_after=1)
    export.write(run, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert far(reduced(image.convert("RGB")), reduced(film(run).frame(0))) < 4


def test_frames_are_made_once_in_order_and_not_kept(run: Trajectory) -> None:
    told: list[int] = []
    sequence = FrameSequence(film(run), lambda done, total: told.append(done))
    for k in range(7):
        sequence.seek(k)
        assert sequence.mode == "RGB"  # Pillow looks at all modes before it writes
    assert told == [1]
    for k in range(7):
        sequence.seek(k)
        assert np.array_equal(np.asarray(sequence.copy()), np.asarray(film(run).frame(k)))
    assert told == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(EOFError):
        sequence.seek(7)


def test_hundredths_of_a_second_add_up() -> None:
    assert in_hundredths([125] * 4 + [1500]) == [120, 130, 130, 120, 1500]
    assert sum(in_hundredths([42, 41, 42, 42, 41] * 20)) == 4160


@pytest.mark.parametrize("colors", [2, 16, 256])
def test_a_gif_has_as_many_colors_as_wanted(tmp_path: Path, run: Trajectory, colors: int) -> None:
    export.write(run, tmp_path / "run.gif", ExportOptions(colors=colors))
    for picture in frames_of(tmp_path / "run.gif"):
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) <= colors


def test_the_palette_of_static_fits_static() -> None:
    static = Image.fromarray(make_picture(1.0, size=256))
    dyed = in_palette(static, palette_of([static], 256), "none").convert("RGB")
    best = in_palette(static, static.quantize(256, kmeans=1), "none").convert("RGB")
    assert far(np.asarray(dyed), np.asarray(static)) < 1.5 * far(
        np.asarray(best), np.asarray(static)
    )


def test_rare_colors_have_their_place_in_the_palette() -> None:
    picture = Image.fromarray(make_picture(0.0, size=512))
    picture.paste((0, 255, 0), (100, 100, 110, 110))
    dyed = in_palette(picture, palette_of([picture], 256), "none").convert("RGB")
    assert far(np.asarray(dyed.getpixel((105, 105))), np.asarray((0, 255, 0))) < 12


def test_dithering_keeps_the_mean_color() -> None:
    gray = Image.new("RGB", (64, 64), (100, 120, 140))
    palette = Image.new("P", (1, 1))
    palette.putpalette([0, 0, 0, 255, 255, 255])
    for dither in ("diffusion", "ordered"):
        dyed = np.asarray(in_palette(gray, palette, dither).convert("RGB"), float)
        assert 40 < dyed.mean() < 215
        assert len(np.unique(dyed)) == 2
    assert len(np.unique(np.asarray(in_palette(gray, palette, "none")))) == 1


@pytest.mark.parametrize("dither", ["diffusion", "ordered", "none"])
def test_what_stands_still_does_not_shimmer_with_one_palette_for_all(dither: str) -> None:
    still = make_picture(0.3, size=64)
    moving = [still.copy() for _ in range(3)]
    for k, picture in enumerate(moving):
        picture[:16] = make_picture(1.0, k, 64)[:16]
    pictures = {(k, "noisy"): moving[k] for k in range(2)}
    run = make_run(2, pictures=pictures, final=moving[2])  # type: ignore[arg-type]
    shown = film(run, format="gif", palette="shared", dither=dither, size="1")
    quantizer = Quantizer(shown)
    dyed = [np.asarray(quantizer.quantized(image).convert("RGB")) for image in shown.frames(silent)]
    assert np.array_equal(dyed[0][16:], dyed[1][16:])
    assert np.array_equal(dyed[1][16:], dyed[2][16:])
    assert not np.array_equal(dyed[0][:16], dyed[1][:16])


def test_a_shared_palette_makes_a_still_ground_cheap(tmp_path: Path, run: Trajectory) -> None:
    sizes = {}
    for palette in ("shared", "each"):
        options = ExportOptions(content="plot", palette=palette)
        export.write(run, tmp_path / "plot.gif", options)
        sizes[palette] = (tmp_path / "plot.gif").stat().st_size
        frame = frames_of(tmp_path / "plot.gif")[3]
        meant = np.asarray(film(run, content="plot").frame(3))
        assert far(frame, meant) < 4
    assert sizes["shared"] < sizes["each"]


def test_other_programs_see_the_frames(tmp_path: Path, run: Trajectory) -> None:
    for name in NAMES:
        export.write(run, tmp_path / name)
    frames = said_by("exiftool", "-s3", "-FrameCount", tmp_path / "run.gif")
    assert frames.strip() == "7"
    assert said_by("exiftool", "-s3", "-AnimationFrames", tmp_path / "run.apng").strip() == "7"
    for name in ("run.webp", "run.gif"):
        seconds = said_by("exiftool", "-s3", "-n", "-Duration", tmp_path / name)
        assert float(seconds) == pytest.approx(film(run).seconds, abs=0.02)
