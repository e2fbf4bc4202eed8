"""A small dose of the autoencoder's training."""

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
    psnr,
    reconstruction_loss,
    to_tensor,
)
from visualizer.training.encoding import encode
from visualizer.training.world.composition import draw_scene

LATENT = (LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_scene(1, index)[0] for index in range(4)])


def test_the_autoencoder_learns(pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae = build_autoencoder()
    half = PICTURE_SIZE // 2  # as in the first part of the training, on windows
    x = to_tensor(pictures[:2, :half, half:], "cpu")
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
    assert encode(vae, pictures[:1]).shape == (1, *LATENT)
    assert 3 < psnr(vae, pictures[:1]) < 40
