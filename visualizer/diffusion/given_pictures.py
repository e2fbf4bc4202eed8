"""Pictures that a person gives to a model: read with limits, and cut to the size of a run."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from visualizer.diffusion.arrays import Picture, read_only

MAX_BYTES = 256 * 2**20
MAX_PIXELS = 8192 * 8192
MAX_SIDE = 4096
"""What is larger is kept smaller: no run is of that size."""
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_PAPER = (255, 255, 255)


class GivenPictureError(ValueError):
    """A picture that cannot be taken; its text is a sentence."""


def read_picture(source: Path | bytes) -> Picture:
    """A picture of a file, or of its bytes, upright: (H, W, 3) uint8, at most 4096 a side.

    What is transparent becomes white; the first frame of an animation is taken.

    Raises:
        GivenPictureError: when it is no picture, damaged, or of an absurd size.
    """
    called = f"‘{source.name}’" if isinstance(source, Path) else "What was pasted"
    size = source.stat().st_size if isinstance(source, Path) else len(source)
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
        raise GivenPictureError(
            f"{called} is no picture that can be read: try PNG, JPEG or WebP."
        ) from error
    except Image.DecompressionBombError as error:
        raise GivenPictureError(f"{called} has an absurd number of pixels.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
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


def _check_size(image: Image.Image, called: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise GivenPictureError(
            f"{called} has {width} × {height} pixels: that is too large. Make it smaller, "
            "for example 2048 pixels wide."
        )
    if min(width, height) < 8:
        raise GivenPictureError(f"{called} has {width} × {height} pixels: that is too small.")


def _upright(image: Image.Image) -> Picture:
    # a JPEG can be read at a half, a quarter or an eighth of its size, which is quicker
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    turned = _eight_bits(ImageOps.exif_transpose(image))
    if turned.has_transparency_data:
        above = turned.convert("RGBA")
        turned = Image.new("RGBA", above.size, _PAPER)
        turned.alpha_composite(above)
    plain = turned.convert("RGB")
    plain.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return read_only(np.asarray(plain).copy())


def _eight_bits(image: Image.Image) -> Image.Image:
    """Depth maps often have 16 bits, which Pillow would clip to 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image, dtype=np.float32)
    scaled = values * 255 if image.mode == "F" else values / 257
    return Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))
