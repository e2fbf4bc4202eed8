"""What a page holds: the pictures of its tiles at its moments, and everything its script reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from visualizer.export.errors import ExportError
from visualizer.export.page_pictures import Album, Tile, scale_for, tiles_of
from visualizer.export.share_words import noise_words, percent
from visualizer.export.view_words import VIEW_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visualizer.diffusion.views import View
    from visualizer.export.film import Film
    from visualizer.export.reel import Reel

MOST_PIXELS = 1_200_000_000
"""Of all pictures together, in a size that was asked for: no browser opens more of them."""


@dataclass(frozen=True)
class Frames:
    """The pictures of one tile: for each view and moment where they stand in the album."""

    tile: Tile
    size: tuple[int, int]
    places: dict[View, list[int | None]]

    @property
    def ends(self) -> tuple[int, ...]:
        """Where its first and its last picture stand: of the first view that has some."""
        found: list[int] = []
        for places in self.places.values():
            found = found or [place for place in places if place is not None]
        return (found[0],) if found[0] == found[-1] else (found[0], found[-1])


class Contents:
    """A film, as a page shows it. Nothing is decoded here.

    Attributes:
        tiles: what is shown side by side.
        views: those of the options that there are pictures of.
        shots: the moments in the order in which they play.
        moments: the moments of the page, ascending.
        start: the index of the moment that the page opens at: the picture, not the static.

    Raises:
        ExportError: where there is nothing to show, or more than a browser can.
    """

    def __init__(self, film: Film) -> None:
        self.reel, self.options = reel, options = film.reel, film.options
        self.tiles = tiles_of(reel, options)
        self._shown = shown_in(reel, options.views)
        self.views: list[View] = list(self._shown)
        self.shots = film.shots
        self.moments = sorted({shot.moment for shot in self.shots})
        self.start = 0 if reel.forward else len(self.moments) - 1
        self.album = Album(options, self._scale())
        self.frames = [self._frames(tile) for tile in self.tiles]

    @property
    def title(self) -> str:
        """The heading: the prompt, unless the page is not to say it."""
        return self.reel.title if self.says("prompt") else "Denoising, step by step"

    @property
    def count(self) -> int:
        """How many pictures are coded: all of the album, and those that stand still."""
        there = [frames for frames in self.frames if frames is not None]
        ends = sum(len(frames.ends) for frames in there)
        return len(self.album.wanted) + ends - len({self.opening(frames) for frames in there})

    def opening(self, frames: Frames) -> int:
        """Where the picture stands at which a tile opens."""
        return frames.ends[0 if self.start == 0 else -1]

    def says(self, caption: str) -> bool:
        """Whether the page tells one of the captions: all of them, or of one that remembers
        nothing those that were asked for."""
        return self.options.remember or caption in self.options.captions

    def words(self, i: int) -> str:
        """ "step 4 of 30 · 62 % noise"."""
        moment = self.moments[i]
        words = self.reel.step_words(moment), noise_words(self.reel.share(moment))
        return " · ".join(word for word in words if word)

    @cached_property
    def measured(self) -> dict[int, float]:
        """The measured share of noise at the moments up to the page's last one, where it is known.

        It is asked of every moment once.
        """
        last = self.moments[-1]
        found = {moment: self.reel.measured(moment) for moment in range(last + 1)}
        return {moment: share for moment, share in found.items() if share is not None}

    def data(self) -> dict[str, Any]:
        """What the script reads, as JSON values."""
        measured = self.measured
        index = {moment: i for i, moment in enumerate(self.moments)}
        return {
            "moments": [
                [
                    self.words(i),
                    percent(self.reel.share(moment)),
                    percent(measured[moment]) if moment in measured else "",
                ]
                for i, moment in enumerate(self.moments)
            ],
            "views": self.views,
            "lanes": [
                None
                if frames is None
                else {"label": frames.tile.label, "size": frames.size, "frames": frames.places}
                for frames in self.frames
            ],
            "start": self.start,
            "shots": [[index[shot.moment], shot.milliseconds] for shot in self.shots],
        }

    def _frames(self, tile: Tile) -> Frames | None:
        sizes = [size for view in self.views if (size := tile.size(view)) is not None]
        if not sizes:
            return None
        places: dict[View, list[int | None]] = {view: [] for view in self.views}
        for moment in self.moments:
            for view in self.views:
                there = moment in self._shown[view]
                place = self.album.place(tile, moment, view) if there else None
                places[view].append(place)
        if all(place is None for each in places.values() for place in each):
            return None
        return Frames(tile, self.album.size(sizes[0]), places)

    def _scale(self) -> float:
        scale, pixels = scale_for(self.tiles, len(self.moments), self.views)
        if self.options.size == "auto":
            return scale
        if pixels > MOST_PIXELS:
            count = len(self.tiles) * len(self.moments) * len(self.views)
            raise ExportError(
                f"A page of {count} pictures in this size would be too large for a browser. "
                "Choose fewer steps, one view, or the size “auto”, which makes pictures smaller."
            )
        return 1.0


def shown_in(reel: Reel, views: Sequence[str]) -> dict[View, set[int]]:
    """The moments with pictures of each view, in the usual order of views.

    A view of which there is a single moment, and that is the finished picture, is none.

    Raises:
        ExportError: where there is nothing to show.
    """
    refused: ExportError | None = None
    found: dict[View, set[int]] = {}
    for view in VIEW_NAMES:
        if view not in views:
            continue
        try:
            moments = set(reel.shown(view))
        except ExportError as error:
            refused = error
            continue
        if moments:
            found[view] = moments
    if not found:
        names = " or ".join(f"“{VIEW_NAMES[cast('View', view)]}”" for view in views)
        raise refused or ExportError(f"There are no pictures of the view {names} here.")
    most = max(len(moments) for moments in found.values())
    return {view: moments for view, moments in found.items() if len(moments) > 1 or most == 1}
