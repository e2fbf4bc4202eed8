"""Reel: what every exporter needs to know of a run, or of a grid of runs.

A reel has moments, from static to the picture. A run has one lane, whose moments are its steps; a
grid has several, which stand at the same noise level, or at the same step, at each moment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.colors import Look
from visualizer.export.errors import ExportError
from visualizer.export.exhibit import Exhibit
from visualizer.export.lane import Lane, steps_with_pictures
from visualizer.export.mount import Mount, RunMount
from visualizer.export.options import ExportOptions, Pixels
from visualizer.export.share_words import noise_words
from visualizer.export.view_words import MEANINGS, VIEW_NAMES

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.views import View

SHOWN_VIEWS: tuple[View, ...] = ("noisy", "denoised")
"""The views that are exported unless others are asked for."""
WATCHABLE = 512
"""Pixels: smaller pictures of one run are enlarged by a whole factor."""
WITHOUT_BOUND = 1 << 16


@dataclass(frozen=True)
class Row:
    """One row of a sheet: a lane in a view, and what to write above it.

    Attributes:
        other: where the row shows how far a lane is from another one: that one.
    """

    lane: Lane
    view: View
    title: str
    meaning: str
    other: Lane | None = None

    def picture(self, moment: int) -> Picture | None:
        """What stands in the row at a moment, (H, W, 3) uint8; None where there is nothing."""
        picture = self.lane.picture(moment, self.view)
        if self.other is None or picture is None:
            return picture
        from visualizer.diffusion.picture_difference import difference_picture

        beside = self.other.picture(moment, self.view)
        return None if beside is None else difference_picture(picture, beside)


def row_of(lane: Lane, view: View) -> Row:
    """The row of the only lane in a view: called what the view is called."""
    return Row(lane, view, VIEW_NAMES[view], MEANINGS[view])


class Reel(Protocol):
    """Moments with pictures.

    Attributes:
        title: the prompt, or what the grid compares.
        facts: what else decided the pictures, in short words: "seed 7", "30 steps", …
        summary: a sentence on what was measured, or "".
        lanes: its runs, in the order in which they are shown.
        count: how many moments there are, with and without pictures.
        columns: how many lanes stand side by side.
        shares: of the noise as planned, 0 … 1, at every moment and at those a run did not reach.
        breaks: the moments after which another stage begins.
        forward: whether it is a forward process, from the picture to static.
        measured_name: what ``measured`` is called.
        watchable: pixels: smaller pictures are enlarged until their short side has as many.
        widest: pixels: no mount in a size of our choice is larger.
    """

    @property
    def title(self) -> str: ...
    @property
    def facts(self) -> list[str]: ...
    @property
    def summary(self) -> str: ...
    @property
    def lanes(self) -> tuple[Lane, ...]: ...
    @property
    def count(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def shares(self) -> tuple[float, ...]: ...
    @property
    def breaks(self) -> frozenset[int]: ...
    @property
    def forward(self) -> bool: ...
    @property
    def measured_name(self) -> str: ...
    @property
    def watchable(self) -> int: ...
    @property
    def widest(self) -> int: ...

    def label(self, moment: int) -> str:
        """ "step 4", or "" where the lanes stand at different steps."""
        ...

    def step_words(self, moment: int) -> str:
        """ "step 4 of 30", or "" as ``label``."""
        ...

    def share(self, moment: int) -> float:
        """The noise in the variance of the latent, 0 … 1."""
        ...

    def measured(self, moment: int, /) -> float | None:
        """The share of the noise that was really measured; None where nothing was."""
        ...

    def tile(self, view: View) -> tuple[int, int]:
        """Width and height of one picture as it is, in pixels; of several the largest."""
        ...

    def still_tile(self, view: View) -> tuple[int, int]:
        """The same on a picture that is looked at for itself: as it is, or large enough."""
        ...

    def mount(self, view: View, tile: tuple[int, int], look: Look, pixels: Pixels, /) -> Mount:
        """Where its pictures stand when each has the room of a tile."""
        ...

    def shown(self, view: View = "noisy") -> list[int]:
        """The moments there are pictures of.

        Raises:
            ExportError: with a sentence, when there is none of the noisy latent.
        """
        ...

    def rows(self) -> list[Row]:
        """What a sheet shows, from top to bottom."""
        ...


def reel_of(what: Trajectory | Comparison | Exhibit, options: ExportOptions | None = None) -> Reel:
    """The reel of a run or of a grid of runs, of a difference, a forward process, or an exhibit.

    Raises:
        ExportError: where there is no such thing.
    """
    options = options or ExportOptions()
    if isinstance(what, Exhibit):
        from visualizer.export.exhibit_reel import ExhibitReel

        return ExhibitReel(what, options)
    if isinstance(what, Trajectory):
        if options.subject == "difference":
            raise ExportError("A difference needs two runs side by side; this is a single run.")
        return RunReel(_destroyed(what) if options.subject == "forward" else what)
    if options.subject == "forward":
        raise ExportError("Only a single run has a forward process: choose one of these runs.")
    if options.subject == "difference":
        from visualizer.export.difference_reel import DifferenceReel

        return DifferenceReel(what, options.pair)
    from visualizer.export.grid_reel import GridReel

    return GridReel(what)


def _destroyed(run: Trajectory) -> Trajectory:
    """The forward process of a run; the run itself if it is one."""
    from visualizer.diffusion.forward import forward_process, is_forward
    from visualizer.diffusion.request import RequestError

    if is_forward(run):
        return run
    try:
        return forward_process(run)
    except RequestError as error:
        raise ExportError(str(error)) from error


class RunReel:
    """The reel of one run: its moments are its steps."""

    columns = 1
    summary = ""
    watchable = WATCHABLE
    widest = WITHOUT_BOUND

    def __init__(self, run: Trajectory) -> None:
        self._run = run
        self.count = len(run.steps)
        self.title = run.request.prompt or ("A picture" if self.forward else "(no prompt)")
        self.lanes = (Lane("", run.request, run, tuple(range(self.count))),)

    @property
    def facts(self) -> list[str]:
        facts = facts_of(self._run)
        return ["forward process", *facts] if self.forward else facts

    def label(self, moment: int) -> str:
        return f"step {moment}"

    def step_words(self, moment: int) -> str:
        first = max((k + 1 for k in self.breaks if k < moment), default=0)
        last = min((k for k in self.breaks if k >= moment), default=len(self.shares) - 1)
        words = f"step {moment - first} of {last - first}"
        stage = self._run.steps[moment].stage
        return f"{stage}, {words}" if self.breaks and stage else words

    def share(self, moment: int) -> float:
        return self._run.steps[moment].noise_level.noise_share

    @cached_property
    def shares(self) -> tuple[float, ...]:
        real = [step.noise_level for step in self._run.steps]
        return tuple(level.noise_share for level in (*real, *self._run.planned[len(real) :]))

    @cached_property
    def breaks(self) -> frozenset[int]:
        steps, shares = self._run.steps, self.shares
        ends = {k for k in range(len(steps) - 1) if steps[k].stage != steps[k + 1].stage}
        coming = range(max(len(steps), 1) - 1, len(shares) - 1)
        return frozenset(ends | {k for k in coming if shares[k + 1] > shares[k]})

    @cached_property
    def forward(self) -> bool:
        from visualizer.diffusion.forward import is_forward

        return is_forward(self._run)

    @property
    def measured_name(self) -> str:
        return "measured against the guess" if self._run.cancelled else "measured"

    def measured(self, moment: int, /) -> float | None:
        if self.forward:
            return None  # noise was added as planned: there is nothing to find out
        if moment not in self._measured:
            noise = self._run.measured_noise(moment)
            level = self._run.steps[moment].noise_level.with_noise(noise)
            usable = math.isfinite(noise) and level.scale > 0
            self._measured[moment] = level.noise_share if usable else None
        return self._measured[moment]

    @cached_property
    def _measured(self) -> dict[int, float | None]:
        return {}

    def tile(self, view: View) -> tuple[int, int]:
        size = self.lanes[0].size_in(view)
        assert size is not None, "a run is shown where it has pictures"
        return size

    def still_tile(self, view: View) -> tuple[int, int]:
        return self.tile(view)

    def mount(self, view: View, tile: tuple[int, int], _look: Look, pixels: Pixels, /) -> Mount:
        # a latent's numbers are never mixed with each other, as on the canvas
        pixels = "square" if view == "channels" else pixels
        return RunMount(self.lanes[0], view, tile, pixels)

    def shown(self, view: View = "noisy") -> list[int]:
        found = steps_with_pictures(self._run, view)
        if not self.count:
            raise ExportError(
                "This run was stopped before its first step: there is no picture of it."
            )
        if not found and view == "noisy":
            raise ExportError("This run holds no pictures. Open it together with its model.")
        return found

    def rows(self) -> list[Row]:
        return [row_of(self.lanes[0], view) for view in SHOWN_VIEWS]


def _start_facts(run: Trajectory) -> list[str]:
    """ "from a picture, from 62 % noise"; nothing of a run that began with static."""
    from visualizer.diffusion.branching import origin
    from visualizer.diffusion.forward import is_forward
    from visualizer.diffusion.starts import FromPicture

    start = origin(run.request)
    if not isinstance(start, FromPicture) or is_forward(run):
        return []
    return [start.words(noise_words(run.planned[0].noise_share) if run.planned else "")]


def facts_of(run: Trajectory) -> list[str]:
    """What else decided the picture, in short words: "seed 7", "30 steps", …"""
    request, last = run.request, len(run.steps) - 1
    planned = max(len(run.planned) - 1, last)
    height, width = run.picture(last).shape[:2] if run.final is not None else (0, 0)
    facts = [f"seed {request.seed}"]
    if run.cancelled:
        facts.append(f"stopped at step {last} of {planned}")
    else:
        facts.append(f"{planned} step{'s' if planned != 1 else ''}")
    if request.guidance_scale is not None:
        facts.append(f"guidance {request.guidance_scale:g}")
    facts += _start_facts(run)
    if run.sampler:
        facts.append(run.sampler)
    if request.negative_prompt:
        facts.append(f"avoiding {request.negative_prompt}")
    if run.model.name:
        facts.append(f"{run.model.name} model")
    if width:
        facts.append(f"{width} by {height} pixels")
    return facts
