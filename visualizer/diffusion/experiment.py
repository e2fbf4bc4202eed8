"""The preset experiment: does the noise secretly contain the Ferrari?

The same noise is given to eight prompts, and the same prompt to eight noises. If the picture were
hidden in the noise, the first eight would be alike; if the prompt makes it, the second eight are.
Pairs that share neither tell how alike any two pictures of this model are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from visualizer import EXAMPLE_PROMPT
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.grid import Axis, Cell
from visualizer.diffusion.picture_difference import brought_together
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import FromSeed
from visualizer.diffusion.trajectory import Trajectory

TITLE = "Does the noise secretly contain the Ferrari?"
SEED = 7
PROMPTS = (
    EXAMPLE_PROMPT,
    "a white castle in the snow at night",
    "a blue sailboat on a lake in fog",
    "a green tree in the forest by day",
    "a black cat in the city at night",
    "a pink balloon in the desert at sunset",
    "a purple rocket on the beach by day",
    "a yellow house by the sea on a sunny day",
)
"""Eight things that the built-in model knows, in changing colors, places and light."""
SEEDS = (SEED, 1, 2, 3, 4, 5, 6, 8)
ROW_LABELS = ("the same noise, eight prompts", "the same prompt, eight noises")

_NOTICEABLE = 0.1
_CLEAR = 0.35


def cells(base: SamplingRequest | None = None) -> tuple[Cell, ...]:
    """The sixteen requests: eight prompts on one noise in row 0, eight noises in row 1.

    Args:
        base: what all of them take their steps, guidance, sampler and size from.
    """
    base = replace(base or SamplingRequest(prompt=""), start=FromSeed(), negative_prompt=None)
    prompts, seeds = Axis("prompt", PROMPTS), Axis("seed", SEEDS)
    same_noise = [
        Cell(replace(base, prompt=prompt, seed=SEED), 0, i, prompts.label(i))
        for i, prompt in enumerate(PROMPTS)
    ]
    same_prompt = [
        Cell(replace(base, prompt=EXAMPLE_PROMPT, seed=seed), 1, i, seeds.label(i))
        for i, seed in enumerate(SEEDS)
    ]
    return (*same_noise, *same_prompt)


def requests(base: SamplingRequest | None = None) -> tuple[SamplingRequest, ...]:
    """The requests of ``cells``; the Ferrari of the shared noise is there twice, once a row."""
    return tuple(cell.request for cell in cells(base))


@dataclass(frozen=True)
class NoiseSecret:
    """How alike final pictures are, on average over all pairs of a kind.

    Likeness is the correlation of two pictures' numbers (Pearson): 1 the same picture, brighter or
    darker; 0 nothing in common; below 0 where one is bright the other is dark.

    Attributes:
        same_noise: of pairs that share the noise only.
        same_prompt: of pairs that share the prompt only.
        chance: of pairs that share neither.
        sentence: what that says, for a person.
    """

    same_noise: float
    same_prompt: float
    chance: float
    sentence: str


def summary(runs: Iterable[Trajectory]) -> NoiseSecret | None:
    """Measure the final pictures of the experiment, in whatever order they came.

    Args:
        runs: those that were stopped have no final picture and do not count.

    Returns:
        The measured likeness; None while one of the three kinds of pairs is not there.
    """
    pictures: dict[SamplingRequest, Picture] = {}  # the one that stands in both rows counts once
    for run in runs:
        if run.final is not None:
            pictures.setdefault(run.request, run.final)
    same_noise: list[float] = []
    same_prompt: list[float] = []
    chance: list[float] = []
    for (a, picture_a), (b, picture_b) in combinations(pictures.items(), 2):
        one_noise = (a.seed, a.start) == (b.seed, b.start)
        one_prompt = a.prompt == b.prompt
        if not (one_noise and one_prompt):
            kind = same_noise if one_noise else same_prompt if one_prompt else chance
            kind.append(likeness(picture_a, picture_b))
    if not (same_noise and same_prompt and chance):
        return None
    noise, prompt, strangers = (
        float(np.mean(values)) for values in (same_noise, same_prompt, chance)
    )
    return NoiseSecret(noise, prompt, strangers, _sentence(noise, prompt, strangers))


def likeness(a: Picture, b: Picture) -> float:
    """The correlation of two pictures' numbers, −1 … 1.

    A picture of one color is like nothing (0) but itself (1).
    """
    a, b = brought_together(a, b)
    if np.array_equal(a, b):
        return 1.0
    x, y = (picture.astype(np.float64).ravel() for picture in (a, b))
    x -= x.mean()
    y -= y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return min(1.0, max(-1.0, float(x @ y) / size)) if size else 0.0


def _sentence(same_noise: float, same_prompt: float, chance: float) -> str:
    noise, prompt = (_gain(value, chance) for value in (same_noise, same_prompt))
    measured = (
        f"Pictures that share only their noise are {_words(noise)} (likeness "
        f"{_number(same_noise)}, strangers {_number(chance)}); pictures that share only their "
        f"prompt are {_words(prompt)} ({_number(same_prompt)}). "
    )
    return measured + _conclusion(noise, prompt)


def _gain(value: float, chance: float) -> float:
    """How much of the way from strangers (0) to the same picture (1)."""
    return (value - chance) / (1 - chance) if chance < 1 else 0.0


def _words(gain: float) -> str:
    if gain < -_NOTICEABLE:
        return "even less alike than strangers"
    if gain < _NOTICEABLE:
        return "as different as strangers"
    return "a little alike" if gain < _CLEAR else "clearly alike"


def _conclusion(noise: float, prompt: float) -> str:
    if noise < _NOTICEABLE and prompt < _NOTICEABLE:
        return "Neither shows here: try more steps or more guidance."
    if noise >= prompt:
        return "Here the noise decides at least as much as the prompt."
    if noise < _NOTICEABLE:
        return "The noise holds no Ferrari: the prompt says what, the noise says which one."
    return (
        "The noise holds no Ferrari, but some of the layout and light: the prompt says what, the "
        "noise says which one."
    )


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
