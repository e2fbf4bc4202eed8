"""Pictures that a person gives to a model: read with limits, and cut to the size of a run."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from visualizer.diffusion.arrays import Picture, read_only

MAX_BYTES = 256 * 2**20
MAX_PIXELS = 8192 * 8192
MAX_SIDE = 4096
"""What is larger is kept smaller: no run is of that size."""
MAX_PROFILE = 8 * 2**20
"""Bytes of a color profile; those of printers have 2 MB."""
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_PAPER = (255, 255, 255)
_COLORS = ("RGB", "CMYK", "L", "LAB")
"""The kinds of numbers that a color profile tells the meaning of."""


class GivenPictureError(ValueError):
    """A picture that cannot be taken; its text is a sentence."""


def read_picture(source: Path | bytes) -> Picture:
    """A picture of a file, or of its bytes, upright: (H, W, 3) uint8 sRGB, at most 4096 a side.

    What is transparent becomes white; the first frame of an animation, and the first picture of
    several in a file, is taken. What kind of file it is, its content says and not its name.

    Raises:
        GivenPictureError: when it is no picture, damaged, or of an absurd size.
    """
    called = f"‘{source.name}’" if isinstance(source, Path) else "What was pasted"
    if isinstance(source, Path) and source.is_dir():
        raise GivenPictureError(f"{called} is a folder: choose one picture in it.")
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size == 0:
        raise GivenPictureError(f"{called} is empty: there is not a single byte in it.")
    if size > MAX_BYTES:
        raise GivenPictureError(f"{called} is {size / 1e6:.0f} MB: that is too large a picture.")
    opened = source if isinstance(source, Path) else io.BytesIO(source)
    try:
        with warnings.catch_warnings():
            # the size is looked at below, and what else is odd in a file is not worth a word
            warnings.simplefilter("ignore")
            with Image.open(opened, formats=_FORMATS) as image:
                _check_size(image, called)
                return _upright(image)
    except UnidentifiedImageError as error:
        raise GivenPictureError(f"{called} {_what_else(_beginning(source))}") from error
    except Image.DecompressionBombError as error:
        raise GivenPictureError(f"{called} has an absurd number of pixels.") from error
    except MemoryError as error:
        raise GivenPictureError(
            f"{called} does not fit into memory. Make it smaller, for example 2048 pixels wide."
        ) from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        AttributeError,
        EOFError,
        struct.error,
        zlib.error,
    ) as error:
        # Pillow's readers raise whatever a damaged file makes them stumble over
        if isinstance(error, (GivenPictureError, FileNotFoundError, PermissionError)):
            raise
        raise GivenPictureError(f"{called} is damaged: it cannot be read as a picture.") from error


def cover(picture: Picture, width: int, height: int) -> Picture:
    """The middle of a picture (H, W, 3) that has the shape of width × height, in that size."""
    if picture.shape[:2] == (height, width):
        return picture
    image = Image.fromarray(picture)
    fitted = ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)
    return read_only(np.asarray(fitted).copy())


# --- What it is -----------------------------------------------------------------------------------


def _beginning(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:512]
    with source.open("rb") as file:
        return file.read(512)


def _what_else(beginning: bytes) -> str:
    """What to say of a file that is none of the kinds of pictures that are read here."""
    brand = beginning[8:12] if beginning[4:8] == b"ftyp" else b""
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
        return "is a HEIC photo, which is not read here. Save it as JPEG, or send it as one."
    if brand in (b"avif", b"avis"):
        return "is an AVIF picture, which is not read here. Save it as PNG or JPEG."
    if brand:
        return "is a video. Take a picture of one of its frames."
    if beginning.startswith(b"%PDF"):
        return "is a PDF, not a picture. Save the page as PNG, or take a picture of the screen."
    if b"<svg" in text or (text.startswith(b"<?xml") and b"svg" in text):
        return "is an SVG drawing, made of shapes and not of pixels. Save it as PNG."
    if beginning.startswith(b"8BPS"):
        return "is a Photoshop document. Save it as PNG or JPEG."
    if beginning.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "is a JPEG XL picture, which is not read here. Save it as PNG or JPEG."
    if beginning.startswith((b"#?RADIANCE", b"v/1\x01")):
        return "is a picture of high dynamic range, which is not read here. Save it as PNG or JPEG."
    return "is no picture that can be read: try PNG, JPEG or WebP."


def _check_size(image: Image.Image, called: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise GivenPictureError(
            f"{called} has {width} × {height} pixels: that is too large. Make it smaller, "
            "for example 2048 pixels wide."
        )
    if min(width, height) < 8:
        raise GivenPictureError(f"{called} has {width} × {height} pixels: that is too small.")


# --- Its numbers ----------------------------------------------------------------------------------


def _upright(image: Image.Image) -> Picture:
    # a JPEG can be read at a half, a quarter or an eighth of its size, which is quicker
    image.draft(None, (MAX_SIDE, MAX_SIDE))
    profile = image.info.get("icc_profile")
    turned = _eight_bits(ImageOps.exif_transpose(image))
    opacity = None
    if turned.has_transparency_data:
        above = turned.convert("RGBA")
        turned, opacity = above.convert("RGB"), above.getchannel("A")
    plain = _in_srgb(turned, profile)
    if opacity is not None:
        plain = Image.composite(plain, Image.new("RGB", plain.size, _PAPER), opacity)
    plain.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return read_only(np.asarray(plain).copy())


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colors that a profile tells of, as the screen shows them; without one as they are.

    A profile that is damaged, or belongs to other numbers than these, is left out.
    """
    if image.mode not in _COLORS:
        image = image.convert("RGB")
    if profile and len(profile) <= MAX_PROFILE:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            shown = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            shown = None
        if shown is not None:
            return shown
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Numbers of 16 and 32 bits, which Pillow would clip to 255, brought to 0 … 255.

    Floating-point numbers mean 0 … 1 where none is larger, otherwise the largest is white; whole
    numbers mean 8 or 16 bits where none is larger.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0.0, neginf=0.0)
    largest = float(values.max(initial=0.0))
    white = max(largest, 1.0)
    if image.mode != "F" and largest <= 65535:
        white = 255.0 if image.mode == "I" and largest <= 255 else 65535.0
    return Image.fromarray(np.clip(np.rint(values * (255 / white)), 0, 255).astype(np.uint8))
