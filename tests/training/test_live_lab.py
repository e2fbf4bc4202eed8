"""The live lab: its loss is the papers', it learns, and the same seed learns the same."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch

from tests.session.plain_autoencoder import PlainAutoencoder
from visualizer.training import live_lab
from visualizer.training.architecture import (
    LATENT_CHANNELS,
    LATENT_SIZE,
    PICTURE_SIZE,
    REDUCTION,
)
from visualizer.training.lab_subjects import BATCH, SUBJECTS
from visualizer.training.live_lab import LiveLab, draw
from visualizer.training.training_loop import LOOP


def lab_of(seed: int = 0, learning_rate: float = 2e-3) -> LiveLab:
    lab = LiveLab(cast("Any", PlainAutoencoder()), seed, learning_rate)
    while not lab.prepare():
        pass
    return lab


def weights_of(lab: LiveLab) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in lab.denoiser.state_dict().items()}


def test_the_loss_is_that_of_the_papers() -> None:
    lab = lab_of()
    dice = torch.Generator()
    dice.set_state(lab._generator.get_state())
    before = weights_of(lab)
    loss = lab.step()

    # the same dice again, and the formulas in double precision
    count = lab.drawings.count
    chosen = torch.randint(0, count, (BATCH,), generator=dice)
    told = torch.where(torch.rand(BATCH, generator=dice) >= 0.1, chosen % 4, 4)
    t = torch.randint(0, 1000, (BATCH,), generator=dice)
    shape = (BATCH, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)
    eps = torch.randn(shape, generator=dice).double().numpy()
    betas = np.linspace(0.00085**0.5, 0.02**0.5, 1000) ** 2
    alpha_bar = np.cumprod(1 - betas)[t.numpy()].reshape(-1, 1, 1, 1)
    drawn = np.stack([draw(0, int(i)) for i in chosen]).astype(np.float64)
    squares = (drawn / 127.5 - 1).reshape(BATCH, LATENT_SIZE, REDUCTION, LATENT_SIZE, REDUCTION, 3)
    small = squares.mean((2, 4)).transpose(0, 3, 1, 2)
    x0 = 2.0 * np.tile(small, (1, 8, 1, 1))[:, :LATENT_CHANNELS]
    x = np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * eps
    v = np.sqrt(alpha_bar) * eps - np.sqrt(1 - alpha_bar) * x0
    lab.denoiser.load_state_dict(before)
    with torch.no_grad():
        v_hat = lab.denoiser(torch.from_numpy(x).float(), t, told).double().numpy()
    assert loss == pytest.approx(((v_hat - v) ** 2).mean(), rel=1e-4)


def test_it_learns_and_the_average_follows() -> None:
    lab = lab_of()
    first = weights_of(lab)
    losses = [lab.step() for _ in range(24)]
    assert np.median(losses[-8:]) < 0.9 * np.median(losses[:4])
    assert lab.pictures == 24 * BATCH
    moved = lab.average.state_dict()
    away = {n: (moved[n] - first[n]).abs().max().item() for n in first}
    assert all(away[name] > 0 for name in ("go.weight", "come.weight"))


def test_the_same_seed_learns_the_same_whether_or_not_it_paints() -> None:
    one, other, third = lab_of(3), lab_of(3), lab_of(4)
    state = torch.random.get_rng_state()
    for _ in range(2):
        one.step()
        other.step()
        third.step()
        painted = [p for p in one.sampling() if p is not None]
    assert torch.equal(state, torch.random.get_rng_state())  # nobody else's dice are thrown
    assert one.losses == other.losses
    assert one.losses != third.losses
    assert len(painted) == len(SUBJECTS)
    assert all(p.shape == (PICTURE_SIZE, PICTURE_SIZE, 3) and p.dtype == np.uint8 for p in painted)


def test_the_lines_are_those_that_are_shown_and_a_step_left_half_way_changes_nothing() -> None:
    lab = lab_of()
    before = weights_of(lab)
    done = []
    for line in lab.lines():
        done.append(line.name)
        assert line.words()
        if line.name == "backward":
            assert all(torch.equal(before[n], w) for n, w in lab.denoiser.state_dict().items())
    assert done == [line.name for line in LOOP]
    assert not torch.equal(before["go.weight"], lab.denoiser.state_dict()["go.weight"])


def test_the_learning_rate_of_the_next_step_counts() -> None:
    still = lab_of(learning_rate=0.0)
    before = weights_of(still)
    still.step()
    assert all(torch.equal(before[n], w) for n, w in still.denoiser.state_dict().items())
    still.learning_rate = 1e-3
    still.step()
    assert not torch.equal(before["go.weight"], still.denoiser.state_dict()["go.weight"])


def test_drawings_come_a_few_at_a_time_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_lab, "DRAWINGS", 80)
    lab = lab_of()
    begun = lab.drawings.count
    lab.step()
    assert lab.drawings.count > begun
    lab.drawings.add(80)
    assert lab.drawings.count == 80
    lab.drawings.add(1)
    assert lab.drawings.count == 80
