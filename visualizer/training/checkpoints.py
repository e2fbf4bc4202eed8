"""Early weights of the built-in model's denoiser in small files: eight bits a weight.

Each row of a matrix (each output channel of a convolution) keeps its largest magnitude in single
precision and its weights as whole numbers from −127 to 127; vectors stay as they are: a
weight is away by half a step at most, and a file is a quarter as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.diffusion.atomic import replacing

if TYPE_CHECKING:
    import torch
    from diffusers import StableDiffusionPipeline

    from visualizer.training.denoiser import Denoiser

_SCALE = ".scale"
_STEPS = 127


class CheckpointError(ValueError):
    """A file is no checkpoint, or one of another model: a sentence that names it."""


@dataclass(frozen=True)
class TrainingCheckpoint:
    """Where the weights after a share of the training lie.

    Attributes:
        share: of the whole training, 0…1.
        pictures: that the denoiser had been shown by then.
    """

    path: Path
    share: float
    pictures: int


def save_checkpoint(denoiser: Denoiser, folder: Path, share: float, pictures: int) -> Path:
    """Write text encoder and denoiser to a file of `folder` and tell which."""
    from safetensors.torch import save

    packed: dict[str, torch.Tensor] = {}
    for name, weight in denoiser.state_dict().items():
        packed |= _packed(name, weight.float())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"after-{share:g}.safetensors"
    with replacing(path) as file:
        file.write(save(packed, {"share": repr(share), "pictures": str(pictures)}))
    return path


def found_checkpoints(folder: Path) -> list[TrainingCheckpoint]:
    """The checkpoints of a folder, the earliest first; those that cannot be read are left out."""
    from safetensors import SafetensorError, safe_open

    found: list[TrainingCheckpoint] = []
    for path in sorted(folder.glob("after-*.safetensors")):
        try:
            with safe_open(path, "pt") as file:
                said = file.metadata() or {}
                found.append(TrainingCheckpoint(path, float(said["share"]), int(said["pictures"])))
        except (OSError, LookupError, ValueError, SafetensorError):
            continue
    return sorted(found, key=lambda checkpoint: checkpoint.share)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint in single precision, named `text_encoder.…` and `unet.…`.

    Raises:
        CheckpointError: for a file that holds no checkpoint.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        packed = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The checkpoint '{path.name}' cannot be read.") from error
    weights: dict[str, torch.Tensor] = {}
    for name, values in packed.items():
        if not name.endswith(_SCALE):
            scale = packed.get(name + _SCALE)
            weights[name] = values.float() if scale is None else values.float() * scale
    return weights


def pipeline_at(pipeline: StableDiffusionPipeline, path: Path) -> StableDiffusionPipeline:
    """The pipeline as it was at a checkpoint; it shares the autoencoder, and nothing is changed.

    Raises:
        CheckpointError: for a file that holds no checkpoint of this model.
    """
    import copy

    weights = weights_of(path)
    parts = {}
    for name in ("text_encoder", "unet"):
        part = copy.deepcopy(getattr(pipeline, name))
        prefix = f"{name}."
        own = {k.removeprefix(prefix): w for k, w in weights.items() if k.startswith(prefix)}
        try:
            part.load_state_dict(own)
        except RuntimeError as error:
            raise CheckpointError(f"The checkpoint '{path.name}' is of another model.") from error
        parts[name] = part.eval()
    made = type(pipeline)(**{**pipeline.components, **parts}, requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


def _packed(name: str, weight: torch.Tensor) -> dict[str, torch.Tensor]:
    import torch

    if weight.dim() < 2:
        return {name: weight.contiguous()}
    rows = weight.flatten(1).abs().amax(1).clamp_min(1e-12) / _STEPS
    scale = rows.view(-1, *(1,) * (weight.dim() - 1))
    numbers = (weight / scale).round().clamp(-_STEPS, _STEPS).to(torch.int8)
    return {name: numbers.contiguous(), name + _SCALE: scale}
