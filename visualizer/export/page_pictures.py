"""The pictures of a page: which there are, and how each of them is coded."""

from __future__ import annotations

import io
import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from visualizer.diffusion.grid import short_texts
from visualizer.diffusion.picture_difference import difference_picture
from visualizer.export.lane import NOT_MADE
from visualizer.export.shots import evenly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.export.lane import Lane
    from visualizer.export.options import ExportOptions
    from visualizer.export.reel import Reel

MAX_PIXELS = 128_000_000
"""Of all pictures of a page in a size of our choice: larger ones are scaled down until they fit,
so that a phone opens the page."""
KEPT_COLOR = 0.9
"""WebP halves the resolution of color, which turns colored static gray: pictures that would keep
less of their color become JPEG, which need not do that."""
SAMPLED_PIXELS = 2**19
"""So many pixels tell how much color is kept."""
COLOR_OF_STATIC = 0.5
"""What is left of the color of pure static at half the resolution."""
COARSER = 25
"""So much lower is the JPEG quality of pure static: nobody sees the errors in it."""
NOT_FINISHED = "This run was not finished."


class Tile(Protocol):
    """One picture on the page that moves through time.

    Attributes:
        label: its name, or "".
        sentence: what to say where it has no pictures at all.
        failure: a sentence on why it ended early, or "".
    """

    @property
    def label(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def failure(self) -> str: ...

    def size(self, view: View) -> tuple[int, int] | None:
        """Width and height of its pictures in a view; None when there is none."""
        ...

    def key(self, moment: int, view: View) -> Hashable:
        """Equal for equal pictures; None where there is no picture."""
        ...

    def picture(self, moment: int, view: View) -> Picture:
        """The picture where the key is not None, (H, W, 3) uint8."""
        ...


@dataclass(frozen=True)
class LaneTile:
    """The pictures of one lane."""

    lane: Lane
    label: str
    sentence: str
    failure: str

    def size(self, view: View) -> tuple[int, int] | None:
        return self.lane.size_in(view)

    def key(self, moment: int, view: View) -> Hashable:
        """Branches share the pictures of their parent."""
        step = self.lane.step(moment, view)
        if step is None or self.lane.run is None:
            return None
        last = step == len(self.lane.run.steps) - 1
        # the last picture is the run's own: the pipeline made it, nobody shares it
        return (id(self.lane) if last else id(self.lane.run.steps[step]), view)

    def picture(self, moment: int, view: View) -> Picture:
        picture = self.lane.picture(moment, view)
        assert picture is not None, "it has a key"
        return picture


@dataclass(frozen=True)
class DifferenceTile:
    """The heat map of two lanes."""

    a: LaneTile
    b: LaneTile
    label: str = "Difference"
    sentence: str = ""
    failure: str = ""

    def size(self, view: View) -> tuple[int, int] | None:
        a, b = self.a.size(view), self.b.size(view)
        return None if a is None or b is None else (max(a[0], b[0]), max(a[1], b[1]))

    def key(self, moment: int, view: View) -> Hashable:
        a, b = self.a.key(moment, view), self.b.key(moment, view)
        return None if a is None or b is None else (a, b)

    def picture(self, moment: int, view: View) -> Picture:
        return difference_picture(self.a.picture(moment, view), self.b.picture(moment, view))


def tiles_of(reel: Reel, options: ExportOptions) -> tuple[Tile, ...]:
    """The tiles of a page, from left to right and from top to bottom.

    On a page that remembers nothing lanes have no names of their own: those tell prompts, seeds and
    settings, and what went wrong may tell the name of a file that does.
    """
    from visualizer.export.difference_reel import DifferenceReel

    if options.remember:
        told = [(lane.label, lane.sentence, lane.failure) for lane in reel.lanes]
    else:
        told = [
            (name, NOT_MADE, NOT_FINISHED if lane.failure else "")
            for name, lane in zip(_names(reel.lanes, options.captions), reel.lanes, strict=True)
        ]
    lanes = tuple(LaneTile(lane, *words) for lane, words in zip(reel.lanes, told, strict=True))
    if isinstance(reel, DifferenceReel):
        return (*lanes, DifferenceTile(lanes[0], lanes[1]))
    return lanes


def _names(lanes: Sequence[Lane], captions: tuple[str, ...]) -> list[str]:
    """Letters, and of the prompts and seeds that may be told those that set lanes apart."""
    if len(lanes) == 1:
        return [lanes[0].letter]
    names = [lane.letter for lane in lanes]
    seeds = [f"seed {lane.request.seed}" for lane in lanes]
    prompts = list(dict.fromkeys(lane.request.prompt for lane in lanes))
    if "seed" in captions and len(set(seeds)) > 1:
        names = [f"{name} · {seed}" for name, seed in zip(names, seeds, strict=True)]
    if "prompt" in captions and len(prompts) > 1:
        short = dict(zip(prompts, short_texts(prompts), strict=True))
        names = [
            f"{name} · {short[lane.request.prompt] or 'no words'}"
            for name, lane in zip(names, lanes, strict=True)
        ]
    return names


@dataclass(frozen=True)
class Wanted:
    """One picture of a page: where it comes from."""

    tile: Tile
    moment: int
    view: View


@dataclass
class Album:
    """Every picture of a page once, in the order in which they stand in the file.

    Attributes:
        scale: how much smaller they are than the run's, up to 1.
        wanted: all of them; none is made before ``coded`` is asked for it.
    """

    options: ExportOptions
    scale: float = 1.0
    wanted: list[Wanted] = field(default_factory=list)
    _places: dict[Hashable, int] = field(default_factory=dict)

    def place(self, tile: Tile, moment: int, view: View) -> int | None:
        """Where a picture stands; None where there is none."""
        key = tile.key(moment, view)
        if key is None:
            return None
        if key not in self._places:
            self._places[key] = len(self.wanted)
            self.wanted.append(Wanted(tile, moment, view))
        return self._places[key]

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Of a picture on the page."""
        return max(1, round(size[0] * self.scale)), max(1, round(size[1] * self.scale))

    def coded(self, place: int) -> bytes:
        """One picture as a file, in the size it has on the page."""
        wanted = self.wanted[place]
        image = Image.fromarray(wanted.tile.picture(wanted.moment, wanted.view))
        size = self.size(image.size)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS)
        heat = isinstance(wanted.tile, DifferenceTile)  # its colors are read
        return coded(image, self.options, exact=wanted.view == "channels", fine=heat)


def scale_for(tiles: tuple[Tile, ...], moments: int, views: list[View]) -> tuple[float, int]:
    """How much smaller pictures must be to fit into ``MAX_PIXELS``, and their pixels as they are.

    Pictures that branches share count for each of them.
    """
    sizes = [tile.size(view) for tile in tiles for view in views]
    pixels = moments * sum(width * height for width, height in filter(None, sizes))
    return min(1.0, math.sqrt(MAX_PIXELS / max(1, pixels))), pixels


def coded(
    image: Image.Image, options: ExportOptions, *, exact: bool = False, fine: bool = False
) -> bytes:
    """The image as WebP or JPEG, whichever keeps its colors in less room.

    Args:
        exact: whether every pixel is kept as it is, whatever the options say.
        fine: whether what looks like static is more than that.
    """
    file = io.BytesIO()
    if exact or options.lossless:
        image.save(file, "WEBP", lossless=True)
        return file.getvalue()
    kept = color_kept(image)
    if kept >= KEPT_COLOR:
        image.save(file, "WEBP", quality=options.quality, method=4)
    else:
        static = 0.0 if fine else min(1.0, (1 - kept) / (1 - COLOR_OF_STATIC))
        quality = max(1, round(options.quality - COARSER * static))
        image.save(file, "JPEG", quality=quality, subsampling=0, optimize=True)
    return file.getvalue()


def color_kept(image: Image.Image) -> float:
    """How much of the picture's color is left where 2 × 2 pixels share it, 0 … 1.

    Of a large one some pairs of rows are looked at, and no copy is made of the whole.
    """
    width, height = image.width // 2 * 2, image.height // 2 * 2
    if not width or not height:
        return 1.0
    pairs = evenly(range(0, height, 2), max(2, SAMPLED_PIXELS // (2 * width)))
    bands = [image.crop((0, top, width, top + 2)).convert("RGB") for top in pairs]
    pixels = np.stack([np.asarray(band, dtype=np.int16) for band in bands])
    before = after = 0.0
    for channel in (0, 2):
        color = pixels[..., channel] - pixels[..., 1]
        shared = color.reshape(len(pairs), 2, width // 2, 2).mean((1, 3), dtype=np.float32)
        before += float(color.var(dtype=np.float64))
        after += float(shared.var(dtype=np.float64))
    return math.sqrt(after / before) if before else 1.0
