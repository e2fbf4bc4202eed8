"""The texts in files, found without decoding a single pixel.

Pillow reads the text after a PNG's pixels only by decoding them, and sets its limits for the whole
program; here each kind of file is walked chunk by chunk, with limits of its own.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from visualizer.metadata.exif_tags import texts_of
from visualizer.metadata.remembered import MetadataError

MAX_TEXT = 4 * 2**20  # bytes of one text, unpacked
MAX_TEXTS = 16 * 2**20  # bytes of all of them
MAX_CHUNKS = 200_000
"""An animation has two for every frame."""

DAMAGED = "This file is damaged: {}."


@dataclass
class Texts:
    """What was found in a file.

    Attributes:
        fields: texts by their names.
        size: width and height of the picture, where the beginning of the file tells them.
        cut: whether the file ends too soon, so that more may have stood in it.
    """

    fields: dict[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    cut: bool = False
    _total: int = 0

    def add(self, name: str, text: str) -> None:
        """Keep a text; of two with one name the first.

        Raises:
            MetadataError: when there is too much of it.
        """
        self._total += len(text)
        if self._total > MAX_TEXTS or len(self.fields) > 1000:
            raise MetadataError("This file holds more text than any program writes into a picture.")
        self.fields.setdefault(name, text)


# --- PNG and APNG --------------------------------------------------------------------------------


def of_png(file: BinaryIO) -> Texts:
    """tEXt, zTXt, iTXt and eXIf, before and after the pixels."""
    found = Texts()
    file.seek(8)
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        if kind in (b"IHDR", b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            body = _checked(file, length, kind)
            if kind == b"IHDR" and length >= 8:
                found.size = struct.unpack(">II", body[:8])
            elif kind == b"eXIf":
                _add_exif(found, body)
            else:
                _add_png_text(found, kind, body)
        elif kind == b"IEND":
            return found
        else:
            file.seek(length + 4, os.SEEK_CUR)
    return _ended_early(found)


def _checked(file: BinaryIO, length: int, kind: bytes) -> bytes:
    if length > MAX_TEXT:
        raise MetadataError("This file holds a text that is too large to be read.")
    body, check = file.read(length), file.read(4)
    if len(body) < length or len(check) < 4:
        raise MetadataError(DAMAGED.format("its end is missing"))
    if zlib.crc32(kind + body) != struct.unpack(">I", check)[0]:
        raise MetadataError(DAMAGED.format("a text in it changed after it was saved"))
    return body


def _add_png_text(found: Texts, kind: bytes, body: bytes) -> None:
    name, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        text = rest.decode("latin-1")
    elif kind == b"zTXt":
        text = _unpacked(rest[1:]).decode("latin-1")
    else:
        packed = rest[:1] == b"\1"
        _language, _, rest = rest[2:].partition(b"\0")
        _translated, _, content = rest.partition(b"\0")
        text = (_unpacked(content) if packed else content).decode("utf-8", "replace")
    found.add(name.decode("latin-1"), text)


def _unpacked(packed: bytes) -> bytes:
    """What was compressed, if it is not a bomb."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, MAX_TEXT)
    except zlib.error as error:
        raise MetadataError(DAMAGED.format("a text in it cannot be unpacked")) from error
    if unpacker.unconsumed_tail:
        raise MetadataError("This file holds a text that is too large to be read.")
    return content


# --- JPEG, WebP, GIF -----------------------------------------------------------------------------


def of_jpeg(file: BinaryIO) -> Texts:
    """EXIF and comments, up to the first pixels."""
    found = Texts()
    file.seek(2)
    for _ in range(MAX_CHUNKS):
        marker = file.read(2)
        if len(marker) < 2:
            return _ended_early(found)
        while marker[1:] == b"\xff":  # filling
            marker = b"\xff" + file.read(1)
        if marker[0] != 0xFF or len(marker) < 2:
            raise MetadataError(DAMAGED.format("its parts do not follow each other"))
        number = marker[1]
        if number in (0xDA, 0xD9):  # pixels, end
            return found
        if number == 0x01 or 0xD0 <= number <= 0xD8:
            continue
        head = file.read(2)
        length = struct.unpack(">H", head)[0] - 2 if len(head) == 2 else -1
        body = file.read(max(length, 0))
        if length < 0 or len(body) < length:
            return _ended_early(found)
        if number == 0xE1 and body.startswith(b"Exif\0\0"):
            _add_exif(found, body)
        elif number == 0xFE:
            found.add("comment", _decoded(body))
        elif 0xC0 <= number <= 0xCF and number not in (0xC4, 0xC8, 0xCC) and length >= 5:
            height, width = struct.unpack(">HH", body[1:5])
            found.size = (width, height)
    return found


def of_webp(file: BinaryIO) -> Texts:
    """EXIF, and the size of the canvas."""
    found = Texts()
    there = file.seek(0, os.SEEK_END)
    file.seek(4)
    whole = 8 + int.from_bytes(file.read(4), "little")
    file.seek(12)
    for _ in range(MAX_CHUNKS):
        within = file.tell() < whole - 1  # an odd chunk at the end may lack the byte that fills it
        head = file.read(8)
        kind, length = struct.unpack("<4sI", head) if len(head) == 8 else (b"", 0)
        if not kind or file.tell() + length > there:
            return _ended_early(found) if within else found
        if kind in (b"EXIF", b"VP8X"):
            if length > MAX_TEXT:
                raise MetadataError("This file holds a text that is too large to be read.")
            body = file.read(length)
            if kind == b"EXIF":
                _add_exif(found, body)
            elif length >= 10:
                width, height = (int.from_bytes(body[k : k + 3], "little") + 1 for k in (4, 7))
                found.size = (width, height)
            file.seek(length % 2, os.SEEK_CUR)
        else:
            file.seek(length + length % 2, os.SEEK_CUR)
    return found


def of_gif(file: BinaryIO) -> Texts:
    """Comments."""
    found = Texts()
    file.seek(6)
    head = file.read(7)
    if len(head) < 7:
        return _ended_early(found)
    found.size = struct.unpack("<HH", head[:4])
    _skip_colors(file, head[4])
    for _ in range(MAX_CHUNKS):
        kind = file.read(1)
        if kind == b";":
            return found
        if kind == b"!":
            label, body = file.read(1), _blocks(file)
            if body is None:
                return _ended_early(found)
            if label == b"\xfe":
                found.add("comment", _decoded(body))
        elif kind == b",":
            frame = file.read(9)
            if len(frame) < 9:
                return _ended_early(found)
            _skip_colors(file, frame[8])
            file.seek(1, os.SEEK_CUR)
            if _blocks(file) is None:
                return _ended_early(found)
        elif kind:
            raise MetadataError(DAMAGED.format("its parts do not follow each other"))
        else:
            return _ended_early(found)
    return found


def _skip_colors(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << ((flags & 7) + 1), os.SEEK_CUR)


def _blocks(file: BinaryIO) -> bytes | None:
    """The first ``MAX_TEXT`` bytes of a row of blocks; None where the file ends within it."""
    kept = bytearray()
    while length := file.read(1):
        if length == b"\0":
            return bytes(kept)
        body = file.read(length[0])
        if len(body) < length[0]:
            return None
        if len(kept) < MAX_TEXT:
            kept += body
    return None


def _add_exif(found: Texts, body: bytes) -> None:
    for name, text in texts_of(body):
        found.add(name, text)


def _decoded(body: bytes) -> str:
    """A comment, which has no encoding of its own."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _ended_early(found: Texts) -> Texts:
    """What there is of a file that ends too soon."""
    found.cut = True
    return found
