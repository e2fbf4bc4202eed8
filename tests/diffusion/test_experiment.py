"""Does the noise secretly contain the Ferrari? Measured, and said as measured."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.example_runs import make_run
from visualizer import EXAMPLE_PROMPT
from visualizer.diffusion import Model, SamplingRequest, Trajectory, experiment, sample_many
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.facts import Vocabulary
from visualizer.diffusion.starts import EditedNoise, Flip

BUILTIN = Path(__file__).parents[2] / "assets" / "builtin-model"


def test_eight_prompts_on_one_noise_and_eight_noises_on_one_prompt() -> None:
    base = SamplingRequest("x", "fog", seed=1, steps=4, start=EditedNoise((Flip("vertical"),)))
    made = experiment.cells(base)
    rows = [[cell.request for cell in made if cell.row == row] for row in (0, 1)]
    assert [len(row) for row in rows] == [8, 8]
    assert {r.seed for r in rows[0]} == {experiment.SEED}
    assert {r.prompt for r in rows[1]} == {EXAMPLE_PROMPT}
    assert len({r.prompt for r in rows[0]}) == len({r.seed for r in rows[1]}) == 8
    assert all((r.steps, r.negative_prompt) == (4, None) for row in rows for r in row)
    assert all(r.start == SamplingRequest("").start for row in rows for r in row)
    assert rows[0][0] == rows[1][0]  # the Ferrari of that noise, beside both
    assert [cell.column for cell in made] == [*range(8), *range(8)]
    assert len({cell.label for cell in made}) == 16
    assert experiment.requests(base) == (*rows[0], *rows[1])


def test_the_built_in_model_knows_every_word() -> None:
    vocabulary = Vocabulary.load(BUILTIN / "vocabulary.json")
    assert vocabulary is not None
    for prompt in experiment.PROMPTS:
        assert set(prompt.lower().split()) <= vocabulary.words


# --- Likeness -------------------------------------------------------------------------------------


def static(seed: int, size: int = 16) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


@settings(max_examples=40, deadline=None)
@given(a=st.integers(0, 99), b=st.integers(0, 99), low=st.integers(0, 60))
def test_likeness_is_a_correlation(a: int, b: int, low: int) -> None:
    x, y = static(a), static(b)
    found = experiment.likeness(x, y)
    assert found == pytest.approx(np.corrcoef(x.ravel(), y.ravel())[0, 1])
    assert found == pytest.approx(experiment.likeness(y, x))
    darker = (x // 2 + low).astype(np.uint8)
    assert experiment.likeness(x, darker) > 0.99
    assert experiment.likeness(x, 255 - x) == pytest.approx(-1)


def test_a_picture_of_one_color_is_like_itself_only() -> None:
    gray = np.full((16, 16, 3), 128, np.uint8)
    assert experiment.likeness(gray, gray) == 1
    assert experiment.likeness(gray, gray + 1) == 0
    assert experiment.likeness(gray, static(1)) == 0


# --- What is said ---------------------------------------------------------------------------------


def made(prompt: str, seed: int, picture: Picture | None) -> Trajectory:
    run = make_run(1, prompt=prompt, seed=seed, pictures=False)
    return replace(run, final=picture, cancelled=picture is None)


def grid_of_runs(noise: float, prompt: float) -> list[Trajectory]:
    """Pictures mixed of what noise and prompt decide, and of nothing in common."""
    rng = np.random.default_rng(0)
    runs = []
    patterns = {name: rng.standard_normal((32, 32, 3)) for name in ("noise", "prompt")}
    for index, (own_noise, own_prompt) in enumerate(
        [(False, False), *[(False, True)] * 3, *[(True, False)] * 3]
    ):
        mixed = rng.standard_normal((32, 32, 3)) * np.sqrt(1 - noise - prompt)
        for name, own, weight in (("noise", own_noise, noise), ("prompt", own_prompt, prompt)):
            pattern = rng.standard_normal((32, 32, 3)) if own else patterns[name]
            mixed = mixed + np.sqrt(weight) * pattern
        picture = np.clip(128 + 30 * mixed, 0, 255).astype(np.uint8)
        runs.append(made(f"p{index}" if own_prompt else "p", index if own_noise else 99, picture))
    return runs


@pytest.mark.parametrize(
    ("noise", "prompt", "words"),
    [
        (0.0, 0.7, "only their noise are as different as strangers .* clearly alike .* no Ferrari"),
        (0.2, 0.7, "only their noise are a little alike .* some of the layout"),
        (0.7, 0.2, "only their noise are clearly alike .* at least as much as the prompt"),
        (0.0, 0.0, "prompt are as different as strangers .* try more steps"),
    ],
)
def test_the_sentence_says_what_was_measured(noise: float, prompt: float, words: str) -> None:
    runs = grid_of_runs(noise, prompt)
    found = experiment.summary(runs)
    assert found is not None
    assert found.same_noise == pytest.approx(noise, abs=0.06)
    assert found.same_prompt == pytest.approx(prompt, abs=0.06)
    assert found.chance == pytest.approx(0, abs=0.06)
    assert f"{found.same_prompt:.2f}" in found.sentence.replace("−", "-")
    assert re.search(words, found.sentence)
    backwards = experiment.summary(runs[::-1])
    assert backwards is not None
    assert backwards.sentence == found.sentence


def test_what_is_not_there_is_not_measured() -> None:
    runs = grid_of_runs(0.2, 0.5)
    assert experiment.summary([]) is None
    assert experiment.summary(runs[:4]) is None
    stopped = [made("p", seed, None) for seed in (50, 51)]
    assert experiment.summary([*runs, *stopped]) == experiment.summary(runs)
    assert experiment.summary([*runs, runs[0]]) == experiment.summary(runs)  # stands in both rows


def test_the_built_in_model_hides_no_ferrari_in_its_noise(builtin: Model) -> None:
    asked = experiment.requests(SamplingRequest("", steps=6, guidance_scale=5.0))
    runs = sample_many(builtin, [*asked[:4], *asked[9:12]])
    found = experiment.summary(runs)
    assert found is not None
    assert found.same_prompt > found.same_noise + 0.3
    assert "The noise holds no Ferrari" in found.sentence
