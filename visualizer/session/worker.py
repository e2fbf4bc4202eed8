"""The worker: the one thread that owns the weights. torch lives here and nowhere else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.session.answers import (
    Decoded,
    Finished,
    Fitted,
    Loaded,
    NoiseDrawn,
    Planned,
    Replanned,
    Started,
)
from visualizer.session.errands import AGAIN, Errand
from visualizer.session.failure import Failure, describe
from visualizer.session.fitting import Fitting
from visualizer.session.jobs import JobThread
from visualizer.session.lane_events import (
    LaneEvent,
    LaneReporter,
    LanesEnded,
    LaneStep,
    ParentMade,
    measured_in,
    rest_of,
)
from visualizer.session.timeline import Point, numbers_of, peak_of, share_of

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.attention_recorder import AttentionRecorder
    from visualizer.diffusion.facts import ModelFacts, Plan, PromptReading
    from visualizer.diffusion.layout import LatentLayout
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View

# What is most urgent has the lowest number. Exact decodes come one or two at a time, chosen by
# the Sharpener, so that they never stand in the way of a run.
FALLBACK = -1  # before a run that waits for the model that could not be opened
SAMPLE = LOAD = 0  # in the order they were asked for: a run waits for the model before it
PLAN, DECODE, LAB, FIT = 1, 2, 3, 4
FIT_BEFORE_A_RUN_S = 1.0
"""How long a run waits at most for its previews to become possible, or better."""
NICENESS = 8
"""While all processors sample, a frame of the window would wait for one: its lateness is halved.
A machine that does nothing else samples as fast as before."""

Say = Callable[[str], None]
OpenModel = Callable[[str | None, Say], Any]
Sample = Callable[..., "Trajectory"]
SampleLanes = Callable[..., None]
DrawNoise = Callable[..., "list[tuple[FloatArray, LatentLayout]]"]


class Worker(QObject):
    """Posts jobs to the thread that owns the model; answers arrive as signals.

    The signals are emitted on that thread: connect them with ``QueuedConnection``.
    """

    loading = Signal(str)
    loaded = Signal(object)
    fitted = Signal(object)
    load_failed = Signal(object, object)
    """(the folder, or None for the built-in model; Failure)"""
    planned = Signal(object)
    started = Signal(object)
    replanned = Signal(object)
    finished = Signal(object)
    lanes_ended = Signal(object)
    decoded = Signal(object)
    noise_drawn = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        open_model: OpenModel,
        sample: Sample | None = None,
        parent: QObject | None = None,
        draw_noise: DrawNoise | None = None,
        sample_lanes: SampleLanes | None = None,
    ) -> None:
        """
        Args:
            open_model: gives the model of a folder (None: the built-in one), told how to say what
                it is doing; runs on the worker's thread.
            sample: ``visualizer.diffusion.sample`` when None.
            draw_noise: ``starting_noise`` of ``visualizer.diffusion`` when None.
            sample_lanes: ``visualizer.diffusion.lanes.sample_lanes`` when None.
        """
        super().__init__(parent)
        self._open_model = open_model
        self._sample = sample
        self._draw_noise = draw_noise
        self._sample_lanes = sample_lanes
        self._thread = JobThread("diffusion", self._job_failed, niceness=NICENESS)
        self._doing = ""
        self._answer: Callable[[Failure], None] = self.failed.emit
        self._model: Any = None
        self._model_id = 0
        self._load_id = 0  # of the newest wish
        self._tried_id = 0  # of the newest that came to an end
        self._fitting: Fitting | None = None
        self._mail: dict[int, list[LaneEvent]] = {}  # by run
        self._mail_lock = threading.Lock()

    # --- called on the GUI thread -------------------------------------------------------------

    def load(self, folder: str | None) -> None:
        """``loading`` sentences, then ``loaded`` or ``load_failed``.

        Where there is no model yet, the built-in one takes the place of one that fails. Of a model
        that nobody waits for any more, because another one was asked for since, nothing is heard.
        """
        self._load_id += 1
        load_id = self._load_id
        self._thread.post(lambda: self._load(folder, load_id), LOAD)

    def plan(
        self, plan_id: int, request: SamplingRequest, parent: Trajectory | None = None
    ) -> None:
        """``planned`` follows; ``parent`` is the run that a branch would go on from."""
        self._thread.post(lambda: self._plan(plan_id, request, parent), PLAN)

    def sample(
        self,
        run_id: int,
        request: SamplingRequest,
        cancel: threading.Event,
        parent: Trajectory | None = None,
        *,
        attention: bool = False,
    ) -> None:
        """``started``, points to ``take``, then ``finished``; always ``finished``.

        Args:
            parent: the run that a branch goes on from.
            attention: record which pixels listen to which word, where the model can tell.
        """
        self._thread.post(lambda: self._hasten_fit(cancel), SAMPLE)
        self._thread.post(lambda: self._run(run_id, request, cancel, parent, attention), SAMPLE)

    def sample_lanes(
        self,
        run_id: int,
        requests: Sequence[SamplingRequest],
        cancel: threading.Event,
        parents: Sequence[Trajectory | None] | None = None,
    ) -> None:
        """Events to ``take_events``, then ``lanes_ended``; always ``lanes_ended``.

        A lane that fails leaves the others.
        """
        asked = tuple(requests)
        self._thread.post(lambda: self._hasten_fit(cancel), SAMPLE)
        self._thread.post(lambda: self._run_lanes(run_id, asked, parents, cancel), SAMPLE)

    def decode(self, model_id: int, serial: int, k: int, view: View, step: Step) -> None:
        """``decoded`` follows, exactly once."""
        self._thread.post(lambda: self._decode(model_id, serial, k, view, step), DECODE)

    def draw_noise(self, ask_id: int, requests: Sequence[SamplingRequest]) -> None:
        """``noise_drawn`` follows, exactly once.

        Args:
            requests: that share steps and size.
        """
        self._thread.post(lambda: self._noise(ask_id, tuple(requests)), SAMPLE)

    def send(
        self, errand: Errand, ended: Callable[[Errand, object], None], *, urgent: bool = False
    ) -> None:
        """``ended`` follows on the worker's thread, exactly once: what came of it, or a Failure."""
        priority = SAMPLE if urgent else LAB
        self._thread.post(lambda: self._do(errand, ended, priority), priority)

    def take(self, run_id: int) -> list[tuple[Point, float]]:
        """The points of a run sampled since the last call, each with the time it was there."""
        events = self.take_events(run_id)
        return [(event.point, event.seconds) for event in events if isinstance(event, LaneStep)]

    def take_events(self, run_id: int) -> list[LaneEvent]:
        """What happened to the lanes of a run since the last call, in order."""
        with self._mail_lock:  # what others have sampled waits for whoever takes it
            return self._mail.pop(run_id, [])

    def close(self) -> None:
        """Drop what waits; the thread ends after the job at hand."""
        self._thread.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    # --- on the worker's thread ---------------------------------------------------------------

    def _job_failed(self, error: BaseException) -> None:
        self._answer(describe(_told_apart(error), self._doing))

    def _begin(self, doing: str, answer: Callable[[Failure], None]) -> None:
        """What a failure of this job is called, and who is told."""
        self._doing, self._answer = doing, answer

    def _load(self, folder: str | None, load_id: int) -> None:
        def fail(failure: Failure) -> None:
            if load_id != self._load_id:
                return
            self.load_failed.emit(folder, failure)
            if folder is not None and self._model is None:
                self._thread.post(lambda: self._load(None, load_id), FALLBACK)
            else:
                self._tried_id = load_id

        self._begin("The model could not be opened.", fail)
        if load_id != self._load_id:
            return
        model = self._open_model(folder, self.loading.emit)
        facts, identity = model.facts, model.identity
        if load_id != self._load_id:
            return
        self._model, self._tried_id = model, load_id
        self._model_id += 1
        model_id = self._model_id
        self._fitting = Fitting(model, lambda fast: self.fitted.emit(Fitted(model_id, fast)))
        self.loaded.emit(Loaded(model_id, folder, facts, identity))
        self._thread.post(lambda: self._fit(model_id), FIT)

    def _fit(self, model_id: int) -> None:
        """One slice; plans, decodes and runs come before the next one."""
        self._begin("Fast previews cannot be made with this model.", self.failed.emit)
        fitting = self._fitting
        if fitting is None or model_id != self._model_id:
            return
        if fitting.open:
            fitting.advance()
        if fitting.open:
            self._thread.post(lambda: self._fit(model_id), FIT)

    def _hasten_fit(self, cancel: threading.Event) -> None:
        self._begin("Fast previews cannot be made with this model.", self.failed.emit)
        if self._fitting is not None:
            self._fitting.hasten(FIT_BEFORE_A_RUN_S, cancel.is_set)

    def _do(self, errand: Errand, ended: Callable[[Errand, object], None], priority: int) -> None:
        self._begin(errand.title, lambda failure: ended(errand, failure))
        outcome = errand.do(self._model)
        if outcome is AGAIN:
            self._thread.post(lambda: self._do(errand, ended, priority), priority)
        else:
            ended(errand, outcome)

    def _plan(self, plan_id: int, request: SamplingRequest, parent: Trajectory | None) -> None:
        reading: PromptReading | None = None

        def refuse(failure: Failure) -> None:
            self.planned.emit(Planned(plan_id, None, failure.detail, reading))

        self._begin("", refuse)
        if self._model is not None:
            request = _completed(request, self._model.facts)
            reading = self._model.read_prompt(request.prompt)
            if request.extra.get("weighting"):  # signs are no words: nothing is counted
                reading = replace(reading, token_limit=0, cut=None)
            plan = self._plan_of(request, parent)
            self.planned.emit(Planned(plan_id, plan, reading=reading))

    def _send(self, run_id: int, event: LaneEvent) -> None:
        with self._mail_lock:
            self._mail.setdefault(run_id, []).append(event)

    def _run(
        self,
        run_id: int,
        request: SamplingRequest,
        cancel: threading.Event,
        parent: Trajectory | None,
        attention: bool,
    ) -> None:
        recorded: list[Step] = []
        plan: Plan | None = None

        def fail(failure: Failure) -> None:
            rest = self._rest_of(request, plan, recorded)
            self.finished.emit(Finished(run_id, rest, failure=failure))

        self._begin("The picture could not be generated.", fail)
        if cancel.is_set():
            self.finished.emit(Finished(run_id, None))
            return
        if self._model is None and self._tried_id != self._load_id:
            # it waits for the model that was asked for instead of the one before it
            self._thread.post(lambda: self._run(run_id, request, cancel, parent, attention), SAMPLE)
            return
        if self._model is None:
            fail(Failure("There is no model to generate with.", "Open a model first."))
            return
        request = _completed(request, self._model.facts)
        made = None
        if parent is None:
            from visualizer.diffusion.parents import Parents

            sample = self._sample_function()
            parent = Parents(sample, self._model, [request], cancel).of(request)
            made = None if parent is None else ParentMade.of((0,), parent)
            if cancel.is_set():
                self.finished.emit(Finished(run_id, None))
                return
        plan = self._plan_of(request, parent)
        if parent is not None:
            recorded.extend(parent.steps[: plan.shared])
        self.started.emit(Started(run_id, plan, request, made))

        def on_plan(true_plan: Plan) -> None:
            nonlocal plan
            plan = true_plan
            self.replanned.emit(Replanned(run_id, true_plan))

        heard_at = 0.0

        def on_step(step: Step) -> None:
            nonlocal heard_at
            recorded.append(step)
            now = time.perf_counter()
            point = self._point(step, now - heard_at if heard_at else 0.0)
            if recorder is not None:
                maps = recorder.maps(wait=step.prediction is None)
                point = replace(point, attention=maps, no_attention=recorder.why_not)
            heard_at = now
            self._send(run_id, LaneStep(0, point, time.perf_counter()))

        recorder = self._recorder() if attention else None
        more: dict[str, Any] = {} if parent is None else {"parent": parent}
        if recorder is not None:
            more["attention"] = recorder
        run = self._sample_function()(
            self._model, request, on_step=on_step, on_plan=on_plan, cancelled=cancel, **more
        )
        failure = None
        if run.cancelled and not cancel.is_set():
            failure = Failure("The run stopped before its end.", run.notice)
        self.finished.emit(Finished(run_id, run.with_decoder(None), measured_in(run), failure))

    def _plan_of(self, request: SamplingRequest, parent: Trajectory | None) -> Plan:
        """What a request will do; a branch goes on from what its parent really went through."""
        plan: Plan
        if parent is None:
            plan = self._model.plan(request)
            return plan
        from visualizer.diffusion.branching import check_parent

        check_parent(request, parent, self._model.identity.weights_hash)
        plan = self._model.plan_branch(request, parent).plan
        return plan

    def _run_lanes(
        self,
        run_id: int,
        requests: tuple[SamplingRequest, ...],
        parents: Sequence[Trajectory | None] | None,
        cancel: threading.Event,
    ) -> None:
        def fail(failure: Failure) -> None:
            self.lanes_ended.emit(LanesEnded(run_id, failure))

        self._begin("The lanes could not be generated.", fail)
        if cancel.is_set():
            self.lanes_ended.emit(LanesEnded(run_id))
            return
        if self._model is None and self._tried_id != self._load_id:
            self._thread.post(lambda: self._run_lanes(run_id, requests, parents, cancel), SAMPLE)
            return
        if self._model is None:
            fail(Failure("There is no model to generate with.", "Open a model first."))
            return
        requests = tuple(_completed(request, self._model.facts) for request in requests)
        reporter = LaneReporter(
            requests, self._model.identity, self._point, lambda event: self._send(run_id, event)
        )
        self._lanes_function()(
            self._model, requests, parents=parents, listener=reporter, cancelled=cancel
        )
        self.lanes_ended.emit(LanesEnded(run_id))

    def _lanes_function(self) -> SampleLanes:
        if self._sample_lanes is not None:
            return self._sample_lanes
        from visualizer.diffusion.lanes import sample_lanes

        return sample_lanes

    def _sample_function(self) -> Sample:
        if self._sample is not None:
            return self._sample
        from visualizer.diffusion.sampling import sample

        return sample

    def _recorder(self) -> AttentionRecorder | None:
        """None where the model has no attention to show."""
        if self._model.facts.no_attention:
            return None
        from visualizer.diffusion.attention_recorder import AttentionRecorder

        return AttentionRecorder()

    def _rest_of(
        self, request: SamplingRequest, plan: Plan | None, recorded: list[Step]
    ) -> Trajectory | None:
        """What is left of a run that failed half-way: a normal run that was stopped."""
        return rest_of(request, self._model.identity, plan, recorded) if plan else None

    def _point(self, step: Step, seconds: float) -> Point:
        from visualizer.session.pictures import thumbnail_of

        fast = None if self._fitting is None else self._fitting.previewer(step, seconds)
        previews: dict[View, Picture] = {}
        if fast is not None and step.layout.shown:
            previews["noisy"] = fast.show(step, "noisy")
            previews["denoised"] = fast.show(step, "denoised")
        noisy = previews.get("noisy") if step.layout.shown else numbers_of(step)
        return Point(
            step,
            share_of(step, step.measured_noise()),
            peak_of(step),
            previews,
            None if noisy is None else thumbnail_of(noisy),
            step.guidance_strength,
        )

    def _decode(self, model_id: int, serial: int, k: int, view: View, step: Step) -> None:
        def fail(failure: Failure) -> None:
            self.decoded.emit(Decoded(serial, k, view, None))
            self.failed.emit(failure)

        self._begin("A picture could not be decoded.", fail)
        if model_id != self._model_id:
            self.decoded.emit(Decoded(serial, k, view, None, outdated=True))
            return
        from visualizer.diffusion.views import view_latents
        from visualizer.session.pictures import thumbnail_of

        picture = self._model.decode(view_latents(step, view), step.layout)
        thumbnail = thumbnail_of(picture) if view == "noisy" else None
        self.decoded.emit(Decoded(serial, k, view, picture, thumbnail=thumbnail))

    def _noise_function(self) -> DrawNoise:
        if self._draw_noise is not None:
            return self._draw_noise
        from visualizer.diffusion.starting_noise import starting_noise

        return starting_noise

    def _noise(self, ask_id: int, requests: tuple[SamplingRequest, ...]) -> None:
        def fail(failure: Failure) -> None:
            self.noise_drawn.emit(NoiseDrawn(ask_id, failure=failure))

        self._begin("The starting noise cannot be shown.", fail)
        model = self._model
        if model is None:
            fail(Failure("There is no model to draw noise for.", "Open a model first."))
            return
        drawn = self._noise_function()(
            model, [_completed(request, model.facts) for request in requests]
        )
        pictures = tuple(model.decode(x, layout) for x, layout in drawn)
        x, layout = drawn[0]
        rows, columns = layout.spatial(x).shape[-2:]
        self.noise_drawn.emit(NoiseDrawn(ask_id, pictures, (rows, columns)))


def _completed(request: SamplingRequest, facts: ModelFacts) -> SamplingRequest:
    """The request with what the model recommends where it leaves the choice to the model."""
    scale = request.guidance_scale
    if scale is None and facts.guidance:
        scale = facts.guidance_scale
    width, height = request.width, request.height
    if width is None and height is None:
        width, height = next(iter(facts.sizes), (None, None))
    return replace(
        request,
        steps=request.steps or facts.steps,
        guidance_scale=scale,
        width=width,
        height=height,
    )


def _told_apart(error: BaseException) -> BaseException:
    """What a device says when it is full or gone, as an error with a meaning."""
    if "torch" not in sys.modules or type(error).__module__.startswith("visualizer."):
        return error
    from visualizer.diffusion import device_errors
    from visualizer.diffusion.model_folder import ModelError

    if device_errors.out_of_memory(error):
        return MemoryError()
    return ModelError(device_errors.DEVICE_LOST) if device_errors.device_lost(error) else error
