"""What does not depend on words: how faithful the autoencoder is, static, and speed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from visualizer.training import plan
from visualizer.training.architecture import PICTURE_SIZE, REDUCTION

if TYPE_CHECKING:
    import torch

    from visualizer.training.evaluation.generated import Generator
    from visualizer.training.evaluation.prompts import Asked

SCENES, TEXTURES = 256, 128
STATICS = 32
PICTURES = (".jpg", ".jpeg", ".png")
TIMED = 5
BLOCK = REDUCTION
"""Static has no lighter and darker regions: looked at in blocks as large as a latent position."""


def photographs(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """The pictures of a folder by name, as squares (256, 256, 3).

    Raises:
        ValueError: when there are none, or one cannot be read, in a sentence.
    """
    found = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in PICTURES]
    if not found:
        raise ValueError(f"{folder} holds no pictures ({', '.join(PICTURES)}).")
    return {path.stem: _square(path) for path in found}


def _square(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            square = ImageOps.fit(image.convert("RGB"), (PICTURE_SIZE, PICTURE_SIZE))
    except OSError as error:
        raise ValueError(f"{path} cannot be read as a picture ({error}).") from error
    return np.asarray(square)


def faithfulness(
    vae: Any,
    given: Mapping[str, NDArray[np.uint8]],
    scenes: int = SCENES,
    textures: int = TEXTURES,
) -> dict[str, Any]:
    """PSNR in dB of held-out scenes, of textures and of photographs, if any are given by name."""
    from visualizer.training.autoencoder import psnr
    from visualizer.training.textures import draw_texture
    from visualizer.training.world.composition import draw_scene

    seed = plan.HELD_OUT_SEED
    drawn = np.stack([draw_scene(seed, k)[0] for k in range(scenes)])
    figures: dict[str, Any] = {
        "scenes": {"mean": round(psnr(vae, drawn), 2), "count": scenes},
        "textures": {
            "mean": round(psnr(vae, np.stack([draw_texture(seed, k) for k in range(textures)])), 2),
            "count": textures,
        },
    }
    if given:
        each = {name: round(psnr(vae, picture[None]), 2) for name, picture in given.items()}
        mean = round(statistics.fmean(each.values()), 2)
        figures["photographs"] = {"mean": mean, "count": len(each), "each": each}
    return figures


def sent_through(vae: Any, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) encoded and decoded again, in bytes as the pipeline does it."""
    import torch

    from visualizer.training.autoencoder import to_tensor

    copies = np.empty_like(pictures)
    with torch.no_grad():
        for k, picture in enumerate(pictures):
            x = to_tensor(np.array(picture[None]), str(vae.device)).to(vae.dtype)
            copies[k] = _in_bytes(vae.decoder(vae.encoder(x)))
    return copies


def _in_bytes(decoded: torch.Tensor) -> NDArray[np.uint8]:
    """A decoded picture (1, 3, H, W) in −1…1 as (H, W, 3)."""
    x = decoded[0].float().clamp(-1, 1).add(1).mul(127.5).round().byte()
    return np.asarray(x.permute(1, 2, 0).cpu().numpy())


def decoded_noise(pipeline: Any, count: int = STATICS) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) that the model decodes from pure noise."""
    import torch

    vae = pipeline.vae
    side = pipeline.unet.config.sample_size
    shape = (count, vae.config.latent_channels, side, side)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        latents = noise.to(vae.device, vae.dtype)[:, None]
        return np.stack([_in_bytes(vae.decoder(z / vae.config.scaling_factor)) for z in latents])


def like_static(pictures: NDArray[np.uint8]) -> dict[str, float]:
    """How near pictures (N, H, W, 3) are to white noise.

    "neighbors" is the correlation of neighboring pixels, 0 for white noise. "deviation" is the
    standard deviation of a pixel, of 255. "blocks" is how far the means of blocks of BLOCK × BLOCK
    pixels deviate, in units of how far they do in white noise: 1 for that, BLOCK where every block
    has a color of its own.
    """
    x = pictures.astype(np.float64) - pictures.mean((0, 1, 2))
    variance = np.square(x).mean()
    across, down = (x[:, :, 1:] * x[:, :, :-1]).mean(), (x[:, 1:] * x[:, :-1]).mean()
    count, height, width, _ = x.shape
    rows, columns = height // BLOCK, width // BLOCK
    cut = x[:, : rows * BLOCK, : columns * BLOCK]
    means = cut.reshape(count, rows, BLOCK, columns, BLOCK, 3).mean((2, 4))
    return {
        "neighbors": round(float((across + down) / 2 / variance), 4),
        "deviation": round(float(np.sqrt(variance)), 2),
        "blocks": round(float(np.sqrt(np.square(means).mean() / variance) * BLOCK), 3),
    }


def white_noise(deviation: float, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Bytes around the middle that know nothing of each other."""
    drawn = np.random.default_rng(0).normal(127.5, deviation, shape)
    return np.asarray(np.clip(drawn.round(), 0, 255), np.uint8)


def static_figures(pipeline: Any) -> dict[str, Any]:
    """``like_static`` of decoded noise, and of white noise of the same deviation."""
    pictures = decoded_noise(pipeline)
    found = like_static(pictures)
    white = like_static(white_noise(found["deviation"], pictures.shape))
    return {"decoded": found, "white_noise": white, "count": len(pictures)}


def seconds_a_picture(generator: Generator, asked: Asked, steps: int) -> float:
    """The median of five, one picture at a time."""
    generator.at_once([asked], min(steps, 2))  # the first one warms up
    taken = []
    for _ in range(TIMED):
        began = time.perf_counter()
        generator.at_once([asked], steps)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
