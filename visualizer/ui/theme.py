"""The two looks of the window, dark and light, and the one place where they reach Qt.

Widgets say what they are with the dynamic property ``role`` (``setProperty("role", "primary")``):

- QPushButton: "primary" (the one main button), "quiet" (no frame), "danger"; none is the usual one
- QLabel: "title", "small", "quiet", "small-quiet", "value"
- QLabel or QToolButton: "chip"
- QFrame: "panel", "separator", "failure"
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QApplication

SPACE = 8
FONT_SMALL, FONT_BODY, FONT_TITLE = 12, 14, 20


@dataclass(frozen=True)
class Theme:
    """A palette; every color is "#rrggbb"."""

    name: str
    dark: bool
    ground: str
    surface: str
    raised: str
    line: str
    edge: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    second: str
    danger: str


DARK = Theme(
    name="dark",
    dark=True,
    ground="#14161b",
    surface="#1c1f26",
    raised="#252932",
    line="#2b303a",
    edge="#434a57",
    text="#e9ebf0",
    quiet="#9aa2b1",
    accent="#f2a33c",
    on_accent="#1b1306",
    second="#5aa9e6",
    danger="#ff9a86",
)
LIGHT = Theme(
    name="light",
    dark=False,
    ground="#f6f6f3",
    surface="#ffffff",
    raised="#efefeb",
    line="#e1e1dc",
    edge="#b9bbb8",
    text="#1a1c21",
    quiet="#59606d",
    accent="#a84b00",
    on_accent="#ffffff",
    second="#00639c",
    danger="#a3240f",
)


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application this look: style, palette, font and style sheet."""


def current() -> Theme:
    """The theme the application wears now."""
    return DARK


def follow_system(app: QApplication) -> None:
    """Wear the system's scheme, now and whenever it changes."""
