"""PlainFile: a file that can only be written through Python."""

from __future__ import annotations

from typing import IO, Any, BinaryIO, cast


def plain(file: BinaryIO) -> IO[bytes]:
    """The file without its number.

    Pillow writes JPEG and GIF past Python where a file has a number, and does not look whether all
    of it was written: on a full disk the end would be missing, and nobody would be told.
    """
    return cast("IO[bytes]", _PlainFile(file))


class _PlainFile:
    """What Pillow needs of a file; its ``fileno`` is missed on purpose."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, content: Any) -> int:
        return self._file.write(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()
