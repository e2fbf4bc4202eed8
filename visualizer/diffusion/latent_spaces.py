"""The latent spaces: how each kind of autoencoder is fed, in one table.

A sampler's latents become what an autoencoder decodes by a scale and a shift (Rombach et al. 2022),
by statistics a channel, or by batch-norm statistics of whole patches. Every row of ``SPACES`` is
one such way, there and back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from visualizer.diffusion.layout import Arrangement

Tensor = torch.Tensor
Change = Callable[[Any, Tensor], Tensor]
"""(the autoencoder, a batch) ► the batch changed."""


@dataclass(frozen=True)
class LatentSpace:
    """One row: from a sampler's latents to a picture, and back.

    Attributes:
        key: its name in ``families``.
        what: in words, for the table of the documentation.
        arrangement: of the sampler's latents; see ``LatentLayout``.
        part: the pipeline's attribute that decodes; "" where the latents are pixels or are never
            shown.
        unpack: (1, C, h, w), spatial, ► what ``decode`` takes, undoing the scale.
        decode: ► pixels (1, 3, H, W).
        pack: the inverse of ``unpack``.
        encode: pixels −1 … 1 (1, 3, H, W) ► what ``unpack`` gives; None where there is no way back.
        signed: pixels are −1 … 1, not 0 … 1.
    """

    key: str
    what: str
    arrangement: Arrangement
    part: str = "vae"
    unpack: Change = lambda _vae, x: x
    decode: Change = lambda _vae, z: z
    pack: Change = lambda _vae, z: z
    encode: Change | None = None
    signed: bool = True


# --- a scale and a shift --------------------------------------------------------------------------


def _affine(vae: Any) -> tuple[float, float]:
    scaling = getattr(vae.config, "scaling_factor", None)
    return float(scaling or 1.0), float(getattr(vae.config, "shift_factor", None) or 0.0)


def _unscale(vae: Any, x: Tensor) -> Tensor:
    scaling, shift = _affine(vae)
    # dividing and adding exactly as the pipelines do keeps the last bits
    return x / scaling + shift if shift else x / scaling


def _rescale(vae: Any, z: Tensor) -> Tensor:
    scaling, shift = _affine(vae)
    return (z - shift) * scaling


def _sdxl_statistics(vae: Any) -> bool:
    """Playground's and some other SDXL autoencoders keep statistics beside the scale."""
    mean, std = (getattr(vae.config, name, None) for name in ("latents_mean", "latents_std"))
    return mean is not None and std is not None


def _unscale_sdxl(vae: Any, x: Tensor) -> Tensor:
    scaling, _ = _affine(vae)
    if not _sdxl_statistics(vae):
        return x / scaling
    mean, std = _statistics(vae, x)
    return x * std / scaling + mean


def _rescale_sdxl(vae: Any, z: Tensor) -> Tensor:
    scaling, _ = _affine(vae)
    if not _sdxl_statistics(vae):
        return z * scaling
    mean, std = _statistics(vae, z)
    return (z - mean) * scaling / std


# --- statistics a channel -------------------------------------------------------------------------


def _statistics(vae: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """(mean, std) of each channel, shaped to be used on x (1, C, …)."""
    shape = (1, -1, *[1] * (x.ndim - 2))
    mean, std = (
        torch.tensor(values).view(shape).to(x.device, x.dtype)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    return mean, std


def _destandardize(vae: Any, x: Tensor) -> Tensor:
    mean, std = _statistics(vae, x)
    return x * std + mean


def _standardize(vae: Any, z: Tensor) -> Tensor:
    mean, std = _statistics(vae, z)
    return (z - mean) / std


def _as_frame(vae: Any, x: Tensor) -> Tensor:
    """(1, C, h, w) ► (1, C, 1, h, w), standardized by division, as these pipelines write it."""
    x = x[:, :, None]
    shape = (1, -1, 1, 1, 1)
    mean = torch.tensor(vae.config.latents_mean).view(shape).to(x.device, x.dtype)
    inverse = 1.0 / torch.tensor(vae.config.latents_std).view(shape).to(x.device, x.dtype)
    return x / inverse + mean


def _as_frame_by_product(vae: Any, x: Tensor) -> Tensor:
    return _destandardize(vae, x[:, :, None])


def _of_frame(vae: Any, z: Tensor) -> Tensor:
    return _standardize(vae, z)[:, :, 0]


# --- batch-norm statistics of whole patches -------------------------------------------------------


def _bn_statistics(vae: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    mean = vae.bn.running_mean.view(1, -1, 1, 1).to(x.device, x.dtype)
    std = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
    return mean, std.to(x.device, x.dtype)


def _patch_of(vae: Any) -> tuple[int, int]:
    height, width = vae.config.patch_size
    return int(height), int(width)


def _unpatchify(vae: Any, x: Tensor, *, channel_last: bool = False) -> Tensor:
    """(1, C·p·p, h, w) ► (1, C, p·h, p·w) after undoing the batch norm.

    Args:
        channel_last: in a patch the channel comes last (Ideogram), not first (Flux 2).
    """
    mean, std = _bn_statistics(vae, x)
    x = x * std + mean
    ph, pw = _patch_of(vae)
    n, c, h, w = x.shape
    c //= ph * pw
    if channel_last:
        x = x.reshape(n, ph, pw, c, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        x = x.reshape(n, c, ph, pw, h, w).permute(0, 1, 4, 2, 5, 3)
    return x.reshape(n, c, h * ph, w * pw)


def _patchify(vae: Any, z: Tensor, *, channel_last: bool = False) -> Tensor:
    """The inverse of ``_unpatchify``."""
    ph, pw = _patch_of(vae)
    n, c, h, w = z.shape
    order = (0, 3, 5, 1, 2, 4) if channel_last else (0, 1, 3, 5, 2, 4)
    z = z.reshape(n, c, h // ph, ph, w // pw, pw).permute(order)
    z = z.reshape(n, c * ph * pw, h // ph, w // pw)
    mean, std = _bn_statistics(vae, z)
    return (z - mean) / std


# --- decoding and encoding ------------------------------------------------------------------------


def _decode(vae: Any, z: Tensor) -> Tensor:
    return vae.decode(z, return_dict=False)[0]  # type: ignore[no-any-return]


def _decode_frame(vae: Any, z: Tensor) -> Tensor:
    return _decode(vae, z)[:, :3, 0]  # a fourth channel is opacity


def _decode_unquantized(movq: Any, z: Tensor) -> Tensor:
    return movq.decode(z, force_not_quantize=True)["sample"]  # type: ignore[no-any-return]


def _decode_paella(vqgan: Any, z: Tensor) -> Tensor:
    return vqgan.decode(vqgan.config.scale_factor * z).sample  # type: ignore[no-any-return]


def _encode(vae: Any, pixels: Tensor) -> Tensor:
    """The code itself, or the mean of its distribution."""
    encoded = vae.encode(pixels)
    if hasattr(encoded, "latent_dist"):
        return encoded.latent_dist.mode()  # type: ignore[no-any-return]
    return encoded.latents if hasattr(encoded, "latents") else encoded.latent  # type: ignore[no-any-return]


def _encode_frame(vae: Any, pixels: Tensor) -> Tensor:
    channels = int(getattr(vae.config, "in_channels", 3) or 3)
    if channels == 4:
        pixels = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    return _encode(vae, pixels[:, :, None])


def _encode_paella(vqgan: Any, pixels: Tensor) -> Tensor:
    return _encode(vqgan, pixels / 2 + 0.5) / vqgan.config.scale_factor  # type: ignore[no-any-return]


SPACES: dict[str, LatentSpace] = {
    space.key: space
    for space in (
        LatentSpace(
            "scaled",
            "a grid, divided by the scaling factor, plus a shift where there is one",
            "grid",
            "vae",
            _unscale,
            _decode,
            _rescale,
            _encode,
        ),
        LatentSpace(
            "scaled, SDXL",
            "a grid, divided by the scaling factor, with statistics a channel where there are some",
            "grid",
            "vae",
            _unscale_sdxl,
            _decode,
            _rescale_sdxl,
            _encode,
        ),
        LatentSpace(
            "standardized",
            "a grid, times a standard deviation plus a mean, a channel each",
            "grid",
            "vae",
            _destandardize,
            _decode,
            _standardize,
            _encode,
        ),
        LatentSpace(
            "packed, scaled",
            "2 × 2 positions packed into a token; scaled and shifted",
            "patches",
            "vae",
            _unscale,
            _decode,
            _rescale,
            _encode,
        ),
        LatentSpace(
            "packed, standardized",
            "2 × 2 positions packed into a token; statistics a channel; one frame of a video VAE",
            "patches",
            "vae",
            _as_frame,
            _decode_frame,
            _of_frame,
            _encode_frame,
        ),
        LatentSpace(
            "tokens, standardized",
            "a token a position; statistics a channel; one frame of a video VAE with opacity",
            "tokens",
            "vae",
            _as_frame_by_product,
            _decode_frame,
            _of_frame,
            _encode_frame,
        ),
        LatentSpace(
            "tokens, batch norm",
            "a token a patch; batch-norm statistics, then unfolded channel by channel",
            "tokens",
            "vae",
            _unpatchify,
            _decode,
            _patchify,
            _encode,
        ),
        LatentSpace(
            "tokens, batch norm, channel last",
            "a token a patch; batch-norm statistics, then unfolded pixel by pixel",
            "tokens",
            "vae",
            partial(_unpatchify, channel_last=True),
            _decode,
            partial(_patchify, channel_last=True),
            _encode,
        ),
        LatentSpace(
            "unscaled",
            "a grid, decoded as it is by a MOVQ that does not quantize",
            "grid",
            "movq",
            decode=_decode_unquantized,
            encode=_encode,
        ),
        LatentSpace(
            "multiplied",
            "a grid, multiplied by the scale factor of a VQGAN; pixels are 0 … 1",
            "grid",
            "vqgan",
            decode=_decode_paella,
            encode=_encode_paella,
            signed=False,
        ),
        LatentSpace("pixels", "the picture itself", "pixels", ""),
        LatentSpace(
            "video",
            "frames of a video, statistics a channel; the first frame is shown",
            "frames",
            "vae",
            _as_frame,
            _decode_frame,
            _of_frame,
            _encode_frame,
        ),
        LatentSpace("embedding", "a vector that a prior makes; never a picture", "embedding", ""),
        LatentSpace("features", "a grid that a prior makes; never a picture", "features", ""),
    )
}
