"""What the guidance part says: how often the model is asked, and how far the prompt pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.ui.words.word_sentences import BEGINNINGS

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.timeline import Timeline

UNGUIDED = "This model takes guidance in another way: its strength cannot be chosen."
_TWICE = (
    "The model is asked twice at every step: once without the prompt, once with it. The sampler "
    "then goes on past the second answer, in the direction that leads from the first to it."
)
_IN_GENERAL = (
    "With guidance above 1 most models are asked twice at every step: without the prompt, and "
    "with it. The sampler then goes on past the second answer, away from the first."
)
_NOT_PAST = (
    "The model is asked twice at every step: once without the prompt, once with it. At guidance "
    "{scale:g} the sampler goes no further than the second answer; above 1 it goes past it."
)
_OFF = (
    "At guidance {scale:g} the model is asked once at every step, with the prompt, and its answer "
    "is taken as it is. Above 1 it is asked without the prompt, too, and goes further than that."
)
_TOLD = (
    "This model is asked once at every step. It was taught what guidance makes of an answer, and "
    "is only told how strong it shall be."
)
_ONCE = "This model is asked once at every step, with the prompt: there is nothing to compare."
_STRIP = (
    "Guidance 1 takes the prompted answer as it is. The higher it is, the more closely the words "
    "are followed, and the less the pictures of different seeds differ."
)
_STRIP_TOLD = (
    "This model is told the strength of guidance as a number. The higher it is, the more closely "
    "the words are followed, as far as the model was taught that."
)
_UNPROMPTED = (
    "With no words at all the model draws whatever its training pictures made likely: a picture, "
    "but not one that was asked for."
)
_FROM_STATIC = "They begin from pure static, not as this picture did."


def guidance_words(
    look: str,
    run: Timeline | None,
    base: SamplingRequest | None,
    facts: ModelFacts | None,
) -> str:
    """What is said of "step", "strip" or "unprompted".

    Args:
        run: that is looked at, whose steps are told of.
        base: what the strips are made from.
        facts: of the model that makes them.
    """
    if look == "step":
        return _of_step(run)
    begun = None if base is None else BEGINNINGS.get(base.start.kind)
    if look == "unprompted":
        return _UNPROMPTED if begun is None else f"{_UNPROMPTED} {_FROM_STATIC}"
    told = facts is not None and not facts.avoid
    words = _STRIP_TOLD if told else _STRIP
    return words if begun is None else f"{words} All of them begin as this picture did, {begun}."


def _of_step(run: Timeline | None) -> str:
    if run is None or not len(run):
        return _IN_GENERAL
    scale = run.request.guidance_scale
    if any(run.guidance_strength(k) is not None for k in range(len(run))):
        return _TWICE if scale is None or scale > 1 else _NOT_PAST.format(scale=scale)
    if scale is not None and scale <= 1:
        return _OFF.format(scale=scale)
    if run.from_file:  # it may have left out what the model was asked
        return _IN_GENERAL
    return _ONCE if scale is None else _TOLD
