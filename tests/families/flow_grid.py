"""Flow matching on latents that lie as a picture does: Z-Image, Sana, Lumina, GLM-Image, PRX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from tests.families import language_models
from tests.families.dummy import Dummy, autoencoder, picture
from tests.families.flow_packed import SIZE, flux_autoencoder, lively, shifted
from visualizer.diffusion.libraries import diffusers, transformers

_HEADS = {"num_attention_heads": 2, "attention_head_dim": 16}


# --- Z-Image ------------------------------------------------------------------------------------


def _z_image(name: str, control_channels: int = 0, sees: bool = False) -> Any:
    def make() -> Any:
        sizes = {"dim": 32, "n_heads": 2, "n_kv_heads": 2, "n_refiner_layers": 1}
        more: dict[str, Any] = {}
        if control_channels:
            more["controlnet"] = diffusers.ZImageControlNetModel(
                control_layers_places=[0], control_in_dim=control_channels, **sizes
            )
        if sees:
            more["siglip"] = _siglip()
            more["siglip_processor"] = transformers.Siglip2ImageProcessor(patch_size=16)
        return getattr(diffusers, name)(
            transformer=diffusers.ZImageTransformer2DModel(
                in_channels=4,
                n_layers=2,
                cap_feat_dim=16,
                siglip_feat_dim=16 if sees else None,
                axes_dims=[4, 6, 6],
                axes_lens=[256, 64, 64],
                **sizes,
            ),
            vae=flux_autoencoder(),
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
            text_encoder=language_models.qwen3(),
            tokenizer=language_models.qwen_tokenizer(),
            **more,
        )

    return lively(make)


def _siglip() -> Any:
    """A tiny Siglip2VisionModel: ZImageOmni wants one, and reads pictures with it if given any."""
    return transformers.Siglip2VisionModel(
        transformers.Siglip2VisionConfig(
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_patches=16,
            patch_size=16,
        )
    )


# --- Sana ---------------------------------------------------------------------------------------


def _deep_autoencoder() -> Any:
    """A tiny AutoencoderDC, whose pictures are twice as wide as its latents."""
    return diffusers.AutoencoderDC(
        latent_channels=4,
        attention_head_dim=2,
        encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        scaling_factor=0.41407,
    )


def _sana(name: str, scheduler: Callable[[], Any]) -> Any:
    def make() -> Any:
        return getattr(diffusers, name)(
            transformer=diffusers.SanaTransformer2DModel(
                in_channels=4,
                out_channels=4,
                num_layers=1,
                num_cross_attention_heads=2,
                cross_attention_head_dim=16,
                cross_attention_dim=32,
                caption_channels=16,
                **_HEADS,
            ),
            vae=_deep_autoencoder(),
            scheduler=scheduler(),
            text_encoder=language_models.gemma2(),
            tokenizer=language_models.gemma_tokenizer(),
        )

    return lively(make)


def _sana_solver() -> Any:
    return diffusers.DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )


# --- Lumina -------------------------------------------------------------------------------------


def _eightfold_autoencoder(**config: Any) -> Any:
    """The AutoencoderKL of Lumina and GLM-Image: pictures eight times as wide as latents."""
    return autoencoder(blocks=4, width=16, **config)


def _lumina() -> Any:
    transformer = diffusers.LuminaNextDiT2DModel(
        sample_size=8,
        hidden_size=32,
        num_layers=2,
        num_attention_heads=2,
        num_kv_heads=1,
        multiple_of=16,
        cross_attention_dim=16,
    )
    nn.init.zeros_(transformer.pad_token)  # nothing reads it, and nothing has written to it
    return diffusers.LuminaPipeline(
        transformer=transformer,
        vae=_eightfold_autoencoder(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=language_models.gemma(),
        tokenizer=language_models.gemma_tokenizer(),
    )


def _lumina2() -> Any:
    return diffusers.Lumina2Pipeline(
        transformer=diffusers.Lumina2Transformer2DModel(
            sample_size=8,
            in_channels=4,
            hidden_size=32,
            num_layers=2,
            num_refiner_layers=1,
            num_attention_heads=2,
            num_kv_heads=1,
            multiple_of=16,
            axes_dim_rope=(4, 6, 6),
            axes_lens=(300, 64, 64),
            cap_feat_dim=16,
        ),
        vae=_eightfold_autoencoder(scaling_factor=0.3611, shift_factor=0.1159),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=6.0),
        text_encoder=language_models.gemma2(),
        tokenizer=language_models.gemma_tokenizer(),
    )


# --- GLM-Image and PRX --------------------------------------------------------------------------


def _glm_image() -> Any:
    return diffusers.GlmImagePipeline(
        transformer=diffusers.GlmImageTransformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=2,
            text_embed_dim=16,
            time_embed_dim=16,
            condition_dim=8,
            prior_vq_quantizer_codebook_size=language_models.PICTURE_WORDS,
            **_HEADS,
        ),
        vae=_eightfold_autoencoder(
            latents_mean=[0.3, -0.2, 0.1, -0.4], latents_std=[1.4, 0.7, 1.1, 0.9]
        ),
        scheduler=shifted(shift=1.0, base_shift=0.25, max_shift=0.75, time_shift_type="linear"),
        text_encoder=language_models.byt5(),
        tokenizer=transformers.ByT5Tokenizer(),
        vision_language_encoder=language_models.glm_image(),
        processor=language_models.glm_processor(),
    )


class _PlainText:
    """In the place of PRX's cleaning of the prompt, which needs ftfy."""

    def clean_text(self, text: str) -> str:
        return text.strip().lower()

    basic_clean = clean_text


def _prx() -> Any:
    pipeline = diffusers.PRXPipeline(
        transformer=diffusers.PRXTransformer2DModel(
            in_channels=4,
            context_in_dim=16,
            hidden_size=32,
            mlp_ratio=2.0,
            num_heads=2,
            depth=2,
            axes_dim=[8, 8],
        ),
        vae=flux_autoencoder(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=language_models.t5_gemma(),
        tokenizer=language_models.gemma_tokenizer(longest=32),
    )
    pipeline.text_preprocessor = _PlainText()
    return pipeline


# --- What their calls need ----------------------------------------------------------------------


def _picture() -> Any:
    return picture(SIZE["width"], SIZE["height"])


def _z_size() -> dict[str, Any]:
    return {**SIZE, "max_sequence_length": 64}


def _z_control() -> dict[str, Any]:
    return {"control_image": _picture(), **_z_size()}


def _z_inpaint() -> dict[str, Any]:
    image = _picture()
    mask = image.convert("L").point(lambda level: 255 * (level > 127))
    return {"image": image, "mask_image": mask, **_z_control()}


def _sana_size() -> dict[str, Any]:
    # Binning would give a picture of about a megapixel.
    return {
        "height": 32,
        "width": 64,
        "max_sequence_length": 32,
        "use_resolution_binning": False,
    }


def _lumina_size() -> dict[str, Any]:
    return {"height": 48, "width": 64}


DUMMIES: tuple[Dummy, ...] = (
    Dummy("ZImagePipeline", _z_image("ZImagePipeline"), _z_size),
    Dummy("ZImageControlNetPipeline", _z_image("ZImageControlNetPipeline", 4), _z_control),
    Dummy(
        "ZImageControlNetInpaintPipeline",
        _z_image("ZImageControlNetInpaintPipeline", 9),
        _z_inpaint,
    ),
    Dummy("ZImageOmniPipeline", _z_image("ZImageOmniPipeline", sees=True), _z_size),
    Dummy("SanaPipeline", _sana("SanaPipeline", _sana_solver), _sana_size),
    Dummy(
        "SanaPAGPipeline",
        _sana("SanaPAGPipeline", lambda: diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)),
        _sana_size,
    ),
    Dummy(
        "LuminaPipeline",
        lively(_lumina),
        # Cleaning needs ftfy and bs4, and says so when they are not there.
        lambda: {**_lumina_size(), "clean_caption": False},
    ),
    Dummy(
        "Lumina2Pipeline", lively(_lumina2), lambda: {**_lumina_size(), "max_sequence_length": 64}
    ),
    Dummy(
        "GlmImagePipeline",
        lively(_glm_image),
        lambda: {"height": 64, "width": 96, "max_sequence_length": 64},
    ),
    Dummy("PRXPipeline", lively(_prx), lambda: {**SIZE, "use_resolution_binning": False}),
)
