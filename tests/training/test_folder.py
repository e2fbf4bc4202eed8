"""The folder that comes out of a training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from visualizer.diffusion.facts import Recommended, Vocabulary
from visualizer.training.architecture import (
    PICTURE_SIZE,
    build_autoencoder,
)
from visualizer.training.denoiser import (
    Denoiser,
)
from visualizer.training.folder import assemble, save_folder
from visualizer.training.model_card import (
    RECOMMENDED,
    Course,
    read_course,
    vocabulary,
    write_course,
)
from visualizer.training.world.captions import known_words
from visualizer.training.world.subjects import COLORS, OBJECTS, PLACES, TIMES
from visualizer.training.world.vocabulary import build_tokenizer


def test_the_folder_opens_with_plain_diffusers(tmp_path: Path) -> None:
    from diffusers import DiffusionPipeline

    denoiser = Denoiser(build_tokenizer())
    folder = tmp_path / "model"
    for _ in range(2):  # the second time it replaces the first
        pipeline = assemble(build_autoencoder(), denoiser.text_encoder, denoiser.unet)
        save_folder(pipeline, folder, Course(1, 2, 3))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 40e6
    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a red car", num_inference_steps=2, guidance_scale=3.0).images[0]
    assert image.size == (PICTURE_SIZE, PICTURE_SIZE)
    assert denoiser.unet.dtype == torch.float32


def test_the_folder_says_what_the_model_knows(tmp_path: Path) -> None:
    denoiser = Denoiser(build_tokenizer())
    folder = tmp_path / "model"
    pipeline = assemble(build_autoencoder(), denoiser.text_encoder, denoiser.unet)
    save_folder(pipeline, folder, Course(2024, 1234, 56_789))
    said = Vocabulary.load(folder / "vocabulary.json")
    assert said is not None
    assert (said.objects, said.colors, said.places, said.times) == (OBJECTS, COLORS, PLACES, TIMES)
    assert said.words == set(known_words())
    for names in ("objects", "colors", "places", "times", "sizes", "sides", "relations"):
        assert set(" ".join(vocabulary()[names]).split()) <= said.words, names
    advice = Recommended.load(folder / "recommended.json", Recommended(1, 1.0))
    assert (advice.steps, advice.quick_steps) == (RECOMMENDED["steps"], RECOMMENDED["quick_steps"])
    assert advice.sizes == ((PICTURE_SIZE, PICTURE_SIZE),)
    assert read_course(folder) == Course(2024, 1234, 56_789)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{PICTURE_SIZE} × {PICTURE_SIZE} pixels" in card
    assert "56,789 pictures" in card
    assert all(name in card for name in (*OBJECTS, *COLORS))
    assert max(map(len, card.splitlines())) < 160


def test_a_course_is_told_in_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not tell how the model was trained"):
        read_course(tmp_path)
    write_course(tmp_path, Course(1, 2, 3))
    assert read_course(tmp_path) == Course(1, 2, 3)
    assert (tmp_path / "training.json").read_bytes().endswith(b"\n}\n")
