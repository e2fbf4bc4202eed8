"""Latents to pictures by a tiny autoencoder (TAESD), where one that fits is on this computer.

Tiny autoencoders were distilled from those of known families (Bohan, "Tiny AutoEncoder for Stable
Diffusion") and read latents at the sampler's scale. Their names say little: one is taken only when
its picture of an example is nearly the model's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.fast_decoder import dead_leaves, resized_and_cropped
from visualizer.diffusion.found_models import hub_cache
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.model_folder import ModelError, inspect_part, read_json
from visualizer.diffusion.opening import check_shapes, loading
from visualizer.diffusion.step import Step
from visualizer.diffusion.views import View, view_latents

CLASS = "AutoencoderTiny"
WEIGHTS = "diffusion_pytorch_model.safetensors"
MOST_BYTES = 100_000_000
"""The largest known has 20 million."""
LEAST_LIKENESS = 17.0
"""dB. One of another family, or with another scale, shows the example at 8 to 13."""
SMALL_SHARE = 0.02
"""Of a step's time: what previews may take while the sampler waits for them."""
_EXAMPLE_SIDE = 128


class TinyDecoder:
    """A tiny autoencoder that shows a model's latents.

    torch runs on the calling thread: only the one that owns the model's weights may ask.

    Args:
        vae: an AutoencoderTiny, on the device where it is to run.
    """

    def __init__(self, vae: Any) -> None:
        self._vae = vae
        # its own scale, 1 where it was made to read a sampler's latents as they are
        self._scaling = float(getattr(vae.config, "scaling_factor", None) or 1.0)
        self._seconds_a_pixel = 0.0

    def show(self, step: Step, view: View) -> Picture:
        """The view "noisy", "denoised", "noise" or "unprompted" of a step: (H, W, 3) uint8.

        Raises:
            LookupError: when the view is empty at this step.
        """
        picture = self.decode(step.layout.spatial(view_latents(step, view)))
        size = step.layout.picture_size
        return picture if size is None else resized_and_cropped(picture, size)

    def decode(self, latents: FloatArray, noise_share: float = 0.0) -> Picture:
        """(C, h, w) float32 at the sampler's scale ► (f·h, f·w, 3) uint8.

        Args:
            noise_share: not needed; it is there because fast decoders have it.
        """
        del noise_share
        began = time.perf_counter()
        parameter = next(self._vae.parameters())
        x = torch.from_numpy(np.nan_to_num(np.array(latents, dtype=np.float32)))[None]
        x = x / self._scaling
        with torch.no_grad():
            pixels = self._vae.decode(x.to(parameter.device, parameter.dtype)).sample[0]
        shown = (pixels.float() * 127.5 + 127.5).clamp(0, 255).round().to(torch.uint8)
        picture = np.ascontiguousarray(shown.permute(1, 2, 0).cpu().numpy())
        self._seconds_a_pixel = (time.perf_counter() - began) / picture[..., 0].size
        return read_only(picture)

    def keeps_up(self, step: Step, seconds: float) -> bool:
        """Whether two previews of a step are small beside the ``seconds`` that a step takes.

        Never on a device that queues its work: reading a picture would wait for all of it.
        """
        if next(self._vae.parameters()).device.type != "cpu":
            return False
        _, h, w = step.layout.spatial(step.latents).shape
        pixels = h * w * _factor(self._vae.config) ** 2
        return bool(2 * pixels * self._seconds_a_pixel <= SMALL_SHARE * seconds)


def find_tiny_autoencoder(
    encode: Callable[[Picture], FloatArray],
    decode: Callable[[FloatArray], Picture],
    *,
    beside: Path | None = None,
    device: str = "cpu",
) -> TinyDecoder | None:
    """The tiny autoencoder on this computer that shows latents as the model does, or None.

    It looks through the Hugging Face cache and the folders beside the model; nothing is fetched.

    Args:
        encode: the model's own, a picture (H, W, 3) ► its latent (C, h, w).
        decode: the model's own, back again.
        beside: the model's folder.
        device: where it is to run.
    """
    folders = [*_candidates(beside)]
    if not folders:
        return None
    try:
        example = encode(dead_leaves(np.random.default_rng(1), _EXAMPLE_SIDE))
    except LookupError:
        return None
    exact: Picture | None = None
    best: tuple[float, TinyDecoder] | None = None
    for folder in folders:
        tiny = _opened(folder, channels=len(example), device=device)
        if tiny is None:
            continue
        shown = tiny.decode(example)
        exact = decode(example) if exact is None else exact
        likeness = _psnr(shown, exact) if shown.shape == exact.shape else 0.0
        if likeness >= LEAST_LIKENESS and (best is None or likeness > best[0]):
            best = (likeness, tiny)
    if best is None:
        return None
    best[1].decode(example)  # once more, warm: how long it takes is remembered
    return best[1]


def _candidates(beside: Path | None) -> Iterator[Path]:
    """Folders whose config.json says that an AutoencoderTiny lies in them."""
    for folder in (*_snapshots(hub_cache()), *_neighbors(beside)):
        if _config_of(folder).get("_class_name") == CLASS:
            yield folder


def _snapshots(cache: Path) -> Iterable[Path]:
    return sorted(cache.glob("models--*/snapshots/*")) if cache.is_dir() else ()


def _neighbors(folder: Path | None) -> Iterable[Path]:
    if folder is None or not folder.parent.is_dir():
        return ()
    try:
        return sorted(path for path in folder.parent.iterdir() if (path / "config.json").is_file())
    except OSError:
        return ()


def _config_of(folder: Path) -> dict[str, Any]:
    if not (folder / WEIGHTS).is_file() or not (folder / "config.json").is_file():
        return {}
    try:
        return read_json(folder / "config.json", "The config.json")
    except ModelError:
        return {}


def _opened(folder: Path, *, channels: int, device: str) -> TinyDecoder | None:
    """None where it reads other latents, or is not sound: previews can do without it."""
    try:
        part = inspect_part(folder, "diffusers", CLASS)
        reads = (part.config or {}).get("latent_channels", 4)
        if reads != channels or part.bytes > MOST_BYTES:
            return None
        check_shapes(part, folder.name)
        with loading(folder.name):
            vae = diffusers.AutoencoderTiny.from_pretrained(
                str(folder), use_safetensors=True, local_files_only=True
            )
            return TinyDecoder(vae.to(device).eval().requires_grad_(False))
    except (ModelError, OSError):
        return None


def _factor(config: Any) -> int:
    """How many pixels one latent position is wide."""
    return int(config.upsampling_scaling_factor ** (len(config.decoder_block_out_channels) - 1))


def _psnr(shown: Picture, exact: Picture) -> float:
    error = np.mean((shown.astype(np.float32) - exact.astype(np.float32)) ** 2)
    return float(10 * np.log10(255**2 / max(float(error), 1e-6)))
