"""The texts in files that are no pictures: videos, pages, numbers, runs, PDFs, plain text."""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from typing import Any, BinaryIO

from visualizer.metadata.chunks import DAMAGED, MAX_TEXT, Texts
from visualizer.metadata.json_text import NoJson, parse, parse_object
from visualizer.metadata.remembered import MetadataError
from visualizer.metadata.writing import NOTE_KEY, TEXT_KEY

MAX_HEADER = 16 * 2**20  # bytes; a run of 10 000 steps needs about 5 MiB
MAX_PAGE = 64 * 2**20  # bytes
MAX_PDF_END = 2**20  # bytes at either end, where a PDF keeps what it says of itself
MAX_PLAIN = 2 * 2**20  # bytes

_MADE = re.compile(rb'<script type="application/json" id="made">')
_PDF = re.compile(rb"/(Title|Subject|Keywords|Creator)\s{0,20}\(")


# --- Videos --------------------------------------------------------------------------------------


def of_video(file: BinaryIO, kind: str) -> Texts:
    """The tags of a video, which PyAV reads.

    Args:
        kind: "mp4" or "matroska": nothing else is tried.
    """
    try:
        import av
    except ImportError as error:
        raise MetadataError(
            "Videos are read with PyAV, which is not installed: "
            "pip install 'denoising-visualizer[video]'"
        ) from error
    found = Texts()
    file.seek(0)
    try:
        with av.open(file, format=kind, metadata_errors="replace") as container:
            tags = dict(container.metadata)
            streams = container.streams.video
            # a stream whose codec is not known has no width
            if streams and hasattr(streams[0], "width") and streams[0].width:
                found.size = (streams[0].width, streams[0].height)
    except (av.error.FFmpegError, ArithmeticError, EOFError, LookupError, OSError, ValueError) as e:
        raise MetadataError(DAMAGED.format("it is no whole video")) from e
    names = {"comment": "comment", "description": NOTE_KEY, "prompt": "prompt"}
    for name, text in tags.items():
        found.add(names.get(name.lower(), name.lower()), text)
    return found


# --- Our pages -----------------------------------------------------------------------------------


def of_page(file: BinaryIO) -> Texts:
    """What one of our own pages says of how it was made."""
    found = Texts()
    file.seek(0)
    content = file.read(MAX_PAGE)
    place = _MADE.search(content)
    if place is None:
        return found
    end = content.find(b"</script>", place.end(), place.end() + MAX_TEXT)
    if end < 0:
        raise MetadataError(DAMAGED.format("its end is missing"))
    found.add(NOTE_KEY, content[place.end() : end].decode("utf-8", "replace"))
    return found


# --- Numbers and runs ----------------------------------------------------------------------------


def of_safetensors(file: BinaryIO) -> Texts:
    """The metadata of numbers, or of a run or comparison as this program keeps them."""
    found = Texts()
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if length > MAX_HEADER:
        raise MetadataError("The beginning of this file is too large to be read.")
    content = file.read(length)
    if len(content) < length:
        raise MetadataError(DAMAGED.format("its end is missing"))
    header = parse_object(content.decode("utf-8", "replace"), MAX_HEADER)
    if header is None:
        raise MetadataError(DAMAGED.format("its beginning cannot be read"))
    metadata = header.get("__metadata__")
    for name, text in metadata.items() if isinstance(metadata, dict) else ():
        if isinstance(text, str):
            found.add(name, text)
    return found


def run_values(fields: dict[str, str]) -> dict[str, Any] | None:
    """Of the metadata of a run or a comparison: what its pictures would be told."""
    if fields.get("format") == "denoising-visualizer run":
        return parse_object(fields.get("run", ""), MAX_HEADER)
    if fields.get("format") != "denoising-visualizer comparison":
        return None
    values = parse_object(fields.get("comparison", ""), MAX_HEADER)
    if values is None or not isinstance(values.get("lanes"), list):
        return None
    runs = values.get("runs")
    lanes = [_with_model(lane, runs) for lane in values["lanes"] if isinstance(lane, dict)]
    return {"comparison": {"title": values.get("title", ""), "lanes": lanes}}


def _with_model(lane: dict[str, Any], runs: Any) -> dict[str, Any]:
    number = lane.get("run")
    known = isinstance(runs, list) and type(number) is int and 0 <= number < len(runs)
    run = runs[number] if known else None
    model = run.get("model") if isinstance(run, dict) else None
    return {"label": lane.get("label", ""), "request": lane.get("request"), "model": model}


def of_npz(file: BinaryIO) -> Texts:
    """The texts among the arrays of an .npz file."""
    found = Texts()
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            for name in ("software", TEXT_KEY, NOTE_KEY):
                if f"{name}.npy" not in archive.NameToInfo:
                    continue
                with archive.open(f"{name}.npy") as entry:
                    content = entry.read(4 * MAX_TEXT)
                found.add("Software" if name == "software" else name, _array_text(content))
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        LookupError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise MetadataError(DAMAGED.format("its parts cannot be unpacked")) from error
    return found


def _array_text(content: bytes) -> str:
    """The text of an array of no dimension: a header that says "<U123", and UTF-32."""
    start = 10 + int.from_bytes(content[8:10], "little")
    kind = re.search(rb"'descr': '<U(\d{1,9})'", content[:start])
    if content[:8] != b"\x93NUMPY\x01\x00" or kind is None:
        return ""
    return content[start : start + 4 * int(kind[1])].decode("utf-32-le", "replace").rstrip("\0")


# --- PDF -----------------------------------------------------------------------------------------


def of_pdf(file: BinaryIO) -> Texts:
    """Subject and Keywords, where they are written plainly, as Pillow does."""
    found = Texts()
    size = file.seek(0, os.SEEK_END)
    for start in sorted({0, max(0, size - MAX_PDF_END)}):
        file.seek(start)
        content = file.read(MAX_PDF_END)
        found.cut = b"%%EOF" not in content[-1100:]  # readers look for it in the last 1024 bytes
        for match in _PDF.finditer(content):
            names = {b"Subject": TEXT_KEY, b"Keywords": NOTE_KEY}
            name = names.get(match[1], match[1].decode())
            found.add(name, _pdf_text(content, match.end()))
    return found


def _pdf_text(content: bytes, start: int) -> str:
    """A string in parentheses, which may be escaped and nested (PDF 32000-1, 7.3.4.2)."""
    plain, depth, place = bytearray(), 1, start
    escapes = {b"n": 10, b"r": 13, b"t": 9, b"b": 8, b"f": 12}
    while place < len(content):
        byte = content[place : place + 1]
        place += 1
        if byte == b"\\":
            octal = re.match(rb"[0-7]{1,3}", content[place : place + 3])
            follows = content[place : place + 1]
            place += len(octal[0]) if octal else 1
            if octal:
                plain.append(int(octal[0], 8) & 0xFF)
            elif follows not in (b"\n", b"\r", b""):
                plain.append(escapes.get(follows, follows[0]))
            continue
        depth += {b"(": 1, b")": -1}.get(byte, 0)
        if depth == 0:
            break
        plain += byte
    if plain.startswith(b"\xfe\xff"):
        return plain[2:].decode("utf-16-be", "replace")
    return plain.decode("latin-1")


# --- Plain text ----------------------------------------------------------------------------------


def of_plain(file: BinaryIO) -> Texts | None:
    """Settings as a text, or the JSON of a graph; None for what is neither."""
    found = Texts()
    file.seek(0)
    content = file.read(MAX_PLAIN + 1)
    if len(content) > MAX_PLAIN:
        return None
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # as Windows' editors once saved it
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    if not text.lstrip().startswith("{"):
        found.add(TEXT_KEY, text)
        return found
    try:
        values = parse(text)
    except NoJson:
        return None
    nodes = values.get("nodes") if isinstance(values, dict) else None
    found.add("workflow" if isinstance(nodes, list) else "prompt", text)
    return found
