"""What a frame of a WebP keeps: its color where it is static, its lines where it is a drawing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.example_runs import make_picture, make_run
from tests.export.reading import far, film
from visualizer.diffusion.arrays import Picture
from visualizer.export.options import ExportOptions
from visualizer.export.page_pictures import color_kept
from visualizer.export.webp_frame import rounded, webp_frame


def shown(picture: Picture, **options: object) -> NDArray[np.uint8]:
    coded = webp_frame(Image.fromarray(picture), ExportOptions(**options))  # type: ignore[arg-type]
    with Image.open(io.BytesIO(coded)) as image:
        return np.asarray(image.convert("RGB"))


def color(picture: NDArray[np.uint8]) -> float:
    red, green = picture[..., 0].astype(int), picture[..., 1].astype(int)
    return float((red - green).std())


def test_static_keeps_its_color() -> None:
    static = make_picture(1.0, size=128)
    assert color_kept(Image.fromarray(static)) < 0.6
    kept = shown(static)
    assert color(kept) > 0.95 * color(static)
    assert far(kept, static) < 9
    finer = shown(static, quality=95)
    assert far(finer, static) < 3


def test_static_is_about_as_small_as_it_would_be_without_color() -> None:
    image = Image.fromarray(make_picture(1.0, size=256))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=85, method=3)
    assert len(webp_frame(image, ExportOptions())) < 2 * len(file.getvalue())


def test_a_clear_picture_is_coded_as_quality_says() -> None:
    picture = Image.fromarray(make_picture(0.02, size=128).repeat(4, 0).repeat(4, 1))
    sizes = [len(webp_frame(picture, ExportOptions(quality=quality))) for quality in (10, 60, 95)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_flat_areas_and_lines_stay_where_pixels_are_rounded() -> None:
    picture = np.full((40, 40, 3), (20, 22, 27), np.uint8)
    picture[10:12] = (240, 163, 60)
    picture[:, 20:22] = (232, 230, 227)
    picture[25:, 25:] = make_picture(1.0, size=15)
    found = np.asarray(rounded(Image.fromarray(picture), 32))
    assert np.array_equal(found[:24], picture[:24])
    assert np.array_equal(found[:, :24], picture[:, :24])
    corner = found[26:39, 26:39]
    off = (corner.astype(int) + 16) % 32 != 16
    assert off.any(axis=2).mean() < 0.2


@pytest.mark.parametrize("value", [0, 15, 16, 239, 240, 255])
def test_rounding_stays_in_range(value: int) -> None:
    picture = np.full((3, 3, 3), 128, np.uint8)
    picture[1, 1] = value
    found = np.asarray(rounded(Image.fromarray(picture), 32))
    assert abs(int(found[1, 1, 0]) - value) <= 31


def test_a_drawing_alone_is_exact() -> None:
    frame = film(make_run(6), content="plot").frame(3)
    assert np.array_equal(shown(np.asarray(frame), content="plot"), np.asarray(frame))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3000, 2), (513, 515)])
def test_any_size_can_be_coded(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    assert shown(picture).shape == picture.shape
