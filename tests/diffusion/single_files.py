"""A tiny Stable Diffusion as one file, with the names that weights have in such files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE = {
    "conv_norm_out": "norm_out",
    "conv_shortcut": "nin_shortcut",
    "mid_block.resnets.0": "mid.block_1",
    "mid_block.resnets.1": "mid.block_2",
    "mid_block.attentions.0": "mid.attn_1",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def save_checkpoint(pipeline: Any, path: Path) -> None:
    """Write a Stable Diffusion pipeline of two blocks as the programs that trained it did."""
    weights: dict[str, torch.Tensor] = {}
    layers = pipeline.unet.config.layers_per_block
    for name, value in pipeline.unet.state_dict().items():
        weights[f"model.diffusion_model.{_unet_name(name, layers)}"] = value
    for name, value in pipeline.vae.state_dict().items():
        new = _vae_name(name)
        is_matrix = ".attn_1." in new and new.endswith(".weight") and ".norm." not in new
        weights[f"first_stage_model.{new}"] = value[..., None, None] if is_matrix else value
    for name, value in pipeline.text_encoder.state_dict().items():
        new = name if name.startswith("text_model.") else f"text_model.{name}"
        weights[f"cond_stage_model.transformer.{new}"] = value
    save_file({name: value.contiguous() for name, value in weights.items()}, path)


def _unet_name(name: str, layers: int) -> str:
    for new, old in _UNET.items():
        if name.startswith(f"{new}."):
            return name.replace(new, old, 1)
    for new, old in _RESNET.items() if ".resnets." in name else ():
        name = name.replace(f".{new}.", f".{old}.")
    name = re.sub(
        r"^mid_block\.(resnets|attentions)\.(\d)",
        lambda m: f"middle_block.{2 * int(m[2]) if m[1] == 'resnets' else 1}",
        name,
    )
    kinds = {"resnets": 0, "attentions": 1}

    def down(m: re.Match[str]) -> str:
        return f"input_blocks.{1 + int(m[1]) * (layers + 1) + int(m[3])}.{kinds[m[2]]}"

    def up(m: re.Match[str]) -> str:
        return f"output_blocks.{int(m[1]) * (layers + 1) + int(m[3])}.{kinds[m[2]]}"

    name = re.sub(r"^down_blocks\.(\d)\.(resnets|attentions)\.(\d)", down, name)
    name = re.sub(r"^up_blocks\.(\d)\.(resnets|attentions)\.(\d)", up, name)
    name = re.sub(
        r"^down_blocks\.(\d)\.downsamplers\.0\.conv",
        lambda m: f"input_blocks.{(int(m[1]) + 1) * (layers + 1)}.0.op",
        name,
    )
    return re.sub(
        r"^up_blocks\.(\d)\.upsamplers\.0\.conv",
        # after the attention, where the block has one
        lambda m: (
            f"output_blocks.{int(m[1]) * (layers + 1) + layers}.{2 if m[1] == '0' else 1}.conv"
        ),
        name,
    )


def _vae_name(name: str) -> str:
    for new, old in _VAE.items():
        name = re.sub(rf"(^|\.){re.escape(new)}\.", rf"\g<1>{old}.", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets", lambda m: f"up.{1 - int(m[1])}.block", name)
    return re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{1 - int(m[1])}.upsample", name)


def save_header(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    metadata: Mapping[str, str] | None = None,
    values: Mapping[str, bytes] | None = None,
) -> None:
    """A file with a header, and zeros that take no place on the disk, in 16 bits.

    Args:
        values: the bytes of some weights that are not zero.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, data in (values or {}).items():
            file.seek(8 + len(text) + header[name]["data_offsets"][0])
            file.write(data)
        file.truncate(8 + len(text) + end)
