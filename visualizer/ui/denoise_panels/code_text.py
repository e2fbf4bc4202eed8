"""The inference loop in a dozen lines, as a student would write it with diffusers.

The text is true of the run that is looked at: whether the model is asked twice, what it predicts,
whether the loop scales its input, and what the sampler is called. Names are those of the papers:
x the latent, t the timestep, w the guidance scale; ``sched`` is the scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

When = Literal["words", "static", "ask", "step", "decode"]
"""Which part of the loop a line is."""
Guiding = Literal["off", "twice", "inside"]
"""Not guided; asked with and without the prompt; or told the scale as an input (distilled)."""
Mixing = Literal["from without", "from with", "bent"]
"""From which of the two answers guidance goes on, or that it is no plain mixture of them."""
Fresh = Literal["", "generator", "own"]
"""Whether the sampler adds noise at every step: from a generator that it is handed, or its own."""
Moment = Literal["", "beginning", "pass", "end"]
"""Nothing is there; the first pass is on its way; a pass through the loop; all passes are done."""
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


@dataclass(frozen=True)
class Loop:
    """What must be known of a run to write its loop down.

    Attributes:
        prediction: what the model says, as ``Step.prediction_type``.
        guiding: how the prompt's pull is made stronger.
        mixing: how the two answers become one, where it is asked twice.
        weight: w, where it is known.
        avoid: whether the second question is asked with an avoid text.
        denoiser: "unet", "transformer", or "model" where it may be either.
        sampler: as people call it.
        fresh: whether the sampler adds noise of its own at every step.
        steps: how many levels the sampler plans; 0 where that is not known.
        skipped: how many of them are passed over; None where that is not known.
        shape: of the latent; () while it is not known.
        seed: of the static, and of whatever noise is drawn later.
        trials: whether the sampler asks again within a step.
        start: what the latent begins as, as ``starts`` calls it.
        joined: of a branch, the step of the other run that it goes on from.
        restarts: of a branch, whether its sampler begins anew there.
        renews: of a branch, whether it begins with noise of its own.
        ends: what the last latent is: one to decode, the pixels themselves, or a prior's.
    """

    prediction: str = "epsilon"
    guiding: Guiding = "off"
    mixing: Mixing = "from without"
    weight: float | None = None
    avoid: bool = False
    denoiser: str = "unet"
    sampler: str = ""
    fresh: Fresh = ""
    steps: int = 0
    skipped: int | None = 0
    shape: tuple[int, ...] = ()
    seed: int = 0
    trials: bool = False
    start: str = "seed"
    joined: int = 0
    restarts: bool = False
    renews: bool = False
    ends: Literal["latent", "pixels", "prior"] = "latent"

    @property
    def flows(self) -> bool:
        """Whether it goes along a flow: such a loop scales nothing."""
        return self.prediction == "flow_prediction"

    @property
    def begin(self) -> str:
        """The first of the sampler's timesteps that is taken, as it is written; "" for the very
        first. Solvers with trials have more timesteps than levels, so that their place in the
        list is not that of the level."""
        if self.skipped == 0:
            return ""
        return "begin" if self.skipped is None or self.trials else str(self.skipped)


@dataclass(frozen=True)
class CodeLine:
    """A line of the loop.

    Attributes:
        text: as it is written.
        about: a sentence or two on it.
        when: the part it belongs to.
        marked: whether the numbers that are shown go into this line.
    """

    text: str
    about: str
    when: When
    marked: bool = False


def code_lines(loop: Loop) -> tuple[CodeLine, ...]:
    """The whole loop."""
    return (*_words(loop), *_static(loop), *_inside(loop), _decode(loop))


def mark(lines: Sequence[CodeLine], moment: Moment) -> tuple[int, range]:
    """The line that the numbers go into, −1 for none, and the lines that are being worked on."""
    step = next(i for i, line in enumerate(lines) if line.marked)
    if moment == "pass":
        loop = next(i for i, line in enumerate(lines) if line.text.startswith("for "))
        return step, range(loop, step + 1)
    if moment == "end":
        return len(lines) - 1, range(len(lines) - 1, len(lines))
    return -1, range(step if moment == "beginning" else 0)


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
    )


def _static(loop: Loop) -> Iterator[CodeLine]:
    sampler = loop.sampler or "the model’s own sampler"
    yield CodeLine(
        f"sched.set_timesteps({loop.steps or 'steps'})",
        f"{sampler[:1].upper()}{sampler[1:]} plans which noise levels it will pass, from static to "
        "clean.",
        "static",
    )
    if loop.start == "picture":
        yield from _from_picture(loop)
    elif loop.start == "step":
        yield from _from_step(loop)
    else:
        yield from _from_noise(loop, sampler)


def _from_noise(loop: Loop, sampler: str) -> Iterator[CodeLine]:
    told = f"Random numbers drawn from seed {loop.seed}"
    drawn = f"randn({_size(loop)})"
    edited = loop.start == "edited noise"
    yield CodeLine(
        f"x = edit({drawn})" if edited else f"x = {drawn}",
        f"{told}, then changed by hand." if edited else f"{told}, nothing else: this is static.",
        "static",
    )
    if not loop.flows:
        yield CodeLine(
            "x = x * sched.init_noise_sigma",
            "Samplers keep x in scales of their own: this brings the static to the scale of "
            f"{sampler}.",
            "static",
        )


def _from_picture(loop: Loop) -> Iterator[CodeLine]:
    if loop.ends == "pixels":
        yield CodeLine(
            "x = picture * 2 - 1",
            "This model works on pixels: x is your picture, from −1 to 1.",
            "static",
        )
    else:
        yield CodeLine(
            "x = vae.encode(picture) * scale",
            "The encoder turns your picture into a latent; scale is what the model’s latents were "
            "multiplied by in training.",
            "static",
        )
    yield CodeLine(
        f"x = noised(x, sched.timesteps[{loop.begin or 0}])",
        f"Noise drawn from seed {loop.seed} is mixed in, as much as there is at the first timestep "
        "that is taken (Ho 2020, eq. 4). What of the picture is left decides what comes.",
        "static",
    )


def _from_step(loop: Loop) -> Iterator[CodeLine]:
    there = f"parent[{loop.joined}]"
    stood = f"The latent of the run that this one branched from, at its step {loop.joined}"
    if loop.renews:
        yield CodeLine(
            f"fresh = randn({_size(loop)})",
            f"Random numbers drawn from seed {loop.seed}: the noise of the run that it branched "
            "from is left behind.",
            "static",
        )
        yield CodeLine(
            f"x = renoised({there}, fresh)",
            f"{stood}: its guess of the picture is kept, and given this noise, as much as there is "
            "at the first timestep that is taken.",
            "static",
        )
    elif loop.restarts:
        yield CodeLine(
            f"x = renoised({there})",
            f"{stood}, the same guess and the same noise, brought to the scale and the level at "
            "which this sampler goes on.",
            "static",
        )
    else:
        yield CodeLine(
            f"x = {there}",
            f"{stood}, as it was. The sampler has gone through the steps before once more, with "
            "what the network had said then: so it remembers the same.",
            "static",
        )


def _size(loop: Loop) -> str:
    return ", ".join(str(n) for n in loop.shape) or "shape"


def _inside(loop: Loop) -> Iterator[CodeLine]:
    letter = LETTERS.get(loop.prediction, "out")
    begin = loop.begin
    left_out = " The levels of more noise are left out." if begin else ""
    yield CodeLine(
        f"for t in sched.timesteps[{begin}:]:" if begin else "for t in sched.timesteps:",
        f"The same few lines again and again, with a little less noise every time.{left_out}",
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
    yield _step(loop, letter)


def _step(loop: Loop, letter: str) -> CodeLine:
    handed = ", generator=g" if loop.fresh == "generator" else ""
    more = ""
    if loop.trials:
        more = " This sampler asks the network again on the way, to step more exactly."
    if loop.fresh:
        drawn = f"drawn from seed {loop.seed}"
        more += (
            " It steps further than the next level, and adds fresh noise in place of what it took "
            f"away too much, {drawn}{' by g' if handed else ''}. The last step adds none."
        )
    return CodeLine(
        f"  x = sched.step({letter}, t, x{handed})",
        "From what the network said follows a guess of the picture; the sampler moves x a little "
        f"way towards it, to the next noise level.{more} The numbers below are those that go in.",
        "step",
        marked=True,
    )


def _asked_twice(loop: Loop, letter: str, name: str, meaning: str) -> Iterator[CodeLine]:
    other = "avoid" if loop.avoid else "blank"
    without = "with the avoid text" if loop.avoid else "without the prompt"
    yield CodeLine(
        f"  {letter}_u = {loop.denoiser}({name}, t, {other})",
        f"What the network says {without}. Most pipelines ask both questions in one call, as a "
        "batch of two.",
        "ask",
    )
    yield CodeLine(
        f"  {letter}_c = {loop.denoiser}({name}, t, words)",
        f"What it says with the prompt. {meaning}",
        "ask",
    )
    yield CodeLine(*_mixed(loop, letter, without), "ask")


def _mixed(loop: Loop, letter: str, without: str) -> tuple[str, str]:
    """The line that makes one answer of two, and what it does."""
    u, c = f"{letter}_u", f"{letter}_c"
    if loop.mixing == "bent":
        return f"  {letter} = mixed({u}, {c})", (
            f"Guidance: away from the answer {without}. This pipeline bends the mixture (rescaled, "
            "bounded, or with perturbed attention): no single w describes it."
        )
    weight = "" if loop.weight is None else f" Here w is {loop.weight:.4g}."
    if loop.mixing == "from with":
        return f"  {letter} = {c} + w * ({c} - {u})", (
            "Guidance (Ho & Salimans 2022, as they write it): from the answer with the prompt, go "
            f"on, away from the one {without}.{weight}"
        )
    return f"  {letter} = {u} + w * ({c} - {u})", (
        f"Guidance (Ho & Salimans 2022): go from the answer {without} towards the other, and "
        f"further.{weight}"
    )


def _decode(loop: Loop) -> CodeLine:
    if loop.ends == "prior":
        about = "What the next stage paints from: no decoder turns these numbers into a picture."
        return CodeLine("embedding = x", about, "decode", marked=True)
    if loop.ends == "pixels":
        about = "No noise is left. This model works on pixels: x is the picture, from −1 to 1."
        return CodeLine("picture = (x + 1) / 2", about, "decode", marked=True)
    return CodeLine(
        "picture = vae.decode(x / scale)",
        "No noise is left. The decoder turns the latent into pixels; scale is what the model’s "
        "latents were multiplied by in training.",
        "decode",
        marked=True,
    )
