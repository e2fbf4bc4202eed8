"""Tiny pipelines with plain latents: PixArt, HunyuanDiT, AuraFlow, CogView3 and 4, Kolors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.families.clip_and_t5 import (
    WIDTH,
    bert_encoder,
    bert_tokenizer,
    chatglm_encoder,
    chatglm_tokenizer,
    glm_encoder,
    glm_tokenizer,
    t5_encoder,
    t5_tokenizer,
)
from tests.families.dummy import Dummy, autoencoder, nothing, picture, redraw, seeded
from tests.families.stable_diffusion import BETAS, size_conditioning, unet
from visualizer.diffusion.libraries import diffusers

LATENT_SIZE = 8

_LINEAR_BETAS = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}


def _transformer(model: str, **config: Any) -> Any:
    """A transformer of four heads on patches of 2 × 2."""
    return redraw(
        getattr(diffusers, model)(
            sample_size=LATENT_SIZE,
            patch_size=2,
            num_attention_heads=4,
            attention_head_dim=WIDTH // 4,
            **config,
        )
    )


def _pixart(pipeline: str, scheduler: Callable[..., Any] = diffusers.DDIMScheduler) -> Any:
    return getattr(diffusers, pipeline)(
        transformer=_transformer(
            "PixArtTransformer2DModel",
            in_channels=4,
            out_channels=8,
            num_layers=2,
            caption_channels=WIDTH,
            cross_attention_dim=WIDTH,
        ),
        vae=autoencoder(blocks=2),
        text_encoder=t5_encoder(),
        tokenizer=t5_tokenizer(),
        scheduler=scheduler(**_LINEAR_BETAS),
    )


def _hunyuan(pipeline: str) -> Any:
    return getattr(diffusers, pipeline)(
        transformer=_transformer(
            "HunyuanDiT2DModel",
            in_channels=4,
            num_layers=2,
            hidden_size=WIDTH,
            cross_attention_dim=WIDTH,
            cross_attention_dim_t5=WIDTH,
            pooled_projection_dim=WIDTH,
        ),
        # Positions are counted in eighths of the picture, whatever the autoencoder does.
        vae=autoencoder(blocks=4, width=8),
        text_encoder=bert_encoder(),
        tokenizer=bert_tokenizer(),
        text_encoder_2=t5_encoder(),
        tokenizer_2=t5_tokenizer(),
        scheduler=diffusers.DDPMScheduler(
            **BETAS, prediction_type="v_prediction", clip_sample=False
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _aura_flow(pipeline: str) -> Any:
    return getattr(diffusers, pipeline)(
        transformer=_transformer(
            "AuraFlowTransformer2DModel",
            in_channels=4,
            out_channels=4,
            num_mmdit_layers=1,
            num_single_dit_layers=1,
            joint_attention_dim=WIDTH,
            caption_projection_dim=WIDTH,
        ),
        vae=autoencoder(blocks=2),
        text_encoder=t5_encoder("UMT5"),
        tokenizer=t5_tokenizer(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=1.73),
    )


_COGVIEW: dict[str, Any] = {
    "out_channels": 4,
    "num_layers": 2,
    "text_embed_dim": WIDTH,
    "time_embed_dim": WIDTH,
    "condition_dim": 8,
    "pos_embed_max_size": 16,
}


def _cogview3(pipeline: str) -> Any:
    return getattr(diffusers, pipeline)(
        transformer=_transformer("CogView3PlusTransformer2DModel", **_COGVIEW, in_channels=4),
        vae=autoencoder(blocks=2),
        text_encoder=t5_encoder(),
        tokenizer=t5_tokenizer(),
        scheduler=diffusers.CogVideoXDDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            prediction_type="v_prediction",
            rescale_betas_zero_snr=True,
            timestep_spacing="trailing",
        ),
    )


def _cogview4(pipeline: str, in_channels: int = 4) -> Any:
    return getattr(diffusers, pipeline)(
        transformer=_transformer(
            "CogView4Transformer2DModel",
            **_COGVIEW,
            in_channels=in_channels,
            rope_axes_dim=(16, 16),
        ),
        vae=autoencoder(blocks=2),
        text_encoder=glm_encoder(),
        tokenizer=glm_tokenizer(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
            base_shift=0.25,
            max_shift=0.75,
            base_image_seq_len=256,
            use_dynamic_shifting=True,
            time_shift_type="linear",
        ),
    )


def _kolors(pipeline: str) -> Any:
    return getattr(diffusers, pipeline)(
        unet=unet(
            **size_conditioning(embeddings=WIDTH, pooled=WIDTH),
            encoder_hid_dim=WIDTH,
            encoder_hid_dim_type="text_proj",
        ),
        vae=autoencoder(blocks=2),
        text_encoder=chatglm_encoder(),
        tokenizer=chatglm_tokenizer(),
        scheduler=diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="leading"),
    )


def _own_size() -> dict[str, Any]:
    """The size of the model, and not the nearest one of those that the real model knows."""
    return {"use_resolution_binning": False}


def _size() -> dict[str, Any]:
    return {"height": 2 * LATENT_SIZE, "width": 2 * LATENT_SIZE, **_short_prompt()}


def _short_prompt() -> dict[str, Any]:
    return {"max_sequence_length": 16}


def _control_image() -> dict[str, Any]:
    return {"control_image": picture(2 * LATENT_SIZE)}


def _dummy(
    family: Callable[..., Any],
    pipeline: str,
    arguments: Callable[[], dict[str, Any]] = nothing,
    **config: Any,
) -> Dummy:
    return Dummy(pipeline, seeded(partial(family, pipeline, **config)), arguments)


DUMMIES = (
    _dummy(
        _pixart,
        "PixArtAlphaPipeline",
        _own_size,
        scheduler=diffusers.DPMSolverMultistepScheduler,
    ),
    _dummy(
        _pixart,
        "PixArtSigmaPipeline",
        _own_size,
        scheduler=diffusers.DPMSolverMultistepScheduler,
    ),
    _dummy(_pixart, "PixArtSigmaPAGPipeline", _own_size),
    _dummy(_hunyuan, "HunyuanDiTPipeline", _own_size),
    _dummy(_hunyuan, "HunyuanDiTPAGPipeline", _own_size),
    _dummy(_aura_flow, "AuraFlowPipeline", _size),
    _dummy(_cogview3, "CogView3PlusPipeline", _short_prompt),
    _dummy(_cogview4, "CogView4Pipeline"),
    _dummy(_cogview4, "CogView4ControlPipeline", _control_image, in_channels=8),
    _dummy(_kolors, "KolorsPipeline"),
    _dummy(_kolors, "KolorsPAGPipeline"),
)
