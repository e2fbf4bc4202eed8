"""What a file remembers: one function for every kind of file and every program.

A file is a stranger's: nothing of it is executed, no pixel of it is decoded, and how much of it is
read is bounded.
"""

from __future__ import annotations

import io
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from visualizer.diffusion.atomic import display_name
from visualizer.metadata import comfyui, invokeai, other_files, own, smaller_programs, webui
from visualizer.metadata.chunks import DAMAGED, Texts, of_gif, of_jpeg, of_png, of_webp
from visualizer.metadata.exif_tags import IMAGE_HISTORY, USER_COMMENT
from visualizer.metadata.infotext import Infotext
from visualizer.metadata.infotext import read as read_infotext
from visualizer.metadata.remembered import MetadataError, Remembered
from visualizer.metadata.writing import EMBEDDED_KEY, NOTE_KEY, TEXT_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT_PLACES = (TEXT_KEY, USER_COMMENT, "comment", "Comment")
"""Where programs put A1111's text."""


def read(source: Path | BinaryIO) -> Remembered | None:
    """What a file remembers of how it was made.

    Pictures (PNG, APNG, JPEG, WebP, GIF), videos (MP4, WebM), our pages, numbers (.npz,
    .safetensors), runs and comparisons (.denoise), PDFs, and settings in a text file.

    Args:
        source: a path, or a file open for reading that can seek.

    Returns:
        None for a file that remembers nothing.

    Raises:
        MetadataError: with a sentence, for what is no such file, damaged or too large.
    """
    if not isinstance(source, Path):
        return _read(source)
    name = display_name(source)
    try:
        found = source.stat()
        if stat.S_ISDIR(found.st_mode):
            raise MetadataError(f"'{name}' is a folder.")
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for without end
            raise MetadataError(f"'{name}' is not a file.")
        with source.open("rb") as file:
            return _read(file)
    except FileNotFoundError as error:
        raise MetadataError(f"There is no file '{name}'.") from error
    except PermissionError as error:
        raise MetadataError(f"You may not read '{name}'.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise MetadataError(f"'{name}' cannot be read: {reason or error}.") from error


def read_text(text: str) -> Remembered | None:
    """What a text says that somebody pasted: the settings of A1111, or a graph of ComfyUI."""
    found = other_files.of_plain(io.BytesIO(text.encode("utf-8", "replace")))
    return None if found is None else _understood(found)


def _read(file: BinaryIO) -> Remembered | None:
    file.seek(0)
    found = _texts(file, file.read(16))
    remembered = _understood(found)
    if remembered is None and found.cut:
        raise MetadataError(DAMAGED.format("its end is missing"))
    return remembered


def _texts(file: BinaryIO, start: bytes) -> Texts:
    """The texts of a file, whose kind its first bytes tell."""
    if not start:
        raise MetadataError("This file is empty.")
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return of_png(file)
    if start.startswith(b"\xff\xd8\xff"):
        return of_jpeg(file)
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return of_webp(file)
    if start.startswith((b"GIF87a", b"GIF89a")):
        return of_gif(file)
    if start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis", b"heic", b"mif1"):
        raise MetadataError("What AVIF and HEIC pictures remember cannot be read here.")
    if start[4:8] == b"ftyp":
        return other_files.of_video(file, "mp4")
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return other_files.of_video(file, "matroska")
    if start.startswith(b"PK\x03\x04"):
        return other_files.of_npz(file)
    if start.startswith(b"%PDF-"):
        return other_files.of_pdf(file)
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return other_files.of_page(file)
    if start[8:9] == b"{" and start[5:8] == b"\0\0\0":
        return other_files.of_safetensors(file)
    plain = other_files.of_plain(file)
    if plain is None:
        raise MetadataError("This is no picture, and no other file that remembers its settings.")
    return plain


def _understood(found: Texts) -> Remembered | None:
    fields = dict(found.fields)
    infotext = _infotext(fields)
    if NOTE_KEY not in fields:
        embedded = infotext.pairs.get(EMBEDDED_KEY) if infotext else None
        if IMAGE_HISTORY in fields or embedded:
            fields[NOTE_KEY] = fields.get(IMAGE_HISTORY) or embedded or ""
    run = other_files.run_values(fields)
    if run is not None:  # its text is the whole run: too much to show
        return own.from_values(run, {})
    remembered = _of_fields(fields, infotext)
    return None if remembered is None else replace(remembered, size=found.size, raw=found.fields)


def _of_fields(fields: dict[str, str], infotext: Infotext | None) -> Remembered | None:
    mine = own.read(fields)
    if mine is not None and (mine.request is not None or infotext is None):
        return mine
    for reader in (
        smaller_programs.read_novelai,
        smaller_programs.read_fooocus,
        invokeai.read,
    ):
        remembered = reader(fields)
        if remembered is not None:
            return remembered
    graph = comfyui.read(fields)
    if graph is not None and (graph.request is not None or infotext is None):
        return graph
    if infotext is not None:
        return webui.remembered(infotext, fields)
    return None


def _infotext(fields: Mapping[str, str]) -> Infotext | None:
    for name in _TEXT_PLACES:
        found = read_infotext(fields[name]) if name in fields else None
        if found is not None:
            return found
    return None
