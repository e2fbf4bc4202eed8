"""What the denoiser is asked, and that it learns to answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel

from visualizer.training import denoiser as training
from visualizer.training.architecture import (
    LATENT_CHANNELS,
    LATENT_SIZE,
    build_scheduler,
    build_unet,
)
from visualizer.training.denoiser import (
    DETAIL_SIDE,
    PLACED,
    THING_WEIGHT,
    Denoiser,
    Noised,
    alphas_cumprod,
    denoising_loss,
    noised,
    placed_steps,
    timesteps,
    with_noise,
)
from visualizer.training.examples import (
    Batch,
    Batches,
    Examples,
    LatentFile,
    write_captions,
    write_shares,
    write_things,
)
from visualizer.training.team import Member
from visualizer.training.world.vocabulary import build_tokenizer

LATENT = (LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)


def test_the_denoiser_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    np.save(tmp_path / "latents.npy", np.random.default_rng(0).normal(size=(6, *LATENT)) / 2)
    write_captions(1, 6, tmp_path / "captions.npy")
    write_things(1, 6, tmp_path / "things.npy")
    write_shares(1, 6, tmp_path / "shares.npy")
    files = [tmp_path / f"{name}.npy" for name in ("latents", "captions", "things", "shares")]
    examples = Examples(LatentFile(files[0]), *files[1:])
    denoiser = Denoiser(build_tokenizer())
    batch = Batches(examples, 4, "cpu", "key").draw()
    optimizer = torch.optim.AdamW(denoiser.parameters(), 1e-3)
    losses = []
    for _ in range(8):
        generator = torch.Generator().manual_seed(1)
        loss = denoising_loss(denoiser, with_noise(batch, alphas_cumprod(), generator))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_a_step_learns_from_whole_pictures_and_from_squares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two trainings that see the same, one of them counts nothing in squares."""
    monkeypatch.setattr(training, "build_unet", _small_unet)
    small = Examples(LatentFile(tmp_path / "latents.npy"), *_known(tmp_path))
    np.save(small.latents.path, np.random.default_rng(0).normal(size=(6, *LATENT)) / 2)
    monkeypatch.setattr(training, "train_together", lambda work, _, *args: work(Member(), *args))
    monkeypatch.setattr(training, "BATCH", {"cpu": 2})
    monkeypatch.setattr(training, "DETAILS", {"cpu": 3})
    counted = training.with_noise

    def blind(batch: Batch, *others: Any) -> Noised:
        asked = counted(batch, *others)
        square = batch.x0.shape[-1] == DETAIL_SIDE
        return replace(asked, weights=0 * asked.weights) if square else asked

    weights = []
    for name, noise in (("seeing", counted), ("blind", blind)):
        monkeypatch.setattr(training, "with_noise", noise)
        made = training.train_denoiser(small, tmp_path / f"{name}.pt", 1e-9, say=lambda _: None)
        weights.append(made.unet.conv_in.weight.detach())
    assert not torch.equal(*weights)
    logged = (tmp_path / "log.jsonl").read_text().splitlines()
    assert len({json.loads(line)["samples"] for line in logged}) == 2, "two steps, then it ends"


def _small_unet() -> UNet2DConditionModel:
    """As the real one, but narrow."""
    config = {**build_unet().config, "block_out_channels": (8, 8, 8, 8), "norm_num_groups": 4}
    made: UNet2DConditionModel = UNet2DConditionModel.from_config(config)
    return made


def _known(folder: Path) -> list[Path]:
    written = []
    for name, write in (
        ("captions", write_captions),
        ("things", write_things),
        ("shares", write_shares),
    ):
        written.append(folder / f"{name}.npy")
        write(1, 6, written[-1])
    return written


def test_squares_are_learned_only_where_the_layout_can_be_seen() -> None:
    alpha_bars = alphas_cumprod()
    steps = placed_steps(alpha_bars)
    assert alpha_bars[steps - 1] > PLACED >= alpha_bars[steps]
    batch = Batch(
        torch.zeros(4000, 1, 2, 2), torch.zeros(4000, 4, dtype=torch.long), torch.zeros(4000, 2, 2)
    )
    t = with_noise(batch, alpha_bars, torch.Generator().manual_seed(0), steps).t
    assert t.max() < steps
    assert t.max() > steps - 20
    assert t.min() < 20


def test_v_gives_back_picture_and_noise() -> None:
    alpha_bar = alphas_cumprod()[[0, 300, 999]]
    x0, eps = torch.randn(3, *LATENT), torch.randn(3, *LATENT)
    x, v = noised(x0, eps, alpha_bar)
    a, s = alpha_bar.sqrt().view(-1, 1, 1, 1), (1 - alpha_bar).sqrt().view(-1, 1, 1, 1)
    assert torch.allclose(a * x - s * v, x0, atol=1e-4)
    assert torch.allclose(s * x + a * v, eps, atol=1e-4)


def test_training_and_sampling_use_the_same_schedule() -> None:
    scheduler = build_scheduler()
    assert torch.allclose(scheduler.alphas_cumprod, alphas_cumprod())
    assert alphas_cumprod()[-1] < 3e-4, "the first step would know more than the words"


def test_most_timesteps_are_thrown_in_the_middle_and_none_is_left_out() -> None:
    generator = torch.Generator().manual_seed(0)
    t = timesteps(40_000, 1000, torch.device("cpu"), generator)
    assert t.min() < 20
    assert 980 <= t.max() <= 999
    thrown = torch.histc(t.float(), 5, 0, 1000) / len(t)
    assert thrown[2:4].mean() > 1.3 / 5 > 0.7 / 5 > thrown[0] > 0.2 / 5


class _Silent(torch.nn.Module):
    """Says nothing, so that its error is the target itself."""

    def forward(self, x: torch.Tensor, _t: torch.Tensor, _tokens: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x)


@pytest.mark.parametrize("placed", [True, False])
def test_things_count_more_where_their_place_can_be_seen(placed: bool) -> None:
    alpha_bars = torch.full((1000,), PLACED + 0.01 if placed else PLACED - 0.01)
    losses = []
    for covered in (0.0, 1.0):
        batch = Batch(
            torch.randn(2, *LATENT, generator=torch.Generator().manual_seed(3)),
            torch.zeros(2, 4, dtype=torch.long),
            torch.full((2, LATENT_SIZE, LATENT_SIZE), covered),
        )
        generator = torch.Generator().manual_seed(4)
        loss = denoising_loss(_Silent(), with_noise(batch, alpha_bars, generator))  # type: ignore[arg-type]
        losses.append(float(loss))
    assert losses[1] == pytest.approx((THING_WEIGHT if placed else 1) * losses[0], rel=1e-4)
