"""The container of an animated WebP: still pictures, one after the other, each for its own time.

Pillow's writer leaves out frames that look like the one before, and codes the others as changes to
what was shown before. Here every frame is a whole picture of its own: there are as many as were
put in, each looks as it would alone, and none is held.

The layout is that of https://developers.google.com/speed/webp/docs/riff_container.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from visualizer.export.errors import ExportError

MAX_BYTES = 2**32 - 10
"""The size stands in 32 bits, and browsers take no odd one."""
_EXIF, _ANIMATION = 0x08, 0x02
_WHOLE = 0x02
"""A frame takes the place of what was there: nothing is blended, nothing disposed of."""
_PICTURE = (b"VP8 ", b"VP8L")


class WebpContainer:
    """An animated WebP as it is written; ``close`` it when every frame is in.

    Args:
        file: to write and seek in; it begins where the file stands.
        size: width and height of every frame, 1 … 16,383 pixels.
        exif: what it remembers, without the head that JPEGs have; b"" for nothing.
    """

    def __init__(self, file: BinaryIO, size: tuple[int, int], exif: bytes = b"") -> None:
        self._file, self._size, self._exif = file, size, exif
        self._start = file.tell()
        self._written = 0
        self._write(b"RIFF" + bytes(4) + b"WEBP")  # the size of the file is told by ``close``
        flags = _ANIMATION | (_EXIF if exif else 0)
        self._write(_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + self._sides()))
        self._write(_chunk(b"ANIM", bytes(6)))  # on nothing, again and again

    def add(self, still: bytes, milliseconds: int) -> None:
        """Put a frame behind the others.

        Args:
            still: a WebP of one picture, of the size of all, without transparency.
            milliseconds: how long it stands, 0 … 16,777,215.

        Raises:
            ExportError: when the file would be larger than a WebP can be.
        """
        place = bytes(6)  # left and top
        head = place + self._sides() + milliseconds.to_bytes(3, "little") + bytes([_WHOLE])
        self._write(_chunk(b"ANMF", head + _chunk(*_picture_of(still))))

    def close(self) -> None:
        """Finish the file; it stays open, at its end."""
        if self._exif:
            self._write(_chunk(b"EXIF", self._exif))
        self._file.seek(self._start + 4)
        self._file.write((self._written - 8).to_bytes(4, "little"))
        self._file.seek(self._start + self._written)

    def _sides(self) -> bytes:
        return b"".join((side - 1).to_bytes(3, "little") for side in self._size)

    def _write(self, content: bytes) -> None:
        self._written += len(content)
        if self._written + len(self._exif) > MAX_BYTES:
            raise ExportError(
                "This would be larger than 4 GB, and a WebP cannot be. Choose fewer steps, a "
                "smaller size, or MP4, WebM or a folder of pictures."
            )
        self._file.write(content)


def _picture_of(still: bytes) -> tuple[bytes, bytes]:
    """The name and the content of the chunk of a WebP that is its picture."""
    return next((name, content) for name, content in _chunks(still) if name in _PICTURE)


def _chunks(still: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(still):
        end = at + 8 + int.from_bytes(still[at + 4 : at + 8], "little")
        yield still[at : at + 4], still[at + 8 : end]
        at = end + end % 2


def _chunk(name: bytes, content: bytes) -> bytes:
    """With its size, and a byte more where that would be odd."""
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
