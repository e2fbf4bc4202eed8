"""The tree of runs: which runs of a sitting are known, and which one a branch goes on from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.current_run import CurrentRun
    from visualizer.session.keeping import Keeping
    from visualizer.session.lanes import Lanes
    from visualizer.session.running import Running
    from visualizer.session.timeline import Timeline


class RunTree:
    """Families of runs: every run of the sitting, wherever it is, and its branches."""

    def __init__(
        self, keeping: Keeping, lanes: Lanes, running: Running, current: CurrentRun
    ) -> None:
        self._keeping, self._lanes = keeping, lanes
        self._running, self._current = running, current

    def known(self) -> list[Timeline]:
        """Every run of the sitting: of its history, of the comparison, the one that runs, the one
        looked at, and the one to which a run that comes to nothing gives back."""
        lanes = [lane.timeline for lane in self._lanes.lanes]
        run = self._running.run
        live = [] if run is None else [run.timeline, run.before]
        found = [*self._keeping.runs, *lanes, *live, self._current.run]
        return list(dict.fromkeys(t for t in found if t is not None))

    def keeps(self, timeline: Timeline) -> bool:
        """Whether a run stays when the comparison it was in is gone."""
        known = self.known()
        return timeline in known or any(timeline in _ancestors(t) for t in known)

    def family_of(self, timeline: Timeline) -> tuple[Timeline, ...]:
        """The tree of runs that a run belongs to: every run before its branches, older first."""
        root = timeline
        while root.parent_run is not None:
            root = root.parent_run
        known = sorted({*self.known(), timeline}, key=lambda each: each.serial)

        def tree(run: Timeline) -> list[Timeline]:
            return [run, *(t for child in known if child.parent_run is run for t in tree(child))]

        return tuple(tree(root))

    def branched_by(self, request: SamplingRequest, weights_hash: str | None) -> Timeline | None:
        """The run of the sitting that a branch goes on from; the one looked at before others.

        Args:
            weights_hash: of the model that is to go on; None where there is none yet.
        """
        from visualizer.diffusion.starts import FromStep

        start, current = request.start, self._current.run
        if not isinstance(start, FromStep):
            return None
        seen = [] if current is None else [current, *_ancestors(current)]
        return next(
            (
                timeline
                for timeline in [*seen, *reversed(self.known())]
                if timeline.request == start.parent
                and timeline.trajectory is not None
                and weights_hash in (None, timeline.trajectory.model.weights_hash)
                and start.step < len(timeline)
                and timeline.step(start.step).prediction is not None
            ),
            None,
        )


def find_parent(branch: Timeline, others: Sequence[Timeline]) -> None:
    """Link a branch that was opened to the run it went on from, if that is there."""
    from visualizer.diffusion.starts import FromStep

    start, run = branch.request.start, branch.trajectory
    if not isinstance(start, FromStep) or run is None or branch.parent_run is not None:
        return
    for other in others:
        parent = other.trajectory
        if (
            other is not branch
            and parent is not None
            and other.request == start.parent
            and parent.model.weights_hash == run.model.weights_hash
        ):
            branch.link(other, start.step)
            return


def _ancestors(timeline: Timeline) -> list[Timeline]:
    """The runs that a run branched from, the nearest first."""
    found = []
    while timeline.parent_run is not None:
        timeline = timeline.parent_run
        found.append(timeline)
    return found
