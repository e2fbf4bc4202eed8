"""The networks of the built-in model, untrained, and the schedule they are trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny, DPMSolverMultistepScheduler, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

PICTURE_SIZE = 256
REDUCTION = 8
"""The autoencoder makes one latent position of so many pixels each way."""
LATENT_CHANNELS = 4
LATENT_SIZE = PICTURE_SIZE // REDUCTION
TEXT_WIDTH = 128

SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    # Stable Diffusion stops at 0.012, where the variance share of the picture is still 0.5 %.
    # Channels that agree with one another keep the brightness of a scene readable there, so that
    # a start from pure noise would look to the network like a gray scene. At 0.02 the share is
    # 0.02 %, and the first step knows nothing but the words.
    "beta_end": 0.02,
    "prediction_type": "v_prediction",
}


def build_autoencoder() -> AutoencoderTiny:
    """Pictures (B, 3, H, W) in −1…1 to latents (B, LATENT_CHANNELS, h, w) and back.

    The latents are REDUCTION times smaller. There are few blocks where the picture is large, many
    where it is small: that is where they are cheap.
    """
    from diffusers import AutoencoderTiny

    channels = (48,) * 4
    return AutoencoderTiny(
        latent_channels=LATENT_CHANNELS,
        encoder_block_out_channels=channels,
        decoder_block_out_channels=channels,
        num_encoder_blocks=(0, 0, 2, 2),
        num_decoder_blocks=(3, 2, 1, 0),
    )


def build_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Tokens (B, L) to one vector a token, (B, L, TEXT_WIDTH)."""
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=tokenizer.model_max_length,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_unet() -> UNet2DConditionModel:
    """The denoiser: a latent (B, C, h, w), a timestep and the words' vectors to v, 16 M weights.

    The words are attended to where the latent has shrunk to 16 × 16, 8 × 8 and 4 × 4 positions; at
    32 × 32 it would cost more than the rest together.

    `attention_head_dim` is the *number* of heads in diffusers; `addition_embed_type="text"` adds
    a summary of the sentence to the timestep.
    """
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=LATENT_SIZE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(48, 96, 192, 192),
        layers_per_block=1,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 3,
        up_block_types=("CrossAttnUpBlock2D",) * 3 + ("UpBlock2D",),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def build_scheduler() -> DPMSolverMultistepScheduler:
    """The sampler that the folder ships: DPM-Solver++ (Lu et al. 2022), evenly along time.

    On this schedule even steps, counted back from the last timestep, let the picture emerge over
    the last two thirds of the run; the spacing of Karras et al. (2022) would be done by step 25
    of 30.
    """
    from diffusers import DPMSolverMultistepScheduler

    return DPMSolverMultistepScheduler(**SCHEDULE, timestep_spacing="trailing", steps_offset=1)
