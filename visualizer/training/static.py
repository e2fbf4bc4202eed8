"""The decoder learns to show latent noise as pixel noise: a detuned television.

A decoder that has only seen clean latents turns noise into stained glass. Here the encoder and
the latents stay as they are; the decoder sees noisy latents too, and is told to draw the picture
they hold and, over it, their own noise as static:

    target(√ᾱ x₀ + √(1−ᾱ) ε) = √ᾱ picture + 0.55 √(1−ᾱ) P(ε)

P is one fixed random linear map. What is seen is still a decode of that very latent: the static
*is* its noise, position by position. Other models' decoders draw noise as they happen to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from visualizer.training.architecture import (
    LATENT_CHANNELS,
    LATENT_SIZE,
    PICTURE_SIZE,
    REDUCTION,
)
from visualizer.training.autoencoder import picture_loss, to_tensor
from visualizer.training.dataset import read
from visualizer.training.denoiser import alphas_cumprod, noised
from visualizer.training.encoding import encode
from visualizer.training.precision import autocast
from visualizer.training.stage import Average, Stage
from visualizer.training.team import Member, train_together

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny

PEAK_RATE = 1.2e-3
STRENGTH = 0.55
CLEAN_SHARE = 0.6
RESIDUAL_NOISE = 0.06  # standard deviation that the denoiser leaves in its final latents
OVERLAP = REDUCTION // 2
PATCH = REDUCTION + OVERLAP  # pixels that one latent position colors each way
BATCH = {"cpu": 2**18 // PICTURE_SIZE**2, "cuda": 2**21 // PICTURE_SIZE**2}
"""Pictures a step: so many that they have so many pixels together."""


class Static:
    """P: latent noise (B, C, h, w) to static (B, 3, H, W) of unit variance at every pixel.

    Each latent position is drawn as a random patch of PATCH × PATCH pixels that fades into its
    neighbors, so that no grid shows.
    """

    def __init__(self, seed: int = 5) -> None:
        generator = torch.Generator().manual_seed(seed)
        kernel = torch.randn(LATENT_CHANNELS, 3, PATCH, PATCH, generator=generator)
        edge = torch.sin(torch.pi / 2 * (torch.arange(OVERLAP) + 0.5) / OVERLAP)
        window = torch.cat([edge, torch.ones(PATCH - 2 * OVERLAP), edge.flip(0)])
        self.kernel = kernel * window[:, None] * window[None, :]
        ones = torch.ones(1, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)
        self.deviation = self._spread(ones, self.kernel.square()).sqrt()

    def __call__(self, eps: torch.Tensor) -> torch.Tensor:
        return self._spread(eps, self.kernel.to(eps)) / self.deviation.to(eps)

    @staticmethod
    def _spread(eps: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        return F.conv_transpose2d(eps, kernel, stride=PATCH - OVERLAP, padding=OVERLAP // 2)


def train_static(
    vae: AutoencoderTiny,
    pictures: Path,
    scaling_factor: float,
    checkpoint: Path,
    minutes: float,
    device: str = "cpu",
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> AutoencoderTiny:
    """Train the decoder alone, from `vae` or from `checkpoint`; the encoder is left as it is."""
    arguments = (pictures, scaling_factor, checkpoint, minutes, device, seed, say)
    train_together(_train, device, vae.cpu(), *arguments)
    average = Average(vae.decoder)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    average.load_state_dict(state["parts"]["average"])
    average.copy_to(vae.decoder)
    return vae


def _train(
    member: Member,
    vae: AutoencoderTiny,
    pictures: Path,
    scaling_factor: float,
    checkpoint: Path,
    minutes: float,
    device: str,
    seed: int,
    say: Callable[[str], None],
) -> None:
    torch.manual_seed(seed)
    vae = vae.to(device=device, memory_format=torch.channels_last)
    average = Average(vae.decoder)
    optimizer = torch.optim.AdamW(
        vae.decoder.parameters(), PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01
    )
    parts = {"decoder": vae.decoder, "average": average, "optimizer": optimizer}
    stage = Stage("decoder", checkpoint, minutes, parts, say)
    member.join(stage)
    rng = np.random.default_rng([seed, stage.step, member.rank])
    torch.manual_seed(int(rng.integers(2**40)))
    static, alpha_bars, scenes = Static(), alphas_cumprod().to(device), read(pictures)
    batch = max(BATCH[device] // member.size, 2)
    done = stage.finished
    while not done:
        crops = np.stack([scenes[k] for k in rng.integers(0, len(scenes), batch)])
        x = to_tensor(crops, device)
        z = encode(vae, crops, device).to(device).float() * scaling_factor
        loss = static_loss(vae, x, z, scaling_factor, alpha_bars, static)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        member.agree(vae.decoder, stage)
        done = stage.finished  # asked here, where all members hold the same number
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate(PEAK_RATE)
        torch.nn.utils.clip_grad_norm_(vae.decoder.parameters(), 1.0)
        optimizer.step()
        average.update()
        stage.tick(batch * member.size, loss.detach())
    if not stage.quiet:
        stage.save()


def static_loss(
    vae: AutoencoderTiny,
    x: torch.Tensor,
    z: torch.Tensor,
    scaling_factor: float,
    alpha_bars: torch.Tensor,
    static: Static,
) -> torch.Tensor:
    """Of pictures x and their scaled latents z, the first share clean and the others noised."""
    clean = round(CLEAN_SHARE * len(x))
    t = torch.randint(0, len(alpha_bars), (len(x),), device=x.device)
    eps = torch.randn_like(z)
    noisy, _ = noised(z, eps, alpha_bars[t])
    slightly = RESIDUAL_NOISE * torch.rand(clean, 1, 1, 1, device=z.device)
    noisy[:clean] = z[:clean] + slightly * eps[:clean]
    a = alpha_bars[t].view(-1, 1, 1, 1)
    target = (a.sqrt() * x + STRENGTH * (1 - a).sqrt() * static(eps)).clamp(-1, 1)
    with autocast(x.device.type):
        y = vae.decoder(noisy / scaling_factor)
    y = y.float()
    rough = F.mse_loss(y[clean:], target[clean:]) + 0.5 * F.l1_loss(y[clean:], target[clean:])
    share = clean / len(x)
    return share * picture_loss(y[:clean], x[:clean]) + (1 - share) * rough
