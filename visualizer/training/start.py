"""A model's folder as the start of further training.

Only a model of this very architecture, vocabulary and schedule can be trained further: the folder
that comes out is written with ours.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualizer.training.model_card import Course, read_course

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderTiny

    from visualizer.training.denoiser import Denoiser

_TEXT_SETTINGS = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")


class StartError(ValueError):
    """A folder holds no model that can be trained further; the text is a sentence saying why."""


@dataclass(frozen=True)
class Start:
    """What further training begins with.

    Attributes:
        folder: of the model.
        autoencoder: the model's own, with its scaling factor in its config.
        course: how the model was trained so far.
        key: tells its denoiser from others, 8 hexadecimal digits.
    """

    folder: Path
    autoencoder: AutoencoderTiny
    course: Course
    key: str


def read_start(folder: Path) -> Start:
    """Look at a model's folder, all of it.

    Raises:
        StartError: where a part is missing, damaged or another than ours; also where the folder
            does not tell how its model was trained (``training.json``).
    """
    try:
        course = read_course(folder)
        _compare_settings(folder)
        denoiser = learned_before(folder)
        autoencoder = _autoencoder(folder)
    except (OSError, LookupError, TypeError, RuntimeError, ValueError) as error:
        raise StartError(f"The model in {folder} cannot be trained further: {error}") from error
    found = hashlib.sha256()
    for weight in denoiser.state_dict().values():
        found.update(weight.contiguous().numpy().tobytes())
    return Start(folder, autoencoder, course, found.hexdigest()[:8])


def learned_before(folder: Path) -> Denoiser:
    """The denoiser of a model's folder that ``read_start`` accepts."""
    from visualizer.training.denoiser import Denoiser
    from visualizer.training.world.vocabulary import build_tokenizer

    denoiser = Denoiser(build_tokenizer())
    denoiser.unet.load_state_dict(_weights(folder / "unet" / "diffusion_pytorch_model.safetensors"))
    denoiser.text_encoder.load_state_dict(_weights(folder / "text_encoder" / "model.safetensors"))
    return denoiser


def _autoencoder(folder: Path) -> AutoencoderTiny:
    from visualizer.training.architecture import build_autoencoder

    vae = build_autoencoder()
    vae.load_state_dict(_weights(folder / "vae" / "diffusion_pytorch_model.safetensors"))
    vae.register_to_config(scaling_factor=float(_json(folder / "vae")["scaling_factor"]))
    return vae


def _weights(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {name: weight.float() for name, weight in load_file(path).items()}
    except SafetensorError as error:
        raise ValueError(f"{path.name} is damaged ({error}).") from error


def _compare_settings(folder: Path) -> None:
    """What weights of the right shapes do not tell: heads, groups, schedule, words."""
    from transformers import CLIPTokenizer

    from visualizer.training.architecture import SCHEDULE, build_text_encoder, build_unet
    from visualizer.training.world.vocabulary import build_tokenizer

    words = build_tokenizer()
    unet = {k: v for k, v in build_unet().config.items() if not k.startswith("_")}
    text = build_text_encoder(words).config.to_dict()
    _compare("unet", _json(folder / "unet"), unet)
    _compare("text_encoder", _json(folder / "text_encoder"), {k: text[k] for k in _TEXT_SETTINGS})
    _compare("scheduler", _json(folder / "scheduler", "scheduler_config.json"), SCHEDULE)
    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    except Exception as error:  # tokenizers raises no class of its own
        raise ValueError(f"its vocabulary cannot be read ({error}).") from error
    if tokenizer.get_vocab() != words.get_vocab():
        raise ValueError("it has another vocabulary.")


def _compare(part: str, found: dict[str, Any], ours: dict[str, Any]) -> None:
    for name, value in json.loads(json.dumps(ours)).items():
        if found.get(name, value) != value:
            raise ValueError(f"its {part} has {name} = {found[name]}, ours {value}.")


def _json(folder: Path, name: str = "config.json") -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return values
