"""What a file is told, in the form of each kind of file.

Two things are told: the text that A1111 and Forge write, and our own JSON, which is exact.

| file | the text | our JSON |
| --- | --- | --- |
| PNG, APNG | text field "parameters" | text field "denoising-visualizer" |
| JPEG, WebP | EXIF UserComment | EXIF ImageHistory |
| GIF | comment | in the comment, as the setting "Denoising Visualizer" |
| MP4, WebM | tag "comment" | tag "description" |
| PDF | Subject | Keywords |
| numbers | metadata "parameters" | metadata "denoising-visualizer" |
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from visualizer.diffusion import weight_syntax
from visualizer.diffusion.request import RequestError, SamplingRequest, clean_text
from visualizer.diffusion.starts import FromSeed
from visualizer.metadata import exif_tags, infotext, sampler_names
from visualizer.metadata.note import PROGRAM, LaneNote, Note
from visualizer.metadata.remembered import OURS

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

NOTE_KEY = "denoising-visualizer"
TEXT_KEY = "parameters"
EMBEDDED_KEY = OURS
"""The setting in the text that holds our JSON, where a file has room for one text only."""

MAX_JPEG_EXIF = 65_533
"""Bytes: a segment of a JPEG counts its own length in 16 bits."""
MAX_PNG_TEXT = 1_000_000  # characters; Pillow and libpng refuse larger fields
MAX_COMMENT = 60_000  # characters


def json_text(note: Note) -> str:
    """Our own JSON: ASCII, so that it stands in any field of any file."""
    return json.dumps(note.to_json(), separators=(",", ":"))


def plain_text(note: Note) -> str:
    """The text that A1111 and Forge read. Of a comparison it is that of the first run, and says so.

    A prompt without weights has its parentheses escaped there, since they would mean emphasis.
    """
    lane = note.lanes[0] if note.lanes else LaneNote(SamplingRequest(""))
    pairs = _pairs(lane)
    if note.comparison:
        words = f"1 of {len(note.lanes)} runs"
        pairs.append(("Comparison", f"{words}, {lane.label}" if lane.label else words))
    return _text(lane, pairs)


def clipboard_text(note: Note) -> str:
    """The settings as people paste them: ``plain_text``, of a comparison one for every run."""
    if not note.comparison:
        return plain_text(note)
    texts = [_text(lane, [*_pairs(lane), ("Lane", lane.label or "-")]) for lane in note.lanes]
    return "\n\n".join([note.title, *texts] if note.title else texts)


def png_info(note: Note) -> PngInfo:
    """Text fields for Pillow's PNG writer; what is not Latin is written as UTF-8 (iTXt)."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Software", PROGRAM)
    for key, text in ((TEXT_KEY, plain_text(note)), (NOTE_KEY, json_text(note))):
        if len(text) <= MAX_PNG_TEXT:
            info.add_text(key, text)
    return info


def exif(note: Note, most: int = MAX_JPEG_EXIF) -> bytes:
    """EXIF for the ``exif=`` of Pillow's JPEG and WebP writers.

    UserComment is UTF-16 in big-endian order after "UNICODE", as piexif writes it and A1111 reads
    it. Where both do not fit our JSON is left out first, then the text.

    Args:
        most: bytes.
    """
    for text, own in (
        (plain_text(note), json_text(note)),
        (plain_text(note), ""),
        ("", json_text(note)),
    ):
        content = exif_tags.write(PROGRAM, own, text)
        if len(content) <= most:
            return content
    return exif_tags.write(PROGRAM, "", "")


def gif_comment(note: Note) -> bytes:
    """The ``comment=`` of Pillow's GIF writer: the text in UTF-8, with our JSON as a setting."""
    return _with_own(note).encode()


def video_tags(note: Note) -> dict[str, str]:
    """Tags of a container of PyAV; MP4 and WebM know these."""
    title = note.title if note.comparison else note.lanes[0].request.prompt
    tags = {"comment": plain_text(note), "description": json_text(note)}
    if title:
        tags["title"] = " ".join(title.split())[:200]
    return {key: text for key, text in tags.items() if len(text) <= MAX_PNG_TEXT}


def pdf_info(note: Note) -> dict[str, str]:
    """Arguments of Pillow's PDF writer: ``image.save(file, "PDF", **pdf_info(note))``."""
    tags = video_tags(note)
    info = {"creator": PROGRAM, "producer": PROGRAM}
    names = {"title": "title", "comment": "subject", "description": "keywords"}
    return {**info, **{names[key]: text for key, text in tags.items()}}


def raw_texts(note: Note) -> dict[str, str]:
    """Metadata of a safetensors file, and arrays of text of an .npz."""
    return {TEXT_KEY: plain_text(note), NOTE_KEY: json_text(note)}


def _with_own(note: Note) -> str:
    text, own = plain_text(note), json_text(note)
    embedded = f"{text}, {EMBEDDED_KEY}: {json.dumps(own)}"
    return embedded if len(embedded) <= MAX_COMMENT else text


def _text(lane: LaneNote, pairs: list[tuple[str, object]]) -> str:
    request = lane.request
    prompt = _prompt(request, request.prompt)
    return infotext.write(prompt, _prompt(request, request.negative_prompt or ""), pairs)


def _pairs(lane: LaneNote) -> list[tuple[str, object]]:
    request = lane.request
    sampler, spacing = sampler_names.to_webui(request.sampler, lane.sampler)
    size = lane.size or (request.width, request.height)
    steps = request.steps if request.steps is not None else lane.steps
    guidance = request.guidance_scale
    pairs: list[tuple[str, object]] = [
        ("Steps", "" if steps is None else steps),
        ("Sampler", sampler),
        ("Schedule type", spacing),
        ("CFG scale", "" if guidance is None else f"{guidance:.10g}"),
        ("Seed", request.seed),
        ("Size", f"{size[0]}x{size[1]}" if size[0] and size[1] else ""),
        ("Model hash", lane.model_hash[:10]),
        ("Model", clean_text(lane.model)),
        ("Start", "" if isinstance(request.start, FromSeed) else request.start.kind),
        ("App", OURS),
        # no number alone: A1111 would take it for its own, and imitate what that version did
        ("Version", PROGRAM),
    ]
    return [(name, value) for name, value in pairs if value != ""]


def _prompt(request: SamplingRequest, text: str) -> str:
    """A prompt in the syntax of A1111: (words:1.3)."""
    text = text.replace("\r\n", "\n")
    if not request.extra.get("weighting"):
        return infotext.escaped(text)
    try:
        reading = weight_syntax.read(text)
    except RequestError:
        return text
    if reading.kind != "text":  # a blend of prompts, which there is no syntax for
        return text
    return "".join(_weighted(words, weight) for words, weight in reading.texts[0])


def _weighted(words: str, weight: float) -> str:
    plain = infotext.escaped(words)
    if weight == 1 or not words.strip():
        return plain
    before = plain[: len(plain) - len(plain.lstrip())]
    after = plain[len(plain.rstrip()) :]
    return f"{before}({plain.strip()}:{weight:.4g}){after}"
