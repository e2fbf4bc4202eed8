"""Colors as three numbers 0…255, mixed and lit before they become Qt's."""

from __future__ import annotations

from PySide6.QtGui import QColor

RGB = tuple[float, float, float]

BODY: dict[str, RGB] = {
    "red": (214, 22, 30),
    "orange": (246, 126, 16),
    "yellow": (252, 214, 28),
    "green": (30, 148, 58),
    "blue": (34, 84, 214),
    "purple": (124, 42, 178),
    "pink": (250, 122, 184),
    "brown": (116, 68, 34),
    "white": (246, 246, 248),
    "black": (34, 34, 40),
}
"""What a thing of each color is painted with, in plain daylight."""


def mixed(a: RGB, b: RGB, share: float) -> RGB:
    """From a (share 0) to b (share 1)."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def times(color: RGB, by: RGB | float) -> RGB:
    """A color under a light, or lighter and darker."""
    factor = (by, by, by) if isinstance(by, float | int) else by
    return (color[0] * factor[0], color[1] * factor[1], color[2] * factor[2])


def shaded(color: RGB, shade: float) -> RGB:
    """Darker below 1, towards white above it (2 is white)."""
    if shade <= 1:
        return times(color, shade)
    return mixed(color, (255, 255, 255), min(shade - 1, 1.0))


def q(color: RGB, alpha: float = 1.0) -> QColor:
    """For the painter; what is too bright is cut."""
    r, g, b = (max(0, min(255, round(c))) for c in color)
    return QColor(r, g, b, round(255 * max(0.0, min(alpha, 1.0))))
