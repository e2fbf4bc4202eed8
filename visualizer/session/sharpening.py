"""Sharpening: which picture is decoded next. Nearest the playhead first, one small job each.

Two things are looked at, each with a playhead of its own: the run on the timeline, and the lanes of
a comparison; a page may look at a third, a timeline that is no run. What is under a playhead comes
first, in every lane; then what is near it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from visualizer.session.timeline import DECODED_VIEWS, Timeline, parts_of

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.session.answers import Decoded, Fitted, Loaded
    from visualizer.session.desk import Desk
    from visualizer.session.lanes import Lanes
    from visualizer.session.pictures import PictureCache
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Parts
    from visualizer.session.worker import Worker

IN_FLIGHT = 2
"""Decodes given to the worker at a time: one at work and one waiting, so that it never idles and
a new run never stands behind more than one."""

ON_SCREEN = 5
"""Pictures of a lane that are kept whatever their size: two of which a view is the difference, that
difference, and the two views that everybody looks at. Fewer, and lanes would take turns in pushing
each other out of a small cache without end."""

Key = tuple[int, int, "View"]


@dataclass(frozen=True)
class Scene:
    """What one playhead stands on: (timeline, point) of everything it moves, and in which view."""

    places: Sequence[tuple[Timeline, int]]
    view: View


@dataclass
class Completion:
    """A wish for exact pictures of a whole run, for a file; kept apart from the cache's bound."""

    timeline: Timeline
    open: set[tuple[int, View]]
    done: Callable[[dict[tuple[int, View], Picture]], None]
    urgent: bool = True
    pictures: dict[tuple[int, View], Picture] = field(default_factory=dict)


class Sharpener(QObject):
    """Turns wishes for pictures into jobs for the worker (exact) and the desk (previews).

    Everything is decided here, on the GUI thread, at the moment a job is due, so that the
    playhead's place of now counts. While ``paused`` (a run is running) nothing is decoded exactly.
    """

    def __init__(
        self,
        worker: Worker,
        desk: Desk,
        playhead: Playhead,
        cache: PictureCache,
        lanes: Lanes,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker, self._desk = worker, desk
        self._playhead, self._cache, self._lanes = playhead, cache, lanes
        self._lanes_first = False
        self._model: Loaded | None = None
        self._fast: Fitted | None = None
        self._timeline: Timeline | None = None
        self._beside: tuple[Timeline, Playhead] | None = None
        self._timelines: dict[int, Timeline] = {}
        self._wishes: dict[int, Callable[[int, View], None]] = {}
        self._missing: dict[tuple[int, View], set[int]] = {}  # of what is looked at
        self._completions: list[Completion] = []
        self._in_flight: set[Key] = set()
        self._previewing: set[Key] = set()
        self._hopeless: set[Key] = set()
        self._unpreviewable: set[Key] = set()
        self._paused = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._post_jobs)
        queued = Qt.ConnectionType.QueuedConnection
        worker.decoded.connect(self._on_decoded, queued)
        desk.decoded.connect(self._on_decoded, queued)
        for some in (playhead, lanes.playhead):
            some.moved.connect(self.nudge)
            some.view_changed.connect(self.nudge)
        for change in (lanes.changed, lanes.lane_changed, lanes.axis_changed, lanes.focus_changed):
            change.connect(self.nudge)

    # --- what the session tells it ------------------------------------------------------------

    def add(self, timeline: Timeline) -> None:
        """Serve a timeline's wishes from now on."""
        if timeline.serial in self._timelines:
            return

        def wanted(k: int, view: View) -> None:
            self._on_wanted(timeline, k, view)

        self._timelines[timeline.serial] = timeline
        self._wishes[timeline.serial] = wanted
        timeline.picture_wanted.connect(wanted)
        self._tell_model(timeline)

    def remove(self, timeline: Timeline) -> None:
        """Nobody looks at a timeline any more."""
        if self._timelines.pop(timeline.serial, None) is not None:
            timeline.picture_wanted.disconnect(self._wishes.pop(timeline.serial))
            self._settle([c for c in self._completions if c.timeline is timeline])
            self._cache.forget(timeline.serial)
            self._forget_missing(timeline)

    def set_model(self, model: Loaded) -> None:
        """Another model decodes from now on; its fast decoder follows."""
        self._model, self._fast = model, None
        self._hopeless.clear()
        self._unpreviewable.clear()
        for timeline in self._timelines.values():
            self._tell_model(timeline)
        # another model's decodes of these latents would be other pictures
        self._settle([c for c in self._completions if not c.timeline.can_decode])
        self._missing.clear()
        self.nudge()

    def set_fast_decoder(self, fast: Fitted) -> None:
        """The fast decoder of the model that is there."""
        if self._model is not None and fast.model_id == self._model.model_id:
            self._fast = fast
            for timeline in self._timelines.values():
                self._tell_model(timeline)

    def show(self, timeline: Timeline | None) -> None:
        """This timeline is looked at: its pictures come first."""
        self._timeline = timeline
        self._lanes_first = False
        if timeline is not None:
            self._forget_missing(timeline)
        self.nudge()

    def show_beside(self, looked_at: tuple[Timeline, Playhead] | None) -> None:
        """A timeline that is no run is looked at, with its own playhead: it comes first; or not."""
        if self._beside is not None:
            self._beside[1].moved.disconnect(self.nudge)
            self._beside[1].view_changed.disconnect(self.nudge)
        self._beside = looked_at
        if looked_at is not None:
            timeline, playhead = looked_at
            playhead.moved.connect(self.nudge)
            playhead.view_changed.connect(self.nudge)
            self._forget_missing(timeline)
        self.nudge()

    def show_lanes(self, first: bool) -> None:
        """Whether the lanes are looked at, rather than the one timeline."""
        self._lanes_first = first
        self.nudge()

    def look_again(self, timeline: Timeline) -> None:
        """A timeline has changed: it ended, or has another model."""
        self._tell_model(timeline)
        self._forget_missing(timeline)
        self.nudge()

    @property
    def paused(self) -> bool:
        """Whether exact decodes wait because a run is running."""
        return self._paused

    def set_paused(self, paused: bool) -> None:
        """Stop decoding exactly, or begin again."""
        if paused != self._paused:
            self._paused = paused
            if not paused:
                self._missing.clear()
                self.nudge()

    def complete(
        self,
        timeline: Timeline,
        wanted: Iterable[tuple[int, View]],
        done: Callable[[dict[tuple[int, View], Picture]], None],
        *,
        urgent: bool = True,
    ) -> Completion | None:
        """Call ``done`` with exact pictures of all that is wanted and can be had, once there.

        What the run stores already is left out.

        Args:
            urgent: before the pictures around the playhead, or after them.

        Returns:
            What can be cut short by ``settle``; None where all was there.
        """
        completion = Completion(timeline, set(), done, urgent)
        for k, view in wanted:
            if timeline.stores(k, view):
                continue
            if timeline.is_exact(k, view):
                picture = timeline.picture(k, view)
                if picture is not None:
                    completion.pictures[k, view] = picture
            elif timeline.can_decode and timeline.has_view(k, view):
                completion.open.add((k, view))
        if completion.open:
            self._completions.append(completion)
            self.nudge()
            return completion
        done(completion.pictures)
        return None

    def give_up(self) -> None:
        """The window closes: files are written with the pictures that are there."""
        self._settle(list(self._completions))

    def settle(self, completions: Iterable[Completion]) -> None:
        """Somebody has waited long enough: of those that are not done, what is there must do."""
        mine = {id(completion) for completion in completions}
        self._settle([each for each in self._completions if id(each) in mine])

    def abandon(self, completions: Iterable[Completion]) -> None:
        """Nobody waits for these any more: ``done`` is not called."""
        gone = {id(completion) for completion in completions}
        self._completions = [each for each in self._completions if id(each) not in gone]

    def _settle(self, completions: Iterable[Completion]) -> None:
        """What is there must do."""
        for completion in completions:
            self._completions.remove(completion)
            completion.done(completion.pictures)

    @Slot()
    def nudge(self) -> None:
        """Look soon what there is to do."""
        self._soon.start()

    # --- deciding -----------------------------------------------------------------------------

    def _tell_model(self, timeline: Timeline) -> None:
        model = self._model
        mine = model is not None and (
            timeline.running
            or (
                timeline.trajectory is not None
                and timeline.trajectory.model.weights_hash == model.identity.weights_hash
            )
        )
        timeline.set_model(can_decode=mine, can_preview=mine and self._fast is not None)

    def _post_jobs(self) -> None:
        self._cache.least = max(1, ON_SCREEN * len(self._lanes))
        while not self._paused and self._model is not None and len(self._in_flight) < IN_FLIGHT:
            chosen = self._choose()
            if chosen is None:
                break
            timeline, k, view = chosen
            serial = timeline.owner(k).serial
            self._in_flight.add((serial, k, view))
            self._worker.decode(self._model.model_id, serial, k, view, timeline.step(k))

    def _choose(self) -> tuple[Timeline, int, View] | None:
        """The next exact decode: under a playhead, for a file, near it, for the history."""
        scenes = self._scenes()
        for scene in scenes:
            for timeline, here in scene.places:
                for k, view in _shown_at(here, scene.view):
                    if self._is_open(timeline, k, view):
                        return timeline, k, view
        for_file = self._of_completions(urgent=True)
        if for_file is not None:
            return for_file
        for scene in scenes:
            views = [*(view for _, view in _shown_at(0, scene.view)), "noisy", "denoised"]
            for view in dict.fromkeys(views):
                near = self._nearest(scene, view)
                if near is not None:
                    return near
        return self._of_completions(urgent=False)

    def _scenes(self) -> list[Scene]:
        """What is looked at, the more important first."""
        run = [] if self._timeline is None else [(self._timeline, self._playhead.index)]
        lanes = self._lanes
        foremost = {lanes.focus, *(lanes.pair or ())}
        shown = sorted(lanes.lanes, key=lambda lane: lane.id not in foremost)
        points = [(lane.timeline, lanes.point(lane)) for lane in shown]
        side_by_side = [(t, k) for t, k in points if t is not None and k is not None]
        scenes = [
            Scene([place for place in run if place[0].can_decode], self._playhead.view),
            Scene([place for place in side_by_side if place[0].can_decode], lanes.playhead.view),
        ]
        if self._lanes_first:
            scenes.reverse()
        if self._beside is not None and self._beside[0].can_decode:
            timeline, playhead = self._beside
            scenes.insert(0, Scene([(timeline, playhead.index)], playhead.view))
        return scenes

    def _hold_what_is_shown(self) -> None:
        """What the playheads stand on counts as just looked at: nothing new pushes it out."""
        for scene in self._scenes():
            for timeline, here in scene.places:
                for k, view in _shown_at(here, scene.view):
                    if k < len(timeline):
                        self._cache.get((timeline.owner(k).serial, k, view))

    def _of_completions(self, *, urgent: bool) -> tuple[Timeline, int, View] | None:
        for completion in self._completions:
            timeline = completion.timeline
            if completion.urgent == urgent and timeline.can_decode:
                for k, view in completion.open:
                    if (timeline.owner(k).serial, k, view) not in self._in_flight:
                        return timeline, k, view
        return None

    def _missing_of(self, timeline: Timeline, view: View) -> set[int]:
        """The points of a timeline that are not exact in a view, but could be."""
        key = (timeline.serial, view)
        if key not in self._missing:
            self._missing[key] = {
                k
                for k in range(len(timeline))
                if not timeline.is_exact(k, view) and timeline.has_view(k, view)
            }
        return self._missing[key]

    def _forget_missing(self, timeline: Timeline) -> None:
        for view in DECODED_VIEWS:
            self._missing.pop((timeline.serial, view), None)

    def _is_open(self, timeline: Timeline, k: int, view: View) -> bool:
        key = (timeline.owner(k).serial, k, view)
        return (
            k in self._missing_of(timeline, view)
            and key not in self._in_flight
            and key not in self._hopeless
        )

    def _nearest(self, scene: Scene, view: View) -> tuple[Timeline, int, View] | None:
        places = [place for place in scene.places if self._missing_of(place[0], view)]
        if not places:
            return None
        longest = max(len(timeline) for timeline, _ in places)
        for distance in range(min(self._reach(scene), longest)):
            for timeline, here in places:
                for k in (here + distance, here - distance):
                    if k in self._missing_of(timeline, view) and self._is_open(timeline, k, view):
                        return timeline, k, view
        return None

    def _reach(self, scene: Scene) -> int:
        """How far from the playhead pictures are sharpened, so that the cache holds them all."""
        size = sum(_picture_bytes(timeline) for timeline, _ in scene.places)
        return max(self._cache.limit // max(4 * size * len(DECODED_VIEWS[:2]), 1), 1)

    # --- answers and wishes -------------------------------------------------------------------

    @Slot(object)
    def _on_decoded(self, decoded: Decoded) -> None:
        key = (decoded.serial, decoded.k, decoded.view)
        if decoded.exact:
            self._in_flight.discard(key)
        self._previewing.discard(key)
        timeline = self._timelines.get(decoded.serial)
        if decoded.picture is None:
            if not decoded.outdated:
                (self._hopeless if decoded.exact else self._unpreviewable).add(key)
            if timeline is not None and not decoded.exact:
                timeline.give_up_stored(decoded.k, decoded.view)
                self._want_exactly(timeline, decoded.k, decoded.view)
        elif timeline is not None:
            if decoded.exact:
                for watched in self._watching(timeline, decoded.k):
                    self._missing_of(watched, decoded.view).discard(decoded.k)
            self._hold_what_is_shown()
            timeline.put_picture(
                decoded.k,
                decoded.view,
                decoded.picture,
                exact=decoded.exact,
                thumbnail=decoded.thumbnail,
            )
        if decoded.exact and not decoded.outdated:  # else the model of now is asked again
            self._serve_completions(decoded)
        self._post_jobs()

    def _serve_completions(self, decoded: Decoded) -> None:
        wanted = (decoded.k, decoded.view)
        for completion in [c for c in self._completions if wanted in c.open]:
            if completion.timeline.owner(decoded.k).serial != decoded.serial:
                continue
            completion.open.discard(wanted)
            if decoded.picture is not None:
                completion.pictures[wanted] = decoded.picture
            if not completion.open:
                self._completions.remove(completion)
                completion.done(completion.pictures)

    def _on_wanted(self, timeline: Timeline, k: int, view: View) -> None:
        """Somebody looks at a picture that is not there yet, or not exact."""
        key = (timeline.serial, k, view)
        parts = parts_of(k, view)
        if parts:
            self._want_difference(timeline, key, parts)
            return
        run = timeline.trajectory
        if run is not None and timeline.stores(k, view):
            if key not in self._previewing:
                self._previewing.add(key)
                self._desk.unpack(run, timeline.serial, k, view)
            return
        if not timeline.has_view(k, view):
            return
        fast = self._fast if timeline.can_preview else None
        idle = key not in self._previewing and key not in self._unpreviewable
        if fast is not None and idle and not timeline.has_entry(k, view):
            self._previewing.add(key)
            self._desk.preview(fast.fast_decoder, timeline.serial, k, view, timeline.step(k))
        self._want_exactly(timeline, k, view)

    def _want_exactly(self, timeline: Timeline, k: int, view: View) -> None:
        if timeline.can_decode:
            for watched in self._watching(timeline, k):
                missing = self._missing_of(watched, view)
                if k not in missing:  # it was there once, and fell out of the cache
                    missing.add(k)
                    self.nudge()

    def _watching(self, timeline: Timeline, k: int) -> list[Timeline]:
        """Those that are looked at and whose point k is this timeline's."""
        lanes = [lane.timeline for lane in self._lanes.lanes if lane.timeline is not None]
        beside = None if self._beside is None else self._beside[0]
        shown = [one for one in (self._timeline, beside, *lanes) if one is not None]
        return [t for t in dict.fromkeys(shown) if k < len(t) and t.owner(k) is timeline]

    def _want_difference(self, timeline: Timeline, key: Key, parts: Parts) -> None:
        before, after = (timeline.picture(*part) for part in parts)
        if before is not None and after is not None and key not in self._previewing:
            self._previewing.add(key)
            _, k, view = key
            self._desk.difference(key, before, after, timeline.is_exact(k, view))


def _shown_at(k: int, view: View) -> list[tuple[int, View]]:
    """The decodes that make the picture of point k in a view, the most telling first."""
    parts = parts_of(k, view)
    if parts:
        return [parts[1], parts[0]]
    return [(k, view if view in DECODED_VIEWS else "noisy")]


def _picture_bytes(timeline: Timeline) -> int:
    run = timeline.trajectory
    if run is not None and run.final is not None:
        return run.final.nbytes
    if timeline.request.width and timeline.request.height:
        return 3 * timeline.request.width * timeline.request.height
    picture = timeline.thumbnail(0)
    return 0 if picture is None else picture.nbytes
