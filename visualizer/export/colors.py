"""The looks of what is exported as a picture: the window's own two, and one for any background."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """Colors that go together; every one is "#rrggbb".

    Attributes:
        ground: the background; surface: what lies on it; line: quiet lines.
        text, quiet: words, and quiet words.
        accent: the playhead; second: the measured line.
    """

    ground: str
    surface: str
    line: str
    text: str
    quiet: str
    accent: str
    second: str


DARK = Look("#14161b", "#1c1f26", "#343944", "#e9ebf0", "#9aa2b1", "#f2a33c", "#5aa9e6")
LIGHT = Look("#f6f6f3", "#ffffff", "#d9d9d3", "#1a1c21", "#59606d", "#a64a00", "#00639c")

# those of the window, which lies floors above
_LANES = (
    "#56b4e9",
    "#d55e00",
    "#009e73",
    "#f0e442",
    "#cc79a7",
    "#0072b2",
    "#e69f00",
    "#c9ced8",
)
READABLE, VISIBLE = 4.5, 3.0
"""Contrast of words and of lines (WCAG 2.2, 1.4.3 and 1.4.11)."""


def look_of(background: str) -> Look:
    """The look of a background: "auto" is dark; words on a color "#rrggbb" can be read."""
    known = {"auto": DARK, "dark": DARK, "light": LIGHT}.get(background)
    if known is not None:
        return known
    ground = background.lower()
    like = DARK if contrast(ground, DARK.text) >= contrast(ground, LIGHT.text) else LIGHT
    far = "#ffffff" if like is DARK else "#000000"
    text = like.text if contrast(ground, like.text) >= 7 else far
    return Look(
        ground,
        mixed(ground, far, 0.05),
        mixed(ground, far, 0.18),
        text,
        readable(mixed(ground, text, 0.62), ground, READABLE),
        readable(like.accent, ground, VISIBLE),
        readable(like.second, ground, VISIBLE),
    )


def lane_color(number: int, look: Look) -> str:
    """The color of the lane with this number, from 0 (Okabe and Ito 2002)."""
    return readable(_LANES[number % len(_LANES)], look.ground, 2.0)


def luminance(color: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2), 0 … 1."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _parts(color))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """How well one color is told from the other (WCAG 2), 1 … 21."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def mixed(a: str, b: str, share: float) -> str:
    """``share`` of b in a."""
    parts = zip(_parts(a), _parts(b), strict=True)
    return _hex(*(x + (y - x) * share for x, y in parts))


def readable(color: str, ground: str, least: float) -> str:
    """The color, as much lighter or darker as it takes to stand out from the ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(color))
    end = 1.0 if contrast(ground, "#ffffff") >= contrast(ground, "#000000") else 0.0
    found = color
    for i in range(1, 21):
        if contrast(found, ground) >= least:
            break
        moved = lightness + (end - lightness) * i / 20
        found = _hex(*colorsys.hls_to_rgb(hue, moved, saturation))
    return found


def _parts(color: str) -> tuple[float, float, float]:
    r, g, b = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return r, g, b


def _hex(r: float, g: float, b: float) -> str:
    return "#" + "".join(f"{round(255 * min(max(c, 0.0), 1.0)):02x}" for c in (r, g, b))
