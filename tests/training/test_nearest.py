"""The nearest training drawings: a drawing finds itself, and distances are what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from visualizer.training import drawing_index
from visualizer.training.architecture import build_autoencoder
from visualizer.training.drawing_index import (
    COMPONENTS,
    INDEX_FILE,
    JUDGE_FILE,
    WAYS,
    DrawingIndex,
    DrawingsError,
    build_index,
    features_of,
    latents_of,
    load_index,
)
from visualizer.training.evaluation.judge import Judge, load_judge, save_judge
from visualizer.training.nearest import Scale, nearest_drawings, sentence
from visualizer.training.world.captions import plain_caption
from visualizer.training.world.composition import draw_scene

COUNT, SEED, FEW = 52, 5, 10


class Untrained:
    """A model and a judge that have learned nothing, and the index of a few drawings."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        torch.manual_seed(0)
        self.pipeline = self
        self.identity = self
        self.weights_hash = "w" * 64
        self.vae = build_autoencoder().eval()
        self.judge = Judge().eval()
        save_judge(self.judge, folder / "judge.safetensors")
        monkeypatch.setattr("visualizer.diffusion.model.Model.open", lambda *_a, **_k: self)
        monkeypatch.setattr("visualizer.training.drawing_index.SAMPLE", 8)
        monkeypatch.setattr("visualizer.training.nearest.CANDIDATES", FEW)
        self.scenes = np.stack([draw_scene(SEED, i)[0] for i in range(COUNT)])
        parts = [latents_of(self.vae, self.scenes[k : k + 11]) for k in range(0, COUNT, 11)]
        self.latents = np.concatenate(parts)
        self.said: list[str] = []
        self.path = build_index(
            folder,
            folder / "judge.safetensors",
            folder / "out",
            count=COUNT,
            seed=SEED,
            latents=self.latents.astype(np.float16),
            say=self.said.append,
        )
        self.index = load_index(self.path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Untrained]:
    with pytest.MonkeyPatch.context() as patch:
        yield Untrained(tmp_path_factory.mktemp("drawings"), patch)


def test_the_index_holds_what_is_needed(made: Untrained) -> None:
    index: DrawingIndex = made.index
    assert (index.seed, index.count, index.weights_hash) == (SEED, COUNT, "w" * 64)
    assert made.path.name == INDEX_FILE
    for way in index.ways.values():
        assert way.codes.shape == (COUNT, COMPONENTS)
        assert np.allclose(way.basis @ way.basis.T, np.eye(COMPONENTS), atol=5e-3)
    judge = load_judge(made.path.with_name(JUDGE_FILE))
    some = made.scenes[:3]
    assert np.allclose(features_of(judge, some), features_of(made.judge, some), atol=2e-2)


def test_a_drawing_finds_itself_and_real_distances(made: Untrained) -> None:
    picture = made.scenes[17]
    found = nearest_drawings(made.index, made.vae, made.judge, picture, count=4)
    for by in WAYS:
        drawings = found.drawings[by]
        assert len(drawings) == 4
        assert drawings[0].index == 17
        assert drawings[0].distance == pytest.approx(0, abs=1e-4)
        assert np.array_equal(drawings[0].picture, picture)
        assert list(drawings) == sorted(drawings, key=lambda drawing: drawing.distance)
        assert drawings[0].caption == plain_caption(draw_scene(SEED, 17)[1])
    assert "learned by heart" in found.sentence


def test_distances_are_root_mean_squares_in_deviations_of_each_channel(made: Untrained) -> None:
    values = made.latents
    deviation = (values - values.mean(0)).std((0, 2, 3), keepdims=True)
    found = nearest_drawings(made.index, made.vae, made.judge, made.scenes[3], count=3)
    for drawing in found.drawings["latents"][1:]:
        apart = (values[3] - values[drawing.index]) / deviation[0]
        assert drawing.distance == pytest.approx(float(np.sqrt(np.square(apart).mean())), rel=5e-3)
    nearest = min(
        (k for k in range(COUNT) if k != 3),
        key=lambda k: float(np.square((values[3] - values[k]) / deviation[0]).sum()),
    )
    assert found.drawings["latents"][1].index == nearest


def test_a_latent_that_is_handed_over_is_used(made: Untrained) -> None:
    latent = latents_of(made.vae, made.scenes[40][None])[0]
    found = nearest_drawings(made.index, made.vae, made.judge, made.scenes[2], latent)
    assert found.drawings["latents"][0].index == 40
    assert found.drawings["features"][0].index == 2


def test_few_drawings_and_many_are_sorted_along_the_same_directions() -> None:
    chance = np.random.default_rng(0)
    strengths = np.linspace(3, 1, 60)[:, None, None]
    values = (chance.standard_normal((400, 60, 1, 1)) * strengths).astype(np.float16)
    ones = np.ones(60, np.float32)
    mean = values.astype(np.float32).mean(0).ravel()
    many = drawing_index._directions(values, mean, ones)
    few = drawing_index._directions(values[:50], mean, ones)
    assert np.allclose(many @ many.T, np.eye(COMPONENTS), atol=1e-4)
    assert few.shape == many.shape
    spread = np.square((values.astype(np.float32).reshape(400, 60) - mean) @ many.T).mean(0)
    assert list(spread) == sorted(spread, reverse=True)


def test_what_distances_mean_is_measured(made: Untrained) -> None:
    for way in made.index.ways.values():
        scale = Scale.of(way)
        assert 0 < scale.closest <= scale.neighbors < scale.pairs
        assert way.pairs[50] == pytest.approx(np.sqrt(2), rel=0.3)


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (0.05, "learned by heart"),
        (0.4, "No copy, but close"),
        (0.6, "nearer than a drawing usually stands"),
        (0.8, "about as far as a drawing usually stands"),
        (1.2, "further than a drawing usually stands"),
    ],
)
def test_the_sentence_says_what_was_measured(distance: float, said: str) -> None:
    scale = Scale(copy=0.1, neighbors=0.8, closest=0.5, pairs=1.4)
    text = sentence({"latents": distance, "features": 9.0}, {"latents": scale}, 70_000)
    assert said in text
    assert f"{distance:.2f}" in text
    assert "70\u202f000 drawings" in text


def test_a_damaged_index_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / INDEX_FILE
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DrawingsError, match="install the program again"):
        load_index(path)
