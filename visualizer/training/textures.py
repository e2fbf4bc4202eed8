"""Pictures that are no scenes, so that the autoencoder also keeps a person's own picture."""

from __future__ import annotations

import random
import string

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from visualizer.training.architecture import PICTURE_SIZE as SIZE


def draw_texture(seed: int, index: int) -> NDArray[np.uint8]:
    """Picture `index` of `seed`, (SIZE, SIZE, 3): clouds, gradients, dead leaves or lettering."""
    rng = random.Random(f"texture {seed} {index}")
    kind = rng.choice((_clouds, _leaves, _leaves, _lettering, _mixture))
    return kind(rng)


def _color(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)


def _gradient(rng: random.Random) -> NDArray[np.float64]:
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    t = rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y
    t = (t - t.min()) / (np.ptp(t) + 1e-6)
    a, b = np.array(_color(rng), float), np.array(_color(rng), float)
    shades: NDArray[np.float64] = a + (b - a) * t[..., None]
    return shades


def _clouds(rng: random.Random) -> NDArray[np.uint8]:
    """Noise with the power spectrum of natural pictures, 1/f^a in amplitude."""
    noise = np.random.default_rng(rng.getrandbits(32)).standard_normal((SIZE, SIZE, 3))
    fy, fx = np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(SIZE)[None]
    falloff = np.maximum(np.hypot(fy, fx), 1 / SIZE) ** -rng.uniform(1.0, 2.0)
    shaped = np.fft.ifft2(np.fft.fft2(noise, axes=(0, 1)) * falloff[..., None], axes=(0, 1)).real
    if rng.random() < 0.6:  # mostly brightness, little color
        shaped = shaped.mean(2, keepdims=True) + 0.35 * shaped
    shaped /= shaped.std() + 1e-6
    return _bytes(np.array(_color(rng)) * 0.5 + 64 + rng.uniform(20, 60) * shaped)


def _leaves(rng: random.Random) -> NDArray[np.uint8]:
    """Shapes that cover one another (dead leaves), shaded, from large to small."""
    image = Image.fromarray(_bytes(_gradient(rng)))
    brush = ImageDraw.Draw(image)
    count = rng.randint(5, 40)
    for k in range(count):
        r = SIZE * rng.uniform(0.024, 0.06 + 0.3 * (1 - k / count))
        x, y = rng.uniform(0, SIZE), rng.uniform(0, SIZE)
        box = (x - r, y - r * rng.uniform(0.3, 1), x + r, y + r * rng.uniform(0.3, 1))
        if rng.random() < 0.6:
            brush.ellipse(box, fill=_color(rng))
        else:
            corners = [(x + rng.uniform(-r, r), y + rng.uniform(-r, r)) for _ in range(4)]
            brush.polygon(corners, fill=_color(rng))
    return _bytes(np.asarray(image, float) + 0.3 * (_gradient(rng) - 128))


def _lettering(rng: random.Random) -> NDArray[np.uint8]:
    image = Image.fromarray(_bytes(_gradient(rng)))
    brush = ImageDraw.Draw(image)
    for _ in range(rng.randint(1, 5)):
        font = ImageFont.load_default(rng.randint(SIZE // 9, SIZE // 2))
        word = "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randint(1, 8)))
        place = rng.uniform(-0.08, 0.7) * SIZE, rng.uniform(-0.08, 0.86) * SIZE
        brush.text(place, word, fill=_color(rng), font=font)
    return np.asarray(image).copy()


def _mixture(rng: random.Random) -> NDArray[np.uint8]:
    share = rng.uniform(0.3, 0.8)
    return _bytes(share * _leaves(rng).astype(float) + (1 - share) * _clouds(rng))


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
