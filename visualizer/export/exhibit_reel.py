"""The reel of an exhibit: frames that a page has painted, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from visualizer.export.errors import ExportError
from visualizer.export.mount import Box, scaled
from visualizer.export.reel import WATCHABLE, WITHOUT_BOUND

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.colors import Look
    from visualizer.export.exhibit import Exhibit
    from visualizer.export.lane import Lane
    from visualizer.export.mount import Mount
    from visualizer.export.options import ExportOptions, Pixels
    from visualizer.export.reel import Row

NO_RUN = (
    "This page shows no run: it becomes an animation, a video, a folder of pictures, or a picture."
)
_OF_RUNS = ("sheet", "page", "raw", "run")


class ExhibitReel:
    """Its moments are the frames. It has no noise levels, and no lanes.

    Raises:
        ExportError: for what only runs become.
    """

    columns = 1
    summary = measured_name = ""
    lanes: tuple[Lane, ...] = ()
    shares: tuple[float, ...] = ()
    breaks: frozenset[int] = frozenset()
    forward = False
    watchable = WATCHABLE
    widest = WITHOUT_BOUND

    def __init__(self, exhibit: Exhibit, options: ExportOptions) -> None:
        narrowed = options.subject != "whole" or options.content != "picture"
        if narrowed or options.format in _OF_RUNS:
            raise ExportError(NO_RUN)
        self._exhibit = exhibit
        self.facts: list[str] = []
        self.title, self.count = exhibit.title, len(exhibit.frames)

    def label(self, moment: int) -> str:
        return self._exhibit.captions[moment]

    def step_words(self, moment: int) -> str:
        return self._exhibit.captions[moment]

    def share(self, _moment: int, /) -> float:
        return 0.0

    def measured(self, _moment: int, /) -> float | None:
        return None

    def tile(self, _view: View, /) -> tuple[int, int]:
        height, width = self._exhibit.frames[0].shape[:2]
        return width, height

    def still_tile(self, view: View) -> tuple[int, int]:
        return self.tile(view)

    def mount(self, _view: View, tile: tuple[int, int], _look: Look, pixels: Pixels, /) -> Mount:
        return ExhibitMount(self._exhibit, tile, pixels)

    def shown(self, _view: View = "noisy", /) -> list[int]:
        return list(range(self.count))

    def rows(self) -> list[Row]:
        return []


class ExhibitMount:
    """A frame, and nothing beside it."""

    margin = 0

    def __init__(self, exhibit: Exhibit, size: tuple[int, int], pixels: Pixels) -> None:
        self._exhibit, self._pixels = exhibit, pixels
        self.size = size
        self.pictures: Box = (0, 0, *size)

    def image(self, moment: int) -> Image.Image:
        return scaled(Image.fromarray(self._exhibit.frames[moment]), self.size, self._pixels)

    def draw_ground(self, image: Image.Image, corner: tuple[int, int]) -> None:
        """There is none."""

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        image.paste(self.image(moment), corner)
