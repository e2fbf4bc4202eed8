"""Tiny Stable Diffusion: 1.x, XL and 3, with ControlNet, perturbed attention, and distilled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.families.clip_and_t5 import (
    WIDTH,
    clip_encoder,
    clip_tokenizer,
    t5_encoder,
    t5_tokenizer,
)
from tests.families.dummy import Dummy, autoencoder, nothing, picture, seeded
from visualizer.diffusion.libraries import diffusers

LATENT_SIZE = 8
BETAS: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}

_BLOCKS: dict[str, Any] = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "attention_head_dim": (2, 4),
    "cross_attention_dim": WIDTH,
}


def unet(**config: Any) -> Any:
    """A tiny UNet2DConditionModel of two levels."""
    return diffusers.UNet2DConditionModel(
        sample_size=LATENT_SIZE,
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **_BLOCKS | config,
    )


def size_conditioning(*, embeddings: int, pooled: int) -> dict[str, Any]:
    """What SDXL adds to a UNet: wider `embeddings`, and six sizes beside a `pooled` prompt."""
    return {
        "cross_attention_dim": embeddings,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + pooled,
    }


_SDXL = size_conditioning(embeddings=2 * WIDTH, pooled=WIDTH)


def _controlnet(**config: Any) -> Any:
    return diffusers.ControlNetModel(
        conditioning_embedding_out_channels=(8, 16), **_BLOCKS | config
    )


def _union_controlnet() -> Any:
    width = _BLOCKS["block_out_channels"][0]
    return diffusers.ControlNetUnionModel(
        conditioning_embedding_out_channels=(8, 16),
        num_trans_channel=width,
        num_proj_channel=width,
        num_trans_head=2,
        **_BLOCKS | _SDXL,
    )


def _sd3(model: str) -> Any:
    """The transformer of Stable Diffusion 3, or its ControlNet."""
    return getattr(diffusers, model)(
        sample_size=LATENT_SIZE,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        num_attention_heads=4,
        attention_head_dim=8,
        joint_attention_dim=WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=WIDTH,
    )


def _stable_diffusion(
    pipeline: str,
    scheduler: Callable[[], Any] | None = None,
    controlled: bool = False,
    **config: Any,
) -> Any:
    return getattr(diffusers, pipeline)(
        unet=unet(**config),
        vae=autoencoder(blocks=2),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        scheduler=scheduler() if scheduler else diffusers.DDIMScheduler(**BETAS, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        **{"controlnet": _controlnet()} if controlled else {},
    )


def _stable_diffusion_xl(pipeline: str, controlnet: Callable[[], Any] | None = None) -> Any:
    return getattr(diffusers, pipeline)(
        unet=unet(**_SDXL),
        vae=autoencoder(blocks=2),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        text_encoder_2=clip_encoder(projection=True, hidden_act="gelu"),
        tokenizer_2=clip_tokenizer(),
        scheduler=diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="leading"),
        **{"controlnet": controlnet()} if controlnet else {},
    )


def _stable_diffusion_3(pipeline: str, controlled: bool = False) -> Any:
    # The two prompt vectors beside each other are as long as one of T5's, at most.
    width = WIDTH // 2
    return getattr(diffusers, pipeline)(
        transformer=_sd3("SD3Transformer2DModel"),
        vae=autoencoder(
            blocks=2,
            scaling_factor=1.5035,
            shift_factor=0.0609,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=clip_encoder(projection=True, width=width),
        tokenizer=clip_tokenizer(),
        text_encoder_2=clip_encoder(projection=True, width=width, hidden_act="gelu"),
        tokenizer_2=clip_tokenizer(),
        text_encoder_3=t5_encoder(),
        tokenizer_3=t5_tokenizer(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        **{"controlnet": _sd3("SD3ControlNetModel")} if controlled else {},
    )


def _image() -> dict[str, Any]:
    return {"image": picture(2 * LATENT_SIZE)}


def _control_image() -> dict[str, Any]:
    return {"control_image": picture(2 * LATENT_SIZE)}


def _union_images() -> dict[str, Any]:
    return {"control_image": [picture(2 * LATENT_SIZE)], "control_mode": [0]}


def _dummy(
    family: Callable[..., Any],
    pipeline: str,
    arguments: Callable[[], dict[str, Any]] = nothing,
    **config: Any,
) -> Dummy:
    return Dummy(pipeline, seeded(partial(family, pipeline, **config)), arguments)


_xl_controlnet = partial(_controlnet, **_SDXL)

DUMMIES = (
    _dummy(
        _stable_diffusion,
        "StableDiffusionPipeline",
        scheduler=partial(diffusers.PNDMScheduler, **BETAS, skip_prk_steps=True),
    ),
    _dummy(
        _stable_diffusion,
        "LatentConsistencyModelPipeline",
        scheduler=partial(diffusers.LCMScheduler, **BETAS),
        time_cond_proj_dim=32,
    ),
    _dummy(_stable_diffusion, "StableDiffusionPAGPipeline"),
    _dummy(_stable_diffusion, "StableDiffusionControlNetPipeline", _image, controlled=True),
    _dummy(_stable_diffusion, "StableDiffusionControlNetPAGPipeline", _image, controlled=True),
    _dummy(_stable_diffusion_xl, "StableDiffusionXLPipeline"),
    _dummy(_stable_diffusion_xl, "StableDiffusionXLPAGPipeline"),
    _dummy(
        _stable_diffusion_xl,
        "StableDiffusionXLControlNetPipeline",
        _image,
        controlnet=_xl_controlnet,
    ),
    _dummy(
        _stable_diffusion_xl,
        "StableDiffusionXLControlNetPAGPipeline",
        _image,
        controlnet=_xl_controlnet,
    ),
    _dummy(
        _stable_diffusion_xl,
        "StableDiffusionXLControlNetUnionPipeline",
        _union_images,
        controlnet=_union_controlnet,
    ),
    _dummy(_stable_diffusion_3, "StableDiffusion3Pipeline"),
    _dummy(_stable_diffusion_3, "StableDiffusion3PAGPipeline"),
    _dummy(
        _stable_diffusion_3, "StableDiffusion3ControlNetPipeline", _control_image, controlled=True
    ),
)
