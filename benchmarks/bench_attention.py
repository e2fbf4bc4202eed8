"""Attention maps of the built-in model: what recording them costs, and whether they find things.

The cost: whole runs of 30 guided steps with and without recording, in interleaved pairs, by turns
the one or the other first. Where they look: scenes are drawn, and it is known which of their pixels
an object covers; the encoded drawing is noised to the middle of a run, the denoiser is asked once
with the caption, and the share of the object's word among the words is compared inside those pixels
and outside. Objects stand near the middle of most drawings: the same maps measured with the pixels
of another drawing's object say how much of it is that.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import observing_cost
from visualizer import EXAMPLE_PROMPT

if TYPE_CHECKING:
    import torch

    from visualizer.diffusion import Model
    from visualizer.diffusion.arrays import FloatArray, Picture

PAIRS = 15
STEPS = 30
SCENES = 96
LEVELS = (10, 15, 20)
"""Steps of a run of 30 to whose levels the drawings are noised."""


@dataclass(frozen=True)
class Scene:
    """A drawing, its caption, and which of its pixels are the object's."""

    picture: Picture
    caption: str
    word: int  # of the object, among the caption's words
    mask: NDArray[np.bool_]  # (H, W)


def main() -> None:
    """Print the cost of recording, and the ratios of attention inside ÷ outside."""
    from visualizer.diffusion import Model

    model = Model.builtin(device="cpu")
    measure_cost(model)
    measure_aim(model)


def measure_cost(model: Model) -> None:
    """Recording ÷ not recording: what the program records, and every layer there is."""
    from visualizer.diffusion.attention_recorder import LEAST_SIDE

    for name, least_side in (("every cross-attention map", 1), ("the maps it shows", LEAST_SIDE)):
        seconds, processor = zip(*(_pair(model, least_side, k) for k in range(PAIRS)), strict=True)
        print(
            f"recording {name}, {STEPS} steps ÷ not recording, median of {PAIRS} pairs: "
            f"{observing_cost.in_words(seconds)} (target ≤ 1.15)"
        )
        print(f"the same of processor time, {name}: {observing_cost.in_words(processor)}")


def _pair(model: Model, least_side: int, k: int) -> tuple[float, float]:
    """(ratio of seconds, ratio of processor seconds) of one pair of runs."""
    from visualizer.diffusion import SamplingRequest, sample
    from visualizer.diffusion.attention_recorder import AttentionRecorder

    request = SamplingRequest(EXAMPLE_PROMPT, seed=k, steps=STEPS, guidance_scale=3.0)
    taken: dict[bool, tuple[float, float]] = {}
    for records in (False, True) if k % 2 else (True, False):
        recorder = AttentionRecorder(least_side) if records else None
        began, worked = time.perf_counter(), time.process_time()
        sample(model, request, attention=recorder)
        taken[records] = (time.perf_counter() - began, time.process_time() - worked)
    (recorded, work), (bare, bare_work) = taken[True], taken[False]
    return recorded / bare, work / bare_work


def measure_aim(model: Model) -> None:
    """Attention inside an object ÷ outside: as the program averages it, and layer by layer."""
    from visualizer.diffusion.attention_recorder import LEAST_SIDE

    scenes = drawn_scenes(SCENES)
    recorded = [_recorded(model, scenes, k, LEAST_SIDE) for k in LEVELS]
    found = [_ratios(scenes, maps) for maps in recorded]
    means = [statistics.fmean(ratios) for ratios in zip(*found, strict=True)]
    print(
        f"attention of an object's word inside its pixels ÷ outside, mean of {SCENES} prompts: "
        f"{statistics.fmean(means):.2f} (target ≥ 2)"
    )
    above = sum(mean > 1 for mean in means)
    print(f"median, lowest and how many are above 1: {_spread(means)}, {above} of {SCENES}")
    for k, ratios in zip(LEVELS, found, strict=True):
        print(f"after {k} of {STEPS} steps: {statistics.fmean(ratios):.2f}")
    others = _ratios([*scenes[1:], scenes[0]], [*recorded[1]])
    print(f"in the pixels of another drawing's object (chance): {statistics.fmean(others):.2f}")
    placed = _ratios_by_place(scenes, recorded[1])
    print(
        "inside its pixels ÷ where only another drawing's object stands: "
        f"{statistics.fmean(placed):.2f}"
    )
    every = _ratios(scenes, _recorded(model, scenes, LEVELS[1], 1))
    print(f"all layers averaged, the coarsest too: {statistics.fmean(every):.2f}")
    for name, maps in _layer_maps(model, scenes, LEVELS[1]).items():
        print(f"layer {name} alone: {statistics.fmean(_ratios(scenes, maps)):.2f}")


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f}, {min(values):.2f}"


def drawn_scenes(count: int) -> list[Scene]:
    """Scenes of any subject with an object, always the same ones."""
    from visualizer.diffusion.prompt import words
    from visualizer.training.world.captions import plain_caption
    from visualizer.training.world.composition import draw_subject, thing_masks
    from visualizer.training.world.subjects import choose_any_subject

    scenes = []
    for k in range(count):
        rng = random.Random(f"attention {k}")
        subject = choose_any_subject(rng)
        state = rng.getstate()
        picture = draw_subject(subject, rng)
        rng.setstate(state)
        mask = thing_masks(subject, rng)[0]
        caption = plain_caption(subject)
        word = [text for _, _, text in words(caption)].index(subject.things[0].object)
        scenes.append(Scene(picture, caption, word, mask))
    return scenes


def _noised(model: Model, scenes: Sequence[Scene], k: int) -> tuple[torch.Tensor, float, Any]:
    """(x_t, t, what the text encoder says) of all scenes at the level of step k of a run."""
    import torch

    from visualizer.diffusion import SamplingRequest

    plan = model.plan(SamplingRequest("", steps=STEPS))
    level = plan.levels[k]
    clean = torch.tensor(np.stack([model.encode(scene.picture) for scene in scenes]))
    eps = torch.randn(clean.shape, generator=torch.Generator().manual_seed(k))
    captions = [scene.caption for scene in scenes]
    words = model.pipeline.encode_prompt(captions, "cpu", 1, False)[0]
    return level.signal * clean + level.noise * eps, plan.timesteps[k], words


def _ask(model: Model, scenes: Sequence[Scene], k: int) -> None:
    """Run the denoiser once, with the captions."""
    import torch

    x, t, words = _noised(model, scenes, k)
    with torch.no_grad():
        model.pipeline.unet(x, torch.full((len(scenes),), t), encoder_hidden_states=words)


def _recorded(model: Model, scenes: Sequence[Scene], k: int, least_side: int) -> list[FloatArray]:
    """The map of each scene's object word, as the program shows it."""
    from visualizer.diffusion import SamplingRequest
    from visualizer.diffusion.attention_recorder import AttentionRecorder

    recorder = AttentionRecorder(least_side)
    requests = [SamplingRequest(scene.caption) for scene in scenes]
    with recorder.attached(model.pipeline, model.family, requests):
        _ask(model, scenes, k)
        recorder.take_step()
    found = []
    for lane, scene in enumerate(scenes):
        maps = recorder.maps(lane)
        assert maps is not None
        found.append(maps.of_word(scene.word))
    return found


def _layer_maps(model: Model, scenes: Sequence[Scene], k: int) -> dict[str, list[FloatArray]]:
    """The same of every layer alone."""
    from visualizer.diffusion.attention import shares_of_words
    from visualizer.diffusion.attention_models import cross_attentions
    from visualizer.diffusion.attention_recorder import attention_weights
    from visualizer.diffusion.word_tokens import read_tokens

    heard: dict[Any, Any] = {}

    def hear(layer: Any, args: Any, kwargs: dict[str, Any]) -> None:
        heard[layer] = attention_weights(layer, args[0], kwargs["encoder_hidden_states"])

    layers = list(cross_attentions(model.pipeline))
    hooks = [layer.register_forward_pre_hook(hear, with_kwargs=True) for layer in layers]
    _ask(model, scenes, k)
    for hook in hooks:
        hook.remove()
    names = {module: name for name, module in model.pipeline.unet.named_modules()}
    tokenizer = model.pipeline.tokenizer
    found: dict[str, list[FloatArray]] = {}
    for layer in layers:
        maps = heard[layer].numpy()  # (scenes, tokens, positions)
        side = round(maps.shape[-1] ** 0.5)
        name = names[layer].split(".transformer")[0]
        found[f"{name} ({side} × {side})"] = [
            shares_of_words(
                own.reshape(len(own), side, side)[: len(read.tokens)], read.tokens, len(read.words)
            )[scene.word]
            for own, scene in zip(maps, scenes, strict=True)
            for read in (read_tokens(tokenizer, scene.caption, maps.shape[1]),)
        ]
    return found


def _ratios(scenes: Sequence[Scene], maps: Sequence[FloatArray]) -> list[float]:
    """Inside ÷ outside of each scene."""
    pairs = zip(scenes, _enlarged(scenes, maps), strict=True)
    return [float(whole[scene.mask].mean() / whole[~scene.mask].mean()) for scene, whole in pairs]


def _ratios_by_place(scenes: Sequence[Scene], maps: Sequence[FloatArray]) -> list[float]:
    """Inside ÷ where the object of another drawing stands and this one's does not."""
    ratios = []
    for k, whole in enumerate(_enlarged(scenes, maps)):
        own, other = scenes[k].mask, scenes[k - 1].mask & ~scenes[k].mask
        if other.any():
            ratios.append(float(whole[own].mean() / whole[other].mean()))
    return ratios


def _enlarged(scenes: Sequence[Scene], maps: Sequence[FloatArray]) -> Iterator[FloatArray]:
    """Maps as large as the pictures, linear between their cells."""
    import torch

    for scene, cells in zip(scenes, maps, strict=True):
        small = torch.tensor(np.asarray(cells, dtype=np.float32))[None, None]
        size = scene.mask.shape
        whole = torch.nn.functional.interpolate(small, size=size, mode="bilinear").numpy()
        yield whole[0, 0]
