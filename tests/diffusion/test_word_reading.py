"""How text encoders read: their attention recomputed, their bits kept, and words that are near."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.builtin_sizes import TEXT_LAYERS, TEXT_WIDTH, TOKENS
from tests.families import FAMILIES
from visualizer.diffusion import Model, RequestError
from visualizer.diffusion.word_reading import (
    nearest_words,
    read_words,
    vocabulary_of,
    why_no_reading,
    word_similarity,
)

PROMPT = "a red Ferrari, at night"


def test_attention_is_that_of_the_formula(builtin: Model) -> None:
    """The first layer by hand: softmax(q·kᵀ / √d) over the words before, mean over heads."""
    reading = read_words(builtin, PROMPT)
    encoder = builtin.pipeline.text_encoder
    ids = builtin.pipeline.tokenizer(PROMPT, return_tensors="pt").input_ids
    layer = encoder.encoder.layers[0]
    with torch.no_grad():
        x = layer.layer_norm1(encoder.embeddings(input_ids=ids))[0]
        q, k = (f(x).double().numpy() for f in (layer.self_attn.q_proj, layer.self_attn.k_proj))
    heads = encoder.config.num_attention_heads
    expected = np.zeros((len(x), len(x)))
    for head in np.split(np.arange(q.shape[1]), heads):
        scores = q[:, head] @ k[:, head].T / np.sqrt(len(head))
        scores[np.triu_indices(len(x), k=1)] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected += weights / weights.sum(axis=1, keepdims=True) / heads
    assert np.allclose(reading.attention[0], expected, atol=1e-6)
    assert np.allclose(reading.attention.sum(axis=-1), 1, atol=1e-5)


def test_a_causal_encoder_says_so(builtin: Model) -> None:
    reading = read_words(builtin, PROMPT)
    assert reading.causal
    assert reading.encoder == f"CLIPTextModel, {TEXT_LAYERS} layers"
    assert reading.words == ("a", "red", "Ferrari", "at", "night")
    red, ferrari = reading.looks_at(1), reading.looks_at(2)
    assert red[2] == 0  # it comes later
    assert ferrari[1] > 0
    assert ferrari.sum() == pytest.approx(1)
    assert reading.vectors.shape == (len(reading.tokens), TEXT_WIDTH)


def test_reading_leaves_the_encoder_as_it_was(builtin: Model) -> None:
    pipeline = builtin.pipeline
    ids = pipeline.tokenizer(PROMPT, padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        before = pipeline.text_encoder(ids)[0]
        reading = read_words(builtin, PROMPT)
        after = pipeline.text_encoder(ids)[0]
    assert torch.equal(before, after)
    # what follows a word does not change it, so the filling does not either
    assert np.allclose(reading.vectors, before[0, : len(reading.tokens)].numpy(), atol=1e-5)


@pytest.mark.parametrize("prompt", ["", "!", " ".join(["red"] * 60)])
def test_prompts_that_are_empty_or_cut(builtin: Model, prompt: str) -> None:
    reading = read_words(builtin, prompt)
    assert len(reading.tokens) == reading.attention.shape[-1] <= TOKENS
    if len(reading.words) > TOKENS - 2:
        assert not reading.looks_at(len(reading.words) - 1).any()


def test_an_encoder_that_reads_in_both_directions() -> None:
    model = Model(FAMILIES["PixArtSigmaPipeline"].build(torch.float32))
    reading = read_words(model, PROMPT)
    assert not reading.causal
    assert reading.encoder.startswith("T5EncoderModel")
    assert reading.looks_at(1)[2] > 0


def test_a_single_token_does_not_hide_which_way_an_encoder_reads(builtin: Model) -> None:
    model = Model(FAMILIES["PixArtSigmaPipeline"].build(torch.float32))
    reading = read_words(model, "")
    assert len(reading.tokens) == 1
    assert not reading.causal
    assert read_words(builtin, "").causal


def test_weights_are_read_and_are_no_words(builtin: Model) -> None:
    weighted = read_words(builtin, "a (red:1.3) car++", weighted=True)
    plain = read_words(builtin, "a red car")
    assert weighted.prompt == "a (red:1.3) car++"
    assert weighted.words == plain.words == ("a", "red", "car")
    assert np.array_equal(weighted.attention, plain.attention)
    typed = read_words(builtin, "a (red:1.3) car")  # weights that are off are text
    assert typed.words == ("a", "red", "1", "3", "car")
    with pytest.raises(RequestError, match="on its own"):
        read_words(builtin, '("a car", "a boat").and()', weighted=True)


def test_a_ferrari_is_near_a_car(builtin: Model) -> None:
    near = dict(nearest_words(builtin, "Ferrari", 8))
    cars = {"car", "automobile", "auto", "cars", "ferraris", "automobiles"}
    assert {"car", "automobile"} <= near.keys()
    assert near["car"] > 0.9
    assert all(near["car"] > alike for word, alike in near.items() if word not in cars)
    alike = word_similarity(builtin, ["Ferrari", "car", "castle", "fortress", "red"])
    assert np.allclose(np.diag(alike), 1, atol=1e-5)
    assert np.allclose(alike, alike.T, atol=1e-6)
    assert alike[0, 1] > 0.9
    assert alike[2, 3] > 0.9
    assert abs(alike[0, 2]) < 0.5
    assert abs(alike[0, 4]) < 0.5


def test_most_synonyms_of_the_training_are_nearest(builtin: Model) -> None:
    for word, others in {
        "kitten": {"cat", "kitty"},
        "cottage": {"house", "home"},
        "sailboat": {"boat", "ship"},
        "midnight": {"night", "moonlight"},
        "dusk": {"sunset", "dawn"},
    }.items():
        assert others <= {near for near, _ in nearest_words(builtin, word, 6)}


def test_nothing_is_near_a_word_that_was_never_taught(builtin: Model) -> None:
    with pytest.raises(RequestError, match="never taught the word “bicycle”"):
        nearest_words(builtin, "bicycle")


def test_a_model_that_was_taught_a_language_is_compared_with_common_words() -> None:
    model = Model(FAMILIES["StableDiffusionXLPipeline"].build(torch.float32))
    assert "Ferrari" in vocabulary_of(model)
    near = nearest_words(model, "zeppelin", 4)
    assert len(near) == 4
    assert near[0][1] >= near[3][1]


def test_encoders_that_cannot_be_looked_into_say_why() -> None:
    model = Model(FAMILIES["QwenImagePipeline"].build(torch.float32))
    assert "language model" in why_no_reading(model)
    with pytest.raises(RequestError, match="language model"):
        read_words(model, PROMPT)
    bare = SimpleNamespace(pipeline=SimpleNamespace())
    assert "no text encoder" in why_no_reading(bare)  # type: ignore[arg-type]
