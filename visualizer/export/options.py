"""ExportOptions: everything a person can choose about a file, as plain values.

Nothing heavy is imported here: the window and the command line read this before they load numpy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from visualizer.export.errors import ExportError
from visualizer.export.view_words import VIEW_NAMES

FormatKey = Literal[
    "webp", "gif", "apng", "mp4", "webm", "frames", "picture", "sheet", "page", "raw", "run"
]
Subject = Literal["whole", "difference", "forward"]
Content = Literal["picture", "plot", "both"]
Spacing = Literal["all", "every", "noise"]
Direction = Literal["forward", "back", "boomerang"]
Size = Literal["auto", "1", "2", "4", "1080p"]
Pixels = Literal["smooth", "square"]
Caption = Literal["prompt", "seed", "step", "noise"]
CaptionPlace = Literal["below", "above", "over"]
Dither = Literal["diffusion", "ordered", "none"]
Palette = Literal["shared", "each"]
Codec = Literal["vp9", "av1"]
BACKGROUNDS = ("auto", "dark", "light")
"""Those with names; any color will do as well."""
VIEWS: tuple[str, ...] = tuple(VIEW_NAMES)
"""Those of ``visualizer.diffusion.views``, which loads numpy."""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        key: what options and the command line call it.
        label: what people call it.
        suffixes: the endings of its files, the usual one first; () for a folder.
        moves: whether it shows one step after the other.
        streams: whether its memory stays the same however many frames there are.
    """

    key: FormatKey
    label: str
    suffixes: tuple[str, ...]
    moves: bool = False
    streams: bool = True

    @property
    def suffix(self) -> str:
        """The usual ending, or "" for a folder."""
        return self.suffixes[0] if self.suffixes else ""


FORMATS: dict[FormatKey, Format] = {
    found.key: found
    for found in (
        Format("webp", "Animation (WebP)", (".webp",), moves=True),
        Format("gif", "Animation (GIF)", (".gif",), moves=True, streams=False),
        Format("apng", "Animation (APNG)", (".apng", ".png"), moves=True, streams=False),
        Format("mp4", "Video (MP4)", (".mp4",), moves=True),
        Format("webm", "Video (WebM)", (".webm",), moves=True),
        Format("frames", "Folder of pictures (PNG)", (), moves=True),
        Format("picture", "Final picture", (".png", ".jpg", ".jpeg", ".webp")),
        Format("sheet", "Sheet of steps", (".png", ".jpg", ".jpeg", ".pdf")),
        Format("page", "Page for browsers (HTML)", (".html", ".htm")),
        Format("raw", "Numbers", (".npz", ".safetensors")),
        Format("run", "Run", (".denoise",)),
    )
}
"""All formats, the one that most people want first."""

PAPER = ".pdf"
"""What is made to be printed."""
RANGES: dict[str, tuple[float, float]] = {
    "every": (1, 1000),
    "count": (2, 1000),
    "fps": (0.5, 50),
    "hold": (0, 30),
    "colors": (2, 256),
    "quality": (1, 100),
}
CHOICES: dict[str, tuple[Any, ...]] = {
    "format": get_args(FormatKey),
    "subject": get_args(Subject),
    "content": get_args(Content),
    "view": VIEWS,
    "steps": get_args(Spacing),
    "direction": get_args(Direction),
    "size": get_args(Size),
    "pixels": get_args(Pixels),
    "caption_place": get_args(CaptionPlace),
    "dither": get_args(Dither),
    "palette": get_args(Palette),
    "codec": get_args(Codec),
}


@dataclass(frozen=True)
class ExportOptions:
    """How something is exported. What a format has no use for is not looked at.

    Attributes:
        format: a key of ``FORMATS``.
        suffix: the ending of the file where the format has several; "" for the usual one.
        subject: "whole" (the run, or the whole grid), "difference" (of the pair of a comparison),
            "forward" (the forward process: the run's last picture destroyed by noise).
        content: "picture", "plot" (the noise plot with its moving playhead), or "both".
        view: what is shown of each step.
        views: of a page and of a sheet of one run, the views to choose from or shown one below
            the other; those without pictures are left out.
        steps: "all", "every" k-th, or ``count`` of them spaced evenly by "noise" level.
        every: k, 1 … 1000.
        count: how many steps, 2 … 1000.
        fps: frames a second, 0.5 … 50; None lets the whole take about four seconds.
        hold: how long the last frame of the film stands, of a boomerang the one where it turns;
            seconds, 0 … 30.
        direction: from static to the picture ("forward"), "back", or there and back ("boomerang").
        size: "1", "2" or "4" times the picture's own, "1080p" (as large as fits 1920 × 1080), or
            "auto": enlarged by a whole factor until it is worth watching.
        pixels: enlarged "smooth" or as "square" pixels.
        captions: what is written beside the picture; () for nothing.
        caption_place: "below", "above", or "over" the picture's lower edge.
        background: "dark", "light", "#rrggbb", or "auto": dark, but light on paper, and on a page
            as the reader's own device is.
        colors: of a GIF, 2 … 256.
        dither: of a GIF: error "diffusion", an "ordered" pattern, or "none".
        palette: of a GIF: one "shared" by all frames, or one for "each".
        quality: of WebP, JPEG and video, 1 … 100.
        lossless: of WebP: every pixel as it is.
        codec: of WebM.
        remember: whether the file is told how it was made.
        pair: the two lanes of a difference; None for the comparison's own pair.

    Raises:
        ExportError: with a sentence, for a value that is none.
    """

    format: FormatKey = "webp"
    suffix: str = ""
    subject: Subject = "whole"
    content: Content = "picture"
    view: str = "noisy"
    views: tuple[str, ...] = ("noisy", "denoised")
    steps: Spacing = "all"
    every: int = 2
    count: int = 16
    fps: float | None = None
    hold: float = 1.5
    direction: Direction = "forward"
    size: Size = "auto"
    pixels: Pixels = "smooth"
    captions: tuple[str, ...] = ()
    caption_place: CaptionPlace = "below"
    background: str = "auto"
    colors: int = 256
    dither: Dither = "diffusion"
    palette: Palette = "each"
    quality: int = 85
    lossless: bool = False
    codec: Codec = "vp9"
    remember: bool = True
    pair: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise ExportError(f"'{value}' is no {_word(name)}. Use {_listed(choices)}.")
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is None and name == "fps":
                continue
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                raise ExportError(f"The {_word(name)} lies between {low:g} and {high:g}.")
        _check_among("captions", self.captions, get_args(Caption))
        _check_among("views", self.views, VIEWS)
        if not self.views:
            raise ExportError("At least one view is needed.")
        if self.background not in BACKGROUNDS and not is_color(self.background):
            raise ExportError("The background is auto, dark, light, or a color such as #1c2733.")

    @property
    def kind(self) -> Format:
        """The format in full."""
        return FORMATS[self.format]

    @property
    def ending(self) -> str:
        """What the name of the file ends with: "" for a folder."""
        return self.suffix if self.suffix in self.kind.suffixes else self.kind.suffix

    @property
    def ground(self) -> str:
        """The background, where somebody has to decide: what is printed is light."""
        if self.background != "auto":
            return self.background
        return "light" if self.ending == PAPER else "dark"

    def to_json(self) -> dict[str, Any]:
        """JSON values only."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, values: object) -> ExportOptions:
        """The inverse of ``to_json``; whatever is missing or senseless keeps its default."""
        options = cls()
        if not isinstance(values, Mapping):
            return options
        for field in fields(cls):
            value = values.get(field.name, getattr(options, field.name))
            if isinstance(value, list):
                value = tuple(value)
            default = getattr(options, field.name)
            plain = (bool, str, tuple)
            if isinstance(default, plain) and type(value) is not type(default):
                continue
            if field.name == "pair" and not _is_pair(value):
                continue
            try:
                options = replace(options, **{field.name: value})
            except (ExportError, TypeError):
                continue
        return options


def for_path(path: Path, options: ExportOptions | None = None) -> ExportOptions:
    """The options for a file of this name: where its ending cannot be of their format, another one.

    A ``.png`` is the final picture, or a sheet of steps when the name contains "sheet"; a
    ``.webp`` is an animation, a ``.jpg`` a picture, a ``.pdf`` a sheet. A name that ends with a
    slash is a folder of pictures.

    Raises:
        ExportError: naming the endings that work.
    """
    options = options or ExportOptions()
    suffix = path.suffix.lower()
    if suffix in options.kind.suffixes:
        return replace(options, suffix=suffix)
    sheet = "sheet" in path.stem.lower()
    usual: dict[str, FormatKey] = {".png": "sheet" if sheet else "picture"}
    usual |= {".jpg": usual[".png"], ".jpeg": usual[".png"], ".pdf": "sheet", ".webp": "webp"}
    for found in FORMATS.values():
        for each in found.suffixes:
            usual.setdefault(each, found.key)
    if options.format == "frames" and suffix not in usual:
        return options  # a folder may be called "take 1.5"
    if suffix not in usual:
        known = [each for each in usual if each not in (".jpeg", ".htm")]
        raise ExportError(
            f"'{_shown(path)}' has an ending that cannot be written. Use {_listed(known)}."
        )
    return replace(options, format=usual[suffix], suffix=suffix)


def is_color(text: str) -> bool:
    """Whether it is a color such as "#1c2733"."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def _check_among(name: str, values: object, choices: tuple[str, ...]) -> None:
    if not isinstance(values, tuple) or not set(values) <= set(choices):
        raise ExportError(f"The {name} are some of {_listed(choices)}.")


def _is_pair(value: object) -> bool:
    if not isinstance(value, tuple):
        return value is None
    return len(value) == 2 and all(type(each) is int for each in value)


def _word(name: str) -> str:
    words = {"fps": "number of frames a second", "caption_place": "place of the captions"}
    words |= {"steps": "choice of steps", "every": "distance of steps", "count": "number of steps"}
    words |= {"hold": "time of the last frame", "colors": "number of colors"}
    return words.get(name, name)


def _listed(choices: Iterable[object]) -> str:
    *others, last = (str(each) for each in choices)
    return f"{', '.join(others)} or {last}" if others else last


def _shown(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode("utf-8")
