"""Pipelines with random weights, of the sizes that people run: what they draw is noise.

A step takes as long as with real weights; text encoders and autoencoders are tiny, because the
loop over noise levels is what is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

TEXT_LENGTH = 77


def small_sdxl() -> Any:
    """A small Stable Diffusion XL: 4 × 16 × 16 latents."""
    unet = {
        "sample_size": 16,
        "block_out_channels": (64, 128, 128),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "transformer_layers_per_block": (1, 1, 2),
        "attention_head_dim": (2, 4, 4),
        "cross_attention_dim": 64,
        "projection_class_embeddings_input_dim": 6 * 256 + 32,
    }
    return _stable_diffusion_xl(unet, widths=(32, 32), torch_dtype=torch.float32)


def small_flow() -> Any:
    """A small Stable Diffusion 3: 16 × 16 × 16 latents, flow matching."""
    from visualizer.diffusion.libraries import diffusers

    transformer = _made(
        lambda: diffusers.SD3Transformer2DModel(
            sample_size=16,
            patch_size=1,
            in_channels=16,
            out_channels=16,
            num_layers=4,
            attention_head_dim=32,
            num_attention_heads=4,
            joint_attention_dim=64,
            caption_projection_dim=128,
            pooled_projection_dim=64,
            pos_embed_max_size=64,
        ),
        torch.float32,
    )
    encoders = [_text_encoder(32, projection=True, dtype=torch.float32) for _ in range(2)]
    pipeline = diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_autoencoder(
            16, torch.float32, shift_factor=0.0609, scaling_factor=1.5305, use_quant_conv=False
        ),
        text_encoder=encoders[0],
        tokenizer=_tokenizer(),
        text_encoder_2=encoders[1],
        tokenizer_2=_tokenizer(),
        text_encoder_3=None,
        tokenizer_3=None,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def stable_diffusion(dtype: torch.dtype) -> Any:
    """Stable Diffusion 1.5: 860 million parameters, 4 × 64 × 64 latents."""
    return _stable_diffusion({"sample_size": 64, "cross_attention_dim": 768}, dtype)


def light_stable_diffusion() -> Any:
    """A Stable Diffusion of 4 × 128 × 128 latents with a network that takes milliseconds."""
    unet = {
        "sample_size": 128,
        "block_out_channels": (8, 8, 16),
        "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "attention_head_dim": 2,
        "cross_attention_dim": 32,
    }
    return _stable_diffusion(unet, torch.float32)


def stable_diffusion_xl(dtype: torch.dtype) -> Any:
    """Stable Diffusion XL: 2.6 billion parameters, 4 × 128 × 128 latents."""
    unet = {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 2,
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "projection_class_embeddings_input_dim": 2816,
    }
    return _stable_diffusion_xl(unet, widths=(768, 1280), torch_dtype=dtype)


_BETAS: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


def _stable_diffusion(unet: dict[str, Any], dtype: torch.dtype) -> Any:
    from visualizer.diffusion.libraries import diffusers

    pipeline = diffusers.StableDiffusionPipeline(
        unet=_made(lambda: diffusers.UNet2DConditionModel(**unet), dtype),
        vae=_autoencoder(4, dtype),
        text_encoder=_text_encoder(unet["cross_attention_dim"], projection=False, dtype=dtype),
        tokenizer=_tokenizer(),
        scheduler=diffusers.EulerDiscreteScheduler(**_BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _stable_diffusion_xl(
    unet: dict[str, Any], *, widths: tuple[int, int], torch_dtype: torch.dtype
) -> Any:
    """An SDXL pipeline; both text encoders, of these widths, side by side feed the UNet."""
    from visualizer.diffusion.libraries import diffusers

    assert sum(widths) == unet["cross_attention_dim"]
    config = {
        **unet,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
    }
    pipeline = diffusers.StableDiffusionXLPipeline(
        unet=_made(lambda: diffusers.UNet2DConditionModel(**config), torch_dtype),
        vae=_autoencoder(4, torch_dtype, scaling_factor=0.13025),
        text_encoder=_text_encoder(widths[0], projection=False, dtype=torch_dtype),
        tokenizer=_tokenizer(),
        text_encoder_2=_text_encoder(widths[1], projection=True, dtype=torch_dtype),
        tokenizer_2=_tokenizer(),
        scheduler=diffusers.EulerDiscreteScheduler(**_BETAS),
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _made(make: Callable[[], Any], dtype: torch.dtype) -> Any:
    """A network in `dtype` from the start: in float32 the largest would not fit beside itself."""
    own = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return make().eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(own)


def _autoencoder(channels: int, dtype: torch.dtype, **config: Any) -> Any:
    from visualizer.diffusion.libraries import diffusers

    return _made(
        lambda: diffusers.AutoencoderKL(
            block_out_channels=(8,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=channels,
            norm_num_groups=4,
            **config,
        ),
        dtype,
    )


def _text_encoder(width: int, *, projection: bool, dtype: torch.dtype) -> Any:
    from visualizer.diffusion.libraries import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=len(_tokenizer()),
        hidden_size=width,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=width // 32,
        max_position_embeddings=TEXT_LENGTH,
        projection_dim=width,
        bos_token_id=0,
        eos_token_id=2,
    )
    kind = "CLIPTextModelWithProjection" if projection else "CLIPTextModel"
    return _made(lambda: getattr(transformers, kind)(config), dtype)


def _tokenizer() -> Any:
    from visualizer.assets import asset_path
    from visualizer.diffusion.libraries import transformers

    folder = asset_path("builtin-model") / "tokenizer"
    return transformers.CLIPTokenizer.from_pretrained(folder, model_max_length=TEXT_LENGTH)
