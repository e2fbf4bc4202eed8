"""Pictures to latents: by the model's own encoder, as exactly as ``decoding`` goes the other way.

An autoencoder gives a distribution of latents (Kingma & Welling 2014); its mode is taken, so that
the same picture is the same latent every time. What the round trip through it loses is no noise:
``RoundTrip`` shows it before any noise is added (Rombach et al. 2022, section 3.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.given_pictures import cover
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.starts import FROM_SEED, RequestError

if TYPE_CHECKING:
    from visualizer.diffusion.facts import Plan
    from visualizer.diffusion.model import Model
    from visualizer.diffusion.request import SamplingRequest


@dataclass(frozen=True, eq=False)
class RoundTrip:
    """A picture, and what comes back when it is encoded and decoded without any noise.

    Attributes:
        original, decoded: (H, W, 3) uint8, of the size of a run.
    """

    original: Picture
    decoded: Picture

    @property
    def psnr_db(self) -> float:
        """Peak signal-to-noise ratio 10·log₁₀(255² / mean square error), in dB; inf when equal."""
        error = self.original.astype(np.float64) - self.decoded
        square = float(np.mean(error**2))
        return 10 * math.log10(255**2 / square) if square else math.inf


@dataclass(frozen=True, eq=False)
class EncodedPicture:
    """A picture in the size of a run, as the model's latent, and the noise that may drown it.

    Attributes:
        round_trip: the picture, and the decode of ``latents``.
        latents: x₀ at the sampler's scale, float32, in ``layout``.
        noise: ε of the seed at unit scale, in the same shape: what a run of the request begins
            with, where a run can begin with this picture.
        layout: how both lie on the picture.
        plan: of the request, from pure noise.
    """

    round_trip: RoundTrip
    latents: FloatArray
    noise: FloatArray
    layout: LatentLayout
    plan: Plan


def why_not(model: Model) -> str:
    """A sentence saying why pictures do not become latents of a model, or "" where they do."""
    family, space = model.family, model.latent_space
    if space.arrangement == "frames" or family.loops:
        return (
            "This model makes videos: a single picture is not what it denoises. Open a model of "
            "pictures to destroy one."
        )
    part = getattr(model.pipeline, space.part, None) if space.part else None
    encodes = space.encode is not None and callable(getattr(part, "encode", None))
    if space.part and (not encodes or getattr(part, "encoder", part) is None):
        return (
            "The part of this model that decodes has no encoder with it: nothing leads from a "
            "picture to its latents."
        )
    return ""


def encode_picture(model: Model, picture: Picture, request: SamplingRequest) -> EncodedPicture:
    """The latent of a picture for the runs of a request, and their noise.

    Args:
        picture: (H, W, 3) uint8 of any size; its middle is cut to the size of the run.
        request: its seed, size, sampler and steps count, not its words.

    Raises:
        RequestError: when the model cannot encode pictures, or cannot do the request.
    """
    check_encodes(model)
    wordless = replace(request, prompt="", negative_prompt=None, start=FROM_SEED)
    original, plan = fitted(model, picture, request)
    spatial = model.encode(original)
    rows, columns = model.decode(spatial).shape[:2] if model.family.any_size else original.shape[:2]
    if (rows, columns) != original.shape[:2]:  # sides that are no whole latent positions
        original = cover(picture, columns, rows)
        spatial = model.encode(original)
    if plan.stages:  # a prior comes before: no run begins with this picture, nor with its noise
        layout = LatentLayout(model.latent_space.arrangement)
        rng = np.random.default_rng(request.seed)
        noise: FloatArray = rng.standard_normal(spatial.shape, dtype=np.float32)
        latents = spatial
    else:
        from visualizer.diffusion.starting_noise import starting_noise

        [(noise, layout)] = starting_noise(model, [wordless])
        latents = laid_out(model, original, spatial, noise, layout)
    _check_finite(latents)
    decoded = model.decode(latents, layout)
    return EncodedPicture(
        RoundTrip(original, decoded), read_only(latents), read_only(noise), layout, plan
    )


def fitted(model: Model, picture: Picture, request: SamplingRequest) -> tuple[Picture, Plan]:
    """The middle of a picture in the size of a request's runs, and the levels from pure noise.

    Raises:
        RequestError: when the model cannot do the request.
    """
    plan = model.plan(replace(request, prompt="", negative_prompt=None, start=FROM_SEED))
    return cover(picture, *model.size_of(request)), plan


def laid_out(
    model: Model, original: Picture, spatial: FloatArray, like: FloatArray, layout: LatentLayout
) -> FloatArray:
    """A picture's latent in the layout of a run's latents.

    Args:
        original: the picture in the size that was asked for.
        spatial: its latent (C, h, w).
        like: a latent of the run. Where that is of other sides, because the pipeline samples the
            nearest size it was trained on, the picture is encoded in that size.
    """
    rows, columns = layout.spatial(like).shape[1:]
    if spatial.shape[1:] != (rows, columns):
        height, width = original.shape[:2]
        size = width * columns // spatial.shape[2], height * rows // spatial.shape[1]
        spatial = model.encode(cover(original, *size))
    return np.ascontiguousarray(layout.packed(spatial, like), dtype=np.float32)


def check_encodes(model: Model) -> None:
    """Refuse a model that cannot encode pictures.

    Raises:
        RequestError: with the reason.
    """
    reason = why_not(model)
    if reason:
        raise RequestError(reason)


def _check_finite(latents: FloatArray) -> None:
    if not np.isfinite(latents).all():
        raise RequestError(
            "The model's encoder overflowed on this picture (NaN). Open the model in float32."
        )
