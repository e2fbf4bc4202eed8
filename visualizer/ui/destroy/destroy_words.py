"""What the Destroy page says: what noise does to a picture, step by step, and what came back.

Everything said of a share of noise is true of every picture and schedule: noise is as strong at
every size of detail, pictures have most of their power in large shapes (Field 1987; a natural
picture's spectrum falls with frequency), so fine detail drowns first and large shapes last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.ui.explanation import Explanation, percent

if TYPE_CHECKING:
    from visualizer.diffusion.noise import NoiseLevel
    from visualizer.diffusion.survival import SurvivalPoint

ROUND_TRIP, DESTROY, TURN_ROUND = "round trip", "destroy", "turn round"
STAGES = {
    ROUND_TRIP: (
        "Round trip",
        "What the autoencoder makes of the picture, before any noise",
    ),
    DESTROY: ("Destroy", "Noise is mixed in, step by step, until nothing is left"),
    TURN_ROUND: ("Turn round", "Denoise it again, from any step of the destruction"),
}
SPACES = {
    "latents": ("In latents", "Where the model works: noise on the autoencoder’s numbers"),
    "pixels": ("In pixels", "Noise on the red, green and blue of every pixel"),
}
LOADING = "The model is being loaded …"
ON_ITS_WAY = "The picture is on its way …"
INVITATION = "Press “Turn round”: the model takes the noise away again."
STARTING = "Starting …"
FIRST = "First the picture is packed, and noise is mixed in."

_VERY_GOOD_DB, _GOOD_DB = 35.0, 27.0


def round_trip_words(psnr_db: float) -> Explanation:
    """What the round trip shows, by how near it came: the PSNR of the two pictures."""
    if math.isinf(psnr_db):
        return Explanation(
            "The very same picture",
            "This model works on the pixels themselves: nothing is packed, so nothing is lost.",
        )
    headline = (
        "This softness is the autoencoder’s, not noise"
        if psnr_db < _VERY_GOOD_DB
        else "What little is lost is lost here, not in noise"
    )
    return Explanation(
        headline,
        "No noise has been added yet. The picture was packed into a small grid of numbers, the "
        "latents, and painted again from them. Every picture of this model goes this way.",
    )


def loss_words(psnr_db: float) -> str:
    """How much the eye misses after the round trip, in a few words."""
    if math.isinf(psnr_db):
        return "Nothing is lost"
    if psnr_db >= _VERY_GOOD_DB:
        return "Hardly anything is lost"
    return "A little softer" if psnr_db >= _GOOD_DB else "Fine detail is gone"


def psnr_words(psnr_db: float) -> str:
    """ "27.4 dB" as a person reads it."""
    return "no difference" if math.isinf(psnr_db) else f"{psnr_db:.1f} dB"


PSNR_TIP = (
    "Peak signal-to-noise ratio: 10 · log₁₀(255² ÷ mean squared error). About 25 dB looks soft, "
    "40 dB and more looks the same."
)


def destroyed_words(k: int, share: float, space: str) -> Explanation:
    """What noise has done at point k, where it has this share of the variance.

    The last point is not always all noise: some schedules end with much of the picture left.
    """
    if k == 0:
        return Explanation(
            "Still whole",
            "Press play, or drag to the right. Every step keeps a little less of the picture and "
            "mixes in a little more static: one multiplication and one addition, nothing else.",
        )
    if share > 0.995:
        return Explanation(
            "Nothing but static",
            "Nobody could say which picture this was. Destroying it took no skill: no network, no "
            "training, one line of arithmetic. The way back is what has to be learned.",
        )
    where = (
        "Here noise falls on the autoencoder’s numbers; you see what the decoder makes of them."
        if space == "latents"
        else "Here noise falls on the pixels themselves: it looks like film grain."
    )
    if share < 0.1:
        return Explanation("A thin veil", f"Only the finest detail is covered. {where}")
    if share < 0.4:
        return Explanation(
            "Detail drowns first",
            "Noise is as strong at every size; most of a picture is large shapes. So hair, leaves "
            f"and edges go under first. {where}",
        )
    if share < 0.8:
        return Explanation(
            "Only large shapes are left",
            "Half close your eyes: the large shapes are still there. Turned round from here, the "
            "model can build on them, and must invent the rest.",
        )
    return Explanation(
        "A trace is left",
        f"{percent(1 - share)} of what is here is still picture. With half-closed eyes you may "
        "still tell where it was bright and where it was dark. Everything smaller is covered.",
    )


def turn_words(share: float) -> Explanation:
    """What turning round from this share of noise means, before it is tried."""
    if share > 0.995:
        return Explanation(
            "From static: a new picture",
            "Nothing of the original is left here. What comes back is made from your words alone, "
            "as on the Denoise page.",
        )
    if share < 0.005:
        return Explanation(
            "There is nothing to take away",
            "Move the playhead to the right: the more noise, the more freedom the model has.",
        )
    return Explanation(
        "Turn round from here",
        f"The model gets this picture with {percent(share)} noise and takes the noise away again, "
        "guided by the words above. What the noise had covered, it invents.",
    )


def share_of(percents: str) -> float | None:
    """ "60" or "60 %" as a share, 0 … 1; None where it is no number."""
    number = percents.strip(" %")
    return float(number) / 100 if number.replace(".", "", 1).isdecimal() else None


def waiting_words(share: float | None, why: str) -> Explanation:
    """Turning round was asked for, and what it starts from is not there yet.

    Args:
        share: of noise to turn round from; None while nobody has chosen one.
        why: what it waits for.
    """
    where = "" if share is None else f" from {percent(share)} noise"
    return Explanation(STARTING, f"{why} Then it is turned round{where}.")


def came_back_words(share: float, likeness: float, chance: float | None = None) -> Explanation:
    """What came back from a share of noise, as measured.

    Args:
        chance: the likeness that the words alone give; None while nobody has measured it.
    """
    if chance is not None and chance < 1:
        likeness = (likeness - chance) / (1 - chance)
    if likeness >= 0.9:
        headline = "It came back"
        about = "What the noise had covered was little enough to be guessed."
    elif likeness >= 0.6:
        headline = "Its large shapes came back"
        about = "They stood above the noise; the detail is the model’s own, guided by your words."
    elif likeness >= 0.25:
        headline = "A memory of it came back"
        about = "Light and layout remind of the original. The rest was made up."
    else:
        headline = "Another picture came back"
        about = "What was left of the original could not lead the model. Your words did."
    return Explanation(headline, f"From {percent(share)} noise. {about}")


def likeness_words(likeness: float) -> str:
    """ "likeness 0.83"."""
    return f"likeness {likeness:.2f}".replace("-", "−")


LIKENESS_TIP = (
    "The correlation of the two pictures’ numbers (Pearson), against the round trip: 1 is the same "
    "picture, 0 has nothing in common with it."
)


def survival_words(points: Sequence[SurvivalPoint], whole: bool) -> Explanation:
    """What the strip shows by now.

    Args:
        points: by rising share of noise; at least one.
        whole: whether no more are coming.
    """
    if not whole:
        return Explanation(
            "Turning round from each level",
            "The same picture, the same words; only the noise at the start differs.",
        )
    above = [point for point in points if point.survived >= 0.5]
    if not above:
        return Explanation(
            "Hardly anything survives",
            f"Even from {percent(points[0].share_of_noise)} noise what comes back is nearer to "
            "chance than to the original.",
        )
    last = above[-1]
    return Explanation(
        f"Up to {percent(last.share_of_noise)} noise it comes back",
        "There it is still nearer to the original than to chance. Beyond, the model sees less and "
        "less of it and paints a picture of its own.",
    )


def formula(level: NoiseLevel) -> str:
    """How x_t is made of picture and noise, as rich text (Ho et al. 2020, eq. 4; for flow
    matching Lipman et al. 2023)."""
    if level.space == "flow":
        return f"x{_SUB_T} = (1 − σ) x{_SUB_0} + σ ε"
    bar = '<span style="text-decoration: overline">'
    return f"x{_SUB_T} = √{bar}ᾱ</span> x{_SUB_0} + √{bar}1 − ᾱ</span> ε"


_SUB_T = "<sub>t</sub>"
_SUB_0 = "<sub>0</sub>"


def filled_formula(level: NoiseLevel) -> str:
    """The same with the numbers of this level, at unit scale: what is drawn."""
    if level.space == "flow":
        signal, noise = level.signal, level.noise
    else:
        signal, noise = math.sqrt(level.alpha_bar), math.sqrt(level.noise_share)
    return f"x{_SUB_T} = {signal:.2f} x{_SUB_0} + {noise:.2f} ε"


def symbol_words(level: NoiseLevel) -> str:
    """What the letters mean here."""
    one = f"σ = {level.noise:.2f}" if level.space == "flow" else f"ᾱ = {level.alpha_bar:.3g}"
    return f"{one}; x₀ is the picture, ε the noise."
