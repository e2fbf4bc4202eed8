"""The inference loop in a dozen lines, as a student would write it with diffusers.

The text is true of the run that is looked at: whether the model is asked twice, what it predicts,
whether the loop scales its input, and what the sampler is called. Names are those of the papers:
x the latent, t the timestep, w the guidance scale; ``sched`` is the scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.step import Step
    from visualizer.session.timeline import Timeline

When = Literal["words", "static", "ask", "step", "decode"]
"""Which part of the loop a line is."""
Guiding = Literal["off", "twice", "inside"]
"""Not guided; asked with and without the prompt; or told the scale as an input (distilled)."""
LETTERS = {
    "epsilon": "eps",
    "v_prediction": "v",
    "sample": "x0",
    "flow_prediction": "u",
    "edm_epsilon": "F",
    "edm_v_prediction": "F",
}
_MEANINGS = {
    "epsilon": "eps is the noise that it sees in x (Ho 2020).",
    "v_prediction": (
        "v is a mixture: √ᾱ times the noise minus √(1−ᾱ) times the picture (Salimans & Ho 2022)."
    ),
    "sample": "x0 is the clean latent itself, as it guesses it.",
    "flow_prediction": "u is the direction from picture to noise, ε − x₀ (Lipman 2023).",
    "edm_epsilon": "F is a mixture of noise and picture, scaled as in Karras 2022.",
    "edm_v_prediction": "F is a mixture of noise and picture, scaled as in Karras 2022.",
}

_FROM_PICTURE = "A picture, encoded and given as much noise as the first level has."


@dataclass(frozen=True)
class Loop:
    """What must be known of a run to write its loop down.

    Attributes:
        prediction: what the model says, as ``Step.prediction_type``.
        guiding: how the prompt's pull is made stronger.
        weight: the guidance scale, where there is one.
        avoid: whether the second question is asked with an avoid text.
        denoiser: "unet", "transformer", or "model" where it may be either.
        sampler: as people call it.
        steps: how many the loop takes.
        shape: of the latent; () while it is not known.
        seed: of the static.
        trials: whether the sampler asks again within a step.
        start: what the latent begins as, as ``starts`` calls it.
        ends: what the last latent is: one to decode, the pixels themselves, or a prior's.
    """

    prediction: str = "epsilon"
    guiding: Guiding = "off"
    weight: float | None = None
    avoid: bool = False
    denoiser: str = "unet"
    sampler: str = ""
    steps: int = 0
    shape: tuple[int, ...] = ()
    seed: int = 0
    trials: bool = False
    start: str = "seed"
    ends: Literal["latent", "pixels", "prior"] = "latent"

    @property
    def flows(self) -> bool:
        """Whether it goes along a flow: such a loop scales nothing."""
        return self.prediction == "flow_prediction"


@dataclass(frozen=True)
class CodeLine:
    """A line of the loop.

    Attributes:
        text: as it is written.
        about: a sentence or two on it.
        when: the part it belongs to.
        here: whether it is the line of its part that is pointed at.
    """

    text: str
    about: str
    when: When
    here: bool = False


def code_lines(loop: Loop) -> tuple[CodeLine, ...]:
    """The whole loop."""
    return (*_words(loop), *_static(loop), *_inside(loop), _decode(loop))


def part_of(k: int, last: int) -> When:
    """Which part of the loop the playhead stands in at point k."""
    if k <= 0:
        return "static"
    return "decode" if k >= last else "step"


def _words(loop: Loop) -> Iterator[CodeLine]:
    twice = loop.guiding == "twice"
    other = "avoid" if loop.avoid else "blank"
    nothing = "avoid_text" if loop.avoid else '""'
    asked = f"[prompt, {nothing}]" if twice else "prompt"
    more = (
        " The avoid text goes the same way: it takes the place of no prompt."
        if loop.avoid and twice
        else " The empty text goes the same way: it stands for no prompt."
        if twice
        else ""
    )
    yield CodeLine(
        f"ids = tokenizer({asked})", f"The prompt becomes numbers, one a token.{more}", "words"
    )
    names = f"words, {other}" if twice else "words"
    yield CodeLine(
        f"{names} = text_encoder(ids)",
        "The text encoder, a transformer, turns every token into a vector. The prompt is read "
        "once; every step looks at the same vectors.",
        "words",
        here=True,
    )


def _static(loop: Loop) -> Iterator[CodeLine]:
    sampler = loop.sampler or "the model’s own sampler"
    yield CodeLine(
        f"sched.set_timesteps({loop.steps or 'steps'})",
        f"{sampler} plans which noise levels it will pass, from static to clean.",
        "static",
    )
    size = ", ".join(str(n) for n in loop.shape) or "shape"
    told = f"Random numbers drawn from seed {loop.seed}"
    if loop.start == "picture":
        yield CodeLine("x = noised(vae.encode(picture))", _FROM_PICTURE, "static", here=True)
        return
    edited = loop.start == "edited noise"
    yield CodeLine(
        f"x = edit(randn({size}))" if edited else f"x = randn({size})",
        f"{told}, then changed by hand." if edited else f"{told}, nothing else: this is static.",
        "static",
        here=True,
    )
    if not loop.flows:
        yield CodeLine(
            "x = x * sched.init_noise_sigma",
            "Samplers keep x in scales of their own: this brings the static to the scale of "
            f"{sampler}.",
            "static",
        )


def _inside(loop: Loop) -> Iterator[CodeLine]:
    letter = LETTERS.get(loop.prediction, "out")
    yield CodeLine(
        "for t in sched.timesteps:",
        "The same few lines again and again, with a little less noise every time.",
        "step",
    )
    name = "x" if loop.flows else "z"
    if not loop.flows:
        yield CodeLine(
            "  z = sched.scale_model_input(x, t)",
            "The network was trained on numbers of about one size. Samplers that keep x larger "
            "divide it here; for the others this changes nothing.",
            "ask",
        )
    meaning = _MEANINGS.get(loop.prediction, "")
    if loop.guiding == "twice":
        yield from _asked_twice(loop, letter, name, meaning)
    else:
        scale = ", w" if loop.guiding == "inside" else ""
        told = " It was trained to be told how strongly to follow the prompt, w." if scale else ""
        yield CodeLine(
            f"  {letter} = {loop.denoiser}({name}, t, words{scale})",
            f"The network looks at the latent, the timestep and the words. {meaning}{told}",
            "ask",
        )
    again = " This sampler asks the network again on the way, to step more exactly."
    yield CodeLine(
        f"  x = sched.step({letter}, t, x)",
        "From what the network said follows a guess of the picture; the sampler moves x a little "
        f"way towards it, to the next noise level.{again if loop.trials else ''}",
        "step",
        here=True,
    )


def _asked_twice(loop: Loop, letter: str, name: str, meaning: str) -> Iterator[CodeLine]:
    other = "avoid" if loop.avoid else "blank"
    without = "with the avoid text" if loop.avoid else "without the prompt"
    yield CodeLine(
        f"  {letter}_u = {loop.denoiser}({name}, t, {other})",
        f"What the network says {without}. diffusers asks both questions in one call, as a batch "
        "of two.",
        "ask",
    )
    yield CodeLine(
        f"  {letter}_c = {loop.denoiser}({name}, t, words)",
        f"What it says with the prompt. {meaning}",
        "ask",
    )
    weight = "" if loop.weight is None else f" Here w is {loop.weight:g}."
    yield CodeLine(
        f"  {letter} = {letter}_u + w * ({letter}_c - {letter}_u)",
        "Guidance (Ho & Salimans 2022): go from the answer "
        f"{without} towards the other, and further.{weight}",
        "ask",
    )


def _decode(loop: Loop) -> CodeLine:
    if loop.ends == "prior":
        about = "What the next stage paints from: no decoder turns these numbers into a picture."
        return CodeLine("embedding = x", about, "decode", here=True)
    if loop.ends == "pixels":
        about = "No noise is left. This model works on pixels: x is the picture, from −1 to 1."
        return CodeLine("picture = (x + 1) / 2", about, "decode", here=True)
    return CodeLine(
        "picture = vae.decode(x / scale)",
        "No noise is left. The decoder turns the latent into pixels; scale is what the model’s "
        "latents were multiplied by in training.",
        "decode",
        here=True,
    )


# --- of a run -----------------------------------------------------------------------------------


def loop_of(timeline: Timeline, facts: ModelFacts | None, sampler: str, k: int = 0) -> Loop:
    """What there is to know of a run, or of the plan of one.

    Args:
        facts: of the model that is there, which need not be the one that made the run.
        sampler: as people call it.
        k: where the playhead stands: of several stages the loop of this one.
    """
    request, stage = timeline.request, timeline.stage(k)
    steps = timeline.steps[stage.first : stage.last + 1]
    first = next(iter(steps), None)
    run = timeline.trajectory
    pipeline = "" if facts is None else facts.pipeline_class
    pipeline = pipeline if run is None else run.model.pipeline_class
    prediction = "" if first is None else first.prediction_type
    scale = request.guidance_scale
    return Loop(
        prediction=prediction,
        guiding=_guiding(timeline, facts, prediction),
        weight=scale,
        avoid=bool(request.negative_prompt),
        denoiser=_denoiser(pipeline),
        sampler=sampler,
        steps=stage.last - stage.first,
        shape=() if first is None else tuple(first.latents.shape),
        seed=request.seed,
        trials=any(step.trials for step in steps),
        start=request.start.kind if stage.first == 0 else "seed",
        ends="latent" if first is None else _end_of(first),
    )


def calls_of(steps: tuple[Step, ...], guiding: Guiding) -> int:
    """How often the denoiser was asked for these steps, the trials of a solver included."""
    asked = sum(1 + len(step.trials) for step in steps if step.prediction is not None)
    return asked * (2 if guiding == "twice" else 1)


def _guiding(timeline: Timeline, facts: ModelFacts | None, prediction: str) -> Guiding:
    scale = timeline.request.guidance_scale
    if timeline.guided:
        return "twice"
    if scale is None or scale <= 1:
        return "off"
    if len(timeline) == 0:
        return "twice" if facts is not None and facts.guidance else "off"
    if prediction == "flow_prediction" or not timeline.from_file:
        return "inside"
    return "twice"  # its file does not keep what was said without the prompt


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
