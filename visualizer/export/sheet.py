"""The filmstrip sheet: a whole run, or a grid of runs, on one picture from static to the end.

Rows of steps (of a run one for each view, of a grid one for each lane), and below them the noise
level on the same x axis. Where nobody chose the steps they are evenly spaced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from PIL import Image, ImageDraw

from visualizer.export import written_metadata
from visualizer.export.colors import Look, look_of
from visualizer.export.errors import ExportError
from visualizer.export.lettering import font_for, wrapped
from visualizer.export.mount import scaled
from visualizer.export.picture import save
from visualizer.export.reel import row_of
from visualizer.export.share_words import noise_words
from visualizer.export.sheet_plot import PLOT, PLOT_BOTTOM, PLOT_TOP, draw_plot
from visualizer.export.shots import evenly
from visualizer.export.smooth_drawing import rounded

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.film import Film
    from visualizer.export.options import ExportOptions, Pixels
    from visualizer.export.progress import Progress
    from visualizer.export.reel import Reel, Row

TITLE, BODY, SMALL = 46, 26, 22  # text sizes, pixels

COLUMNS = 8
TILES = ((4, 240), (8, 176), (16, 128), (64, 96))
"""The width of a picture, in pixels, on a sheet of up to so many rows."""
GAP = 16
ROUND = 8  # the radius of the corners of pictures
MARGIN = 80
TITLE_ROW = 48
NAMES = 300
LINE_HEIGHT = 34
LABEL = 136  # what "> 99 % noise" needs
MAX_WIDTH = 8192
"""Pixels: pictures become smaller until a sheet is no wider."""
A4_INCHES = (11.69, 8.27)
PDF_QUALITY = 95


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
    look: Look
    pixels: Pixels

    @property
    def lefts(self) -> list[int]:
        return [MARGIN + self.names + i * self.pitch for i in range(len(self.moments))]

    @property
    def centers(self) -> list[float]:
        return [left + self.tile[0] / 2 for left in self.lefts]


def write_sheet(film: Film, file: BinaryIO, progress: Progress, suffix: str) -> None:
    """Draw the sheet as PNG, JPEG or PDF that knows how it was made, as ``write_picture`` does."""
    save_sheet(draw_sheet(film, progress), film, file, suffix)


def save_sheet(sheet: Image.Image, film: Film, file: BinaryIO, suffix: str) -> None:
    """Write what ``draw_sheet`` gave."""
    if suffix == ".pdf":
        info = written_metadata.pdf_info(film)
        # JPEG is what Pillow puts into a PDF
        page, dots = on_paper(sheet, film.options)
        page.save(file, "PDF", quality=PDF_QUALITY, subsampling=0, resolution=dots, **info)
    else:
        save(sheet, film, file, suffix)


def on_paper(sheet: Image.Image, options: ExportOptions) -> tuple[Image.Image, float]:
    """The sheet in the middle of A4, lying or standing as it is larger, and the dots an inch."""
    fits = [max(sheet.width / w, sheet.height / h) for w, h in (A4_INCHES, A4_INCHES[::-1])]
    dots = min(fits)
    width, height = A4_INCHES if fits[0] <= fits[1] else A4_INCHES[::-1]
    size = round(width * dots), round(height * dots)
    page = Image.new("RGB", size, look_of(options.ground).ground)
    page.paste(sheet, ((size[0] - sheet.width) // 2, (size[1] - sheet.height) // 2))
    return page, dots


def draw_sheet(film: Film, progress: Progress) -> Image.Image:
    """The sheet, RGB."""
    reel, layout = film.reel, layout_of(film)
    blocks = [_heading(reel, layout)]
    rows = rows_of(film, layout.moments)
    for done, row in enumerate(rows):
        blocks.append(_row(row, layout))
        progress(done + 1, len(rows))
    blocks.append(_labels(reel, layout))
    blocks.append(_plot(reel, layout))
    height = MARGIN * 2 + sum(block.height for block in blocks)
    sheet = Image.new("RGB", (layout.width, height), layout.look.ground)
    top = MARGIN
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    return sheet


def layout_of(film: Film) -> Layout:
    """Which moments are shown, and where.

    Raises:
        ExportError: when more steps were chosen than a sheet has room for.
    """
    reel = film.reel
    moments = sorted({shot.moment for shot in film.shots})
    if film.options.steps == "all":
        moments = evenly(moments, COLUMNS)
    width, height = next(
        size for lane in reel.lanes if (size := lane.size_in(film.view)) is not None
    )
    count = len(rows_of(film, moments))
    columns = max(len(moments), 4)  # a short run still leaves room for its prompt
    names = NAMES if len(reel.lanes) > 1 else 0
    pitch = (MAX_WIDTH - MARGIN * 2 - names + GAP) // columns
    if pitch < LABEL + GAP:
        most = (MAX_WIDTH - MARGIN * 2 - names + GAP) // (LABEL + GAP)
        raise ExportError(
            f"A sheet has room for {most} steps, and these are {len(moments)}. Choose fewer."
        )
    side = min(next((tile for most, tile in TILES if count <= most), TILES[-1][1]), pitch - GAP)
    scale = side / max(width, height)
    tile = max(8, round(width * scale)), max(8, round(height * scale))
    pitch = max(tile[0], LABEL) + GAP
    full = MARGIN * 2 + names + columns * pitch - GAP
    look = look_of(film.options.ground)
    return Layout(moments, tile, pitch, names, full, look, film.options.pixels)


def rows_of(film: Film, moments: list[int]) -> list[Row]:
    """What is shown from top to bottom: of a run the chosen views, of a grid its lanes.

    A view may lack the picture of one of the moments: nothing has changed yet at the first, and
    nothing is predicted at the last. One that lacks more is left out.
    """
    reel, options = film.reel, film.options
    if len(reel.lanes) > 1:
        rows = reel.rows()
        return rows if film.view == "noisy" else [replace(row, view=film.view) for row in rows]
    lane = reel.lanes[0]
    views = cast("tuple[View, ...]", options.views)
    rows = [row_of(lane, view) for view in views]
    found = [row for row in rows if len(set(moments) - set(reel.shown(row.view))) <= 1]
    return found or [row_of(lane, film.view)]


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
        line.draw(draw, MARGIN, baseline - 16, layout.look.text)
    for line in quiet:
        baseline += 38
        line.draw(draw, MARGIN, baseline, layout.look.quiet)
    return block


def _row(row: Row, layout: Layout) -> Image.Image:
    """The pictures of a lane, below the row's title or beside the lane's name."""
    top = 0 if layout.names else TITLE_ROW
    block = _block(layout, layout.tile[1] + (GAP if layout.names else TITLE_ROW + 32))
    if layout.names:
        _name(block, row, layout)
    else:
        _title(block, row.title, row.meaning, layout.look)
    mask = rounded(layout.tile, ROUND)
    for left, moment in zip(layout.lefts, layout.moments, strict=True):
        if not layout.names and moment not in row.lane.shown(row.view):
            block.paste(layout.look.surface, (left, top), mask)
            continue
        picture = row.picture(moment)
        if picture is not None:
            pixels = "square" if row.view == "channels" else layout.pixels
            tile = scaled(Image.fromarray(picture), layout.tile, pixels)
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
    for lines, color in ((title, layout.look.text), (quiet, layout.look.quiet)):
        for line in lines:
            line.draw(draw, MARGIN, baseline, color)
            baseline += LINE_HEIGHT


def _empty(block: Image.Image, sentence: str, layout: Layout) -> None:
    """A quiet frame across the row, with the reason why there are no pictures in it."""
    left, right = layout.lefts[0], layout.lefts[-1] + layout.tile[0]
    draw, look = ImageDraw.Draw(block), layout.look
    draw.rounded_rectangle((left, 0, right, layout.tile[1] - 1), 8, look.surface, look.line)
    lines = wrapped(sentence, BODY, right - left - 4 * GAP, max(1, layout.tile[1] // 50))
    baseline = (layout.tile[1] - LINE_HEIGHT * len(lines)) // 2 + BODY
    for line in lines:
        line.draw(draw, left + 2 * GAP, baseline, layout.look.quiet)
        baseline += LINE_HEIGHT


def _title(block: Image.Image, title: str, meaning: str, look: Look) -> None:
    """What a row shows, and a few quiet words on what that is."""
    draw = ImageDraw.Draw(block)
    font = font_for(title, BODY)
    draw.text((MARGIN, 0), title, fill=look.text, font=font)
    left = MARGIN + font.getlength(title) + 20
    draw.text((left, 4), meaning, fill=look.quiet, font=font_for(meaning, SMALL))


def _labels(reel: Reel, layout: Layout) -> Image.Image:
    """Under each column its step, where there is one, and its share of noise."""
    block = _block(layout, 88)
    draw = ImageDraw.Draw(block)
    for center, moment in zip(layout.centers, layout.moments, strict=True):
        top = 0
        for text, size, color in (
            (reel.label(moment), BODY, layout.look.text),
            (noise_words(reel.share(moment)), SMALL, layout.look.quiet),
        ):
            if text:
                font = font_for(text, size)
                draw.text((center, top), text, fill=color, font=font, anchor="ma")
                top += 36
    return block


def _plot(reel: Reel, layout: Layout) -> Image.Image:
    """The share of noise over all steps, under the columns it belongs to."""
    if len(layout.moments) < 2:
        return _block(layout, 0)
    look = layout.look
    block = _block(layout, TITLE_ROW + PLOT)
    measured = any(reel.measured(moment) is not None for moment in layout.moments)
    meaning = "in the variance of the latent"
    meaning += f"; the thin line is what was {reel.measured_name}" if measured else ""
    _title(block, "Share of noise", meaning, look)
    left, right = layout.lefts[0], layout.lefts[-1] + layout.tile[0]
    drawn = draw_plot(reel, layout.moments, layout.centers, (left, right, block.width), look)
    block.paste(drawn, (0, TITLE_ROW))
    draw = ImageDraw.Draw(block)
    small = font_for("100 %", SMALL)
    for level, text in ((PLOT_TOP, "100 %"), (PLOT_BOTTOM, "0 %")):
        where = (left - 10, TITLE_ROW + level)
        draw.text(where, text, fill=look.quiet, font=small, anchor="rm")
    return block


def _block(layout: Layout, height: int) -> Image.Image:
    return Image.new("RGB", (layout.width, height), layout.look.ground)
