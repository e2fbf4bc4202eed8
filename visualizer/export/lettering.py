"""Text on pictures: a font that has every character of it, lines that fit a width."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from PIL import ImageDraw, ImageFont

from visualizer.assets import asset_path

Font = ImageFont.FreeTypeFont

# For what the two fonts that come along lack: Chinese, Japanese, Korean, symbols.
_SYSTEM_FONTS = {
    "win32": ("msyh.ttc", "meiryo.ttc", "malgun.ttf", "seguisym.ttf", "seguiemj.ttf"),
    "darwin": ("PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf", "Apple Symbols.ttf"),
}
_LINUX_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "DroidSansFallbackFull.ttf",
    "NotoSansSymbols2-Regular.ttf",
    "NotoEmoji-Regular.ttf",
)


@dataclass(frozen=True)
class Line:
    """One line of text in as many fonts as its alphabets need."""

    pieces: tuple[tuple[str, Font], ...]

    @property
    def text(self) -> str:
        return "".join(piece for piece, _ in self.pieces)

    @property
    def width(self) -> float:
        return sum(font.getlength(piece) for piece, font in self.pieces)

    def draw(self, draw: ImageDraw.ImageDraw, left: float, baseline: float, color: str) -> None:
        """Write the line from ``left`` on, all fonts on one baseline."""
        for piece, font in self.pieces:
            draw.text((left, baseline), piece, fill=color, font=font, anchor="ls")
            left += font.getlength(piece)


@cache
def font_for(text: str, size: int) -> Font:
    """The first font that has every character; else the one that has the most of them."""
    missing = {font: _missing(font, text) for font in _fonts(size)}
    return min(missing, key=lambda font: missing[font])


def line_of(text: str, size: int, base: Font | None = None) -> Line:
    """The text on one line: in ``base``, and the words it has no letters for in other fonts."""
    base = base or font_for(text, size)
    pieces: list[tuple[str, Font]] = []
    for word in re.findall(r"…|[^\s…]+|\s+", text):
        for part in _parts(word, size, base):
            font = base if not _missing(base, part) else font_for(part, size)
            if part.isspace() and pieces:
                font = pieces[-1][1]
            if pieces and pieces[-1][1] is font:
                # neighbors stay one piece: words written from right to left change places in it
                part = pieces.pop()[0] + part
            pieces.append((part, font))
    return Line(tuple(pieces))


def _parts(word: str, size: int, base: Font) -> list[str]:
    """The word, cut where no single font has all of it: Chinese, and the comma after it."""
    if not _missing(base, word) or not _missing(font_for(word, size), word):
        return [word]
    return ["".join(run) for _, run in groupby(word, key=lambda c: _missing(base, c))]


def wrapped(text: str, size: int, width: float, max_lines: int) -> list[Line]:
    """The text in lines no wider than ``width``, cut with an ellipsis after ``max_lines``."""
    text = " ".join(text.split())
    base = font_for(text, size)
    lines: list[Line] = []
    while text and len(lines) < max_lines:
        end = _fitting(text, size, base, width)
        if end < len(text) and len(lines) == max_lines - 1:
            end = _fitting(text, size, base, width - line_of("…", size, base).width)
            if (space := text.rfind(" ", 0, end + 1)) > end * 2 // 3:
                end = space
            lines.append(line_of(text[:end].rstrip() + "…", size, base))
            break
        if end < len(text) and (space := text.rfind(" ", 0, end + 1)) > 0:
            end = space
        lines.append(line_of(text[:end].rstrip(), size, base))
        text = text[end:].lstrip()
    return lines


def _fitting(text: str, size: int, base: Font, width: float) -> int:
    """How many characters, at least one, fit into a width."""
    low, high = 1, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        fits = line_of(text[:middle], size, base).width <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    fonts = []
    default = ImageFont.load_default(size)
    if isinstance(default, Font):  # not in a Pillow built without FreeType
        fonts.append(default)
    fonts.append(ImageFont.truetype(str(asset_path("fonts", "DejaVuSans.ttf")), size))
    for name in _SYSTEM_FONTS.get(sys.platform, _LINUX_FONTS):
        try:
            fonts.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(fonts)


def _missing(font: Font, text: str) -> int:
    """How many characters a font would draw as an empty box."""
    return sum(_lacks(font, c) for c in set(text))


@cache
def _lacks(font: Font, character: str) -> bool:
    return not character.isspace() and bytes(font.getmask(character)) == _box(font)


@cache
def _box(font: Font) -> bytes:
    """What a font draws for a character that it does not have."""
    return bytes(font.getmask("\uffff"))
