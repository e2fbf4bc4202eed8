"""Small doses of every training stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from visualizer.training import dataset
from visualizer.training.architecture import build_autoencoder, build_scheduler
from visualizer.training.autoencoder import encode, psnr, reconstruction_loss, to_tensor
from visualizer.training.captions import build_tokenizer
from visualizer.training.denoiser import (
    Batches,
    Denoiser,
    LatentFile,
    alphas_cumprod,
    denoising_loss,
    noised,
)
from visualizer.training.evaluation import Judge, accuracies, contact_sheet, held_out_subjects
from visualizer.training.folder import assemble, save_folder
from visualizer.training.scenes import draw_scene
from visualizer.training.static import Static, static_loss
from visualizer.training.subjects import Subject


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_scene(1, index)[0] for index in range(4)])


def test_drawn_files_are_read_back(tmp_path: Path) -> None:
    path = dataset.pictures("scene", tmp_path, seed=1, count=3)
    assert np.array_equal(dataset.read(path)[2], draw_scene(1, 2)[0])
    written = path.stat().st_mtime_ns
    assert dataset.pictures("scene", tmp_path, 1, 3).stat().st_mtime_ns == written
    with pytest.raises(ValueError, match="no pictures of the kind"):
        dataset.pictures("film", tmp_path, 1, 3)


def test_the_autoencoder_learns(pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae = build_autoencoder()
    x = to_tensor(pictures[:2], "cpu")
    assert x.min() >= -1
    assert x.max() <= 1
    optimizer = torch.optim.AdamW(vae.parameters(), 2e-3)
    losses = []
    for _ in range(4):
        loss = reconstruction_loss(vae, x)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert encode(vae, pictures[:2]).shape == (2, 8, 16, 16)
    assert 3 < psnr(vae, pictures[:2]) < 40


def test_the_denoiser_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    np.save(tmp_path / "latents.npy", np.random.default_rng(0).normal(size=(6, 8, 16, 16)) / 2)
    tokenizer = build_tokenizer()
    denoiser = Denoiser(tokenizer)
    batches = Batches(LatentFile(tmp_path / "latents.npy", 1), tokenizer, 4, "key")
    same = Batches(LatentFile(tmp_path / "latents.npy", 1), tokenizer, 4, "key")
    x0, tokens = batches.draw()
    assert torch.equal(x0, same.draw()[0])
    assert x0.shape == (4, 8, 16, 16)
    assert tokens.shape == (4, 24)
    optimizer = torch.optim.AdamW(denoiser.parameters(), 1e-3)
    losses = []
    for _ in range(8):
        generator = torch.Generator().manual_seed(1)
        loss = denoising_loss(denoiser, x0, tokens, alphas_cumprod(), generator)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_v_gives_back_picture_and_noise() -> None:
    alpha_bar = alphas_cumprod()[[0, 300, 999]]
    x0, eps = torch.randn(3, 8, 16, 16), torch.randn(3, 8, 16, 16)
    x, v = noised(x0, eps, alpha_bar)
    a, s = alpha_bar.sqrt().view(-1, 1, 1, 1), (1 - alpha_bar).sqrt().view(-1, 1, 1, 1)
    assert torch.allclose(a * x - s * v, x0, atol=1e-4)
    assert torch.allclose(s * x + a * v, eps, atol=1e-4)


def test_training_and_sampling_use_the_same_schedule() -> None:
    scheduler = build_scheduler()
    assert torch.allclose(scheduler.alphas_cumprod, alphas_cumprod())
    assert alphas_cumprod()[-1] < 3e-4, "the first step would know more than the words"


def test_static_has_unit_variance_everywhere_and_follows_its_noise() -> None:
    static = Static()
    eps = torch.randn(400, 8, 16, 16, generator=torch.Generator().manual_seed(3))
    drawn = static(eps)
    assert drawn.shape == (400, 3, 128, 128)
    assert drawn.std(0).min() > 0.75
    assert drawn.std(0).max() < 1.25
    assert torch.allclose(static(2 * eps[:1]), 2 * drawn[:1], atol=1e-5)
    assert torch.equal(static(eps[:1]), Static()(eps[:1]))


def test_the_decoder_learns_static(pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae = build_autoencoder()
    x = to_tensor(pictures[:2], "cpu")
    z = encode(vae, pictures[:2]).float()
    optimizer = torch.optim.AdamW(vae.decoder.parameters(), 2e-3)
    losses = []
    for _ in range(4):
        torch.manual_seed(1)
        loss = static_loss(vae, x, z, 1.0, alphas_cumprod(), Static())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_folder_opens_with_plain_diffusers(tmp_path: Path) -> None:
    from diffusers import DiffusionPipeline

    denoiser = Denoiser(build_tokenizer())
    folder = tmp_path / "model"
    for _ in range(2):  # the second time it replaces the first
        save_folder(assemble(build_autoencoder(), denoiser.text_encoder, denoiser.unet), folder)
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 40e6
    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a red car", num_inference_steps=2, guidance_scale=3.0).images[0]
    assert image.size == (128, 128)
    assert denoiser.unet.dtype == torch.float32


def test_the_judge_gives_a_verdict_on_every_picture(pictures: np.ndarray) -> None:
    verdicts = Judge().verdicts(pictures)
    assert len(verdicts) == 4
    assert all(isinstance(verdict, Subject) for verdict in verdicts)
    sheet = contact_sheet(pictures, held_out_subjects(4, 1), verdicts, columns=2)
    assert sheet.size == (264, 292)


def test_accuracies_count_attributes_and_whole_pictures() -> None:
    right = Subject("car", "red", "road", "day")
    wrong = Subject("car", "blue", "road", "day")
    shares = accuracies([right, right], [right, wrong])
    assert shares == {"object": 1.0, "color": 0.5, "place": 1.0, "time": 1.0, "all": 0.5}
