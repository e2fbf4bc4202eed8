"""The fast decoder: near the exact one in every kind of latent space, and quick to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from tests.builtin_sizes import CHANNELS, HEIGHT, LATENT, LATENT_SIDE, REDUCTION, WIDTH
from tests.families import FAMILIES
from visualizer.diffusion import Model, SamplingRequest, sample
from visualizer.diffusion.families import family_named
from visualizer.diffusion.fast_decoder import FastDecoder, FastDecoderFit

if TYPE_CHECKING:
    from pathlib import Path

    from visualizer.diffusion.arrays import FloatArray, Picture

QUICK_SPACES = ("multiplied", "standardized", "video", "pixels")


def psnr(shown: Picture, exact: Picture) -> float:
    difference = shown.astype(float) - exact.astype(float)
    return float(10 * np.log10(255**2 / max(np.mean(difference**2), 1e-6)))


def flat(exact: Picture) -> Picture:
    """The best that one color can do."""
    return np.broadcast_to(exact.mean((0, 1)), exact.shape)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "family" not in metafunc.fixturenames:
        return
    first: dict[str, str] = {}
    for name in FAMILIES:
        first.setdefault(family_named(name).space, name)
    if not metafunc.config.getoption("--all-families"):
        first = {space: first[space] for space in QUICK_SPACES}
    metafunc.parametrize("family", list(first.values()), ids=list(first))


def noisy(z: FloatArray, share: float, seed: int) -> FloatArray:
    eps = np.random.default_rng(seed).standard_normal(z.shape)
    return np.asarray(np.sqrt(1 - share) * z + np.sqrt(share) * eps, dtype=np.float32)


def test_it_fits_the_autoencoders_of_every_latent_space(family: str) -> None:
    model = Model(FAMILIES[family].build(torch.float32))
    latents: list[FloatArray] = []

    def encode(picture: Picture) -> FloatArray:
        latents.append(model.encode(picture))
        return latents[-1]

    fit = FastDecoderFit(encode, model.decode)
    while not fit.finished:
        fit.advance()
    fast = fit.decoder()
    for share in (0.0, 0.3, 1.0):
        x = noisy(latents[-1], share, seed=1)
        exact = model.decode(x)
        assert psnr(fast.decode(x, share), exact) > psnr(flat(exact), exact)


class LinearAutoencoder:
    """Patches of pixels to channels by a random matrix and, as well as can be, back again."""

    def __init__(self, channels: int, factor: int) -> None:
        random = np.random.default_rng(0)
        self.factor = factor
        self.down = random.standard_normal((3 * factor**2, channels)) / factor
        self.up = np.linalg.pinv(self.down)

    def encode(self, picture: Picture) -> FloatArray:
        f = self.factor
        h, w = picture.shape[0] // f, picture.shape[1] // f
        patches = picture.reshape(h, f, w, f, 3).transpose(0, 2, 1, 3, 4).reshape(h, w, -1)
        z = (patches / 127.5 - 1) @ self.down
        return np.asarray(z.transpose(2, 0, 1), dtype=np.float32)

    def decode(self, latents: FloatArray) -> Picture:
        f = self.factor
        _, h, w = latents.shape
        patches = np.tanh(latents.transpose(1, 2, 0) @ self.up) * 127.5 + 127.5
        picture = patches.reshape(h, w, f, f, 3).transpose(0, 2, 1, 3, 4)
        return picture.reshape(h * f, w * f, 3).round().astype(np.uint8)


@pytest.mark.parametrize(
    ("channels", "factor"), [(3, 1), (4, 8), (16, 8), (48, 16), (32, 32), (128, 16)]
)
def test_every_number_of_channels_and_every_factor_is_settled(channels: int, factor: int) -> None:
    autoencoder = LinearAutoencoder(channels, factor)
    seen: list[FloatArray] = []

    def encode(picture: Picture) -> FloatArray:
        seen.append(autoencoder.encode(picture))
        return seen[-1]

    fit = FastDecoderFit(encode, autoencoder.decode)
    assert not fit.usable
    while not fit.usable:
        fit.advance()
    early = fit.decoder()
    while not fit.finished:
        fit.advance()
    fast = fit.decoder()
    assert fast.factor == early.factor == factor
    for share in (0.0, 0.3, 1.0):
        x = noisy(seen[-1][:, 2:], share, seed=1)  # not square
        exact = autoencoder.decode(x)
        assert psnr(fast.decode(x, share), exact) > psnr(flat(exact), exact) + 3


def test_it_comes_near_the_exact_pictures_of_real_runs(builtin: Model) -> None:
    run = sample(builtin, SamplingRequest("a blue boat on a lake at night", seed=2, steps=10))
    for k in (0, 5, 10):
        assert psnr(builtin.fast_decoder.show(run.steps[k], "noisy"), run.picture(k)) > 18
    assert psnr(builtin.fast_decoder.show(run.steps[10], "noisy"), run.picture(10)) > 20


def test_numbers_that_overflowed_are_shown_all_the_same(builtin: Model) -> None:
    x = np.full(LATENT, np.nan, dtype=np.float32)
    x[:, : LATENT_SIDE // 2] = np.inf
    assert builtin.fast_decoder.decode(x).shape == (HEIGHT, WIDTH, 3)


def test_the_shipped_one_is_taken_before_anything_is_fitted(
    builtin: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "begin_fast_decoder", lambda self: pytest.fail("it is fitted"))
    fresh = Model(builtin.pipeline)
    assert fresh.fast_decoder.factor == REDUCTION
    assert fresh.fast_decoder.maps.shape[1] > CHANNELS


def test_a_kept_one_shows_the_same(builtin: Model, tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal(LATENT).astype(np.float32)
    builtin.fast_decoder.save(tmp_path / "kept.safetensors")
    kept = FastDecoder.load(tmp_path / "kept.safetensors")
    assert kept is not None
    assert np.array_equal(kept.decode(x, 0.2), builtin.fast_decoder.decode(x, 0.2))
