"""Text on pictures: a font that has every character of it, lines that fit a width."""

from __future__ import annotations

import sys
from functools import cache

from PIL import ImageFont

from visualizer.assets import asset_path

Font = ImageFont.FreeTypeFont

# For what the two fonts that come along lack: Chinese, Japanese, Korean, symbols.
_SYSTEM_FONTS = {
    "win32": ("msyh.ttc", "meiryo.ttc", "malgun.ttf", "seguisym.ttf"),
    "darwin": ("PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf", "Apple Symbols.ttf"),
}
_LINUX_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "DroidSansFallbackFull.ttf",
    "NotoSansSymbols2-Regular.ttf",
)


@cache
def font_for(text: str, size: int) -> Font:
    """The first font that has every character; else the one that has the most of them."""
    missing = {font: _missing(font, text) for font in _fonts(size)}
    return min(missing, key=lambda font: missing[font])


def wrapped(text: str, size: int, width: float, max_lines: int) -> tuple[list[str], Font]:
    """The text in lines no wider than ``width``, cut with an ellipsis after ``max_lines``."""
    text = " ".join(text.split())
    font = font_for(text, size)
    lines: list[str] = []
    rest = text
    while rest and len(lines) < max_lines:
        fits = _fitting(rest, font, width)
        if fits < len(rest) and len(lines) == max_lines - 1:
            lines.append(rest[: _fitting(rest, font, width - font.getlength("…"))].rstrip() + "…")
            break
        if fits < len(rest) and (space := rest.rfind(" ", 0, fits + 1)) > 0:
            fits = space
        lines.append(rest[:fits].rstrip())
        rest = rest[fits:].lstrip()
    return lines, font


def _fitting(text: str, font: Font, width: float) -> int:
    """How many characters, at least one, fit into a width."""
    low, high = 1, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(text[:middle]) <= width else (low, middle - 1)
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
    box = bytes(font.getmask("\uffff"))
    return sum(bytes(font.getmask(c)) == box for c in set(text) if not c.isspace())
