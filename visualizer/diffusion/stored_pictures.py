"""Pictures kept with a run, compressed without loss and unpacked when somebody looks."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.views import View

if TYPE_CHECKING:
    from visualizer.diffusion.trajectory import Trajectory

STORED_VIEWS: tuple[View, ...] = ("noisy", "denoised")
MAX_STORED_BYTES = 128 * 2**20
"""Uncompressed size of all pictures a run file keeps. 50 steps of 512 × 512 fit whole; of a run
that is larger, evenly chosen steps are kept, always with the first."""
MAX_PIXELS = 8192 * 8192
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_HEAD = 26
"""Bytes of a PNG that tell its size and kind."""
Png = bytes | NDArray[np.uint8]


class DamagedPicture(ValueError):
    """PNG bytes that do not unpack."""


class StoredPictures(Mapping[tuple[int, View], Picture]):
    """PNG bytes by (index, view) that read as pictures, (H, W, 3) uint8.

    Args:
        pngs: bytes, or arrays of them, (bytes,) uint8. Arrays are kept as they are: those that lie
            in a file stay there, and of each only the beginning is read before somebody looks.

    Raises:
        ValueError: on making one, when a picture is no 8-bit RGB PNG or has an absurd size.
        KeyError: on looking, when there is no such picture or it does not unpack.
    """

    def __init__(self, pngs: Mapping[tuple[int, View], Png]) -> None:
        self._pngs = dict(pngs)
        for key, png in self._pngs.items():
            if isinstance(png, np.ndarray) and (png.dtype != np.uint8 or png.ndim != 1):
                raise ValueError("a picture that is no bytes")
            self.size(key)

    def __getitem__(self, key: tuple[int, View]) -> Picture:
        try:
            return unpack(self.png(key))
        except DamagedPicture as error:  # as good as none: who looks further can decode it again
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[tuple[int, View]]:
        return iter(self._pngs)

    def __len__(self) -> int:
        return len(self._pngs)

    def __contains__(self, key: object) -> bool:
        return key in self._pngs

    def png(self, key: tuple[int, View]) -> bytes:
        """The compressed picture."""
        return bytes(self._pngs[key])

    def size(self, key: tuple[int, View]) -> tuple[int, int]:
        """(width, height) of a picture, without unpacking it."""
        return check_png(bytes(self._pngs[key][:PNG_HEAD]))


def gather(
    trajectory: Trajectory, *, decode: bool, most_bytes: int | None = None
) -> dict[tuple[int, View], bytes]:
    """The pictures of a run worth keeping, as PNG bytes.

    Args:
        trajectory: a run; the last picture is left out when it is ``trajectory.final`` anyway.
        decode: decode what is not stored yet, where the run has a decoder.
        most_bytes: their uncompressed size; ``MAX_STORED_BYTES`` when left out.
    """
    count = len(trajectory.steps) - (trajectory.final is not None)
    stored = trajectory.pictures
    pngs: dict[tuple[int, View], bytes] = {}
    if decode and trajectory.decoder is not None and count > 0:
        shown = next((k for k in range(count) if trajectory.has_view(k, "noisy")), None)
        size = 0 if shown is None else trajectory.picture(shown, "noisy").nbytes
        indices = chosen_steps(count, size, most_bytes)
    else:
        size = max((_raw_size(stored, key) for key in stored), default=0)
        indices = sorted({k for k, _ in stored if k < count})
        indices = [indices[i] for i in chosen_steps(len(indices), size, most_bytes)]
    for k in indices:
        for view in STORED_VIEWS:
            if isinstance(stored, StoredPictures) and (k, view) in stored:
                pngs[k, view] = stored.png((k, view))
            elif (k, view) in stored or (
                decode and trajectory.decoder is not None and trajectory.has_view(k, view)
            ):
                pngs[k, view] = pack(trajectory.picture(k, view))
    return pngs


def chosen_steps(count: int, picture_bytes: int, most_bytes: int | None = None) -> list[int]:
    """Which of ``count`` steps keep their pictures, so that all stay below the cap."""
    most_bytes = MAX_STORED_BYTES if most_bytes is None else most_bytes
    room = most_bytes // max(1, picture_bytes * len(STORED_VIEWS))
    if count <= room:
        return list(range(count))
    if room < 2:
        return list(range(min(count, room)))
    return sorted({round(i * (count - 1) / (room - 1)) for i in range(room)})


def pack(picture: Picture) -> bytes:
    """A picture as PNG bytes, without loss."""
    buffer = io.BytesIO()
    # static does not compress: more effort than 3 only costs time
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def unpack(png: bytes) -> Picture:
    """The inverse of ``pack``: (H, W, 3) uint8, read-only.

    Raises:
        DamagedPicture: when the bytes do not unpack.
    """
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            return read_only(np.array(image.convert("RGB")))
    except (OSError, ValueError, SyntaxError) as error:
        raise DamagedPicture("This picture is damaged in the file.") from error


def check_png(png: bytes) -> tuple[int, int]:
    """(width, height) as the PNG itself states them, looked at before anything is unpacked."""
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    if png[:8] != PNG_START or png[12:16] != b"IHDR" or png[24:26] != b"\x08\x02":
        raise ValueError("no RGB picture")
    if not 0 < width * height <= MAX_PIXELS:
        raise ValueError("absurd picture size")
    return width, height


def _raw_size(stored: Mapping[tuple[int, View], Picture], key: tuple[int, View]) -> int:
    if isinstance(stored, StoredPictures):
        width, height = stored.size(key)
        return width * height * 3
    picture = stored.get(key)  # None: damaged
    return 0 if picture is None else picture.nbytes
