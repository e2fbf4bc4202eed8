"""A small dose of the decoder's lesson in static."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from visualizer.training.architecture import (
    LATENT_CHANNELS,
    LATENT_SIZE,
    PICTURE_SIZE,
    build_autoencoder,
)
from visualizer.training.autoencoder import (
    to_tensor,
)
from visualizer.training.denoiser import (
    alphas_cumprod,
)
from visualizer.training.encoding import encode
from visualizer.training.static import Static, static_loss
from visualizer.training.world.composition import draw_scene

LATENT = (LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_scene(1, index)[0] for index in range(4)])


def test_static_has_unit_variance_everywhere_and_follows_its_noise() -> None:
    static = Static()
    eps = torch.randn(300, *LATENT, generator=torch.Generator().manual_seed(3))
    drawn = static(eps)
    assert drawn.shape == (300, 3, PICTURE_SIZE, PICTURE_SIZE)
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
