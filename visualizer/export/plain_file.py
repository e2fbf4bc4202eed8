"""PlainFile: a file that can only be written through Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any, BinaryIO, cast


def plain(file: BinaryIO, told: Callable[[], None] = lambda: None) -> IO[bytes]:
    """The file without its number.

    Pillow writes JPEG and GIF past Python where a file has a number, and does not look whether all
    of it was written: on a full disk the end would be missing, and nobody would be told.

    Args:
        told: called before each piece is written; what it raises ends the writing.
    """
    return cast("IO[bytes]", _PlainFile(file, told))


class _PlainFile:
    """What Pillow needs of a file; its ``fileno`` is missed on purpose."""

    def __init__(self, file: BinaryIO, told: Callable[[], None]) -> None:
        self._file, self._told = file, told

    def write(self, content: Any) -> int:
        self._told()
        return self._file.write(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()
