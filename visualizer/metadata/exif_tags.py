"""The texts in EXIF, which is a small TIFF file: UserComment and those that name a program.

Pillow writes UserComment as a list of numbers, which piexif, and so A1111, cannot read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

USER_COMMENT, IMAGE_HISTORY = "UserComment", "ImageHistory"

_TAGS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x9213: IMAGE_HISTORY,
    0x9286: USER_COMMENT,
}
_EXIF_IFD = 0x8769
_ASCII, _LONG, _UNDEFINED = 2, 4, 7
_UNICODE = b"UNICODE\0"
_MAX_TAGS = 500


def write(software: str, history: str, comment: str) -> bytes:
    """EXIF with three texts, "" for none, as the ``exif=`` of Pillow's writers takes it.

    The comment is UTF-16 in big-endian order, which is also that of the rest: this is what piexif
    writes, and what A1111 reads.

    Args:
        software, history: ASCII.
    """
    entries = [(0x0131, software), (0x9213, history)]
    named = [(tag, _ASCII, text.encode("ascii") + b"\0") for tag, text in entries if text]
    head = b"MM\0*" + struct.pack(">I", 8)
    if not comment:
        return b"Exif\0\0" + head + _directory(8, named)
    # the length of a directory does not depend on the place it points to
    place = 8 + len(_directory(8, [*named, (_EXIF_IFD, _LONG, bytes(4))]))
    pointer = (_EXIF_IFD, _LONG, struct.pack(">I", place))
    first = _directory(8, sorted([*named, pointer]))
    body = _UNICODE + comment.encode("utf-16-be")
    return b"Exif\0\0" + head + first + _directory(place, [(0x9286, _UNDEFINED, body)])


def _directory(place: int, entries: list[tuple[int, int, bytes]]) -> bytes:
    """A directory of TIFF and, behind it, the values that have no room in it."""
    table, values = struct.pack(">H", len(entries)), b""
    after = place + 2 + 12 * len(entries) + 4
    for tag, kind, body in entries:
        count = 1 if kind == _LONG else len(body)
        table += struct.pack(">HHI", tag, kind, count)
        if len(body) <= 4:
            table += body.ljust(4, b"\0")
        else:
            table += struct.pack(">I", after + len(values))
            values += body + b"\0" * (len(body) % 2)
    return table + bytes(4) + values


def texts_of(content: bytes) -> Iterator[tuple[str, str]]:
    """Names and texts; what is damaged or no text is left out.

    ComfyUI writes "prompt:…" and "workflow:…" into tags of WebP: those come by these names.
    """
    content = content.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None or len(content) < 8:
        return
    waiting = [struct.unpack(order + "I", content[4:8])[0]]
    seen: set[int] = set()
    while waiting:
        place = waiting.pop()
        if place in seen or len(seen) >= 2:
            continue
        seen.add(place)
        for tag, kind, body in _entries(content, place, order):
            if tag == _EXIF_IFD and kind in (4, 13) and len(body) == 4:
                waiting.append(struct.unpack(order + "I", body)[0])
            elif tag in _TAGS and kind in (1, 2, 7, 129):
                text = _comment(body) if tag == 0x9286 else _text(body)
                yield from _named(_TAGS[tag], text)


def _entries(content: bytes, place: int, order: str) -> Iterator[tuple[int, int, bytes]]:
    head = content[place : place + 2]
    count = struct.unpack(order + "H", head)[0] if len(head) == 2 else 0
    sizes = {1: 1, 2: 1, 4: 4, 7: 1, 13: 4, 129: 1}
    for k in range(min(count, _MAX_TAGS)):
        entry = content[place + 2 + 12 * k : place + 14 + 12 * k]
        if len(entry) < 12:
            return
        tag, kind, number = struct.unpack(order + "HHI", entry[:8])
        length = number * sizes.get(kind, 0)
        start = 0 if length <= 4 else struct.unpack(order + "I", entry[8:])[0]
        body = entry[8 : 8 + length] if length <= 4 else content[start : start + length]
        if length and len(body) == length:
            yield tag, kind, body


def _named(name: str, text: str) -> Iterator[tuple[str, str]]:
    for key in ("prompt", "workflow"):
        if text[: len(key) + 1].lower() == f"{key}:":
            name, text = key, text[len(key) + 1 :]
    if text:
        yield name, text


def _text(body: bytes) -> str:
    return body.rstrip(b"\0").decode("utf-8", "replace")


def _comment(body: bytes) -> str:
    """A comment with eight bytes before it that say how it is written."""
    code, rest = body[:8], body[8:]
    if code == _UNICODE:
        return rest.decode(_byte_order(rest), "replace").rstrip("\0")
    if code.rstrip(b"\0") in (b"ASCII", b""):
        return _text(rest)
    return _text(body)  # without them, as some programs write


def _byte_order(body: bytes) -> str:
    """Big-endian, as piexif writes whatever the order of the rest, or as some others little-endian.

    Settings are mostly ASCII, whose upper bytes are 0.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    upper, lower = body[0::2].count(0), body[1::2].count(0)
    return "utf-16-le" if lower > upper else "utf-16-be"
