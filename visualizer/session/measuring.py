"""Measuring lanes: how far apart two of them are, and where all of them go. Off the GUI thread.

While lanes grow it is done again and again, never more often than ``PAUSE_MS``, and never so often
that it takes more than a tenth of the time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from visualizer.session.comparing import trajectories_of

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.distances import Distances
    from visualizer.diffusion.latent_paths import Axes2D
    from visualizer.diffusion.noise import NoiseLevel
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.desk import Desk
    from visualizer.session.lanes import Lanes
    from visualizer.session.timeline import Timeline

PAUSE_MS = 150
REST = 9
"""After measuring it rests so many times as long as that took."""


@dataclass(frozen=True)
class Subject:
    """One lane as it is just now; the pictures are those at hand, by step."""

    levels: tuple[NoiseLevel, ...]
    steps: tuple[Step, ...]
    pictures: Mapping[int, Picture] = field(default_factory=dict)
    run: Trajectory | None = None

    def picture(self, k: int) -> Picture | None:
        """The noisy picture of a step: at hand, or stored."""
        if self.run is not None and k == len(self.steps) - 1 and self.run.final is not None:
            return self.run.final
        found = self.pictures.get(k)
        return (
            found if found is not None or self.run is None else self.run.pictures.get((k, "noisy"))
        )


@dataclass(frozen=True)
class Plane:
    """The plane in which paths are drawn, and what was drawn in it so far, by timeline."""

    axes: Axes2D
    frozen: bool
    drawn: Mapping[int, FloatArray]


@dataclass(frozen=True)
class Measured:
    """What was found; ``pair`` and the serials say of what."""

    pair: tuple[int, int] | None
    distances: Distances | None
    refusal: str
    plane: Plane | None
    seconds: float


class Measuring(QObject):
    """Keeps ``lanes.distances`` and ``lanes.paths`` up to date, on the desk's thread."""

    summarized = Signal(str)
    """What an experiment measured, in a sentence; "" where too little of it is there."""
    _measured = Signal(object)
    _summarized = Signal(object)

    def __init__(self, lanes: Lanes, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes, self._desk = lanes, desk
        self._plane: Plane | None = None
        self._at_work = False
        self._again = False
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._begin)
        self._measured.connect(self._on_measured, Qt.ConnectionType.QueuedConnection)
        self._summarized.connect(self._on_summarized, Qt.ConnectionType.QueuedConnection)
        lanes.changed.connect(self.nudge)
        lanes.lane_changed.connect(self.nudge)
        lanes.grown.connect(self.nudge)
        lanes.pair_changed.connect(self.nudge)

    @Slot()
    def nudge(self, _lane: int = 0) -> None:
        """Something is to be measured again, soon."""
        if self._closed:
            return
        if self._at_work:
            self._again = True
        elif not self._timer.isActive():
            self._timer.start()

    def summarize(self) -> None:
        """Measure the finished lanes as those of the experiment: ``summarized`` follows."""
        ids = tuple(lane.id for lane in self._lanes.lanes)
        runs = trajectories_of(self._lanes.lanes)

        def measure() -> None:
            from visualizer.diffusion.experiment import summary

            found = summary(runs)
            self._summarized.emit((ids, "" if found is None else found.sentence))

        self._desk.measure(measure, lambda: self._summarized.emit((ids, "")))

    @Slot(object)
    def _on_summarized(self, found: tuple[tuple[int, ...], str]) -> None:
        ids, sentence = found
        # in whatever order by now, and perhaps fewer: it was measured on all of them
        left = {lane.id for lane in self._lanes.lanes}
        if left and left <= set(ids):
            self._lanes.set_summary(sentence)
            self.summarized.emit(sentence)

    def close(self) -> None:
        """Measure nothing more, also when an answer still comes."""
        self._closed = True
        self._timer.stop()

    @Slot()
    def _begin(self) -> None:
        lanes = self._lanes
        timelines = {
            lane.timeline.serial: lane.timeline
            for lane in lanes.lanes
            if lane.timeline is not None and len(lane.timeline)
        }
        plane = self._plane
        if plane is not None and not set(plane.drawn) & set(timelines):
            plane = None  # another comparison
        if not timelines:
            self._plane = None
            lanes.set_paths({}, None)
            return
        pair = lanes.pair
        two = None
        if pair is not None:
            a, b = (lanes.lane(lane_id).timeline for lane_id in pair)
            if a is not None and b is not None and len(a) and len(b):
                two = (_subject(a, pictures=True), _subject(b, pictures=True))
        all_steps = {serial: timeline.steps for serial, timeline in timelines.items()}
        self._at_work = True
        self._desk.measure(
            lambda: self._measured.emit(_measure(pair, two, all_steps, plane)),
            lambda: self._measured.emit(None),
        )

    @Slot(object)
    def _on_measured(self, measured: Measured | None) -> None:
        self._at_work = False
        if measured is not None:
            self._timer.setInterval(max(PAUSE_MS, round(measured.seconds * 1000 * REST)))
            self._show(measured)
        if self._again:
            self._again = False
            self.nudge()

    def _show(self, measured: Measured) -> None:
        lanes, plane = self._lanes, measured.plane
        if measured.pair == lanes.pair:
            lanes.set_distances(measured.distances, measured.refusal)
        by_serial = {
            lane.timeline.serial: lane.id for lane in lanes.lanes if lane.timeline is not None
        }
        found = (
            {}
            if plane is None
            else {
                by_serial[serial]: path
                for serial, path in plane.drawn.items()
                if serial in by_serial
            }
        )
        if plane is not None and found:
            self._plane = plane
            lanes.set_paths(found, plane.axes.explained)


def _subject(timeline: Timeline, *, pictures: bool) -> Subject:
    found = {k: timeline.at_hand(k, "noisy") for k in range(len(timeline))} if pictures else {}
    return Subject(
        tuple(timeline.level(k) for k in range(timeline.total)),
        timeline.steps,
        {k: picture for k, picture in found.items() if picture is not None},
        timeline.trajectory,
    )


def _measure(
    pair: tuple[int, int] | None,
    two: tuple[Subject, Subject] | None,
    lanes: Mapping[int, tuple[Step, ...]],
    plane: Plane | None,
) -> Measured:
    """Everything at once, on the desk's thread."""
    began = time.perf_counter()
    distances, refusal = (None, "") if two is None else _distances(*two)
    drawn = _draw(lanes, plane)
    return Measured(pair, distances, refusal, drawn, time.perf_counter() - began)


def _distances(a: Subject, b: Subject) -> tuple[Distances | None, str]:
    from visualizer.diffusion.distances import NotComparableError, common_points, distances

    there = (len(a.steps), len(b.steps))
    try:
        pairs = common_points(a.levels, b.levels, there)
        found = distances(a.steps, b.steps, pairs, pictures_a=a.picture, pictures_b=b.picture)
    except NotComparableError as error:
        return None, str(error)
    return found, ""


def _draw(lanes: Mapping[int, tuple[Step, ...]], plane: Plane | None) -> Plane | None:
    """The paths, of which only what is new is worked out once the plane is frozen."""
    import numpy as np

    from visualizer.diffusion.latent_paths import fit, is_whole

    frozen = plane is not None and plane.frozen
    if plane is None or not frozen:
        frozen = any(is_whole(steps) for steps in lanes.values())
        axes = fit(*lanes.values())
        if axes is None:
            return None
        plane = Plane(axes, frozen, {})
    drawn: dict[int, FloatArray] = {}
    for serial, steps in lanes.items():
        before = plane.drawn.get(serial)
        if before is None:
            drawn[serial] = plane.axes.path(steps)
        elif len(before) < len(steps):
            drawn[serial] = np.concatenate([before, plane.axes.path(steps[len(before) :])])
        else:
            drawn[serial] = before
    return Plane(plane.axes, frozen, drawn)
