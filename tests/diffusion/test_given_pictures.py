"""Pictures that a person gives: limits, orientation, and the cut to a run's size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from visualizer.diffusion import given_pictures
from visualizer.diffusion.given_pictures import GivenPictureError, cover, read_picture


def saved(array: Any, kind: str = "PNG", **options: Any) -> bytes:
    """An array as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def noise(height: int, width: int, channels: int = 3) -> Any:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_a_picture_is_read_as_it_is(tmp_path: Path) -> None:
    picture = noise(24, 40)
    path = tmp_path / "edges.png"
    path.write_bytes(saved(picture))
    for source in (path, path.read_bytes()):
        np.testing.assert_array_equal(read_picture(source), picture)
        assert not read_picture(source).flags.writeable


def test_a_photo_stands_upright() -> None:
    picture = np.zeros((16, 32, 3), dtype=np.uint8)
    picture[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    upright = read_picture(saved(picture, "PNG", exif=exif))
    assert upright.shape == (32, 16, 3)
    assert upright[0].mean() == 255
    assert upright[-1].mean() == 0


def test_what_is_transparent_is_white() -> None:
    picture = noise(16, 16, 4)
    picture[..., 3] = 0
    picture[:4, :, 3] = 255
    read = read_picture(saved(picture))
    np.testing.assert_array_equal(read[:4], picture[:4, :, :3])
    assert (read[4:] == 255).all()


def test_a_depth_map_of_16_bits_keeps_its_shades() -> None:
    depth = np.linspace(0, 65535, 64 * 16).reshape(16, 64).astype(np.uint16)
    read = read_picture(saved(depth))
    assert read.shape == (16, 64, 3)
    np.testing.assert_allclose(read[..., 0], depth / 257, atol=0.51)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"buy milk", "is no picture"),
        (saved(noise(64, 64))[:-2000], "is damaged"),
        (saved(noise(4, 64)), "4 pixels: that is too small"),
    ],
)
def test_what_is_no_picture_gets_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(data)
    with pytest.raises(GivenPictureError, match=said) as caught:
        read_picture(path)
    assert str(caught.value).startswith("‘notes.png’")
    with pytest.raises(GivenPictureError, match="What was pasted"):
        read_picture(data)


def test_absurd_sizes_are_refused_before_they_are_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bomb = bytearray(saved(noise(16, 16)))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    header = bytes(bomb[12:29])
    import zlib

    bomb[29:33] = zlib.crc32(header).to_bytes(4, "big")
    with pytest.raises(GivenPictureError, match="pixels"):
        read_picture(bytes(bomb))
    monkeypatch.setattr(given_pictures, "MAX_PIXELS", 1000)
    with pytest.raises(GivenPictureError, match="64 × 32 pixels: that is too large"):
        read_picture(saved(noise(32, 64)))
    monkeypatch.setattr(given_pictures, "MAX_BYTES", 1000)
    with pytest.raises(GivenPictureError, match="MB"):
        read_picture(saved(noise(32, 64)))


def test_a_file_that_is_not_there_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "gone.png")


def test_a_large_picture_is_kept_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_pictures, "MAX_SIDE", 32)
    assert read_picture(saved(noise(40, 80))).shape == (16, 32, 3)


def test_covering_cuts_the_sides_and_keeps_the_middle() -> None:
    picture = np.zeros((20, 60, 3), dtype=np.uint8)
    picture[:, 20:40] = 255
    covered = cover(picture, 40, 40)
    assert covered.shape == (40, 40, 3)
    assert (covered[:, 4:36] > 250).all()
    assert cover(covered, 40, 40) is covered
