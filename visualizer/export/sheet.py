"""The filmstrip sheet: a whole run on one picture, from static to the end.

Two rows of evenly chosen steps (what the sampler holds, and what the model guesses), and below
them the noise level on the same x axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, ImageDraw

from visualizer.export.frames import evenly, steps_with_pictures
from visualizer.export.lettering import font_for, wrapped
from visualizer.export.picture import note

if TYPE_CHECKING:
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.writers import Progress

GROUND, SURFACE, LINE = "#14161b", "#1c1f26", "#343944"
TEXT, QUIET, ACCENT = "#e9ebf0", "#9aa2b1", "#f2a33c"
TITLE, BODY, SMALL = 46, 26, 22  # text sizes, pixels

COLUMNS = 8
TILE = 240  # the long side of a picture, pixels
GAP = 16
MARGIN = 80
PLOT = 180
TITLE_ROW = 48
SMOOTH = 4  # the plot is drawn so many times larger and reduced

ROWS: tuple[tuple[View, str, str], ...] = (
    ("noisy", "Noisy latent", "what the sampler holds at this step"),
    ("denoised", "Model's guess", "the picture the model believes is in there"),
)


@dataclass(frozen=True)
class Layout:
    """Where the columns stand; all in pixels."""

    steps: list[int]
    tile: tuple[int, int]
    width: int

    @property
    def lefts(self) -> list[int]:
        return [MARGIN + i * (self.tile[0] + GAP) for i in range(len(self.steps))]

    @property
    def centers(self) -> list[float]:
        return [left + self.tile[0] / 2 for left in self.lefts]


def write_sheet(trajectory: Trajectory, file: BinaryIO, progress: Progress) -> None:
    """Draw the sheet as a PNG that knows how it was made, as ``write_picture`` does."""
    draw_sheet(trajectory, progress).save(file, "PNG", pnginfo=note(trajectory))


def draw_sheet(trajectory: Trajectory, progress: Progress) -> Image.Image:
    """The sheet, RGB."""
    layout = _layout(trajectory)
    blocks = [_heading(trajectory, layout)]
    with_guess = set(steps_with_pictures(trajectory, "denoised"))
    rows = [row for row in ROWS if row[0] == "noisy" or with_guess.issuperset(layout.steps)]
    for done, (view, title, meaning) in enumerate(rows):
        blocks.append(_row(trajectory, layout, view, title, meaning))
        progress(done + 1, len(rows))
    blocks.append(_labels(trajectory, layout))
    blocks.append(_plot(trajectory, layout))
    height = MARGIN * 2 + sum(block.height for block in blocks)
    sheet = Image.new("RGB", (layout.width, height), GROUND)
    top = MARGIN
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    return sheet


def _layout(trajectory: Trajectory) -> Layout:
    steps = evenly(steps_with_pictures(trajectory), COLUMNS)
    height, width = trajectory.picture(steps[-1]).shape[:2]
    scale = TILE / max(width, height) if height > width else TILE / width
    tile = max(8, round(width * scale)), max(8, round(height * scale))
    columns = max(len(steps), 4)  # a short run still leaves room for its prompt
    return Layout(steps, tile, MARGIN * 2 + columns * max(tile[0], 160) + (columns - 1) * GAP)


def _heading(trajectory: Trajectory, layout: Layout) -> Image.Image:
    """The prompt, and one quiet line of what else decided the picture."""
    request = trajectory.request
    room = layout.width - 2 * MARGIN
    title = wrapped(request.prompt or "(no prompt)", TITLE, room, 3)
    quiet = wrapped(" · ".join(facts_of(trajectory)), BODY, room, 2)
    block = _block(layout, len(title) * 60 + len(quiet) * 38 + 48)
    draw = ImageDraw.Draw(block)
    baseline = 0
    for line in title:
        baseline += 60
        line.draw(draw, MARGIN, baseline - 16, TEXT)
    for line in quiet:
        baseline += 38
        line.draw(draw, MARGIN, baseline, QUIET)
    return block


def facts_of(trajectory: Trajectory) -> list[str]:
    """What else decided the picture, in short words: "seed 7", "30 steps", …"""
    request, last = trajectory.request, len(trajectory.steps) - 1
    planned = max(len(trajectory.planned) - 1, last)
    height, width = trajectory.picture(last).shape[:2] if trajectory.final is not None else (0, 0)
    facts = [f"seed {request.seed}"]
    if trajectory.cancelled:
        facts.append(f"stopped at step {last} of {planned}")
    else:
        facts.append(f"{planned} step{'s' if planned != 1 else ''}")
    if request.guidance_scale is not None:
        facts.append(f"guidance {request.guidance_scale:g}")
    if trajectory.sampler:
        facts.append(trajectory.sampler)
    if request.negative_prompt:
        facts.append(f"avoiding {request.negative_prompt}")
    if trajectory.model.name:
        facts.append(f"{trajectory.model.name} model")
    if width:
        facts.append(f"{width} by {height} pixels")
    return facts


def _row(
    trajectory: Trajectory, layout: Layout, view: View, title: str, meaning: str
) -> Image.Image:
    block = _block(layout, TITLE_ROW + layout.tile[1] + 32)
    _title(block, title, meaning)
    mask = _rounded(layout.tile)
    for left_edge, k in zip(layout.lefts, layout.steps, strict=True):
        image = Image.fromarray(trajectory.picture(k, view))
        tile = image.resize(layout.tile, Image.Resampling.LANCZOS)
        block.paste(tile, (left_edge, TITLE_ROW), mask)
    return block


def _title(block: Image.Image, title: str, meaning: str) -> None:
    """What a row shows, and a few quiet words on what that is."""
    draw = ImageDraw.Draw(block)
    font = font_for(title, BODY)
    draw.text((MARGIN, 0), title, fill=TEXT, font=font)
    left = MARGIN + font.getlength(title) + 20
    draw.text((left, 4), meaning, fill=QUIET, font=font_for(meaning, SMALL))


def _labels(trajectory: Trajectory, layout: Layout) -> Image.Image:
    """Under each column its step and its share of noise."""
    block = _block(layout, 88)
    draw = ImageDraw.Draw(block)
    for center, k in zip(layout.centers, layout.steps, strict=True):
        share = trajectory.steps[k].noise_level.noise_share
        for top, text, size, color in (
            (0, f"step {k}", BODY, TEXT),
            (36, percent(share), SMALL, QUIET),
        ):
            font = font_for(text, size)
            draw.text((center, top), text, fill=color, font=font, anchor="ma")
    return block


def percent(share: float) -> str:
    """ "62 % noise"; never 0 or 100 for what is neither."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return "< 1 % noise"
    if whole == 100 and share < 1:
        return "> 99 % noise"
    return f"{whole} % noise"


def _plot(trajectory: Trajectory, layout: Layout) -> Image.Image:
    """The share of noise over all steps, under the columns it belongs to."""
    if len(layout.steps) < 2:
        return _block(layout, 0)
    block = _block(layout, TITLE_ROW + PLOT)
    _title(block, "Share of noise", "in the variance of the latent, on the same steps")
    shares = np.asarray([step.noise_level.noise_share for step in trajectory.steps])
    centers = layout.centers
    x = np.interp(np.arange(len(shares)), layout.steps, centers)
    top, bottom = 12, PLOT - 12
    y = top + (bottom - top) * (1 - shares)
    left, right = layout.lefts[0], layout.lefts[-1] + layout.tile[0]

    big = Image.new("RGB", (block.width * SMOOTH, PLOT * SMOOTH), GROUND)
    draw = ImageDraw.Draw(big)

    def scaled(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(a * SMOOTH, b * SMOOTH) for a, b in points]

    curve = list(zip(x.tolist(), y.tolist(), strict=True))
    draw.polygon(scaled([(curve[0][0], bottom), *curve, (curve[-1][0], bottom)]), fill=SURFACE)
    for level in (top, (top + bottom) / 2, bottom):
        draw.line(scaled([(left, level), (right, level)]), fill=LINE, width=SMOOTH)
    draw.line(scaled(curve), fill=ACCENT, width=3 * SMOOTH, joint="curve")
    for center, k in zip(centers, layout.steps, strict=True):
        where = (center * SMOOTH, float(y[k]) * SMOOTH)
        draw.circle(where, 8 * SMOOTH, fill=GROUND)
        draw.circle(where, 6 * SMOOTH, fill=ACCENT)
    block.paste(big.resize((block.width, PLOT), Image.Resampling.LANCZOS), (0, TITLE_ROW))

    draw = ImageDraw.Draw(block)
    small = font_for("100 %", SMALL)
    for level, text in ((top, "100 %"), (bottom, "0 %")):
        where = (MARGIN - 10, TITLE_ROW + level)
        draw.text(where, text, fill=QUIET, font=small, anchor="rm")
    return block


def _block(layout: Layout, height: int) -> Image.Image:
    return Image.new("RGB", (layout.width, height), GROUND)


def _rounded(size: tuple[int, int]) -> Image.Image:
    """A mask with gently rounded corners."""
    big = Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH), 0)
    ImageDraw.Draw(big).rounded_rectangle((0, 0, *big.size), radius=8 * SMOOTH, fill=255)
    return big.resize(size, Image.Resampling.LANCZOS)
