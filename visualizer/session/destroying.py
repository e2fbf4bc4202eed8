"""Destroying: a picture of one's own, drowned in noise along the model's levels, and made again.

A picture is taken, encoded and decoded once (the round trip), destroyed in latents or in pixels,
and turned round: a normal run of the sitting begins where the playhead stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.errands import AGAIN, Errand, Errands
from visualizer.session.failure import Failure
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Timeline, points_of

if TYPE_CHECKING:
    from pathlib import Path

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.encoding import EncodedPicture, RoundTrip
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.survival import SurvivalPoint
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.desk import Desk
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.timeline import Point
    from visualizer.session.worker import Sample, Worker

PictureSpace = Literal["latents", "pixels"]
SHARES = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
"""Shares of noise from which ``survival`` makes the picture again."""
_NOT_TAKEN = "The picture cannot be taken."
_NOT_DESTROYED = "The picture cannot be destroyed."
_NOT_MEASURED = "How much of the picture survives cannot be measured."


class Destroying(QObject):
    """One picture, its round trip, its forward process, and what survives of it.

    Everything is asked of the worker; the newest wish replaces the one before. ``timeline`` runs
    from the picture (point 0) to static (point N): its point i has the level of step N − i of the
    request. Its pictures are sharpened around ``playhead``, which is this part's own.
    """

    picture_taken = Signal(str)
    """Another picture is there: its title. Its round trip and its timeline follow."""
    round_trip_ready = Signal()
    """``round_trip`` is that of this picture, in this size."""
    destroyed = Signal(object)
    """``timeline``: the forward process of this picture, seed, request and space."""
    survived = Signal(object)
    """SurvivalPoint: how much of the original came back from one share of noise; rising."""
    survival_ended = Signal()
    """All of them are there, or it was called off."""
    working_changed = Signal(bool)
    """Whether a picture is being destroyed (not while survival is measured)."""
    why_not_changed = Signal(str)
    """``why_not``: another model is there."""
    failed = Signal(object)
    """Failure."""
    _taken = Signal(int, object, str)
    _not_taken = Signal(int, object)

    def __init__(
        self,
        worker: Worker,
        desk: Desk,
        sharpener: Sharpener,
        cache: PictureCache,
        generate: Callable[[SamplingRequest], None],
        sample: Sample | None = None,
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            generate: begins a normal run of the sitting.
            sample: ``visualizer.diffusion.sample`` when None.
        """
        super().__init__(parent)
        self._desk, self._sharpener, self._cache = desk, sharpener, cache
        self._generate, self._sample = generate, sample
        self._forward, self._survivals = Errands(worker, self), Errands(worker, self)
        self.playhead = Playhead(self)
        """Where in the forward process the person looks."""
        self.title = ""
        self.picture: Picture | None = None
        """As it was taken, (H, W, 3) uint8."""
        self.round_trip: RoundTrip | None = None
        self.timeline: Timeline | None = None
        self.space: PictureSpace = "latents"
        self.survival: tuple[SurvivalPoint, ...] = ()
        """What was measured so far of this picture, with the words of the last request."""
        self._measured_for: SamplingRequest | None = None
        self._facts: ModelFacts | None = None
        self._request: SamplingRequest | None = None
        self._taking = 0  # the newest wish for a picture
        self._asked: object = None  # what is there, or on its way
        self._encoded: tuple[object, EncodedPicture] | None = None
        self._shown = self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self._taken.connect(self._on_taken, queued)
        self._not_taken.connect(self._on_not_taken, queued)

    # --- the picture --------------------------------------------------------------------------

    def take(self, source: Path | bytes, title: str = "") -> None:
        """Read a picture of a file, or of bytes: ``picture_taken`` or ``failed`` follows."""
        named = title or ("Pasted picture" if isinstance(source, bytes) else source.stem)

        def read() -> tuple[Picture, str]:
            from visualizer.diffusion.given_pictures import read_picture

            return read_picture(source), named

        self._take(read)

    def take_picture(self, picture: Picture, title: str) -> None:
        """Take one that is there, (H, W, 3) uint8: ``picture_taken`` follows."""
        self._take(lambda: (picture, title))

    def take_scene(self, index: int) -> None:
        """Take a drawn scene of the built-in model's kind: ``picture_taken`` follows."""

        def draw() -> tuple[Picture, str]:
            from visualizer.diffusion.arrays import read_only
            from visualizer.training.plan import SEED
            from visualizer.training.world.captions import plain_caption
            from visualizer.training.world.composition import draw_scene

            picture, subject = draw_scene(SEED, index)
            return read_only(picture), plain_caption(subject)

        self._take(draw)

    def take_run(self, timeline: Timeline) -> None:
        """Take the last picture of a run: ``picture_taken`` or ``failed`` follows."""
        picture = timeline.picture(len(timeline) - 1, "denoised")
        if picture is None:
            sentence = "This run has no picture yet. Let it finish, or take another one."
            self.failed.emit(Failure(_NOT_TAKEN, sentence))
        else:
            self.take_picture(picture, timeline.title)

    def _take(self, read: Callable[[], tuple[Picture, str]]) -> None:
        if self._closed:
            return
        self._taking += 1
        number = self._taking
        self._desk.do(
            _NOT_TAKEN,
            lambda: self._taken.emit(number, *read()),
            lambda failure: self._not_taken.emit(number, failure),
        )

    @Slot(int, object, str)
    def _on_taken(self, number: int, picture: Picture, title: str) -> None:
        if number != self._taking or self._closed:
            return
        self.picture, self.title = picture, title
        self.round_trip = None
        self._forget()
        self.picture_taken.emit(title)
        self._go_on()

    @Slot(int, object)
    def _on_not_taken(self, number: int, failure: Failure) -> None:
        if number == self._taking and not self._closed:
            self.failed.emit(failure)

    # --- how it is destroyed ------------------------------------------------------------------

    @property
    def why_not(self) -> str:
        """A sentence saying why the loaded model cannot encode pictures, or "".

        Its levels can still be shown in pixels.
        """
        return "" if self._facts is None else self._facts.no_encoder

    @property
    def seed(self) -> int:
        """Of the noise; 0 before any request."""
        return 0 if self._request is None else self._request.seed

    @property
    def working(self) -> bool:
        """Whether a picture is being destroyed."""
        return self._forward.busy

    def set_request(self, request: SamplingRequest | None) -> None:
        """What the header says: its steps, sampler, size and seed decide levels and noise.

        Other words change no noise, but what was measured with the former ones is forgotten then.
        None (no valid request) keeps what there is.
        """
        if request is not None:
            from visualizer.diffusion.starts import FROM_SEED

            self._request = replace(request, start=FROM_SEED)
            measured_for = self._measured_for
            if measured_for is not None and _words_of(measured_for) != _words_of(request):
                self._forget_survival()
            self._go_on()

    def set_space(self, space: PictureSpace) -> None:
        """Destroy the latent, or the pixels themselves."""
        self.space = space
        self._go_on()

    def again(self) -> None:
        """Try once more what failed."""
        self._asked = None
        self._go_on()

    def _go_on(self) -> None:
        """Ask for the forward process of now, unless it is there or on its way."""
        picture, request = self.picture, self._request
        if picture is None or request is None or self._facts is None or self._closed:
            return
        if self.why_not and self.space == "latents":
            return
        decides = _what_decides(request, self._facts)
        asked = (self._taking, self._facts.weights_hash, decides, self.space)
        if asked == self._asked:
            return
        self._asked = asked
        self._forward.cancel()
        key = asked[:-1]
        known = self._encoded[1] if self._encoded and self._encoded[0] == key else None
        self._forward.send(
            _NOT_DESTROYED,
            _Destruction(picture, decides, self.space, known, encodes=not self.why_not),
            lambda made: self._on_destroyed(key, made),
            self._on_failed,
            urgent=True,
        )
        self.working_changed.emit(True)

    def _on_destroyed(self, key: object, made: _Destroyed) -> None:
        encoded = made.encoded
        new = encoded is not None and (self._encoded is None or self._encoded[1] is not encoded)
        self._encoded = None if encoded is None else (key, encoded)
        former, self.timeline = (
            self.timeline,
            Timeline.of(
                made.run, made.points, title=self.title, cache=self._cache, from_file=False
            ),
        )
        self.timeline.setParent(self)
        self._sharpener.add(self.timeline)
        if former is not None:
            self._sharpener.remove(former)
            former.setParent(None)
        self.playhead.set_bounds(len(self.timeline))
        self._look()
        if new and encoded is not None:
            self._forget_survival()
            self.round_trip = encoded.round_trip
            self.round_trip_ready.emit()
        self.working_changed.emit(False)
        self.destroyed.emit(self.timeline)

    def _on_failed(self, failure: Failure) -> None:
        self.working_changed.emit(False)
        self.failed.emit(failure)

    def _forget(self) -> None:
        """What was made of the former picture, or by the former model, is no more."""
        if self.working:
            self._forward.cancel()
            self.working_changed.emit(False)
        self._forget_survival()
        self._asked = self._encoded = None

    # --- and back -----------------------------------------------------------------------------

    def step_of(self, k: int) -> int:
        """The step of the request that stands at point k of ``timeline``."""
        last = 0 if self.timeline is None else len(self.timeline) - 1
        return last - k

    def turned_round(self, k: int, request: SamplingRequest) -> SamplingRequest:
        """The request that denoises the picture from point k of ``timeline``.

        Seed, steps, sampler and size are the timeline's own, so that the run begins with what is
        looked at; the words and the guidance are the request's.

        Raises:
            RequestError: where there is nothing to denoise.
        """
        from visualizer.diffusion.starts import FromPicture, RequestError

        if self.why_not:
            raise RequestError(self.why_not)
        if self.timeline is None:
            raise RequestError("Take a picture first: there is nothing to denoise yet.")
        if k <= 0:
            raise RequestError("There is no noise in it yet. Move further into the noise first.")
        start = self.timeline.request.start
        assert isinstance(start, FromPicture)
        return replace(
            self.timeline.request,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            guidance_scale=request.guidance_scale,
            extra=request.extra,
            start=replace(start, step=self.step_of(min(k, len(self.timeline) - 1))),
        )

    def turn_round(self, k: int, request: SamplingRequest) -> None:
        """Begin that run: the session's ``run_started`` or ``failed`` follows."""
        from visualizer.diffusion.request import RequestError

        try:
            wanted = self.turned_round(k, request)
        except RequestError as error:
            self.failed.emit(Failure("The picture cannot be denoised.", str(error)))
        else:
            self._generate(wanted)

    # --- what survives ------------------------------------------------------------------------

    def measure_survival(
        self, request: SamplingRequest, shares: tuple[float, ...] = SHARES
    ) -> None:
        """Make the picture again from several shares of noise: ``survived`` for each."""
        if self._closed or self.timeline is None or self._encoded is None or self.why_not:
            return
        self._forget_survival()
        wanted = self.turned_round(len(self.timeline) - 1, request)
        self._measured_for = wanted
        measurement = _Measurement(self._encoded[1].round_trip, wanted, shares, self._sample)
        self._survivals.send(
            _NOT_MEASURED,
            measurement,
            lambda _outcome: self.survival_ended.emit(),
            self._on_not_measured,
            told=self._on_survived,
        )

    def stop_survival(self) -> None:
        """Call it off; what was measured stays."""
        if self.measuring:
            self._survivals.cancel()
            self.survival_ended.emit()

    def _forget_survival(self) -> None:
        """What was measured does not hold any more."""
        there, self.survival, self._measured_for = bool(self.survival), (), None
        if self.measuring:
            self.stop_survival()
        elif there:
            self.survival_ended.emit()

    def chance_of(self, request: SamplingRequest) -> float | None:
        """The likeness that a run of this request has without the picture, by its words and seed.

        None where that was measured for other ones, or not at all.
        """
        measured_for = self._measured_for
        if measured_for is None or not self.survival:
            return None
        same = replace(request, start=measured_for.start) == measured_for
        return self.survival[0].chance if same else None

    @property
    def measuring(self) -> bool:
        """Whether survival is being measured."""
        return self._survivals.busy

    def _on_survived(self, point: SurvivalPoint) -> None:
        self.survival = (*self.survival, point)
        self.survived.emit(point)

    def _on_not_measured(self, failure: Failure) -> None:
        self.survival_ended.emit()
        self.failed.emit(failure)

    # --- what the session tells it ------------------------------------------------------------

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model: what the former one made is forgotten, the picture stays."""
        self._facts = facts
        self._forget()
        self.why_not_changed.emit(self.why_not)
        self._go_on()

    def set_shown(self, shown: bool) -> None:
        """Whether the page is looked at: pictures around ``playhead`` are sharpened first then."""
        self._shown = shown
        self._look()

    def set_busy(self, busy: bool) -> None:
        """Whether a normal run is asked for: measuring stands back until its end."""
        self._survivals.set_busy(busy)

    def close(self) -> None:
        """Call everything off."""
        self._closed = True
        self.playhead.pause()
        self._forward.cancel()
        self.stop_survival()

    def _look(self) -> None:
        looked_at = self.timeline if self._shown else None
        self._sharpener.show_beside(None if looked_at is None else (looked_at, self.playhead))


def _words_of(request: SamplingRequest) -> tuple[object, ...]:
    """What of a request decides nothing of the noise, but what comes back from it."""
    asked = request.prompt, request.negative_prompt, request.guidance_scale
    return *asked, request.extra


def _what_decides(request: SamplingRequest, facts: ModelFacts) -> SamplingRequest:
    """What of a request decides latent, levels and noise; its words do not."""
    width, height = request.width, request.height
    if width is None and height is None:
        width, height = next(iter(facts.sizes), (None, None))
    return replace(
        request,
        prompt="",
        negative_prompt=None,
        guidance_scale=None,
        steps=request.steps or facts.steps,
        width=width,
        height=height,
    )


@dataclass(frozen=True, eq=False)
class _Destroyed:
    """A forward process, what it was made of, and its points for a timeline."""

    encoded: EncodedPicture | None
    run: Trajectory
    points: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class _Destruction:
    """The errand that encodes a picture, if it must, and destroys it. On the worker's thread."""

    picture: Picture
    request: SamplingRequest
    space: PictureSpace
    known: EncodedPicture | None
    encodes: bool

    def __call__(self, model: Any, errand: Errand) -> _Destroyed | None:
        from visualizer.diffusion import encoding, forward

        encoded = self.known
        if encoded is None and self.encodes:
            encoded = encoding.encode_picture(model, self.picture, self.request)
        if errand.cancelled.is_set():
            return None
        if encoded is not None and self.space == "latents":
            run = forward.destroyed_in_latents(encoded, self.request, model.identity)
        else:
            original, plan = encoding.fitted(model, self.picture, self.request)
            run = forward.destroyed_in_pixels(original, plan, self.request, model.identity)
        return _Destroyed(encoded, run, tuple(points_of(run)))


class _Measurement:
    """The errand that measures survival, a run a slice. On the worker's thread."""

    def __init__(
        self,
        round_trip: RoundTrip,
        request: SamplingRequest,
        shares: tuple[float, ...],
        sample: Sample | None,
    ) -> None:
        from visualizer.diffusion.survival import Survival

        self._sample = sample
        self._survival = Survival(round_trip.original, round_trip.decoded, request, shares)

    def __call__(self, model: Any, errand: Errand) -> object:
        point = self._survival.advance(model, self._sample_function(), errand.stand_back)
        if point is not None:
            errand.tell(point)
        return None if self._survival.finished else AGAIN

    def _sample_function(self) -> Sample:
        if self._sample is not None:
            return self._sample
        from visualizer.diffusion.sampling import sample

        return sample
