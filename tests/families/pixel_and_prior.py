"""Tiny pipelines in pixels, and those that first make an embedding of a picture from the prompt."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from tests.families.clip_and_t5 import (
    WIDTH,
    clip_encoder,
    clip_image_processor,
    clip_tokenizer,
    clip_vision_encoder,
    multilingual_clip,
    t5_encoder,
    t5_tokenizer,
    xlm_roberta_tokenizer,
)
from tests.families.dummy import Dummy, nothing, redraw, seeded
from visualizer.diffusion.libraries import diffusers

PIXELS = 16


def _unet(**config: Any) -> Any:
    """A UNet whose attention reads the prompt and the picture together."""
    return diffusers.UNet2DConditionModel(
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        cross_attention_dim=WIDTH,
        encoder_hid_dim=WIDTH,
        resnet_time_scale_shift="scale_shift",
        **config,
    )


def _deep_floyd() -> Any:
    return diffusers.IFPipeline(
        unet=_unet(
            sample_size=PIXELS,
            in_channels=3,
            out_channels=6,
            addition_embed_type="text",
            addition_embed_type_num_heads=2,
            cross_attention_norm="group_norm",
            act_fn="gelu",
        ),
        text_encoder=t5_encoder(),
        tokenizer=t5_tokenizer(),
        scheduler=diffusers.DDPMScheduler(
            beta_schedule="squaredcos_cap_v2",
            thresholding=True,
            dynamic_thresholding_ratio=0.95,
            sample_max_value=1.5,
            variance_type="learned_range",
        ),
        watermarker=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _movq(contrast: float = 1.0) -> Any:
    """The autoencoder of Kandinsky, whose norms look at the latents again."""
    model = diffusers.VQModel(
        block_out_channels=(32, 32),  # its norms work in groups of 32
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        vq_embed_dim=4,
        num_vq_embeddings=12,
        norm_num_groups=8,
        norm_type="spatial",
    )
    model.decoder.conv_out.weight.data *= contrast
    return model


def _picture_prior() -> dict[str, Any]:
    """The parts of Kandinsky that make a picture's CLIP embedding from a prompt."""
    prior = redraw(
        diffusers.PriorTransformer(
            num_attention_heads=4, attention_head_dim=8, num_layers=1, embedding_dim=WIDTH
        )
    )
    nn.init.ones_(prior.clip_std)
    return {
        "prior_prior": prior,
        "prior_text_encoder": clip_encoder(projection=True),
        "prior_tokenizer": clip_tokenizer(),
        "prior_image_encoder": clip_vision_encoder(),
        "prior_image_processor": clip_image_processor(),
        "prior_scheduler": diffusers.UnCLIPScheduler(
            variance_type="fixed_small_log",
            prediction_type="sample",
            clip_sample=True,
            clip_sample_range=10.0,
        ),
    }


def _kandinsky(pipeline: str, conditioning: str, **parts: Callable[[], Any]) -> Any:
    return getattr(diffusers, pipeline)(
        unet=_unet(
            in_channels=4,
            out_channels=8,
            addition_embed_type=conditioning,
            encoder_hid_dim_type=f"{conditioning}_proj",
        ),
        movq=_movq(contrast=0.2),  # latents without training are large
        scheduler=diffusers.DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        **_picture_prior(),
        **{name: make() for name, make in parts.items()},
    )


def _kandinsky3() -> Any:
    return diffusers.Kandinsky3Pipeline(
        unet=diffusers.Kandinsky3UNet(
            time_embedding_dim=16,
            groups=4,
            attention_head_dim=8,
            layers_per_block=2,
            block_out_channels=(16, 32),
            cross_attention_dim=WIDTH,
            encoder_hid_dim=WIDTH,
        ),
        movq=_movq(),
        text_encoder=t5_encoder(),
        tokenizer=t5_tokenizer(),
        scheduler=diffusers.DDPMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="squaredcos_cap_v2",
            clip_sample=True,
        ),
    )


def _paella(contrast: float) -> Any:
    """The autoencoder of Würstchen, and pictures that are not only black and white."""
    from diffusers.pipelines.deprecated.wuerstchen import PaellaVQModel

    model = PaellaVQModel(bottleneck_blocks=1, num_vq_embeddings=2, embed_dim=16)
    last = model.out_block[0]
    last.weight.data *= contrast
    nn.init.constant_(last.bias, 0.5)
    return model


def _calm(last: Any, b: float) -> None:
    """Let a model that answers (x - a) / b have a small a, and a b near one.

    Otherwise its latents, without training, grow by orders of magnitude.
    """
    half = last.out_channels // 2
    nn.init.normal_(last.weight[:half], std=0.05)
    nn.init.normal_(last.weight[half:], std=0.01)
    nn.init.zeros_(last.bias)
    nn.init.constant_(last.bias[half:], b)


def _prompt_readers(projection: bool) -> dict[str, Any]:
    return {
        "text_encoder": clip_encoder(projection=projection),
        "tokenizer": clip_tokenizer(),
        "prior_text_encoder": clip_encoder(projection=projection),
        "prior_tokenizer": clip_tokenizer(),
    }


def _wuerstchen() -> Any:
    from diffusers.pipelines.deprecated.wuerstchen import WuerstchenDiffNeXt, WuerstchenPrior

    prior = redraw(
        WuerstchenPrior(c_in=2, c=16, depth=2, c_cond=WIDTH, c_r=8, nhead=2), strength=1.0
    )
    _calm(prior.out[1], b=0.0)  # taken as |1 - b|
    decoder = WuerstchenDiffNeXt(
        c_cond=WIDTH,
        c_hidden=[32],
        nhead=[4],
        blocks=[1],
        level_config=["CTA"],
        clip_embd=WIDTH,
        effnet_embd=2,
        inject_effnet=[True],
    )
    _calm(redraw(decoder, strength=1.0).clf[1], b=4.0)  # through a sigmoid
    return diffusers.WuerstchenCombinedPipeline(
        prior_prior=prior,
        decoder=decoder,
        vqgan=_paella(contrast=0.3),
        scheduler=diffusers.DDPMWuerstchenScheduler(),
        prior_scheduler=diffusers.DDPMWuerstchenScheduler(),
        **_prompt_readers(projection=False),
    )


def _cascade_unet(**config: Any) -> Any:
    model = diffusers.StableCascadeUNet(
        conditioning_dim=WIDTH,
        clip_text_pooled_in_channels=WIDTH,
        down_num_layers_per_block=(1, 1),
        up_num_layers_per_block=(1, 1),
        block_out_channels=(16, 32),
        num_attention_heads=(2, 4),
        **config,
    )
    return redraw(model, strength=1.0)


def _cascade() -> Any:
    # As in a folder whose two schedulers are the same object: the loops cannot be told by it.
    scheduler = diffusers.DDPMWuerstchenScheduler()
    return diffusers.StableCascadeCombinedPipeline(
        prior_prior=_cascade_unet(
            clip_text_in_channels=WIDTH, clip_image_in_channels=WIDTH, switch_level=(False,)
        ),
        decoder=_cascade_unet(
            in_channels=4, out_channels=4, effnet_in_channels=16, pixel_mapper_in_channels=3
        ),
        vqgan=_paella(contrast=0.02),
        scheduler=scheduler,
        prior_scheduler=scheduler,
        prior_image_encoder=clip_vision_encoder(),
        prior_feature_extractor=clip_image_processor(),
        **_prompt_readers(projection=True),
    )


def _small(pixels: int, **more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"height": pixels, "width": pixels, **more}


_TWO_LOOPS = _small(2 * PIXELS, prior_num_inference_steps=3)
# Steps of 42.67 pixels in the prior; the guidance of the decoder is off unless it is asked for.
_TWO_GUIDED_LOOPS = _small(86, prior_num_inference_steps=3, decoder_guidance_scale=4.0)

DUMMIES = (
    Dummy(
        "KandinskyCombinedPipeline",
        seeded(
            partial(
                _kandinsky,
                "KandinskyCombinedPipeline",
                "text_image",
                text_encoder=multilingual_clip,
                tokenizer=xlm_roberta_tokenizer,
            )
        ),
        _TWO_LOOPS,
    ),
    Dummy(
        "KandinskyV22CombinedPipeline",
        seeded(partial(_kandinsky, "KandinskyV22CombinedPipeline", "image")),
        _TWO_LOOPS,
    ),
    Dummy("Kandinsky3Pipeline", seeded(_kandinsky3), _small(PIXELS)),
    Dummy("IFPipeline", seeded(_deep_floyd), nothing),
    Dummy("WuerstchenCombinedPipeline", seeded(_wuerstchen), _TWO_GUIDED_LOOPS),
    Dummy("StableCascadeCombinedPipeline", seeded(_cascade), _TWO_GUIDED_LOOPS),
)
