"""The run as a moving picture that browsers and chats show: WebP, GIF, APNG."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image

from visualizer.export.frames import (
    HOLD_MILLISECONDS,
    frame_milliseconds,
    frames,
    moving_moments,
)

if TYPE_CHECKING:
    from visualizer.export.reel import Reel
    from visualizer.export.writers import Progress


def write_webp(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """An animated WebP: the smallest, and written fastest."""
    _write(reel, file, progress, "WEBP", quality=85, method=2)


def write_gif(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """An animated GIF: 256 colors a frame, shown everywhere."""
    _write(reel, file, progress, "GIF", _in_256_colors, optimize=False)


def write_apng(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """An animated PNG: without loss, and large."""
    _write(reel, file, progress, "PNG", compress_level=4, default_image=False)


def _write(
    reel: Reel,
    file: BinaryIO,
    progress: Progress,
    kind: str,
    prepare: Callable[[Image.Image], Image.Image] = lambda image: image,
    **options: Any,
) -> None:
    moments = moving_moments(reel)
    durations = [frame_milliseconds(len(moments))] * len(moments)
    durations[-1] = HOLD_MILLISECONDS
    first, *others = (prepare(image) for image in frames(reel, moments, progress))
    first.save(
        file, kind, save_all=True, append_images=others, duration=durations, loop=0, **options
    )


def _in_256_colors(image: Image.Image) -> Image.Image:
    """Dithered to a palette of its own, which a small copy decides: static is slow to sort."""
    small = image.copy()
    small.thumbnail((128, 128))
    return image.quantize(palette=small.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
