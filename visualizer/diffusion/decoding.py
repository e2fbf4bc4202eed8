"""Latents to pictures: exactly, by the model's own VAE, and at once, by an affine map fitted to it.

The fast map takes one latent position to its whole patch of pixels, so a decode is one matrix
product. It is fitted over all noise levels: a decode of static is static there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.atomic import replacing
from visualizer.diffusion.parameterization import FloatArray
from visualizer.diffusion.trajectory import Picture, read_only

if TYPE_CHECKING:
    import torch

FIT_VERSION = 1
"""Part of a kept fast decoder's name: to be raised when the way of fitting changes."""
FIT_NOISE_SHARES = (0.0, 0.0, 0.03, 0.15, 0.4, 0.7, 0.9, 1.0)
"""Variance shares of noise at which a fast decoder is fitted; 0 twice, as clean pictures count."""
_FIT_SIZE = 128  # pixels; a position's patch does not depend on the size of the picture
_FIT_PICTURES = 6


@dataclass(frozen=True, eq=False)
class FastDecoder:
    """An affine map from a latent position to its patch of pixels. numpy only, any thread.

    Attributes:
        matrix: (C+1, 3·f·f) float32; the last row is the constant.
        factor: f, how many pixels one latent position is wide.
    """

    matrix: FloatArray
    factor: int

    def decode(self, latents: FloatArray) -> Picture:
        """(C, h, w) float32 at the model's scale ► (f·h, f·w, 3) uint8."""
        c, h, w = latents.shape
        f = self.factor
        x = latents.reshape(c, h * w).T.astype(np.float32, copy=False)
        pixels = np.nan_to_num(x) @ self.matrix[:-1] + self.matrix[-1]
        np.clip(pixels, 0, 255, out=pixels)
        patches = pixels.astype(np.uint8).reshape(h, w, f, f, 3)
        picture = patches.transpose(0, 2, 1, 3, 4).reshape(h * f, w * f, 3)
        return read_only(np.ascontiguousarray(picture))

    @classmethod
    def fit(cls, latents: list[FloatArray], pictures: list[Picture]) -> FastDecoder:
        """The least-squares map from latents (C, h, w) to their exact pictures (f·h, f·w, 3)."""
        factor = pictures[0].shape[0] // latents[0].shape[1]
        inputs, targets = [], []
        for z, picture in zip(latents, pictures, strict=True):
            c, h, w = z.shape
            inputs.append(np.vstack([z.reshape(c, h * w), np.ones((1, h * w))]).T)
            patches = picture.reshape(h, factor, w, factor, 3).transpose(0, 2, 1, 3, 4)
            targets.append(patches.reshape(h * w, -1).astype(np.float64))
        solution = np.linalg.lstsq(np.concatenate(inputs), np.concatenate(targets), rcond=None)[0]
        solution[-1] += 0.5  # the conversion to uint8 truncates
        return cls(read_only(solution.astype(np.float32)), factor)

    def save(self, path: Path) -> None:
        """Keep it in a cache folder, so that the next start need not fit again."""
        from safetensors.numpy import save

        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(save({"matrix": self.matrix, "factor": np.array([self.factor])}))

    @classmethod
    def load(cls, path: Path) -> FastDecoder | None:
        """Read a kept one; None when there is none that can be read."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            values = load_file(path)
            matrix, factor = values["matrix"], int(values["factor"][0])
        except (OSError, KeyError, IndexError, SafetensorError):
            return None
        fits = matrix.ndim == 2 and len(matrix) > 1 and matrix.shape[1] == 3 * factor**2
        return cls(read_only(matrix), factor) if fits else None


def vae_affine(vae: Any) -> tuple[float, float]:
    """(scaling_factor, shift_factor): z = latents / scaling + shift (Rombach et al. 2022)."""
    config = vae.config
    scaling = getattr(config, "scaling_factor", None)
    return float(scaling or 1.0), float(getattr(config, "shift_factor", None) or 0.0)


def decode_exactly(pipeline: Any, latents: FloatArray) -> Picture:
    """The model's own decode of one latent (C, h, w), as the pipeline itself does it."""
    import torch

    vae = pipeline.vae
    scaling, shift = vae_affine(vae)
    with torch.no_grad(), _upcast(pipeline):
        parameter = next(vae.parameters())
        x = torch.from_numpy(np.nan_to_num(np.array(latents, dtype=np.float32)))[None]
        x = x.to(parameter.device, parameter.dtype)
        # dividing and adding exactly as the pipelines do keeps the last bits
        x = x / scaling + shift if shift else x / scaling
        image = vae.decode(x, return_dict=False)[0]
        picture = pipeline.image_processor.postprocess(image, output_type="pil")[0]
    return read_only(np.asarray(picture.convert("RGB")).copy())


@contextmanager
def _upcast(pipeline: Any) -> Iterator[None]:
    """The VAE in float32 where the pipeline itself does that (SDXL overflows in float16)."""
    import torch

    vae = pipeline.vae
    overflows = vae.dtype == torch.float16 and getattr(vae.config, "force_upcast", False)
    if not (overflows and hasattr(pipeline, "upcast_vae")):
        yield
        return
    vae.to(torch.float32)
    try:
        yield
    finally:
        vae.to(torch.float16)


def encode(pipeline: Any, picture: Picture) -> FloatArray:
    """The model's own encoding of a picture (H, W, 3), at the model's scale: (C, h, w) float32."""
    import torch

    vae = pipeline.vae
    scaling, shift = vae_affine(vae)
    with torch.no_grad(), _upcast(pipeline):
        parameter = next(vae.parameters())
        pixels = torch.from_numpy(np.array(picture, dtype=np.float32) / 127.5 - 1)
        x = pixels.permute(2, 0, 1)[None].to(parameter.device, parameter.dtype)
        z: torch.Tensor = _mean_code(vae.encode(x))
        return np.asarray(((z - shift) * scaling)[0].float().cpu().numpy(), dtype=np.float32)


def _mean_code(encoded: Any) -> Any:
    if hasattr(encoded, "latent_dist"):
        return encoded.latent_dist.mode()
    return encoded.latents if hasattr(encoded, "latents") else encoded.latent


def fit_fast_decoder(pipeline: Any, decode: Any) -> FastDecoder:
    """Fit a fast decoder to a pipeline's VAE, over all noise levels, from drawn pictures.

    Args:
        decode: the exact decode of one latent, (C, h, w) ► (H, W, 3).
    """
    random = np.random.default_rng(0)  # of its own: torch's global generator stays untouched
    latents: list[FloatArray] = []
    for i in range(_FIT_PICTURES):
        clean = encode(pipeline, _dead_leaves(random, _FIT_SIZE))
        shares = FIT_NOISE_SHARES[i % 2 :: 2]
        for share in shares:
            eps = random.standard_normal(clean.shape)
            noisy = np.sqrt(1 - share) * clean + np.sqrt(share) * eps
            latents.append(noisy.astype(np.float32))
    return FastDecoder.fit(latents, [decode(z) for z in latents])


def _dead_leaves(random: np.random.Generator, size: int) -> Picture:
    """Overlapping shaded discs: the simplest picture with the statistics of photographs."""
    y, x = np.mgrid[0:size, 0:size] / size
    picture: NDArray[np.float64] = np.empty((size, size, 3))
    picture[:] = random.uniform(0, 255, 3)
    for _ in range(60):
        radius = 0.04 + 0.3 * random.random() ** 3
        cx, cy = random.uniform(-0.1, 1.1, 2)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < radius**2
        shade = 1 + 0.3 * ((x - cx) * random.uniform(-1, 1) + (y - cy)) / radius
        picture[inside] = (shade[..., None] * random.uniform(0, 255, 3))[inside]
    return np.clip(picture, 0, 255).astype(np.uint8)
