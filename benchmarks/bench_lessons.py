"""What the course and the pages of docs say with a number, measured; they are written by hand.

Likeness is that of ``diffusion.experiment``: the correlation of two pictures' numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, combinations
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from visualizer import EXAMPLE_PROMPT
from visualizer.diffusion import Model, SamplingRequest, sample_many
from visualizer.diffusion.experiment import PROMPTS, cells, likeness, summary
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import denoised_and_noise

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.trajectory import Trajectory

SCENE = 52
"""The drawing of the lesson on destroying: a pink castle."""
UNSEEN = 24
SEED = 7
BATCH = 8
ALIKE = 0.9
CLEARLY = 0.1
"""A pixel has changed clearly when it is this much of the way from black to white away."""


def main() -> None:
    """Print every number, by lesson."""
    model = Model.builtin(device="cpu")
    base = SamplingRequest(
        EXAMPLE_PROMPT,
        seed=SEED,
        steps=model.facts.steps,
        guidance_scale=model.facts.guidance_scale,
    )
    told = (
        destroying(model, base),
        learning(model),
        sculptor(model, base),
        noise(model, base),
        words(model, base),
    )
    for line in chain(*told):
        print(line, flush=True)


def destroying(model: Model, base: SamplingRequest) -> Iterator[str]:
    """The round trip, what noise leaves, and what comes back."""
    from visualizer.diffusion import sample
    from visualizer.diffusion.encoding import encode_picture
    from visualizer.diffusion.survival import Survival
    from visualizer.training.plan import SEED as TRAINING_SEED
    from visualizer.training.world.composition import draw_scene

    drawn, latents = unseen(model)
    decoded = [model.decode(latent) for latent in latents]
    pairs = list(zip(drawn, decoded, strict=True))
    wrong = fmean(float(np.abs(a.astype(int) - b.astype(int)).mean()) for a, b in pairs)
    yield f"numbers of a latent, of a picture: {latents[0].size}, {drawn[0].size}"
    yield f"round trip, {UNSEEN} unseen drawings, mean error of 255: {wrong:.1f}"
    rng = np.random.default_rng(SEED)
    for share in (0.5, 0.9):
        left = [
            likeness(model.decode(noised(latent, share, rng)), picture)
            for latent, picture in zip(latents, decoded, strict=True)
        ]
        yield f"likeness of what {share:.0%} noise has left: {fmean(left):.2f}"
    picture = draw_scene(TRAINING_SEED, SCENE)[0]
    trip = encode_picture(model, picture, base).round_trip
    survival = Survival(trip.original, trip.decoded, base, (0.4, 0.98))
    while not survival.finished:
        point = survival.advance(model, sample, threading.Event())
        if point is not None:
            yield (
                f"likeness to the castle from {point.share_of_noise:.0%} noise: "
                f"{point.likeness:.2f}, from nothing but noise {point.chance:.2f}"
            )


def learning(model: Model) -> Iterator[str]:
    """Errors of the noise and of the guess, without a caption."""
    import torch

    _, latents = unseen(model)
    pipeline = model.pipeline
    read = pipeline.tokenizer("", padding="max_length", truncation=True, return_tensors="pt")
    alpha_bars = pipeline.scheduler.alphas_cumprod.numpy()
    with torch.no_grad():
        nothing = pipeline.text_encoder(read.input_ids).last_hidden_state
        for share in (0.95, 0.05):
            t = int(np.abs(1 - alpha_bars - share).argmin())
            level = NoiseLevel.from_alpha_bar(float(alpha_bars[t]))
            x0 = np.stack(latents)
            eps = np.random.default_rng(SEED).standard_normal(x0.shape, dtype=np.float32)
            x = (level.signal * x0 + level.noise * eps).astype(np.float32)
            told = nothing.expand(len(x), -1, -1)
            said = pipeline.unet(torch.from_numpy(x), torch.full((len(x),), t), told).sample
            guess, guessed = denoised_and_noise(x, said.numpy(), level, "v_prediction")
            yield (
                f"mean squared error at {share:.0%} noise, of the noise and of the picture: "
                f"{((guessed - eps) ** 2).mean():.2f} and {((guess - x0) ** 2).mean():.2f}"
            )


def sculptor(model: Model, base: SamplingRequest) -> Iterator[str]:
    """How early the guess is like the end, and what guidance does to colors."""
    from visualizer.diffusion import sample
    from visualizer.diffusion.decided import decided_from, likeness_to_end
    from visualizer.diffusion.spectrum import values_of, waves

    runs = made(model, [replace(base, prompt=prompt) for prompt in PROMPTS])
    alike = [
        [likeness(run.picture(k, view="denoised"), final(run)) for k in range(model.facts.steps)]
        for run in runs
    ]
    first = [each[0] for each in alike]
    steps = [decided_from(each, ALIKE) for each in alike]
    from_then = [None if step is None else step + 1 for step in steps]
    yield (
        f"likeness of the first guess to the end: {first[0]:.2f}, "
        f"of {len(runs)} prompts {fmean(first):.2f}"
    )
    yield f"the guess is like the end after step: {from_then}"
    guesses = [
        waves(values_of(runs[0].picture(k, view="denoised"))) for k in range(model.facts.steps)
    ]
    finished = waves(values_of(final(runs[0])))
    told = [likeness_to_end(guess, finished) for guess in guesses]
    layout, details = ([getattr(one, name) for one in told] for name in ("layout", "details"))
    yield (
        f"layout and details are decided at step: {decided_from(layout)} and "
        f"{decided_from(details)}"
    )
    for k in (5, 10, 15):
        yield f"noise in the latent at step {k}: {runs[0].steps[k].noise_level.noise_share:.0%}"
    for scale in (1.0, 5.0, 12.0):
        picture = final(sample(model, replace(base, guidance_scale=scale))).astype(int)
        spread = float((picture.max(2) - picture.min(2)).mean())
        yield f"strongest less weakest color of 255, guidance {scale:g}: {spread:.0f}"


def noise(model: Model, base: SamplingRequest) -> Iterator[str]:
    """Whether the noise holds the Ferrari, and whether the model has room for its drawings."""
    from visualizer.assets import asset_path
    from visualizer.diffusion.distances import decided_at, distances
    from visualizer.training.model_card import read_course

    runs = made(model, [cell.request for cell in cells(base)])
    found = summary(runs)
    assert found is not None
    half = len(runs) // 2
    for name, some in (("prompts", runs[:half]), ("seeds", runs[half:])):
        apart = [distances(a.steps, b.steps) for a, b in combinations(some, 2)]
        ends = [fmean(float(one.guess_share[k]) for one in apart) for k in (0, -1)]
        noise_then = fmean(share for one in apart if (share := decided_at(one)) is not None)
        yield (
            f"guesses of two {name} apart, first and last, and the noise at half of it: "
            f"{ends[0]:.2f}, {ends[1]:.2f}, {noise_then:.1%}"
        )
    yield (
        "likeness of pairs that share the noise, the prompt, nothing: "
        f"{found.same_noise:.2f}, {found.same_prompt:.2f}, {found.chance:.2f}"
    )
    folder = asset_path("builtin-model")
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors")) / 1e6
    scenes = read_course(folder).scenes
    numbers = final(made(model, [base])[0]).size
    yield f"megabytes of the model: {size:.0f}"
    yield f"megabytes of {scenes:,} drawings of {numbers:,} numbers: {scenes * numbers / 1e6:,.0f}"


def words(model: Model, base: SamplingRequest) -> Iterator[str]:
    """What words look at, which are near each other, and what another word changes."""
    from visualizer.diffusion import sample
    from visualizer.diffusion.word_reading import nearest_words, read_words, word_similarity
    from visualizer.diffusion.word_swap import first_visible, guesses_apart

    reading = read_words(model, EXAMPLE_PROMPT)
    for word in ("Ferrari", "sunset"):
        looks = reading.looks_at(reading.words.index(word))
        told = sorted(zip(looks.tolist(), reading.words, strict=True), reverse=True)[:3]
        yield f"{word} looks at: {', '.join(f'{name} {share:.2f}' for share, name in told)}"
    pair = word_similarity(model, ("ferrari", "castle"))
    yield f"ferrari and castle: {pair[0, 1]:.2f}"
    for word in ("ferrari", "automobile", "kitten", "cottage", "sailboat", "dusk", "midnight"):
        near = nearest_words(model, word, 3)
        yield f"nearest to {word}: {', '.join(f'{name} {cosine:.3f}' for name, cosine in near)}"
    first = sample(model, base)
    for old, new in (("red", "blue"), ("Ferrari", "castle"), ("Ferrari", "car"), ("a red", "red")):
        other = sample(model, replace(base, prompt=EXAMPLE_PROMPT.replace(old, new, 1)))
        apart = list(guesses_apart(model, first, other))
        yield f"{old} to {new} parts at step: {first_visible(apart)}, at the end {apart[-1]:.3f}"
    seeds = (SEED, 1, 2, 3)
    blue = EXAMPLE_PROMPT.replace("red", "blue")
    runs = made(
        model,
        [
            replace(base, prompt=each, seed=seed)
            for each in (EXAMPLE_PROMPT, blue)
            for seed in seeds
        ],
    )
    pairs = list(zip(runs[: len(seeds)], runs[len(seeds) :], strict=True))
    changed, alike = [], []
    for red, other in pairs:
        a, b = final(red).astype(float), final(other).astype(float)
        changed.append(float((np.abs(a - b).mean(2) > CLEARLY * 255).mean()))
        alike.append(likeness(final(red), final(other)))
    yield f"red to blue, {len(seeds)} seeds, pixels that changed clearly: {spanned(changed, '.0%')}"
    yield f"red to blue, likeness of the two: {spanned(alike, '.2f')}"


def unseen(model: Model) -> tuple[list[Picture], list[FloatArray]]:
    """Drawings that the model never saw, and their latents as the sampler would hold them."""
    from visualizer.training.plan import HELD_OUT_SEED
    from visualizer.training.world.composition import draw_scene

    drawn = [draw_scene(HELD_OUT_SEED, index)[0] for index in range(UNSEEN)]
    return drawn, [model.encode(picture) for picture in drawn]


def noised(latent: FloatArray, share: float, rng: np.random.Generator) -> FloatArray:
    """So much of the variance noise."""
    eps = rng.standard_normal(latent.shape, dtype=np.float32)
    mixed: FloatArray = np.sqrt(1 - share) * latent + np.sqrt(share) * eps
    return mixed.astype(np.float32)


def made(model: Model, requests: Sequence[SamplingRequest]) -> list[Trajectory]:
    """The runs, a few at a time."""
    return [
        run
        for start in range(0, len(requests), BATCH)
        for run in sample_many(model, requests[start : start + BATCH])
    ]


def final(run: Trajectory) -> Picture:
    """The finished picture."""
    assert run.final is not None
    return run.final


def spanned(values: Sequence[float], form: str) -> str:
    """From the least to the most."""
    return f"{min(values):{form}} to {max(values):{form}}"
