"""Pictures to latents and back (Rombach et al. 2022, section 3.1), and how faithful that is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from visualizer.training.architecture import PICTURE_SIZE, build_autoencoder
from visualizer.training.dataset import read
from visualizer.training.precision import autocast
from visualizer.training.stage import Average, Stage
from visualizer.training.team import Member, train_together

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny

PEAK_RATE = 2.2e-3
TEXTURE_SHARE = 0.15
CROP_SHARE = 0.6  # of the time is spent on crops of a quarter of the width, later on half of it
CROP_PIXELS = {"cpu": 3 * 2**15, "cuda": 2**20}
"""Crops a step: so many that they have so many pixels together."""
LATENT_NOISE = 0.1  # largest standard deviation: the decoder forgives the denoiser's errors


def train_autoencoder(
    scenes: Path,
    textures: Path,
    checkpoint: Path,
    minutes: float,
    device: str = "cpu",
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> AutoencoderTiny:
    """Train from nothing, or go on from `checkpoint`; returns the averaged weights."""
    train_together(_train, device, scenes, textures, checkpoint, minutes, device, seed, say)
    vae = build_autoencoder()
    average = Average(vae)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    average.load_state_dict(state["parts"]["average"])
    average.copy_to(vae)
    return vae


def _train(
    member: Member,
    scenes: Path,
    textures: Path,
    checkpoint: Path,
    minutes: float,
    device: str,
    seed: int,
    say: Callable[[str], None],
) -> None:
    torch.manual_seed(seed)
    vae = build_autoencoder().to(device=device, memory_format=torch.channels_last)
    average = Average(vae)
    optimizer = torch.optim.AdamW(vae.parameters(), PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    parts = {"vae": vae, "average": average, "optimizer": optimizer}
    stage = Stage("autoencoder", checkpoint, minutes, parts, say)
    member.join(stage)
    rng = np.random.default_rng([seed, stage.step, member.rank])
    torch.manual_seed(int(rng.integers(2**40)))
    pools = read(scenes), read(textures)
    done = stage.finished
    while not done:
        cropped = stage.fraction < CROP_SHARE
        size = PICTURE_SIZE // (4 if cropped else 2)
        batch = max(CROP_PIXELS[device] // size**2 // member.size, 1)
        x = to_tensor(draw_crops(*pools, size, batch, rng), device)
        loss = reconstruction_loss(vae, x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        member.agree(vae, stage)
        done = stage.finished  # asked here, where all members hold the same number
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate(PEAK_RATE)
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        average.update()
        stage.tick(batch * member.size, loss.detach())
    if not stage.quiet:
        stage.save()


def reconstruction_loss(vae: AutoencoderTiny, x: torch.Tensor) -> torch.Tensor:
    """Of pictures x (B, 3, H, W) in −1…1; latents are asked to have mean 0 and variance 1."""
    with autocast(x.device.type):
        z = vae.encoder(x)
        noise = LATENT_NOISE * torch.rand(len(z), 1, 1, 1, device=z.device)
        y = vae.decoder(z + noise * torch.randn_like(z))
    z = z.float()
    unit: torch.Tensor = z.mean((0, 2, 3)).square().mean() + (z.std((0, 2, 3)) - 1).square().mean()
    return picture_loss(y.float(), x) + 0.02 * unit


def picture_loss(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """How far y is from x: in value, and in the differences between neighbors (sharp edges)."""
    down = F.l1_loss(y.diff(dim=2), x.diff(dim=2))
    across = F.l1_loss(y.diff(dim=3), x.diff(dim=3))
    loss: torch.Tensor = F.l1_loss(y, x) + 2 * F.mse_loss(y, x) + 0.5 * (down + across)
    return loss


def draw_crops(
    scenes: NDArray[np.uint8],
    textures: NDArray[np.uint8],
    size: int,
    batch: int,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """A batch (batch, size, size, 3) of random windows on random pictures, scenes mostly."""
    crops = np.empty((batch, size, size, 3), np.uint8)
    pools = (scenes, textures)
    chosen = (rng.random(batch) < TEXTURE_SHARE).astype(int).tolist()
    pictures = rng.integers(0, [len(pools[k]) for k in chosen]).tolist()
    corners = rng.integers(0, scenes.shape[1] - size, (batch, 2), endpoint=True).tolist()
    for k, (pool, picture, (y, x)) in enumerate(zip(chosen, pictures, corners, strict=True)):
        crops[k] = pools[pool][picture, y : y + size, x : x + size]
    return crops


def to_tensor(pictures: NDArray[np.uint8], device: str) -> torch.Tensor:
    """(B, H, W, 3) in 0…255 to (B, 3, H, W) in −1…1, without copying the layout."""
    return torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float().div(127.5).sub(1)


@torch.no_grad()
def psnr(vae: AutoencoderTiny, pictures: NDArray[np.uint8]) -> float:
    """Mean peak signal-to-noise ratio in dB of pictures sent through the autoencoder.

    Encoder and decoder are used as the pipeline uses them, and the picture is rounded to bytes.
    """
    sharp = copy.deepcopy(vae).float().eval()
    values: list[float] = []
    for start in range(0, len(pictures), 32):
        x = to_tensor(np.array(pictures[start : start + 32]), str(vae.device))
        y: Any = sharp.decoder(sharp.encoder(x))
        error = (y.clamp(-1, 1).add(1).mul(127.5).round() - x.add(1).mul(127.5)).square()
        values += (10 * torch.log10(255**2 / error.mean((1, 2, 3)))).tolist()
    return float(np.mean(values))
