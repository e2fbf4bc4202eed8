"""Flow matching on the latents of a video, a chunk of frames after the other: Helios."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

from tests.families import clip_and_t5
from tests.families.dummy import Dummy
from tests.families.flow_packed import lively
from visualizer.diffusion.libraries import diffusers


def _helios(name: str, scheduler: dict[str, Any]) -> Any:
    def make() -> Any:
        pipeline_class = getattr(diffusers, name)
        # Its cleaning of the prompt needs ftfy, and looks for it here without asking.
        module: Any = importlib.import_module(pipeline_class.__module__)
        if not hasattr(module, "ftfy"):
            module.ftfy = SimpleNamespace(fix_text=str)
        return pipeline_class(
            transformer=diffusers.HeliosTransformer3DModel(
                num_attention_heads=2,
                attention_head_dim=12,
                in_channels=4,
                out_channels=4,
                text_dim=clip_and_t5.WIDTH,
                freq_dim=32,
                ffn_dim=32,
                num_layers=2,
                rope_dim=(4, 4, 4),
            ),
            vae=_video_autoencoder(),
            scheduler=diffusers.HeliosScheduler(**scheduler),
            text_encoder=clip_and_t5.t5_encoder("UMT5"),
            tokenizer=clip_and_t5.t5_tokenizer(),
        )

    return lively(make)


def _video_autoencoder() -> Any:
    """A tiny AutoencoderKLWan: a latent frame is eight times as narrow, four frames make one."""
    vae = diffusers.AutoencoderKLWan(
        base_dim=4,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[-0.76, 0.41, -0.15, 0.97],
        latents_std=[2.82, 1.45, 1.92, 2.33],
    )
    vae.decoder.conv_out.weight.data *= 3.0  # frames of some contrast
    return vae


def _nine_frames(height: int, width: int, **more: Any) -> dict[str, Any]:
    """One chunk of three latent frames; every nine further frames are another chunk."""
    chunk = {"num_frames": 9, "num_latent_frames_per_chunk": 3, "max_sequence_length": 32}
    return {"height": height, "width": width, **chunk, **more}


DUMMIES: tuple[Dummy, ...] = (
    Dummy(
        "HeliosPipeline",
        _helios(
            "HeliosPipeline", {"stages": 1, "stage_range": [0, 1], "use_dynamic_shifting": True}
        ),
        lambda: _nine_frames(32, 48),
    ),
    Dummy(
        "HeliosPyramidPipeline",
        # At the usual third the noise of a block of four is singular, and rounding decides whether
        # its Cholesky factor can be found.
        _helios("HeliosPyramidPipeline", {"stages": 3, "gamma": 0.3}),
        # A quarter, half, and all of 8 × 16 latents: every one is cut into patches of 2 × 2.
        lambda: _nine_frames(64, 128, pyramid_num_inference_steps_list=[2, 2, 2]),
        steps=None,
    ),
)
