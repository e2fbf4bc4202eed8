"""Flow matching on packed latents, a row of tokens: Flux, Qwen-Image and those built like them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.families import clip_and_t5, language_models
from tests.families.dummy import Dummy, autoencoder, picture, seeded
from visualizer.diffusion.libraries import diffusers

# Wider than high, so that rows taken for columns are noticed.
SIZE = {"height": 24, "width": 32}

_HEADS = {"num_attention_heads": 2, "attention_head_dim": 16}
_ROPE = (4, 6, 6)


def lively(make: Callable[[], Any], strength: float = 1.2) -> Callable[[torch.dtype], Any]:
    """`seeded`, with denoisers that listen to the text, and float32 where diffusers keeps it.

    The few layers of these transformers, as torch draws them, pass on hardly anything of a prompt.
    """

    def made() -> Any:
        with warnings.catch_warnings():
            # diffusers' own use of its FluxPosEmbed, which it means to move
            warnings.simplefilter("ignore", FutureWarning)
            pipeline = make()
        for name, part in pipeline.components.items():
            if name.endswith(("transformer", "controlnet")):
                _redraw(part, strength)
        return pipeline

    build = seeded(made)

    def built(dtype: torch.dtype) -> Any:
        pipeline = build(dtype)
        for part in pipeline.components.values():
            kept = set(getattr(part, "_keep_in_fp32_modules", None) or ())
            for name, parameter in part.named_parameters() if kept else ():
                if kept & set(name.split(".")):
                    parameter.data = parameter.data.float()
        return pipeline

    return built


def _redraw(model: nn.Module, strength: float) -> None:
    for name, weight in model.named_parameters():
        if weight.ndim >= 2:
            # Experts are stored (expert, in, out), everything else (out, in, …).
            inputs = weight.shape[1] if ".experts." in name else math.prod(weight.shape[1:])
            nn.init.normal_(weight, std=strength / math.sqrt(inputs))
        if "add_v_proj" in name:  # what the picture hears of the text: an average over all tokens
            weight.data *= 3.0


def shifted(**config: Any) -> Any:
    """The scheduler of Flux: Euler on levels shifted by the size of the picture."""
    return diffusers.FlowMatchEulerDiscreteScheduler(
        **({"shift": 3.0, "use_dynamic_shifting": True} | config)
    )


def _shifted_to_an_end() -> Any:
    """The scheduler of Qwen-Image, whose last step starts at a noise of 0.02."""
    return shifted(shift=1.0, max_shift=0.9, max_image_seq_len=8192, shift_terminal=0.02)


def flux_autoencoder() -> Any:
    """An AutoencoderKL with a shift, whose pictures are twice as wide as its latents."""
    return autoencoder(
        blocks=2,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


# --- Flux ---------------------------------------------------------------------------------------


def _flux(name: str, **config: Any) -> Any:
    def make() -> Any:
        sizes: dict[str, Any] = {"joint_attention_dim": clip_and_t5.WIDTH, **_HEADS}
        sizes |= {"in_channels": 16, "axes_dims_rope": _ROPE, "guidance_embeds": True}
        sizes |= {"pooled_projection_dim": clip_and_t5.WIDTH}
        sizes |= {"num_layers": 1, "num_single_layers": 1}
        more: dict[str, Any] = {}
        if name == "FluxControlNetPipeline":
            more["controlnet"] = diffusers.FluxControlNetModel(**sizes)
        return getattr(diffusers, name)(
            transformer=diffusers.FluxTransformer2DModel(**(sizes | config)),
            vae=flux_autoencoder(),
            scheduler=shifted(),
            text_encoder=clip_and_t5.clip_encoder(),
            tokenizer=clip_and_t5.clip_tokenizer(),
            text_encoder_2=clip_and_t5.t5_encoder(),
            tokenizer_2=clip_and_t5.t5_tokenizer(),
            **more,
        )

    return lively(make)


def _chroma() -> Any:
    return diffusers.ChromaPipeline(
        transformer=diffusers.ChromaTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            joint_attention_dim=clip_and_t5.WIDTH,
            axes_dims_rope=_ROPE,
            approximator_num_channels=16,
            approximator_hidden_dim=32,
            approximator_layers=1,
            **_HEADS,
        ),
        vae=flux_autoencoder(),
        scheduler=shifted(),
        text_encoder=clip_and_t5.t5_encoder(),
        tokenizer=clip_and_t5.t5_tokenizer(),
    )


def _ovis() -> Any:
    return diffusers.OvisImagePipeline(
        transformer=diffusers.OvisImageTransformer2DModel(
            in_channels=16,
            out_channels=16,
            num_layers=1,
            num_single_layers=1,
            joint_attention_dim=16,
            axes_dims_rope=_ROPE,
            **_HEADS,
        ),
        vae=flux_autoencoder(),
        scheduler=shifted(),
        text_encoder=language_models.qwen3(),
        tokenizer=language_models.qwen_tokenizer(),
    )


# --- Flux 2 and Ideogram, which normalize latents by the autoencoder's batch norm ---------------


def _normalized_autoencoder() -> Any:
    """An AutoencoderKLFlux2 with statistics that are not those of noise."""
    vae = diffusers.AutoencoderKLFlux2(
        block_out_channels=(16, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
    )
    vae.bn.running_mean.normal_(std=0.5)
    vae.bn.running_var.uniform_(0.5, 3.0)
    return vae


def _flux2(name: str, text_encoder: Callable[[], Any], tokenizer: Callable[[], Any]) -> Any:
    def make() -> Any:
        return getattr(diffusers, name)(
            transformer=diffusers.Flux2Transformer2DModel(
                in_channels=16,
                num_layers=1,
                num_single_layers=1,
                joint_attention_dim=3 * 16,
                axes_dims_rope=(4, 4, 4, 4),
                guidance_embeds=name == "Flux2Pipeline",
                **_HEADS,
            ),
            vae=_normalized_autoencoder(),
            scheduler=shifted(),
            text_encoder=text_encoder(),
            tokenizer=tokenizer(),
        )

    return lively(make)


def _chat_processor() -> Any:
    return language_models.ChatProcessor(language_models.qwen_tokenizer())


def _ideogram() -> Any:
    def transformer() -> Any:
        return diffusers.Ideogram4Transformer2DModel(
            in_channels=16,
            num_layers=1,
            intermediate_size=32,
            adaln_dim=16,
            llm_features_dim=13 * 16,
            mrope_section=(4, 2, 2),
            **_HEADS,
        )

    return diffusers.Ideogram4Pipeline(
        transformer=transformer(),
        unconditional_transformer=transformer(),
        vae=_normalized_autoencoder(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=language_models.qwen3_vl("Qwen3VLModel", layers=36),
        tokenizer=language_models.qwen_tokenizer(),
    )


# --- Qwen-Image and those with its autoencoder --------------------------------------------------


def _video_autoencoder(name: str = "AutoencoderKLQwenImage", halvings: int = 2, **more: Any) -> Any:
    """A tiny autoencoder of the Wan kind, with a mean and a deviation for each channel."""
    vae = getattr(diffusers, name)(
        base_dim=8,
        z_dim=4,
        dim_mult=[1] * (halvings + 1),
        num_res_blocks=1,
        temperal_downsample=[False, *[True] * (halvings - 1)],
        latents_mean=[-0.76, 0.41, -0.15, 0.97],
        latents_std=[2.82, 1.45, 1.92, 2.33],
        **more,
    )
    vae.decoder.conv_out.weight.data *= 3.0  # pictures of some contrast
    return vae


def _qwen(name: str) -> Any:
    def make() -> Any:
        sizes = {"in_channels": 16, "out_channels": 4, "num_layers": 2, "joint_attention_dim": 16}
        sizes |= _HEADS
        more: dict[str, Any] = {}
        if name == "QwenImageControlNetPipeline":
            more["controlnet"] = diffusers.QwenImageControlNetModel(
                axes_dims_rope=_ROPE, **(sizes | {"num_layers": 1})
            )
        return getattr(diffusers, name)(
            transformer=diffusers.QwenImageTransformer2DModel(axes_dims_rope=_ROPE, **sizes),
            vae=_video_autoencoder(),
            scheduler=_shifted_to_an_end(),
            text_encoder=language_models.qwen25_vl(),
            tokenizer=language_models.qwen_tokenizer(),
            **more,
        )

    return lively(make)


def _qwen21() -> Any:
    return diffusers.QwenImage21Pipeline(
        transformer=diffusers.QwenImage21Transformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=2,
            context_in_dim=16,
            mlp_ratio=2,
            axes_dims_rope=_ROPE,
            **_HEADS,
        ),
        vae=_video_autoencoder("AutoencoderKLQwenImage21", halvings=4, decoder_base_dim=8),
        scheduler=shifted(shift=1.0),
        text_encoder=language_models.qwen3_vl(),
        processor=_chat_processor(),
    )


def _krea() -> Any:
    return diffusers.Krea2Pipeline(
        transformer=diffusers.Krea2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_key_value_heads=1,
            intermediate_size=32,
            timestep_embed_dim=16,
            text_hidden_dim=16,
            num_text_layers=3,
            text_num_attention_heads=2,
            text_num_key_value_heads=1,
            text_intermediate_size=16,
            num_layerwise_text_blocks=1,
            num_refiner_text_blocks=1,
            axes_dims_rope=_ROPE,
            **_HEADS,
        ),
        vae=_video_autoencoder(),
        scheduler=shifted(shift=1.0, max_image_seq_len=6400),
        text_encoder=language_models.qwen3_vl("Qwen3VLModel"),
        tokenizer=language_models.qwen_tokenizer(),
        text_encoder_select_layers=(0, 1, 2),
    )


def _nucleus() -> Any:
    transformer = diffusers.NucleusMoEImageTransformer2DModel(
        in_channels=16,
        out_channels=4,
        num_layers=2,
        joint_attention_dim=16,
        axes_dims_rope=_ROPE,
        mlp_ratio=6.0,  # its blocks are multiples of 128 numbers wide
        dense_moe_strategy="leave_first_block_dense",
        num_experts=2,
        moe_intermediate_dim=16,
        capacity_factors=1.0,
        **_HEADS,
    )
    return diffusers.NucleusMoEImagePipeline(
        transformer=transformer,
        vae=_video_autoencoder(),
        scheduler=shifted(shift=1.0),
        text_encoder=language_models.qwen3_vl(layers=8),
        processor=_chat_processor(),
    )


# --- What their calls need ----------------------------------------------------------------------


def _size(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {**SIZE, **more}


def _steered(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"control_image": picture(SIZE["width"], SIZE["height"]), **SIZE, **more}


def _kontext() -> dict[str, Any]:
    # Left alone, Kontext scales every picture to about a megapixel.
    area = SIZE["width"] * SIZE["height"]
    image = picture(SIZE["width"], SIZE["height"])
    return {
        "image": image,
        "max_area": area,
        "_auto_resize": False,
        "max_sequence_length": 48,
    } | SIZE


_FLUX2_KLEIN = _flux2(
    "Flux2KleinPipeline",
    lambda: language_models.qwen3("Qwen3ForCausalLM", layers=27),
    language_models.qwen_tokenizer,
)

DUMMIES: tuple[Dummy, ...] = (
    Dummy("FluxPipeline", _flux("FluxPipeline"), _size(max_sequence_length=48)),
    Dummy(
        "FluxControlPipeline",
        _flux("FluxControlPipeline", in_channels=32, out_channels=16),
        _steered(max_sequence_length=48),
    ),
    Dummy(
        "FluxControlNetPipeline",
        _flux("FluxControlNetPipeline"),
        _steered(max_sequence_length=48, controlnet_conditioning_scale=0.7),
    ),
    Dummy("FluxKontextPipeline", _flux("FluxKontextPipeline"), _kontext),
    Dummy("ChromaPipeline", lively(_chroma), _size(max_sequence_length=48)),
    Dummy("OvisImagePipeline", lively(_ovis), _size(max_sequence_length=64)),
    Dummy(
        "Flux2Pipeline",
        _flux2("Flux2Pipeline", language_models.mistral3, _chat_processor),
        _size(max_sequence_length=64),
    ),
    Dummy("Flux2KleinPipeline", _FLUX2_KLEIN, _size(max_sequence_length=64)),
    Dummy(
        "Ideogram4Pipeline",
        lively(_ideogram),
        # The default is one weight for each of 48 steps.
        _size(max_sequence_length=128, guidance_scale=2.0, guidance_schedule=None),
    ),
    Dummy("QwenImagePipeline", _qwen("QwenImagePipeline"), _size(negative_prompt="low quality")),
    Dummy(
        "QwenImageControlNetPipeline",
        _qwen("QwenImageControlNetPipeline"),
        _steered(negative_prompt="low quality", controlnet_conditioning_scale=0.7),
    ),
    Dummy(
        "QwenImage21Pipeline",
        lively(_qwen21),
        lambda: {
            "height": 64,
            "width": 96,
            "negative_prompt": "low quality",
            "true_cfg_scale": 2.0,
        },
    ),
    Dummy("Krea2Pipeline", lively(_krea), _size(max_sequence_length=64)),
    Dummy("NucleusMoEImagePipeline", lively(_nucleus), _size(max_sequence_length=256)),
)
