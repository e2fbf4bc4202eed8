"""The style of a page: the program's two looks, or one for the background that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.export.colors import (
    LIGHT,
    VISIBLE,
    Look,
    contrast,
    look_of,
    mixed,
    readable,
)

if TYPE_CHECKING:
    from visualizer.export.page_contents import Contents
    from visualizer.export.reel import Reel

USUAL = "auto"
"""The background that leaves the choice to the system of whoever looks at the page."""
WIDEST = 1120
"""Of a page, pixels, where nobody asks for more."""
PADDING = 24
BESIDES = 424
"""So many pixels of the height go to what stands above and below the pictures."""


def scheme(background: str) -> str:
    """The schemes a page has, as its ``color-scheme`` says it."""
    if background == USUAL:
        return "dark light"
    look = look_of(background)
    return (
        "dark" if contrast(look.ground, "#ffffff") > contrast(look.ground, "#000000") else "light"
    )


def looks(background: str) -> str:
    """The colors as CSS: those of the system's theme, or the ones for a background.

    On paper, where no background is printed, they are always the light ones.
    """
    names = scheme(background)
    css = _variables(look_of(background), names)
    if background == USUAL:
        css += f"@media (prefers-color-scheme: light) {{ {_variables(LIGHT, names)}}}\n"
    return f"{css}@media print {{ {_variables(LIGHT, 'light')}}}\n"


def layout(contents: Contents) -> str:
    """Where the pictures stand, and how large they are, as CSS."""
    reel, size = contents.reel, contents.options.size
    different = len(contents.tiles) > len(reel.lanes)
    columns = len(contents.tiles) if different else reel.columns
    # a smaller picture on the page takes as much room as the run's own
    width, height = reel.tile(contents.views[0])
    whole = "none"
    if size == "auto":
        rows = -(-len(contents.tiles) // columns)
        least, named = (240, 32) if len(contents.tiles) > 1 else (192, 0)
        across = (
            f"max({least}px, ((100vh - {BESIDES}px) / {rows} - {named}px) * {width} / {height})"
        )
        whole, widest = f"calc({columns} * {across} + {16 * (columns - 1)}px)", WIDEST
    elif size == "1080p":
        most = round(width * min(1920 / width, 1080 / height))
        across, widest = f"min({most}px, 92vh * {width} / {height})", 1920 + 2 * PADDING
    else:
        across = f"{width * int(size)}px"
        widest = max(WIDEST, columns * (width * int(size) + 16) - 16 + 2 * PADDING)
    return (
        f":root {{ --columns: {columns}; --tile: {width} / {height}; "
        f"--ratio: {width / height:.4f}; --width: {across}; "
        f"--whole: {whole}; "
        f"--widest: {widest}px; --most: {'none' if size in ('auto', '1080p') else across}; }}\n"
        + ("" if different else _holes(reel))
    )


def _holes(reel: Reel) -> str:
    """The places of lanes that do not stand one after the other, where there is room for them."""
    places = [(lane.row, lane.column) for lane in reel.lanes]
    if len(places) < 2 or places == [divmod(i, reel.columns) for i in range(len(places))]:
        return ""
    rules = " ".join(
        f".pictures > :nth-child({i}) {{ grid-area: {row + 1} / {column + 1}; }}"
        for i, (row, column) in enumerate(places, start=1)
    )
    return f"@media (min-width: 641px) {{ {rules} }}\n"


def _variables(look: Look, schemes: str) -> str:
    colors = {
        "ground": look.ground,
        "surface": look.surface,
        "line": look.line,
        "edge": readable(mixed(look.ground, look.text, 0.4), look.ground, VISIBLE),
        "text": look.text,
        "quiet": look.quiet,
        "accent": look.accent,
        "second": look.second,
        "on-accent": max("#1b1306", "#ffffff", key=lambda ink: contrast(ink, look.accent)),
    }
    values = " ".join(f"--{name}: {color};" for name, color in colors.items())
    return f":root {{ color-scheme: {schemes}; {values} }}\n"
