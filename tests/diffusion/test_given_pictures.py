"""Pictures that a person gives: any kind, limits, orientation, and the cut to a run's size."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

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


# --- kinds of files -------------------------------------------------------------------------------

RED = (224, 32, 32)


def of_one_color(mode: str, color: Any, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (32, 24), color).save(file, kind, **options)
    return file.getvalue()


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (32, 24), color) for color in (RED, (0, 0, 255), (0, 255, 0))]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def with_palette() -> bytes:
    image = Image.new("P", (32, 24), 1)
    image.putpalette([0, 0, 0, *RED])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: of_one_color("RGB", RED, "JPEG", quality=98),
    "progressive JPEG": lambda: of_one_color("RGB", RED, "JPEG", quality=98, progressive=True),
    "JPEG of Adobe, CMYK with inverted inks": lambda: of_one_color(
        "CMYK", (31, 223, 223, 0), "JPEG", quality=98
    ),
    "TIFF in CMYK": lambda: of_one_color("CMYK", (31, 223, 223, 0), "TIFF"),
    "palette": with_palette,
    "opaque RGBA": lambda: of_one_color("RGBA", (*RED, 255), "PNG"),
    "WebP": lambda: of_one_color("RGB", RED, "WEBP", quality=98),
    "WebP without loss": lambda: of_one_color("RGBA", (*RED, 255), "WEBP", lossless=True),
    "BMP": lambda: of_one_color("RGB", RED, "BMP"),
    "TIFF": lambda: of_one_color("RGB", RED, "TIFF", compression="tiff_lzw"),
    "animated GIF": lambda: animated("GIF"),
    "animated WebP": lambda: animated("WEBP"),
    "animated PNG": lambda: animated("PNG"),
    "TIFF of several pages": lambda: animated("TIFF"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pasted", [True, False])
def test_pictures_of_any_kind_are_taken(kind: str, pasted: bool, tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"  # what it is, its content says
    path.write_bytes(KINDS[kind]())
    read = read_picture(path.read_bytes() if pasted else path)
    assert read.shape == (24, 32, 3)
    assert read.dtype == np.uint8
    np.testing.assert_allclose(read.reshape(-1, 3).mean(0), RED, atol=6)


@pytest.mark.parametrize(
    ("data", "shade"),
    [
        (of_one_color("L", 200, "PNG"), 200),
        (of_one_color("1", 1, "PNG"), 255),
        (of_one_color("LA", (40, 255), "PNG"), 40),
        (of_one_color("LA", (40, 0), "PNG"), 255),  # nothing but paper
        (of_one_color("I;16", 51_400, "PNG"), 200),
        (of_one_color("I", 200, "TIFF"), 200),
        (of_one_color("I", 65535, "TIFF"), 255),
        (of_one_color("F", 0.5, "TIFF"), 128),
        (of_one_color("F", 8.0, "TIFF"), 255),  # high dynamic range: the brightest is white
        (of_one_color("F", float("nan"), "TIFF"), 0),
    ],
)
def test_shades_of_any_depth_keep_their_brightness(data: bytes, shade: int) -> None:
    assert np.unique(read_picture(data)).tolist() == [shade]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_way_of_holding_the_camera_ends_upright(orientation: int) -> None:
    picture = np.zeros((16, 24, 3), dtype=np.uint8)
    picture[:8, :12] = (255, 0, 0)  # what is to stand at the upper left
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(picture)
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    stored.save(file, "TIFF" if orientation == 1 else "PNG", exif=exif)
    np.testing.assert_array_equal(read_picture(file.getvalue()), picture)


def swapped_profile() -> bytes:
    """The profile of sRGB with the first and the last primary exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    where = {}
    for i in range(int.from_bytes(profile[128:132], "big")):
        entry = 132 + 12 * i
        where[bytes(profile[entry : entry + 4])] = int.from_bytes(profile[entry + 4 : entry + 8])
    red, blue = where[b"rXYZ"], where[b"bXYZ"]
    profile[red : red + 20], profile[blue : blue + 20] = (
        profile[blue : blue + 20],
        profile[red : red + 20],
    )
    return bytes(profile)


def test_colors_are_what_the_profile_says() -> None:
    red = (250, 10, 10)
    plain = of_one_color("RGB", red, "PNG")
    told = of_one_color("RGB", red, "PNG", icc_profile=swapped_profile())
    assert tuple(read_picture(plain)[0, 0]) == red
    np.testing.assert_allclose(read_picture(told)[0, 0], red[::-1], atol=3)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "LA", "CMYK"])
@pytest.mark.parametrize("profile", [b"no profile at all", swapped_profile()])
def test_a_profile_that_does_not_fit_does_no_harm(mode: str, profile: bytes) -> None:
    image = Image.new("RGB", (16, 16), (102, 102, 102)).convert(mode)
    file = io.BytesIO()
    image.save(file, "TIFF" if mode == "CMYK" else "PNG", icc_profile=profile)
    np.testing.assert_allclose(read_picture(file.getvalue()), 102, atol=4)


BOX = b"\x00\x00\x00\x18ftyp"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (BOX + b"heic\x00\x00\x00\x00mif1heic", "HEIC photo.*JPEG"),
        (BOX + b"avif\x00\x00\x00\x00", "AVIF picture.*PNG or JPEG"),
        (BOX + b"isom\x00\x00\x02\x00", "is a video"),
        (b"%PDF-1.7\n1 0 obj", "is a PDF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG"),
        (b"\xef\xbb\xbf<svg/>", "is an SVG"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"\xff\x0a\xff\x7f", "JPEG XL"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe", "high dynamic range"),
        (b"PK\x03\x04", "no picture that can be read"),
        (b"\x89PNG\r\n\x1a\n", "no picture that can be read|is damaged"),
    ],
)
def test_other_files_are_refused_with_what_they_are(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    for source in (path, data):
        with pytest.raises(GivenPictureError, match=said):
            read_picture(source)


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(GivenPictureError, match="is a folder"):
        read_picture(tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_damage_anywhere_is_a_sentence_or_a_picture(kind: str) -> None:
    """Every kind of file cut short, and with wrong bytes in it."""
    whole = saved(noise(24, 32), kind)
    rng = np.random.default_rng(1)
    said = []
    for trial in range(60):
        broken = bytearray(whole if trial % 2 else whole[: int(rng.integers(1, len(whole)))])
        if trial % 2:
            for at in rng.integers(0, len(broken), 8):
                broken[at] = rng.integers(0, 256)
        said.append(outcome(bytes(broken)))
    assert any(said)  # something was refused
    assert all(sentence.startswith("What was pasted ") for sentence in said if sentence)


def outcome(data: bytes) -> str:
    """What is said of a file; "" where a picture was read."""
    try:
        return "" if read_picture(data).shape[2:] == (3,) else "no picture at all"
    except GivenPictureError as error:
        return str(error)
