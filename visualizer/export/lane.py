"""Lane: one run of a reel, and the pictures there are of it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from visualizer.diffusion.views import DIFFERENCES
from visualizer.export.view_words import VIEW_NAMES

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
NOT_MADE = "This run has not been made."


@dataclass(frozen=True, eq=False)
class Lane:
    """One run of a reel.

    Attributes:
        label: what sets it apart from the others, e.g. "seed 7"; "" of a run alone.
        request: what was asked for.
        run: what came of it; None when nothing did.
        points: at each moment of the reel the step of this run.
        row, column: its place in the grid.
        failure: a sentence on why it ended early, or "".
        letter: what it is called wherever nothing is said of it; "" of a run alone.
    """

    label: str
    request: SamplingRequest
    run: Trajectory | None
    points: tuple[int, ...]
    row: int = 0
    column: int = 0
    failure: str = ""
    letter: str = ""

    def shown(self, view: View = "noisy") -> list[int]:
        """The steps whose picture in a view is stored or can be decoded."""
        return [] if self.run is None else steps_with_pictures(self.run, view)

    def step(self, moment: int, view: View = "noisy") -> int | None:
        """The step that is shown at a moment: its own, or the nearest one there is a picture of."""
        found = self._shown[view] if view in self._shown else self.shown(view)
        self._shown[view] = found
        if not found:
            return None
        point = self.points[moment]
        after = min(bisect_left(found, point), len(found) - 1)
        before = max(after - 1, 0)
        return found[before if abs(found[before] - point) <= abs(found[after] - point) else after]

    def picture(self, moment: int, view: View = "noisy") -> Picture | None:
        """Its picture at a moment, (H, W, 3) uint8; None when there is none in this view."""
        step = self.step(moment, view)
        return None if step is None or self.run is None else self.run.picture(step, view)

    @property
    def sentence(self) -> str:
        """What to say in the place of a picture."""
        return self.failure or NOT_MADE

    def sentence_in(self, view: View) -> str:
        """What to say in the place of its picture in a view."""
        if self.run is None or not self.points or view == "noisy":
            return self.sentence
        return f"This run has no pictures of the view “{VIEW_NAMES[view]}”."

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of its last picture; None when there is none."""
        return self.size_in("noisy")

    def size_in(self, view: View) -> tuple[int, int] | None:
        """Width and height of its pictures in a view; None when there is none.

        A picture that is there is asked before one is decoded.
        """
        if view not in self._sizes:
            self._sizes[view] = self._size_in(view)
        return self._sizes[view]

    def _size_in(self, view: View) -> tuple[int, int] | None:
        run = self.run
        if run is None or not self.points or not self.shown(view):
            return None
        picture = None
        if view != "channels":
            picture = (
                run.final if run.final is not None else next(iter(run.pictures.values()), None)
            )
        if picture is None:
            picture = self.picture(len(self.points) - 1, view)
        return None if picture is None else (picture.shape[1], picture.shape[0])

    @cached_property
    def _shown(self) -> dict[View, list[int]]:
        return {}

    @cached_property
    def _sizes(self) -> dict[View, tuple[int, int] | None]:
        return {}


def steps_with_pictures(run: Trajectory, view: View = "noisy") -> list[int]:
    """The steps of a run whose picture in a view is stored or can be decoded."""
    shown = [k for k in range(len(run.steps)) if run.has_view(k, view)]
    if run.decoder is not None:
        return shown
    last = len(run.steps) - 1 if run.final is not None else None
    return [
        k
        for k in shown
        if all(key[0] == last or key in run.pictures for key in decoded_for(k, view))
    ]


def decoded_for(k: int, view: View) -> list[tuple[int, View]]:
    """The pictures a decoder has to make before step k can be shown in a view."""
    if view == "channels":
        return []
    if view not in DIFFERENCES:
        return [(k, view)]
    before, after = DIFFERENCES[view]
    return [(k - 1 if view == "change" else k, before), (k, after)]
