"""Static and its opposite, an autoencoder that loses nothing, and photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.evaluation.fake_model import Enlarging, FakePipeline
from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.evaluation.fidelity import (
    BLOCK,
    decoded_noise,
    like_static,
    photographs,
    sent_through,
    white_noise,
)


def test_white_noise_is_like_static_and_blocks_are_not() -> None:
    white = like_static(white_noise(40, (8, PICTURE_SIZE, PICTURE_SIZE, 3)))
    assert white["neighbors"] == pytest.approx(0, abs=0.01)
    assert white["blocks"] == pytest.approx(1, abs=0.1)
    assert white["deviation"] == pytest.approx(40, rel=0.02)
    glass = white_noise(40, (8, 8, 8, 3)).repeat(BLOCK, 1).repeat(BLOCK, 2)
    found = like_static(glass)
    assert found["blocks"] == pytest.approx(BLOCK, rel=0.02)
    assert found["neighbors"] > 0.8


def test_pictures_are_sent_through_in_bytes() -> None:
    flat = np.arange(2 * 3, dtype=np.uint8).reshape(2, 1, 1, 3) * 40
    pictures = flat.repeat(PICTURE_SIZE, 1).repeat(PICTURE_SIZE, 2)
    assert np.array_equal(sent_through(Enlarging(), pictures), pictures)


def test_a_decoder_that_shows_its_latents_is_no_static() -> None:
    pictures = decoded_noise(FakePipeline(), 4)
    assert pictures.shape == (4, PICTURE_SIZE, PICTURE_SIZE, 3)
    found = like_static(pictures)
    assert found["blocks"] == pytest.approx(BLOCK, rel=0.02)
    assert found["deviation"] == pytest.approx(127.5 / 2, rel=0.1)


def test_photographs_are_made_square(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "red").save(tmp_path / "b.jpg")
    Image.new("L", (90, 120), 7).save(tmp_path / "a.png")
    (tmp_path / "CREDITS.md").write_text("who made them")
    found = photographs(tmp_path)
    assert list(found) == ["a", "b"]
    assert {picture.shape for picture in found.values()} == {(PICTURE_SIZE, PICTURE_SIZE, 3)}
    assert (found["a"] == 7).all()


def test_the_photographs_that_ship_are_ten_and_credited() -> None:
    folder = Path(__file__).parents[3] / "benchmarks" / "photographs"
    found = photographs(folder)
    assert len(found) == 10
    credits_ = (folder / "CREDITS.md").read_text(encoding="utf-8")
    assert all(f"`{name}.jpg`" in credits_ for name in found)
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            assert image.size == (PICTURE_SIZE, PICTURE_SIZE)
