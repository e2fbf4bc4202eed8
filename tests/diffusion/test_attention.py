"""Maps of attention: the same as an explicit softmax gives, beside a run that stays as it was."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor
from numpy.typing import NDArray

from tests.builtin_sizes import LATENT_SIDE
from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from tests.families import FAMILIES
from visualizer.diffusion import (
    Model,
    SamplingRequest,
    attention_recorder,
    sample,
    sample_many,
)
from visualizer.diffusion.attention import AttentionMaps, PromptToken
from visualizer.diffusion.attention_models import why_no_attention
from visualizer.diffusion.attention_recorder import (
    AttentionRecorder,
    UnknownGridError,
    attention_weights,
    bounded,
    grid_of,
    resized,
)
from visualizer.diffusion.branching import branch
from visualizer.diffusion.request import FrozenMapping

PROMPT = "a red Ferrari, on a mountain road"
SPACED = ("_karras", "_exponential", "_beta")
REQUEST = SamplingRequest(PROMPT, seed=3, steps=3, guidance_scale=5.0, negative_prompt="a boat")


def record(
    model: Model, request: SamplingRequest, **more: Any
) -> tuple[AttentionMaps, NDArray[Any] | None]:
    """The maps of a run, and its last picture."""
    recorder = AttentionRecorder()
    run = sample(model, request, attention=recorder, **more)
    maps = recorder.maps()
    assert maps is not None
    return maps, run.final


@pytest.fixture(scope="module")
def tiny() -> Model:
    return Model(tiny_pipeline())


class Explicit(AttnProcessor):  # type: ignore[misc]
    """diffusers' own attention with an explicit softmax, which keeps the weights of attn2."""

    def __init__(self, kept: list[torch.Tensor]) -> None:
        super().__init__()
        self.kept = kept

    def __call__(self, attn: Any, *args: Any, **kwargs: Any) -> Any:
        scores = attn.get_attention_scores

        def keep(*given: Any) -> Any:
            weights = scores(*given)
            if attn.is_cross_attention:  # (batch · heads, positions, tokens)
                self.kept.append(weights.unflatten(0, (-1, attn.heads)).mean(dim=1))
            return weights

        attn.get_attention_scores = keep
        try:
            return super().__call__(attn, *args, **kwargs)
        finally:
            del attn.get_attention_scores


def test_maps_are_those_of_an_explicit_softmax(tiny: Model) -> None:
    maps, _ = record(tiny, REQUEST)
    kept: list[torch.Tensor] = []
    explicit = Model(tiny_pipeline())
    explicit.pipeline.unet.set_attn_processor(Explicit(kept))
    sample(explicit, REQUEST)
    layers = len(kept) // 3
    assert layers == 4
    tokens = len(maps.tokens)
    for k, step in enumerate(maps.steps):
        calls = torch.stack(kept[k * layers : (k + 1) * layers])  # (layers, 2, 16, 24)
        mean = calls[:, 1].mean(dim=0).T.reshape(-1, 4, 4).numpy()  # the half with the prompt
        assert np.allclose(step[: tokens - 1], mean[: tokens - 1], atol=1e-3)
        assert np.allclose(step[-1], mean[tokens - 1 :].sum(axis=0), atol=1e-3)
        other = calls[:, 0].mean(dim=0).T.reshape(-1, 4, 4).numpy()
        assert not np.allclose(step[: tokens - 1], other[: tokens - 1], atol=1e-3)


def test_the_full_formula_with_a_mask() -> None:
    """softmax(q·kᵀ / √d + mask), written out with numpy, head by head."""
    torch.manual_seed(1)
    layer = Attention(query_dim=12, cross_attention_dim=10, heads=3, dim_head=5, bias=True)
    x, words = torch.randn(2, 7, 12), torch.randn(2, 4, 10)
    mask = torch.zeros(2, 1, 4)
    mask[1, 0, 2:] = -10_000.0
    with torch.no_grad():
        found = attention_weights(layer, x, words, mask).numpy()
        q = layer.to_q(x).numpy().astype(np.float64)
        k = layer.to_k(words).numpy().astype(np.float64)
    for one in range(2):
        mean = np.zeros((7, 4))
        for head in range(3):
            part = slice(5 * head, 5 * head + 5)
            scores = q[one, :, part] @ k[one, :, part].T / np.sqrt(5) + mask[one].numpy()
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            mean += weights / weights.sum(axis=1, keepdims=True) / 3
        assert np.allclose(found[one], mean.T, atol=1e-6)
    assert np.all(found[1, 2:] == 0)


def test_every_position_shares_out_one(tiny: Model) -> None:
    maps, _ = record(tiny, REQUEST)
    assert len(maps.steps) == 3
    for step in maps.steps:
        assert step.dtype == np.float16
        assert np.allclose(step.sum(axis=0, dtype=np.float32), 1, atol=4e-3)
    for k in (0, 2, None):
        words = np.stack([maps.of_word(w, k) for w in range(len(maps.words))])
        assert np.allclose(words.sum(axis=0), 1, atol=1e-5)
        rest = sum(
            np.mean([s[i] for s in maps.steps], axis=0) if k is None else maps.steps[k][i]
            for i, token in enumerate(maps.tokens)
            if token.word is None
        )
        assert np.allclose(maps.marks(k), rest, atol=4e-3)
    assert maps.strength(2).shape == (3,)
    assert maps.strength(2)[1] == pytest.approx(maps.of_word(2, 1).mean(), abs=1e-6)


def test_every_sampler_keeps_its_bits_and_gives_one_map_a_step(tiny: Model) -> None:
    for key in [name.key for name in tiny.facts.samplers]:
        if key.endswith(SPACED):  # the same sampler at other levels
            continue
        request = replace(REQUEST, sampler=key, steps=4 if key == "pndm" else 2)
        bare = sample(tiny, request)
        recorder = AttentionRecorder()
        run = sample(tiny, request, attention=recorder)
        maps = recorder.maps()
        assert maps is not None
        assert len(maps.steps) == len(run.steps) - 1, key  # trials are no steps
        for one, other in zip(bare.steps, run.steps, strict=True):
            assert np.array_equal(one.latents, other.latents), key
        assert bare.final is not None
        assert run.final is not None
        assert np.array_equal(bare.final, run.final)


def test_the_builtin_model_keeps_its_bits(builtin: Model) -> None:
    request = SamplingRequest(PROMPT, seed=7, steps=2, guidance_scale=3.0)
    maps, final = record(builtin, request)
    bare = sample(builtin, request).final
    assert final is not None
    assert bare is not None
    assert np.array_equal(final, bare)
    assert maps.rows == maps.columns == LATENT_SIDE // 2  # its coarser layers are left out
    assert maps.words == ("a", "red", "Ferrari", "on", "a", "mountain", "road")


def test_coarse_layers_count_where_they_are_asked_for(builtin: Model) -> None:
    request = SamplingRequest(PROMPT, seed=7, steps=1, guidance_scale=1.0)
    every = AttentionRecorder(least_side=1)
    sample(builtin, request, attention=every)
    maps, few = every.maps(), record(builtin, request)[0]
    assert maps is not None
    assert (maps.rows, maps.columns) == (few.rows, few.columns)
    assert not np.allclose(maps.steps[0], few.steps[0], atol=1e-2)


@pytest.mark.parametrize(
    "family",
    [
        "StableDiffusionXLPipeline",
        "StableDiffusionPAGPipeline",
        "StableDiffusionControlNetPipeline",
        "LatentConsistencyModelPipeline",
        "KolorsPipeline",
        "PixArtSigmaPipeline",
    ],
)
def test_families_with_cross_attention(family: str) -> None:
    dummy = FAMILIES[family]
    model = Model(dummy.build(torch.float32))
    request = SamplingRequest(
        PROMPT,
        seed=3,
        steps=2,
        guidance_scale=None if family.startswith("Latent") else 4.0,
        width=16,
        height=16,
        extra=FrozenMapping(
            {n: np.asarray(v) if hasattr(v, "convert") else v for n, v in dummy.arguments().items()}
        ),
    )
    bare = sample(model, request)
    maps, final = record(model, request)
    assert bare.final is not None
    assert final is not None
    assert np.array_equal(bare.final, final)
    assert maps.words == ("a", "red", "Ferrari", "on", "a", "mountain", "road")
    assert {token.word for token in maps.tokens if token.word is not None} == set(range(7))
    assert len(maps.steps) == len(bare.steps) - 1
    for step in maps.steps:
        assert np.allclose(step.sum(axis=0, dtype=np.float32), 1, atol=4e-3)
        assert step.std() > 0


def test_a_batch_is_recorded_picture_by_picture(tiny: Model) -> None:
    others = [replace(REQUEST, prompt="a blue boat at night", seed=8), REQUEST]
    recorder = AttentionRecorder()
    sample_many(tiny, others, attention=recorder)
    alone, _ = record(tiny, REQUEST)
    first, second = recorder.maps(0), recorder.maps(1)
    assert first is not None
    assert second is not None
    assert first.words == ("a", "blue", "boat", "at", "night")
    for one, other in zip(second.steps, alone.steps, strict=True):
        assert np.allclose(one, other, atol=2e-3)


def test_without_guidance_there_is_one_half(tiny: Model) -> None:
    guided, _ = record(tiny, REQUEST)
    bare, _ = record(tiny, replace(REQUEST, guidance_scale=1.0, negative_prompt=None))
    assert np.allclose(bare.steps[0], guided.steps[0], atol=2e-3)  # the same noise and words


def test_a_branch_records_its_own_steps(tiny: Model) -> None:
    request = replace(REQUEST, steps=4)
    whole = AttentionRecorder()
    parent = sample(tiny, request, attention=whole)
    maps, _ = record(tiny, branch(request, 2), parent=parent)
    assert (maps.first, len(maps.steps)) == (2, 2)
    assert not maps.has(1)
    assert maps.has(3)
    run = whole.maps()
    assert run is not None
    assert np.allclose(maps.of_word(1, 3), run.of_word(1, 3), atol=1e-3)


def hooks_of(model: Model) -> int:
    """How many listeners there are in the denoiser."""
    return sum(
        len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.pipeline.unet.modules()
    )


def test_however_a_run_ends_nothing_stays_attached(tiny: Model) -> None:
    before = hooks_of(tiny)
    cancel = threading.Event()
    recorder = AttentionRecorder()

    def stop(step: Any) -> None:
        if step.index == 1:
            cancel.set()

    run = sample(tiny, REQUEST, attention=recorder, on_step=stop, cancelled=cancel)
    assert run.cancelled
    maps = recorder.maps()
    assert maps is not None
    assert 1 < len(maps.steps) + 1 <= 4
    assert hooks_of(tiny) == before

    def fail(_step: Any) -> None:
        raise RuntimeError("A listener fell over.")

    with pytest.raises(RuntimeError, match="fell over"):
        sample(tiny, REQUEST, attention=AttentionRecorder(), on_step=fail)
    assert hooks_of(tiny) == before


def test_maps_grow_with_the_run(tiny: Model) -> None:
    recorder = AttentionRecorder()
    grown: list[int] = []

    def look(_step: Any) -> None:
        maps = recorder.maps(wait=False)
        grown.append(0 if maps is None else len(maps.steps))

    assert recorder.maps() is None
    sample(tiny, REQUEST, attention=recorder, on_step=look)
    assert grown == [1, 2, 3, 3]


@pytest.mark.parametrize(
    ("family", "reason"),
    [
        ("FluxPipeline", "one sequence"),
        ("QwenImagePipeline", "one sequence"),
        ("IFPipeline", "share one softmax"),
        ("KandinskyV22CombinedPipeline", "a prior"),
        ("StableCascadeCombinedPipeline", "a prior"),
        ("SanaPipeline", "a way of its own"),
    ],
)
def test_other_models_say_why(family: str, reason: str) -> None:
    pipeline = FAMILIES[family].build(torch.float32)
    assert reason in why_no_attention(pipeline)


def test_a_model_without_maps_says_why_and_samples() -> None:
    model = Model(tiny_flow_pipeline())
    assert "no cross-attention" in model.facts.no_attention
    recorder = AttentionRecorder()
    run = sample(model, replace(REQUEST, negative_prompt=None), attention=recorder)
    assert run.final is not None
    assert recorder.maps() is None
    assert "no cross-attention" in recorder.why_not


def test_a_blend_is_made_without_maps(tiny: Model) -> None:
    blend = replace(
        REQUEST,
        prompt='("a red car", "a blue boat").blend(1, 1)',
        negative_prompt=None,
        extra=FrozenMapping({"weighting": True}),
    )
    recorder = AttentionRecorder()
    run, bare = sample(tiny, blend, attention=recorder), sample(tiny, blend)
    assert run.final is not None
    assert bare.final is not None
    assert np.array_equal(run.final, bare.final)
    assert recorder.maps() is None
    assert "blend" in recorder.why_not
    sample(tiny, REQUEST, attention=recorder)
    assert recorder.why_not == ""


@pytest.mark.parametrize(
    ("trouble", "says"), [(UnknownGridError("17 positions."), "17"), (KeyError(), "KeyError")]
)
def test_what_goes_wrong_while_recording_costs_no_run(
    tiny: Model, monkeypatch: pytest.MonkeyPatch, trouble: Exception, says: str
) -> None:
    recorder = AttentionRecorder()
    before = hooks_of(tiny)
    tried: list[int] = []

    def known_once(positions: int, size: tuple[int, int]) -> tuple[int, int]:
        if recorder.maps() is None:
            return grid_of(positions, size)
        tried.append(positions)
        raise trouble

    monkeypatch.setattr(attention_recorder, "grid_of", known_once)
    run, bare = sample(tiny, REQUEST, attention=recorder), sample(tiny, REQUEST)
    assert run.final is not None
    assert bare.final is not None
    assert np.array_equal(run.final, bare.final)
    assert says in recorder.why_not
    maps = recorder.maps()
    assert maps is not None
    assert len(maps.steps) == 1  # what was recorded before is true
    assert len(tried) == 1
    assert hooks_of(tiny) == before


def test_grids_of_layers() -> None:
    assert grid_of(16 * 12, (64, 48)) == (16, 12)
    assert grid_of(3 * 2, (9, 7)) == (3, 2)  # 9 × 7, 5 × 4, 3 × 2: halves are rounded up
    with pytest.raises(ValueError, match="do not fit"):
        grid_of(17, (8, 8))
    assert bounded((64, 48)) == (64, 48)
    assert bounded((128, 96)) == (64, 48)
    large = torch.rand(1, 2, 128 * 96)
    small = resized(large, (128, 96), (64, 48))
    assert small.shape == (1, 2, 64, 48)
    assert small[0, 0, 0, 0] == pytest.approx(
        float(large.reshape(1, 2, 128, 96)[0, 0, :2, :2].mean()), abs=1e-6
    )


def test_a_word_of_several_tokens_and_one_that_was_not_read() -> None:
    tokens = (
        PromptToken("", 0, None, "start"),
        PromptToken("zep", 1, 0),
        PromptToken("pelin", 2, 0),
        PromptToken(",", 3, None, "punctuation"),
        PromptToken("sky", 4, 1),
    )
    step = np.array([0.5, 0.1, 0.2, 0.1, 0.1], dtype=np.float16)[:, None, None]
    maps = AttentionMaps(("zeppelin", "sky", "cut"), tokens, 1, 1, (step,))
    assert [maps.of_word(w)[0, 0] for w in range(3)] == pytest.approx([0.75, 0.25, 0], abs=1e-3)
