"""A single .safetensors checkpoint, opened offline.

Such a file holds weights, and no configs, no vocabulary, and often not all parts. Where the configs
come from, in this order: those that ship with the program; a folder of the same family in the
Hugging Face cache, which then also gives the parts that the file lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from visualizer.assets import asset_path
from visualizer.diffusion.checkpoint_families import (
    CheckpointFamily,
    is_whole,
    prefix_of,
    read_checkpoint,
    recognize,
    what_is_missing,
)
from visualizer.diffusion.class_names import check_classes, pipeline_class
from visualizer.diffusion.clip_vocabulary import END, clip_tokenizer
from visualizer.diffusion.config_sizes import absurd_size
from visualizer.diffusion.found_models import folders_of_class
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.model_folder import ModelError, Part, inspect_folder, read_json
from visualizer.diffusion.opening import loading, open_folder, suitable_dtype
from visualizer.diffusion.weights_file import WeightsFile

_FROM_THE_FILE = ("unet", "transformer", "vae", "text_encoder", "text_encoder_2", "text_encoder_3")


def open_checkpoint(path: Path, *, device: str = "cpu", dtype: torch.dtype | None = None) -> Any:
    """The pipeline of a checkpoint, in main memory.

    Raises:
        ModelError: with what is wrong, or what is missing and how to get it.
    """
    file = read_checkpoint(path)
    family = recognize(file)
    whole = is_whole(file, family)
    dtype = dtype or suitable_dtype([_as_part(file)], device, family.pipeline_class)
    tried: list[str] = []
    for configs in _config_folders(file, family, whole=whole):
        try:
            if whole:
                return _from_configs(file, family, configs, dtype)
            return _into_folder(file, family, configs, dtype)
        except ModelError as error:
            tried.append(str(error))
    if tried:
        raise ModelError(tried[0])
    raise ModelError(what_is_missing(file, family))


# --- Where the configs are ------------------------------------------------------------------------


def _config_folders(file: WeightsFile, family: CheckpointFamily, *, whole: bool) -> Iterator[Path]:
    """Folders whose denoiser is built like that of the file."""
    if whole and family.configs:
        shipped = asset_path("model-configs", family.configs)
        if _fits(file, family, shipped):
            yield shipped
    folders = list(folders_of_class(family.pipeline_class))
    wanted = f"models--{family.repository.replace('/', '--')}"
    for folder in sorted(folders, key=lambda folder: wanted not in folder.parts):
        if _fits(file, family, folder):
            yield folder


def _fits(file: WeightsFile, family: CheckpointFamily, folder: Path) -> bool:
    """Whether a config describes a network of the sizes that the file has."""
    try:
        config = read_json(folder / family.part / "config.json", "The config")
    except ModelError:
        return False
    prefix = prefix_of(file)
    if family.part == "unet":
        first = file.shape(f"{prefix}input_blocks.0.0.weight") or (0,)
        channels = config.get("block_out_channels")
        listens = [
            tensor.shape[-1]
            for name, tensor in file.tensors.items()
            if name.startswith(prefix) and name.endswith("attn2.to_k.weight")
        ]
        return (
            isinstance(channels, list)
            and bool(channels)
            and channels[0] == first[0]
            and (not listens or config.get("cross_attention_dim") == listens[0])
        )
    layers = config.get("num_layers", config.get("n_layers"))
    return not isinstance(layers, int) or layers in _block_counts(file, prefix)


def _block_counts(file: WeightsFile, prefix: str) -> set[int]:
    """How many blocks of each kind there are: "double_blocks.18.img_attn…" says 19."""
    counts: dict[str, int] = {}
    for name in file.tensors:
        kind, _, rest = name.removeprefix(prefix).partition(".")
        number = rest.partition(".")[0]
        if number.isdecimal():
            counts[kind] = max(counts.get(kind, 0), int(number) + 1)
    return set(counts.values())


# --- Opening --------------------------------------------------------------------------------------


def _from_configs(
    file: WeightsFile, family: CheckpointFamily, configs: Path, dtype: torch.dtype
) -> Any:
    """All weights from the file, the configs from a folder, the tokenizers from it or from ours."""
    without = frozenset((*_FROM_THE_FILE, "safety_checker", *_missing_tokenizers(configs)))
    folder = inspect_folder(configs, without=without)
    check_classes(folder)
    _check_sizes(file, configs)
    given: dict[str, Any] = {"safety_checker": None, "feature_extractor": None}
    for name in _missing_tokenizers(configs):
        given[name] = clip_tokenizer(_padding(family, name))
    cls = pipeline_class(family.pipeline_class)
    expected, _ = cls._get_signature_keys(cls)
    if "text_encoder_3" in expected:
        # T5 is the largest part of Stable Diffusion 3, and its vocabulary is not in the file
        given.update(text_encoder_3=None, tokenizer_3=None)
    given = {name: part for name, part in given.items() if name in expected}
    with loading(file.path.name):
        pipeline = cls.from_single_file(
            str(file.path), config=str(configs), local_files_only=True, dtype=dtype, **given
        )
    _set_prediction(pipeline, family)
    return pipeline


def _into_folder(
    file: WeightsFile, family: CheckpointFamily, folder: Path, dtype: torch.dtype
) -> Any:
    """The denoiser from the file, everything else from a folder of the same family."""
    _check_sizes(file, folder, only=family.part)
    cls = getattr(diffusers, family.denoiser)
    with loading(file.path.name):
        denoiser = cls.from_single_file(
            str(file.path),
            config=str(folder),
            subfolder=family.part,
            local_files_only=True,
            dtype=dtype,
        )
    return open_folder(folder, dtype=dtype, **{family.part: denoiser})


def _missing_tokenizers(folder: Path) -> frozenset[str]:
    """Of CLIP's: others must be in the folder."""
    return frozenset(name for name in ("tokenizer", "tokenizer_2") if not (folder / name).is_dir())


def _padding(family: CheckpointFamily, tokenizer: str) -> str:
    """OpenCLIP's text encoders (of Stable Diffusion 2, second of XL and 3) are padded with "!"."""
    return "!" if family.configs.endswith("-2") or tokenizer == "tokenizer_2" else END


def _check_sizes(file: WeightsFile, folder: Path, only: str | None = None) -> None:
    for part in [only] if only else _FROM_THE_FILE:
        config = folder / part / "config.json"
        if config.is_file():
            called = f"The config.json of the part '{part}' of '{folder.name}'"
            sizes = read_json(config, called)
            absurd = absurd_size(sizes, elements=file.elements, tensors=len(file.tensors))
            if absurd:
                raise ModelError(f"{called} does not fit '{file.path.name}': {absurd}.")


def _set_prediction(pipeline: Any, family: CheckpointFamily) -> None:
    """Tell the scheduler what the network predicts, where families are trained both ways."""
    if family.part != "unet":
        return
    wanted = "v_prediction" if family.v_prediction else "epsilon"
    scheduler = pipeline.scheduler
    if scheduler.config.get("prediction_type", wanted) == wanted and not family.zero_snr:
        return
    changes: dict[str, Any] = {"prediction_type": wanted}
    if family.zero_snr:
        changes |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    pipeline.scheduler = type(scheduler).from_config(scheduler.config, **changes)
    if family.configs == "stable-diffusion-2" and not family.v_prediction:
        # the 2.x models that predict ε are those of 512 pixels
        pipeline.unet.register_to_config(sample_size=64)


def _as_part(file: WeightsFile) -> Part:
    return Part("checkpoint", "diffusers", "", file.path.parent, (file,))
