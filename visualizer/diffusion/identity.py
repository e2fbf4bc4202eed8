"""Which model this is, by content: two copies in two places are the same."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import Any

import torch

from visualizer.diffusion.trajectory import ModelIdentity

_WHOLE = 256 * 1024**2
_SAMPLE = 4096  # numbers of a tensor, evenly chosen
_RECORDED_VERSIONS = ("torch", "diffusers", "transformers", "numpy")


def identify(pipeline: Any, name: str, license_name: str = "") -> ModelIdentity:
    """Hash a pipeline's configurations and weights, and note what else decides the bits.

    Of models with more than ``_WHOLE`` bytes of weights every tensor is hashed in samples: to read
    ten gigabytes takes longer than a person waits.
    """
    modules = [p for p in pipeline.components.values() if isinstance(p, torch.nn.Module)]
    whole = sum(t.nbytes for m in modules for t in m.state_dict().values()) <= _WHOLE
    configs, weights = hashlib.sha256(), hashlib.sha256()
    for part_name, part in sorted(pipeline.components.items()):
        config = getattr(part, "config", None)
        if config is not None:
            configs.update(_stable_config(part_name, config))
        if isinstance(part, torch.nn.Module):
            for key, tensor in sorted(_state_of(part).items()):
                what = f"{part_name}.{key} {tuple(tensor.shape)} {tensor.dtype}"
                weights.update(what.encode())
                weights.update(_content_of(tensor, whole=whole))
    return ModelIdentity(
        name=name,
        pipeline_class=type(pipeline).__name__,
        config_hash=configs.hexdigest(),
        weights_hash=weights.hexdigest(),
        device=getattr(pipeline, "_execution_device", pipeline.device).type,
        dtype=dtype_name(pipeline),
        threads=torch.get_num_threads(),
        versions={library: version(library) for library in _RECORDED_VERSIONS},
        license=license_name,
    )


def dtype_name(pipeline: Any) -> str:
    """The kind of number a pipeline computes with, e.g. "float32"."""
    return str(pipeline.dtype).removeprefix("torch.")


def _stable_config(name: str, config: Any) -> bytes:
    """A component's configuration without what tells where it lies or who wrote it."""
    values = config.to_dict() if hasattr(config, "to_dict") else dict(config)
    own = {k: v for k, v in values.items() if not k.startswith("_") and "version" not in k}
    return f"{name} {json.dumps(own, sort_keys=True, default=str)}".encode()


def _state_of(part: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights by name, also of layers that accelerate keeps elsewhere until they are used."""
    state = dict(part.state_dict())
    for prefix, module in part.named_modules():
        elsewhere = getattr(getattr(module, "_hf_hook", None), "weights_map", None)
        if elsewhere is None:
            continue
        for name, _ in module.named_parameters(recurse=False):
            state[f"{prefix}.{name}".lstrip(".")] = elsewhere[name]
    return state


def _content_of(tensor: torch.Tensor, *, whole: bool) -> memoryview:
    flat = tensor.detach().reshape(-1)
    if not whole and len(flat) > _SAMPLE:
        flat = flat[:: len(flat) // _SAMPLE]
    return flat.cpu().contiguous().view(torch.uint8).numpy().data
