"""Contact sheets: pictures in rows, each over its prompt; what is wrong is named in red."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from visualizer.training.evaluation.verdict import Seen, wrong
from visualizer.training.world.subjects import OBJECTS, Thing

COUNT = 100
COLUMNS = 10
TILE = 192
GAP = 6
LETTERS = 11
PROMPT_LINES, FAULT_LINES = 3, 2
_LINE = LETTERS + 3
_LABEL = (PROMPT_LINES + FAULT_LINES) * _LINE + 4
_BETWEEN = {"left": "left of", "right": "right of", "front": "in front of", "behind": "behind"}


def contact_sheet(
    pictures: Sequence[NDArray[np.uint8]],
    prompts: Sequence[str],
    faults: Sequence[str],
    columns: int = COLUMNS,
) -> Image.Image:
    """Pictures (H, W, 3) over their prompts; a fault that is not "" follows in red."""
    columns = max(min(columns, len(pictures)), 1)
    rows = -(-len(pictures) // columns)
    width, height = TILE + GAP, TILE + _LABEL + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(LETTERS)
    for k, (picture, prompt, fault) in enumerate(zip(pictures, prompts, faults, strict=True)):
        x, y = GAP + width * (k % columns), GAP + height * (k // columns)
        image = Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(image, (x, y))
        said = [(line, "black") for line in _lines(prompt, PROMPT_LINES)]
        said += [(line, "red") for line in _lines(fault, FAULT_LINES)]
        for row, (line, color) in enumerate(said):
            pen.text((x, y + TILE + 2 + row * _LINE), line, fill=color, font=font)
    return sheet


def fault(wanted: Seen, seen: Seen, names: Sequence[str]) -> str:
    """What is seen where something else was wanted, in short; "" when all is right."""
    mistaken = wrong(wanted, seen, names)
    parts = [_told(seen, name) for name in mistaken if name not in ("object", "color")]
    if len(parts) < len(mistaken):
        parts.insert(0, ", ".join(f"{t.color} {t.object}" for t in _in_order(seen)) or "no thing")
    return "; ".join(part for part in parts if part)


def _told(seen: Seen, name: str) -> str:
    if name == "relation" and seen.relation is not None:
        first, second = (thing.object for thing in _in_order(seen))
        return f"{first} {_BETWEEN[seen.relation]} {second}"
    told: str = getattr(seen, name) or ""  # of things that are not there nothing is told
    return told


def _in_order(seen: Seen) -> list[Thing]:
    return sorted(seen.things, key=lambda thing: OBJECTS.index(thing.object))


def _lines(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, round(TILE / (0.48 * LETTERS)), max_lines=most, placeholder=" …")
