"""The filmstrip sheet: a whole run, or a grid of runs, on one picture from static to the end.

Rows of evenly chosen steps (of a run what the sampler holds and what the model guesses, of a grid
a row a lane), and below them the noise level on the same x axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, ImageDraw

from visualizer.export.colors import ACCENT, GROUND, LINE, QUIET, SURFACE, TEXT
from visualizer.export.frames import evenly
from visualizer.export.lettering import font_for, wrapped
from visualizer.export.picture import note

if TYPE_CHECKING:
    from visualizer.export.reel import Reel, Row
    from visualizer.export.writers import Progress

TITLE, BODY, SMALL = 46, 26, 22  # text sizes, pixels

COLUMNS = 8
TILES = ((4, 240), (8, 176), (16, 128), (64, 96))
"""The width of a picture, in pixels, on a sheet of up to so many rows."""
GAP = 16
MARGIN = 80
PLOT = 180
TITLE_ROW = 48
NAMES = 300
LINE_HEIGHT = 34
LABEL = 136  # what "> 99 % noise" needs
SMOOTH = 4  # the plot is drawn so many times larger and reduced


@dataclass(frozen=True)
class Layout:
    """Where the columns stand; all in pixels.

    Attributes:
        names: how much room the names of lanes have, left of their rows; 0 for titles above rows.
    """

    moments: list[int]
    tile: tuple[int, int]
    pitch: int
    names: int
    width: int

    @property
    def lefts(self) -> list[int]:
        return [MARGIN + self.names + i * self.pitch for i in range(len(self.moments))]

    @property
    def centers(self) -> list[float]:
        return [left + self.tile[0] / 2 for left in self.lefts]


def write_sheet(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """Draw the sheet as a PNG that knows how it was made, as ``write_picture`` does."""
    draw_sheet(reel, progress).save(file, "PNG", pnginfo=note(reel))


def draw_sheet(reel: Reel, progress: Progress) -> Image.Image:
    """The sheet, RGB."""
    layout = layout_of(reel)
    blocks = [_heading(reel, layout)]
    rows = _rows(reel, layout)
    for done, row in enumerate(rows):
        blocks.append(_row(row, layout))
        progress(done + 1, len(rows))
    blocks.append(_labels(reel, layout))
    blocks.append(_plot(reel, layout))
    height = MARGIN * 2 + sum(block.height for block in blocks)
    sheet = Image.new("RGB", (layout.width, height), GROUND)
    top = MARGIN
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    return sheet


def layout_of(reel: Reel) -> Layout:
    """Which moments are shown, and where."""
    moments = evenly(reel.shown(), COLUMNS)
    width, height = next(lane.size for lane in reel.lanes if lane.size is not None)
    count = len(reel.rows())
    side = next((tile for most, tile in TILES if count <= most), TILES[-1][1])
    scale = side / max(width, height)
    tile = max(8, round(width * scale)), max(8, round(height * scale))
    columns = max(len(moments), 4)  # a short run still leaves room for its prompt
    pitch = max(tile[0], LABEL) + GAP
    names = NAMES if len(reel.lanes) > 1 else 0
    return Layout(moments, tile, pitch, names, MARGIN * 2 + names + columns * pitch - GAP)


def _rows(reel: Reel, layout: Layout) -> list[Row]:
    """The rows of the reel, without a view that has no pictures of these moments."""
    complete = set(reel.shown("denoised"))
    return [
        row
        for row in reel.rows()
        if row.view == "noisy" or layout.names or complete.issuperset(layout.moments)
    ]


def _heading(reel: Reel, layout: Layout) -> Image.Image:
    """The prompt, one quiet line of what else decided the picture, and what was measured."""
    room = layout.width - 2 * MARGIN
    title = wrapped(reel.title, TITLE, room, 3)
    quiet = wrapped(" · ".join(reel.facts), BODY, room, 2) + wrapped(reel.summary, BODY, room, 4)
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


def _row(row: Row, layout: Layout) -> Image.Image:
    """The pictures of a lane, below the row's title or beside the lane's name."""
    top = 0 if layout.names else TITLE_ROW
    block = _block(layout, layout.tile[1] + (GAP if layout.names else TITLE_ROW + 32))
    if layout.names:
        _name(block, row, layout)
    else:
        _title(block, row.title, row.meaning)
    mask = _rounded(layout.tile)
    for left, moment in zip(layout.lefts, layout.moments, strict=True):
        picture = row.lane.picture(moment, row.view)
        if picture is not None:
            tile = Image.fromarray(picture).resize(layout.tile, Image.Resampling.LANCZOS)
            block.paste(tile, (left, top), mask)
    if not row.lane.shown(row.view):
        _empty(block, row.lane.sentence, layout)
    return block


def _name(block: Image.Image, row: Row, layout: Layout) -> None:
    """What a lane is called, in the middle of its row."""
    most = max(1, layout.tile[1] // LINE_HEIGHT)
    title = wrapped(row.title, BODY, layout.names - 2 * GAP, min(3, most))
    room = min(3, most - len(title))
    quiet = wrapped(row.meaning, SMALL, layout.names - 2 * GAP, room) if room > 0 else []
    draw = ImageDraw.Draw(block)
    baseline = (layout.tile[1] - LINE_HEIGHT * (len(title) + len(quiet))) // 2 + BODY
    for lines, color in ((title, TEXT), (quiet, QUIET)):
        for line in lines:
            line.draw(draw, MARGIN, baseline, color)
            baseline += LINE_HEIGHT


def _empty(block: Image.Image, sentence: str, layout: Layout) -> None:
    """A quiet frame across the row, with the reason why there are no pictures in it."""
    left, right = layout.lefts[0], layout.lefts[-1] + layout.tile[0]
    draw = ImageDraw.Draw(block)
    draw.rounded_rectangle((left, 0, right, layout.tile[1] - 1), 8, SURFACE, LINE)
    lines = wrapped(sentence, BODY, right - left - 4 * GAP, max(1, layout.tile[1] // 50))
    baseline = (layout.tile[1] - LINE_HEIGHT * len(lines)) // 2 + BODY
    for line in lines:
        line.draw(draw, left + 2 * GAP, baseline, QUIET)
        baseline += LINE_HEIGHT


def _title(block: Image.Image, title: str, meaning: str) -> None:
    """What a row shows, and a few quiet words on what that is."""
    draw = ImageDraw.Draw(block)
    font = font_for(title, BODY)
    draw.text((MARGIN, 0), title, fill=TEXT, font=font)
    left = MARGIN + font.getlength(title) + 20
    draw.text((left, 4), meaning, fill=QUIET, font=font_for(meaning, SMALL))


def _labels(reel: Reel, layout: Layout) -> Image.Image:
    """Under each column its step, where there is one, and its share of noise."""
    block = _block(layout, 88)
    draw = ImageDraw.Draw(block)
    for center, moment in zip(layout.centers, layout.moments, strict=True):
        top = 0
        for text, size, color in (
            (reel.label(moment), BODY, TEXT),
            (percent(reel.share(moment)), SMALL, QUIET),
        ):
            if text:
                font = font_for(text, size)
                draw.text((center, top), text, fill=color, font=font, anchor="ma")
                top += 36
    return block


def percent(share: float) -> str:
    """ "62 % noise"; never 0 or 100 for what is neither."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return "< 1 % noise"
    if whole == 100 and share < 1:
        return "> 99 % noise"
    return f"{whole} % noise"


def _plot(reel: Reel, layout: Layout) -> Image.Image:
    """The share of noise over all steps, under the columns it belongs to."""
    if len(layout.moments) < 2:
        return _block(layout, 0)
    block = _block(layout, TITLE_ROW + PLOT)
    _title(block, "Share of noise", "in the variance of the latent, at the same moments")
    shares = np.asarray([reel.share(moment) for moment in range(reel.count)])
    centers = layout.centers
    x = np.interp(np.arange(len(shares)), layout.moments, centers)
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
    for center, k in zip(centers, layout.moments, strict=True):
        where = (center * SMOOTH, float(y[k]) * SMOOTH)
        draw.circle(where, 8 * SMOOTH, fill=GROUND)
        draw.circle(where, 6 * SMOOTH, fill=ACCENT)
    block.paste(big.resize((block.width, PLOT), Image.Resampling.LANCZOS), (0, TITLE_ROW))

    draw = ImageDraw.Draw(block)
    small = font_for("100 %", SMALL)
    for level, text in ((top, "100 %"), (bottom, "0 %")):
        where = (left - 10, TITLE_ROW + level)
        draw.text(where, text, fill=QUIET, font=small, anchor="rm")
    return block


def _block(layout: Layout, height: int) -> Image.Image:
    return Image.new("RGB", (layout.width, height), GROUND)


def _rounded(size: tuple[int, int]) -> Image.Image:
    """A mask with gently rounded corners."""
    big = Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH), 0)
    ImageDraw.Draw(big).rounded_rectangle((0, 0, *big.size), radius=8 * SMOOTH, fill=255)
    return big.resize(size, Image.Resampling.LANCZOS)
