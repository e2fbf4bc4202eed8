"""What there is to know of a run to write its loop down, where the playhead stands in it.

A branch begins with the steps of the run that it branched from: there the loop is that run's, its
sampler, its words, its noise. What is said of guidance is measured in what the network answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from visualizer.ui.denoise_panels.code_text import Fresh, Guiding, Loop, Mixing, Moment

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.step import Step
    from visualizer.session.timeline import Stage, Timeline

_FROM_WITH = ("ZImage", "Krea2", "Kandinsky3")
"""Pipelines of diffusers that write c + w (c − u): their w is smaller by 1."""


class Section(NamedTuple):
    """The part of a run that one loop made.

    Attributes:
        timeline: whose points they are, or that began with them.
        request: of the loop.
        first: the first point that this loop made itself.
        stage: the points that are counted together in the window.
    """

    timeline: Timeline
    request: SamplingRequest
    first: int
    stage: Stage

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those that this loop made, and that are there."""
        return self.timeline.steps[self.first : self.stage.last + 1]


def section_of(timeline: Timeline, k: int) -> Section:
    """The loop that point k belongs to: of a branch's first points that of its parent."""
    from visualizer.diffusion.starts import FromStep

    owner = timeline.owner(k)
    request, stage = owner.request, owner.stage(k)
    start = request.start
    joined = 0
    if owner.parent_run is not None:
        joined = owner.shared
    elif isinstance(start, FromStep):
        while isinstance(start, FromStep) and k < start.step:
            request = start.parent
            start = request.start
        joined = start.step if isinstance(start, FromStep) else 0
    return Section(owner, request, max(stage.first, joined), stage)


def loop_of(timeline: Timeline, facts: ModelFacts | None, sampler: str, k: int = 0) -> Loop:
    """What there is to know of a run, or of the plan of one.

    Args:
        facts: of the model that is there, which need not be the one that made the run.
        sampler: of the run, as people call it.
        k: where the playhead stands: of several stages, or of a branch, the loop of this point.
    """
    from visualizer.diffusion.branching import restarts
    from visualizer.diffusion.starts import FromStep

    section = section_of(timeline, k)
    request, steps = section.request, section.steps
    start = request.start if _begins(section) else None
    first = next(iter(steps), None)
    run = section.timeline.trajectory
    pipeline = "" if facts is None else facts.pipeline_class
    pipeline = pipeline if run is None else run.model.pipeline_class
    prediction = "" if first is None else first.prediction_type
    guiding = _guiding(section, facts, prediction)
    mixing, weight = _mixing(section, pipeline, k)
    if request is not timeline.request:
        sampler = section.timeline.sampler if request is section.timeline.request else ""
        sampler = sampler or _label(request.sampler, facts)
    branched = start if isinstance(start, FromStep) else None
    planned, skipped = _planned(section)
    return Loop(
        prediction=prediction,
        guiding=guiding,
        mixing=mixing,
        weight=weight,
        avoid=bool(request.negative_prompt),
        denoiser=_denoiser(pipeline),
        sampler=sampler,
        fresh=_fresh(sampler, request, facts),
        steps=planned,
        skipped=skipped,
        shape=() if first is None else tuple(first.latents.shape),
        seed=request.seed,
        trials=any(step.trials for step in steps),
        start="seed" if start is None else start.kind,
        joined=0 if branched is None else branched.step,
        restarts=restarts(request),
        renews=branched is not None and request.seed != branched.parent.seed,
        ends="latent" if first is None else _end_of(first),
    )


def moment_of(timeline: Timeline, k: int) -> Moment:
    """What the loop does at point k."""
    if k >= len(timeline):
        return "beginning" if timeline.running and len(timeline) == 0 else ""
    return "end" if k >= timeline.stage(k).last else "pass"


def calls_of(steps: Sequence[Step], guiding: Guiding) -> int:
    """How often the denoiser was asked by the time the last of these steps is handed to the
    sampler. Its own trials come later; those of the steps before it count."""
    asked = sum(step.prediction is not None for step in steps)
    asked += sum(len(step.trials) for step in steps[:-1])
    return asked * (2 if guiding == "twice" else 1)


def _begins(section: Section) -> bool:
    """Whether the loop begins with what the request starts from: a later stage does not."""
    from visualizer.diffusion.starts import FromStep

    first = section.stage.first
    start = section.request.start
    return first == 0 or (isinstance(start, FromStep) and start.step > first)


def _planned(section: Section) -> tuple[int, int | None]:
    """How many levels the sampler planned, 0 where that is not known, and how many it skipped."""
    from visualizer.diffusion.branching import restarts
    from visualizer.diffusion.starts import FromPicture, FromSeed, FromStep

    request, stage = section.request, section.stage
    here = stage.last - stage.first
    start = request.start
    known = section.timeline.request is request
    if isinstance(start, FromPicture):
        return (start.step + here if known else request.steps or 0), start.step
    if not isinstance(start, FromStep) or not _begins(section):
        return (here if known else request.steps or 0), 0
    planned = request.steps or 0
    grows = not restarts(request) and isinstance(start.parent.start, FromSeed)
    if len(section.timeline.stages) > 1 or (grows and not planned):
        planned = here
    read = section.timeline.parent_run is None  # its file does not say where they meet
    if not planned or (restarts(request) and read) or not known:
        return planned, None
    return planned, max(planned - (stage.last - section.first), 0)


def _guiding(section: Section, facts: ModelFacts | None, prediction: str) -> Guiding:
    steps, scale = section.steps, section.request.guidance_scale
    if any(step.guidance is not None for step in steps):
        return "twice"
    if scale is None or scale <= 1:
        return "off"
    if not steps:
        return "twice" if facts is not None and facts.guidance else "off"
    if prediction == "flow_prediction" or not section.timeline.from_file:
        return "inside"
    return "twice"  # its file does not keep what was said without the prompt


def _mixing(section: Section, pipeline: str, k: int) -> tuple[Mixing, float | None]:
    """How two answers become one, and w as this pipeline counts it: measured where it can be."""
    counts_on = pipeline.startswith(_FROM_WITH)
    plain: Mixing = "from with" if counts_on else "from without"
    steps = section.timeline.steps
    said = steps[k].guidance if k < len(steps) else None
    if said is None:
        return plain, section.request.guidance_scale
    if said.weight is None:
        return "bent", None
    return plain, said.weight - counts_on


def _fresh(sampler: str, request: SamplingRequest, facts: ModelFacts | None) -> Fresh:
    """Whether the sampler adds noise at every step."""
    from visualizer.diffusion.sampler_table import DIFFUSION, EDM, FLOW

    if sampler.startswith("DPM++ SDE"):
        return "own"
    rows = (row for some in (DIFFUSION, FLOW, EDM) for each in some for row in each.variants)
    named = [row for row in rows if row.label == sampler]
    if named:
        return "generator" if any(row.random for row in named) else ""
    own = request.sampler is None and facts is not None and "" in facts.random_samplers
    return "generator" if own else ""


def _label(key: str | None, facts: ModelFacts | None) -> str:
    """What people call the sampler of a request."""
    if facts is None:
        return key or ""
    if key is None:
        return facts.own_sampler
    return next((each.label for each in facts.samplers if each.key == key), key)


def _denoiser(pipeline: str) -> str:
    if pipeline.startswith("StableDiffusion3"):
        return "transformer"
    if pipeline.startswith(("StableDiffusion", "LatentConsistency", "Kandinsky", "LDM")):
        return "unet"
    known = ("Flux", "PixArt", "Sana", "Lumina", "QwenImage", "ZImage", "AuraFlow", "Hunyuan")
    return "transformer" if pipeline.startswith(known) else "model"


def _end_of(step: Step) -> Literal["latent", "pixels", "prior"]:
    if not step.layout.shown:
        return "prior"
    return "pixels" if step.layout.arrangement == "pixels" else "latent"
