"""Drawings become latents in a file, also after an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from visualizer.training import command, encoding
from visualizer.training.architecture import (
    build_autoencoder,
)
from visualizer.training.encoding import encode, encode_drawings, fingerprint
from visualizer.training.world.composition import draw_scene

Parts = list[tuple[int, int]]


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_scene(1, index)[0] for index in range(4)])


def test_scenes_are_drawn_and_encoded_and_gone_on_with_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: np.ndarray
) -> None:
    torch.manual_seed(0)
    vae, path = build_autoencoder(), tmp_path / "latents.npy"
    monkeypatch.setattr(encoding, "DRAWN_AT_ONCE", 2)
    asked: list[list[tuple[int, int]]] = []

    def one_and_then_none(_vae: object, _seed: int, parts: Parts, _device: str) -> Iterator[object]:
        asked.append(parts)
        for k, (start, stop) in enumerate(parts):
            if len(asked) == 1 and k:
                raise KeyboardInterrupt
            yield encode(vae, pictures[start:stop]).numpy()

    monkeypatch.setattr(encoding, "_latents_in_order", one_and_then_none)
    with pytest.raises(KeyboardInterrupt):
        encode_drawings(vae, 1, 4, path)
    (part,) = tmp_path.iterdir()
    with part.open("ab") as file:
        file.write(b"half a row")
    encode_drawings(vae, 1, 4, path)
    assert asked == [[(0, 2), (2, 4)], [(2, 4)]]
    assert [p.name for p in tmp_path.iterdir()] == ["latents.npy"]
    latents = np.load(path, mmap_mode="r")
    assert latents.dtype == np.float16
    assert np.array_equal(latents, encode(vae, pictures).numpy())


def test_a_few_scenes_are_encoded_right_here(tmp_path: Path, pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae, path = build_autoencoder(), tmp_path / "latents.npy"
    encode_drawings(vae, 1, 2, path)
    found = torch.from_numpy(np.load(path))
    assert torch.allclose(found, encode(vae, pictures[:2]), atol=2e-3)


def test_another_encoder_makes_its_own_latents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def encoded(_vae: object, _seed: int, count: int, path: Path, *_others: object) -> None:
        made.append(path)
        np.save(path, np.random.default_rng(len(made)).normal(size=(count, 2)))

    monkeypatch.setattr(encoding, "encode_drawings", encoded)
    first, second = build_autoencoder(), build_autoencoder()
    assert fingerprint(first) != fingerprint(second)
    found = [command._latents(tmp_path, vae, 3, "cpu") for vae in (first, second, first)]
    assert found[0] == found[2] != found[1]
    assert [one.path for one in found[:2]] == made
    second.decoder.load_state_dict(first.decoder.state_dict())
    assert command._latents(tmp_path, second, 3, "cpu") == found[1], "no matter the decoder"
