"""Small pipelines with random weights: the real classes of diffusers, quick to run."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from tests.builtin_sizes import TOKENS, VOCABULARY
from visualizer.diffusion import Model
from visualizer.diffusion.libraries import diffusers, transformers


def tiny_pipeline(
    prediction_type: str = "epsilon",
    scheduler: str = "DDIMScheduler",
    spacing: str = "trailing",
) -> Any:
    """A StableDiffusionPipeline of 16 × 16 pixels with the built-in model's tokenizer."""
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
    )
    pipeline = diffusers.StableDiffusionPipeline(
        unet=unet.eval(),
        vae=_vae(),
        text_encoder=transformers.CLIPTextModel(_text_config()).eval(),
        tokenizer=_tokenizer(),
        scheduler=getattr(diffusers, scheduler)(
            **({"clip_sample": False} if scheduler == "DDIMScheduler" else {}),
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            prediction_type=prediction_type,
            steps_offset=1,
            timestep_spacing=spacing,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def tiny_flow_pipeline() -> Any:
    """A StableDiffusion3Pipeline: flow matching, a transformer, a VAE with a shift."""
    torch.manual_seed(0)
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8,
        patch_size=1,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pooled_projection_dim=64,
        out_channels=4,
    )
    text_config = _text_config(projection_dim=32, hidden_act="gelu")
    text_encoders = [transformers.CLIPTextModelWithProjection(text_config).eval() for _ in range(2)]
    pipeline = diffusers.StableDiffusion3Pipeline(
        transformer=transformer.eval(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_vae(
            shift_factor=0.0609,
            scaling_factor=1.5035,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=text_encoders[0],
        tokenizer=_tokenizer(),
        text_encoder_2=text_encoders[1],
        tokenizer_2=_tokenizer(),
        text_encoder_3=None,
        tokenizer_3=None,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _text_config(**more: Any) -> Any:
    return transformers.CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=TOKENS,
        bos_token_id=0,
        eos_token_id=2,
        **more,
    )


def _vae(**more: Any) -> Any:
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        **more,
    )
    return vae.eval()


@cache
def _tokenizer() -> Any:
    return Model.builtin(device="cpu").pipeline.tokenizer
