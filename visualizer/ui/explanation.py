"""What happens at this moment, said as a teacher would say it aloud.

The text follows the playhead, the view and the state of the run. It claims nothing that is not
true of every sampler and model: at the start the latent is drawn from the seed and nothing else;
the guess from much noise is an average of what would fit (a posterior mean, hence the blur);
noise hides fine detail first, because pictures have most of their power in large shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_NO_BREAK = "\u00a0"  # no line ends between a number and its unit
State = Literal["planned", "running", "cancelled", "complete"]


@dataclass(frozen=True)
class Moment:
    """Where the playhead stands.

    Attributes:
        k: the point of its stage, 0 … last.
        last: the index of the stage's last point; of the final picture where there is one stage.
        noise_share: variance share of the noise, 0 … 1.
        view: noisy, denoised, noise, change, channels, unprompted or guidance.
        state: of the run.
        newest: True at the newest point of a run that is still going or was stopped.
        seed: the seed of the run, if it is known.
        gain: how much a view that is a difference is amplified.
        more_follows: another stage comes after this one.
        shown: whether a decoder makes a picture of what the sampler holds.
        guided: whether the model is asked twice anywhere in this run.
        asked_twice: whether the model said what it would do without the prompt, too.
        avoid: whether an avoid text took the place of the prompt there.
        from_picture: whether the run began with a picture under noise, not with static.
    """

    k: int
    last: int
    noise_share: float
    view: str
    state: State
    newest: bool = False
    seed: int | None = None
    gain: float = 4.0
    more_follows: bool = False
    shown: bool = True
    guided: bool = True
    asked_twice: bool = True
    avoid: bool = False
    from_picture: bool = False


@dataclass(frozen=True)
class Explanation:
    """A headline of a few words, and one to three sentences."""

    title: str
    text: str


def explain(moment: Moment) -> Explanation:
    """The text for a moment."""
    if moment.state == "planned":
        return _PLANNED
    if moment.state == "cancelled" and moment.newest:
        return Explanation(
            "Stopped here",
            f"The run ended at step {moment.k} of {moment.last}, with {percent(moment.noise_share)}"
            " noise still in the latent. Everything up to here is kept: drag back, switch views, "
            "save it.",
        )
    if not moment.shown:
        return _PRIOR
    if moment.k == moment.last and moment.more_follows:
        return _STAGE_ENDS
    return _BY_VIEW.get(moment.view, _noisy)(moment)


def percent(share: float) -> str:
    """A share as a person reads it; what is nearly nothing or nearly all never rounds to it."""
    if 0 < share <= 0.005:
        return f"under 1{_NO_BREAK}%"
    if 0.995 <= share < 1:
        return f"over 99{_NO_BREAK}%"
    return f"{round(share * 100)}{_NO_BREAK}%"


def measured_words(settled: bool) -> str:
    """What measured noise is measured against.

    Args:
        settled: the run has come to its end. Before, and in a run that was stopped, there is no
            final picture to compare with: only the model's guess at every step.
    """
    return "measured" if settled else "measured against the guess"


_PLANNED = Explanation(
    "The plan",
    "Nothing has been computed yet. The faint line below is the plan: how much noise the sampler "
    "will leave after each step. Press Enter in the prompt to begin.",
)
_PRIOR = Explanation(
    "What the prior imagines",
    "A first stage works out what the picture should contain, in numbers of its own. No decoder "
    "turns them into a picture: they tell the next stage what to paint.",
)
_STAGE_ENDS = Explanation(
    "This stage is finished",
    "Hardly any noise is left here. The next stage goes on from what this one made, with fresh "
    "noise to take away.",
)
_UNDER_NOISE = Explanation(
    "A picture under noise",
    "This run begins with a picture, drowned in so much static of the seed. What still shows "
    "through it can survive; the rest the model imagines anew from your words.",
)
_NOT_ASKED = Explanation(
    "Not asked here",
    "Where a model is guided it is asked twice at every step: with the prompt and without. Here "
    "it was not.",
)


def _not_asked(moment: Moment) -> Explanation:
    if not (moment.guided and moment.k == moment.last):
        return _NOT_ASKED
    wanted = (
        "what your words change"
        if moment.view == "guidance"
        else "the guess from your avoid text"
        if moment.avoid
        else "the guess without your words"
    )
    return Explanation(
        "The picture is finished",
        f"The model is not asked any more. Step back once to see {wanted}.",
    )


def _noisy(moment: Moment) -> Explanation:
    share = moment.noise_share
    if moment.k == 0 and moment.from_picture:
        return _UNDER_NOISE
    if moment.k == 0 and share > 0.9:
        source = "the seed" if moment.seed is None else f"seed {moment.seed}"
        return Explanation(
            "Pure static",
            f"Random numbers drawn from {source}, nothing else: no picture is hidden in here. The "
            "words will say what it becomes, the seed which version of it.",
        )
    if moment.k == moment.last:
        return Explanation(
            "The picture",
            "Hardly any noise is left: decoded, this latent is the picture. Drag the playhead to "
            "the left and watch it sink back into the static it was carved from.",
        )
    if share > 0.9:
        return Explanation(
            "The big decisions",
            "It looks like static, yet the layout is being settled. At every step the model reads "
            "your words and says what it takes for noise; the sampler moves a little away from it.",
        )
    if share > 0.5:
        return Explanation(
            "Shapes come out of the static",
            "Large forms show first. Noise drowns fine detail long before it drowns big shapes, so "
            "on the way back the big shapes are the first to surface.",
        )
    if share > 0.1:
        return Explanation(
            "More picture than noise",
            "What goes where is settled now. From here on the steps sharpen edges and add detail; "
            "they rarely change their mind.",
        )
    return Explanation(
        "The finishing touches",
        f"Only a thin veil is left, {percent(share)} of the latent. The last steps work on texture "
        "and fine edges: zoom in to see it.",
    )


def _denoised(moment: Moment) -> Explanation:
    share = moment.noise_share
    if moment.k == moment.last:
        return Explanation(
            "Nothing left to guess",
            "The noise is gone, so guess and picture are one and the same.",
        )
    if share > 0.9:
        return Explanation(
            "A guess in one leap",
            "If the model had to name the finished picture right now, this would be it. Many "
            "pictures fit the little it can make out, and it answers with roughly their average: "
            "that is why it looks blurred.",
        )
    if share > 0.15:
        return Explanation(
            "The guess grows firmer",
            "This is where the model thinks it is heading. The sampler does not believe it at "
            "once: it takes one small step that way, then asks again, with a little less noise in "
            "the way.",
        )
    return Explanation(
        "The guess has settled",
        f"With {percent(share)} noise left there is hardly anything to guess: this and the noisy "
        "latent are nearly the same picture.",
    )


def _noise(moment: Moment) -> Explanation:
    share = moment.noise_share
    if moment.k == moment.last:
        return Explanation(
            "No noise left", "The last latent is the picture itself: nothing is left to predict."
        )
    if share > 0.5:
        return Explanation(
            "What the model calls noise",
            "The model never paints. Its answer amounts to saying which part of the latent is "
            f"noise: this. Here noise is {percent(share)} of the latent, so the two look much "
            "alike.",
        )
    return Explanation(
        "What the model still calls noise",
        f"Drawn at full strength so that you can see it; in the latent it is down to "
        f"{percent(share)}. Where you recognize the picture in it, the model cannot tell detail "
        "from noise.",
    )


def _change(moment: Moment) -> Explanation:
    if moment.k == 0:
        return Explanation(
            "Nothing to compare", "This is the first step: there is no earlier one to compare with."
        )
    return Explanation(
        "What this step changed",
        f"The difference from the step before, amplified {moment.gain:g} times; mid-gray is no "
        "change. Where it looks like static, noise was taken away or exchanged; where you see "
        "shapes, picture took its place.",
    )


def _channels(moment: Moment) -> Explanation:
    ending = (
        "Put through the decoder, together, they are the picture."
        if moment.k == moment.last
        else "At first all of them are noise; bit by bit each fills with its share of the picture."
    )
    return Explanation(
        "What the model really sees",
        f"The model works on these small grids of numbers, not on pixels. {ending}",
    )


def _unprompted(moment: Moment) -> Explanation:
    if not moment.asked_twice:
        return _not_asked(moment)
    if moment.avoid:
        return Explanation(
            "Only what to avoid",
            "At every step the model is asked twice: with your words, and with your avoid text in "
            "their place. This would be its guess from the avoid text alone.",
        )
    if moment.noise_share > 0.9:
        return Explanation(
            "Without a word from you",
            "At every step the model is asked twice: with your words and without. This is its "
            "guess without them, close to an average of all that could hide in this static.",
        )
    if moment.noise_share > 0.15:
        return Explanation(
            "What it sees by itself",
            "Not told what to look for, the model would make this of the very same latent. Still "
            "your words are in it: in the steps before, they steered what is here by now.",
        )
    return Explanation(
        "Most is in the picture by now",
        f"With {percent(moment.noise_share)} noise left the model can read most of the picture off "
        "the latent. Press 2 and 6 in turn to see what your words still change.",
    )


def _guidance(moment: Moment) -> Explanation:
    if not moment.asked_twice:
        return _not_asked(moment)
    other = "the guess from your avoid text" if moment.avoid else "the guess without your words"
    return Explanation(
        "What your words change",
        f"The difference that your words make: from {other} to the one the sampler follows. "
        "Mid-gray is no difference; more guidance makes it stronger.",
    )


_BY_VIEW = {
    "noisy": _noisy,
    "denoised": _denoised,
    "noise": _noise,
    "change": _change,
    "channels": _channels,
    "unprompted": _unprompted,
    "guidance": _guidance,
}
