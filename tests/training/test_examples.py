"""What the denoiser learns from: the right words beside the right latents."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from visualizer.training.architecture import LATENT_SIZE, REDUCTION
from visualizer.training.examples import (
    CAPTIONS,
    DROPPED_CAPTIONS,
    HARD,
    HARD_PAIR,
    Batches,
    Examples,
    LatentFile,
    captions,
    shares,
    things,
    write_captions,
    write_shares,
    write_things,
)
from visualizer.training.world import words
from visualizer.training.world.captions import MAX_TOKENS
from visualizer.training.world.composition import thing_masks
from visualizer.training.world.subjects import scene_subject
from visualizer.training.world.vocabulary import build_tokenizer

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

SEED, COUNT = 5, 40
SHAPE = (1, 2, 2)


@cache
def tokenizer() -> CLIPTokenizer:
    return build_tokenizer()


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    """Each latent holds the number of its scene."""
    numbers = np.arange(COUNT, dtype=np.float16).reshape(COUNT, 1, 1, 1)
    np.save(tmp_path / "latents.npy", np.broadcast_to(numbers, (COUNT, *SHAPE)))
    write_captions(SEED, COUNT, tmp_path / "captions.npy")
    write_things(SEED, COUNT, tmp_path / "things.npy")
    write_shares(SEED, COUNT, tmp_path / "shares.npy")
    known = (tmp_path / f"{name}.npy" for name in ("captions", "things", "shares"))
    return Examples(LatentFile(tmp_path / "latents.npy", 0.5), *known)


def test_every_scene_has_captions_of_its_own(examples: Examples) -> None:
    tokens = np.load(examples.captions)
    assert tokens.shape == (COUNT, CAPTIONS, MAX_TOKENS)
    assert np.array_equal(tokens[10:14], captions(SEED, 10, 14)), "they depend on the scene alone"
    assert len({tuple(one) for one in tokens[0]}) > CAPTIONS // 2, "said in different ways"
    for index in range(COUNT):
        subject = scene_subject(SEED, index)[0]
        texts = tokenizer().batch_decode(tokens[index], skip_special_tokens=True)
        for thing in subject.things:
            ways = [way.lower() for way in words.OBJECTS[thing.object]]
            plurals = [way.lower() for way in words.PLURALS[thing.object]]
            assert all(any(way in text for way in [*ways, *plurals]) for text in texts), texts


def test_a_batch_pairs_latents_with_their_own_words(examples: Examples) -> None:
    tokens = np.load(examples.captions)
    empty = tokenizer()("", padding="max_length").input_ids
    batch = Batches(examples, 400, "cpu", "a key").draw()
    assert batch.x0.shape == (400, *SHAPE)
    assert batch.tokens.shape == (400, MAX_TOKENS)
    covered = np.load(examples.things)
    dropped = 0
    for k, words_of_it in enumerate(batch.tokens.tolist()):
        scene = round(2 * batch.x0[k].max().item())  # the factor that scales was a half
        dropped += words_of_it == empty
        assert words_of_it == empty or words_of_it in tokens[scene].tolist()
        assert np.allclose(batch.things[k] * 255, covered[scene])
    assert dropped / 400 == pytest.approx(DROPPED_CAPTIONS, abs=0.06)


def test_the_same_key_gives_the_same_batches(examples: Examples) -> None:
    one, same = (Batches(examples, 8, "cpu", "a key") for _ in range(2))
    for _ in range(2):
        first, second = one.draw(), same.draw()
        assert torch.equal(first.x0, second.x0)
        assert torch.equal(first.tokens, second.tokens)
    assert not torch.equal(one.draw().x0, Batches(examples, 8, "cpu", "another").draw().x0)


def test_things_are_where_they_were_drawn() -> None:
    for index, there in enumerate(things(SEED, 0, 12)):
        subject, rng = scene_subject(SEED, index)
        masks = thing_masks(subject, rng)
        assert there.shape == (LATENT_SIZE, LATENT_SIZE)
        assert (there.sum() > 0) == bool(masks)
        if masks:
            ys, xs = np.nonzero(np.logical_or.reduce(masks))
            rows, columns = np.nonzero(there)
            assert rows.min() == ys.min() // REDUCTION
            assert columns.max() == xs.max() // REDUCTION


def test_what_is_hard_to_draw_is_shown_more_often(examples: Examples) -> None:
    told = np.load(examples.shares)
    assert np.array_equal(told[7:12], shares(SEED, 7, 12)), "it depends on the scene alone"
    for index, share in enumerate(told):
        names = {thing.object for thing in scene_subject(SEED, index)[0].things}
        pair = HARD_PAIR if len(names) == 2 else 1
        assert share == pytest.approx(pair * max([1, *(HARD.get(name, 1) for name in names)]))
    shown = Batches(examples, 20_000, "cpu", "a key").draw().x0[:, 0, 0, 0]
    often = np.bincount((2 * shown).round().int().numpy(), minlength=COUNT) / len(shown)
    assert np.abs(often - told / told.sum()).max() < 0.006  # four deviations of the dice


def test_squares_out_of_pictures_are_about_things(examples: Examples) -> None:
    """Each position of these latents tells where it is, and in which scene."""
    rows, columns = np.mgrid[:LATENT_SIZE, :LATENT_SIZE]
    scenes = np.broadcast_to(np.arange(COUNT)[:, None, None], (COUNT, *rows.shape))
    told = [scenes, *(np.broadcast_to(at, scenes.shape) for at in (rows, columns))]
    np.save(examples.latents.path, np.stack(told, 1).astype(np.float16))
    side, covered, tokens = 8, np.load(examples.things), np.load(examples.captions)
    empty = tokenizer()("", padding="max_length").input_ids
    batch = Batches(examples, 1, "cpu", "a key").draw_details(300, side)
    assert batch.x0.shape == (300, 3, side, side)
    assert batch.things.shape == (300, side, side)
    touching = 0
    for x0, words_of_it, there in zip(
        2 * batch.x0, batch.tokens.tolist(), batch.things, strict=True
    ):
        scene, top, left = x0[:, 0, 0].int().tolist()
        square = slice(top, top + side), slice(left, left + side)
        assert np.array_equal(x0[1], rows[square])
        assert np.array_equal(x0[2], columns[square])
        assert np.allclose(255 * there, covered[scene][square])
        assert words_of_it == empty or words_of_it in tokens[scene].tolist()
        touching += bool(there.any()) or not covered[scene].any()
    assert touching > 290


@pytest.mark.parametrize("row", [0, LATENT_SIZE - 1])
@pytest.mark.parametrize("column", [0, LATENT_SIZE - 1])
def test_a_thing_in_a_corner_is_inside_its_square(
    examples: Examples, row: int, column: int
) -> None:
    covered = np.zeros((COUNT, LATENT_SIZE, LATENT_SIZE), np.uint8)
    covered[:, row, column] = 255
    np.save(examples.things, covered)
    np.save(examples.latents.path, covered[:, None].astype(np.float16))
    batch = Batches(examples, 1, "cpu", "a key").draw_details(50, 8)
    assert torch.equal(batch.things.sum((1, 2)), torch.ones(50))
