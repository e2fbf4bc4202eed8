"""Pictures to latents: the round trip is the autoencoder's own, for every kind of latents."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.example_runs import make_picture
from tests.families import FAMILIES
from tests.families.test_observed import FIELDS, PROMPT, one_a_space
from visualizer.diffusion import Model, RequestError, SamplingRequest, sample
from visualizer.diffusion.encoding import EncodedPicture, RoundTrip, encode_picture, why_not
from visualizer.diffusion.forward import destroyed_in_latents
from visualizer.diffusion.request import FrozenMapping
from visualizer.diffusion.starts import FromPicture

NOT_ENCODED = {"HeliosPipeline": "makes videos", "HeliosPyramidPipeline": "makes videos"}


@pytest.fixture(scope="module", params=one_a_space())
def case(request: pytest.FixtureRequest) -> tuple[str, Model, SamplingRequest]:
    """A tiny pipeline of each kind of latents, and what it is asked for."""
    dummy = FAMILIES[request.param]
    model = Model(dummy.build(torch.float32))
    given = dummy.arguments()
    fields = {name: given.pop(name) for name in FIELDS if name in given}
    if model.family.guidance != "guidance_scale" and "guidance_scale" in fields:
        given[model.family.guidance or "guidance_scale"] = fields.pop("guidance_scale")
    extra = FrozenMapping(given)
    return request.param, model, SamplingRequest(PROMPT, seed=3, steps=3, extra=extra, **fields)


def own_round_trip(model: Model, encoded: EncodedPicture) -> Any:
    """The autoencoder's own ``forward``, or its two halves where that quantizes or samples."""
    pixels = torch.from_numpy(np.array(encoded.round_trip.original)).permute(2, 0, 1)[None]
    x = pixels / 127.5 - 1
    part = model.latent_space.part
    if not part:
        return encoded.round_trip.original
    vae = getattr(model.pipeline, part)
    with torch.no_grad():
        if part == "movq":
            y = vae.decode(vae.encode(x).latents, force_not_quantize=True).sample
        elif part == "vqgan":
            y = vae.decode(vae.encode(x / 2 + 0.5).latents).sample * 2 - 1
        elif "Qwen" in type(vae).__name__:
            channels = int(getattr(vae.config, "in_channels", 3) or 3)
            whole = torch.cat([x, torch.ones_like(x[:, :1])], 1) if channels == 4 else x
            y = vae(whole[:, :, None], sample_posterior=False).sample[:, :3, 0]
        else:
            y = vae(x, sample_posterior=False).sample
    shown = (y * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).numpy()
    return np.round(shown * 255)


def test_encoded_and_decoded_is_the_autoencoders_own_round_trip(
    case: tuple[str, Model, SamplingRequest],
) -> None:
    name, model, request = case
    picture = make_picture(0.2, size=96)
    if name in NOT_ENCODED:
        assert NOT_ENCODED[name] in why_not(model)
        with pytest.raises(RequestError, match=NOT_ENCODED[name]):
            encode_picture(model, picture, request)
        return
    assert why_not(model) == ""
    encoded = encode_picture(model, picture, request)
    again = encode_picture(model, picture, replace(request, prompt="other words"))
    assert np.array_equal(encoded.latents, again.latents)  # the mode: nothing is drawn
    assert np.array_equal(encoded.noise, again.noise)
    assert encoded.noise.shape == encoded.latents.shape
    trip = encoded.round_trip
    assert trip.original.shape == trip.decoded.shape
    np.testing.assert_allclose(trip.decoded, own_round_trip(model, encoded), atol=1.01)


def test_a_run_begins_with_the_very_latent_of_its_forward_process(
    case: tuple[str, Model, SamplingRequest],
) -> None:
    name, model, request = case
    picture = make_picture(0.2, size=96)
    wanted = replace(request, start=FromPicture(picture, 1))
    if name in NOT_ENCODED or model.family.stages:
        with pytest.raises(RequestError, match=r"videos|several stages"):
            sample(model, wanted)
        return
    encoded = encode_picture(model, picture, request)
    forward = destroyed_in_latents(encoded, request, model.identity)
    run = sample(model, wanted)
    assert len(run.steps) == len(forward.steps) - 1
    assert run.planned == encoded.plan.levels[1:]
    assert np.array_equal(run.steps[0].latents, forward.steps[-2].latents)
    assert run.final is not None
    assert [step.index for step in run.steps] == list(range(len(run.steps)))


def test_a_decoder_alone_encodes_nothing() -> None:
    dummy = FAMILIES["StableDiffusionPipeline"]
    model = Model(dummy.build(torch.float32))
    model.pipeline.vae.encoder = None
    assert "no encoder" in why_not(model)
    assert "no encoder" in model.facts.no_encoder
    with pytest.raises(RequestError, match="no encoder"):
        model.plan(SamplingRequest("a boat", start=FromPicture(make_picture(0.2), 0)))


def test_the_round_trip_is_measured_in_decibels() -> None:
    picture = make_picture(0.2)
    assert RoundTrip(picture, picture).psnr_db == math.inf
    off = np.clip(picture.astype(int) + 10, 0, 255).astype(np.uint8)
    error = np.mean((picture.astype(float) - off) ** 2)
    assert RoundTrip(picture, off).psnr_db == pytest.approx(20 * math.log10(255 / error**0.5))
