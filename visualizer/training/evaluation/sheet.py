"""Contact sheets: pictures in rows, each over its prompt; what is wrong is named in red."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from visualizer.training.evaluation.verdict import Seen, wrong

COUNT = 100
COLUMNS = 10
TILE = 192
GAP = 6
LETTERS = 11
LINES = 3
_LINE = LETTERS + 3
_LABEL = LINES * _LINE + 4


def contact_sheet(
    pictures: Sequence[NDArray[np.uint8]],
    prompts: Sequence[str],
    faults: Sequence[str],
    columns: int = COLUMNS,
) -> Image.Image:
    """Pictures (H, W, 3) over their prompts; a fault that is not "" follows in red."""
    rows = -(-len(pictures) // columns)
    width, height = TILE + GAP, TILE + _LABEL + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(LETTERS)
    for k, (picture, prompt, fault) in enumerate(zip(pictures, prompts, faults, strict=True)):
        x, y = GAP + width * (k % columns), GAP + height * (k // columns)
        image = Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(image, (x, y))
        said = [(line, "black") for line in _lines(prompt, LINES - bool(fault))]
        if fault:
            said.append((_lines(fault, 1)[0], "red"))
        for row, (line, color) in enumerate(said):
            pen.text((x, y + TILE + 2 + row * _LINE), line, fill=color, font=font)
    return sheet


def fault(wanted: Seen, seen: Seen, names: Sequence[str]) -> str:
    """What is seen where something else was wanted, in short; "" when all is right."""
    parts: list[str] = []
    for name in wrong(wanted, seen, names):
        if name in ("object", "color"):
            things = ", ".join(f"{t.color} {t.object}" for t in sorted(seen.things)) or "no thing"
            part = things
        else:
            part = getattr(seen, name) or f"no {name}"
        if part not in parts:
            parts.append(part)
    return "; ".join(parts)


def _lines(text: str, count: int) -> list[str]:
    return textwrap.wrap(text, TILE // 6, max_lines=count, placeholder=" …") or [""]
