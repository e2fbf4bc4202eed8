"""Reel: what every exporter needs to know of a run, or of a grid of runs.

A reel has moments, from static to the picture. A run has one lane, whose moments are its steps; a
grid has several, which stand at the same noise level, or at the same step, at each moment.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import DIFFERENCES
from visualizer.export.colors import Look
from visualizer.export.errors import ExportError
from visualizer.export.mount import Mount, RunMount
from visualizer.export.options import ExportOptions, Pixels

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.views import View

SHOWN_VIEWS: tuple[tuple[View, str, str], ...] = (
    ("noisy", "Noisy latent", "what the sampler holds at this step"),
    ("denoised", "Model's guess", "the picture the model believes is in there"),
)
"""The views that are exported unless others are asked for: their names, and what they mean."""
VIEW_NAMES: dict[View, str] = {
    "noisy": "Noisy latent",
    "denoised": "Model's guess",
    "noise": "Predicted noise",
    "change": "Change",
    "channels": "Channels",
    "unprompted": "Without prompt",
    "guidance": "Prompt's pull",
}
"""What people call every view."""
WATCHABLE = 512
"""Pixels: smaller pictures of one run are enlarged by a whole factor."""
WITHOUT_BOUND = 1 << 16


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
    """

    label: str
    request: SamplingRequest
    run: Trajectory | None
    points: tuple[int, ...]
    row: int = 0
    column: int = 0
    failure: str = ""

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
        return self.failure or "This run has not been made."

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


@dataclass(frozen=True)
class Row:
    """One row of a sheet: a lane in a view, and what to write above it."""

    lane: Lane
    view: View
    title: str
    meaning: str


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


def reel_of(what: Trajectory | Comparison, options: ExportOptions | None = None) -> Reel:
    """The reel of a run or of a grid of runs, of a difference, or of a forward process.

    Raises:
        ExportError: where there is no such thing.
    """
    options = options or ExportOptions()
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
        self.title = run.request.prompt or "(no prompt)"
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
        return [Row(self.lanes[0], view, title, meaning) for view, title, meaning in SHOWN_VIEWS]


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
    if run.sampler:
        facts.append(run.sampler)
    if request.negative_prompt:
        facts.append(f"avoiding {request.negative_prompt}")
    if run.model.name:
        facts.append(f"{run.model.name} model")
    if width:
        facts.append(f"{width} by {height} pixels")
    return facts


def model_note(run: Trajectory) -> dict[str, str]:
    """Which model made a run: its name, and the hash of its weights."""
    return {"name": run.model.name, "weights": run.model.weights_hash}
