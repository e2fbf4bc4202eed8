"""Opening a model: a folder or a checkpoint becomes a diffusers pipeline, without the network.

Everything that can be known from configs and headers is known before a weight is read: the parts
are built without memory ("meta" tensors) and their shapes held against those on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights

from visualizer.diffusion.class_names import check_classes, part_class, pipeline_class
from visualizer.diffusion.device_errors import out_of_memory
from visualizer.diffusion.devices import dtype_for
from visualizer.diffusion.libraries import diffusers, quiet, transformers
from visualizer.diffusion.model_folder import (
    ModelError,
    ModelFolder,
    Part,
    check_family,
    check_place,
    inspect_folder,
    name_of,
)

_TORCH_TYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}
_OLD_ATTENTION = (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn"))
"""diffusers still reads the names that attention in old autoencoders has."""
_MAX_CARD_BYTES = 1_000_000
_REPOSITORY = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


def open_pipeline(
    path: str | Path, *, device: str = "cpu", dtype: torch.dtype | None = None
) -> Any:
    """The pipeline of a model folder or of a single .safetensors checkpoint, in main memory.

    Never goes online, never runs code that comes with a model, never reads a pickle.

    Args:
        path: a folder with ``model_index.json``, or a checkpoint.
        device: where it will run; decides the dtype.
        dtype: None takes what suits the device and the family.

    Raises:
        ModelError: with what is wrong and what to do.
    """
    path = Path(path)
    if path.is_file():
        from visualizer.diffusion.checkpoint import open_checkpoint

        pipeline = open_checkpoint(path, device=device, dtype=dtype)
    else:
        pipeline = open_folder(path, device=device, dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def open_folder(
    path: Path, *, device: str = "cpu", dtype: torch.dtype | None = None, **parts: Any
) -> Any:
    """The pipeline of a folder.

    Args:
        parts: what takes the place of a part of the folder; that part is neither checked nor read.

    Raises:
        ModelError: with what is wrong and what to do.
    """
    folder = inspect_folder(path, without=frozenset(parts))
    check_family(folder, name_of(path))
    check_classes(folder)
    for part in folder.parts:
        check_shapes(part, name_of(path))
    cls = pipeline_class(folder.pipeline_class)
    _check_connected(cls, path)
    dtype = dtype or suitable_dtype(folder.parts, device, folder.pipeline_class)
    with loading(name_of(path)):
        return diffusers.DiffusionPipeline.from_pretrained(
            str(path),
            dtype=dtype,
            variant=folder.variant,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            custom_pipeline=None,
            **{**_left_out(cls, folder), **parts},
        )


def suitable_dtype(parts: Iterable[Part], device: str, pipeline: str) -> torch.dtype:
    """What to compute with on a device, given what the weights are stored in and how many."""
    bytes_of: dict[str, int] = {}
    elements = 0
    for part in parts:
        elements += part.elements
        for file in part.weights:
            for tensor in file.tensors.values():
                bytes_of[tensor.dtype] = bytes_of.get(tensor.dtype, 0) + tensor.end - tensor.start
    stored = max(bytes_of, key=lambda name: bytes_of[name], default="F32")
    return dtype_for(device, pipeline, _TORCH_TYPES.get(stored), elements)


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Whatever the libraries raise while a model loads becomes a sentence.

    Raises:
        ModelError: with what the library said, in one line.
    """
    try:
        with quiet():
            yield
    except ModelError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise ModelError(
                f"There is not enough memory to open '{name}'. Close other programs, or choose a "
                "smaller model."
            ) from error
        if "meta tensor" in str(error):  # a weight that nothing has filled
            raise ModelError(
                f"'{name}' is not complete: some of its weights are missing. Download it again."
            ) from error
        # what the libraries raise on a model that does not fit them has no common type
        raise ModelError(f"The model '{name}' could not be loaded: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What an exception of a library says, short enough for a window."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]} …"


# --- Shapes ---------------------------------------------------------------------------------------


def check_shapes(part: Part, model: str) -> None:
    """Hold the weights on disk against those that the part's class and config ask for.

    Raises:
        ModelError: when one has another shape, or is not there.
    """
    if not part.weights or part.config is None or "quantization_config" in part.config:
        return
    stored = {n: tensor.shape for file in part.weights for n, tensor in file.tensors.items()}
    cls = part_class(part, model)
    exact = issubclass(cls, diffusers.ModelMixin)
    try:
        with quiet():
            expected = _diffusers_shapes(cls, part) if exact else _transformers_shapes(cls, part)
    except Exception as error:
        # configs that make no sense fail in as many ways as there are classes; transformers can
        # build a few models only in its own way of loading them
        if not exact:
            return
        raise ModelError(
            f"The part '{part.name}' of '{model}' cannot be built from its config.json: "
            f"{first_line(error)}"
        ) from error
    missing = []
    for name, shape in expected.items():
        found = next((stored[n] for n in _names(name, exact) if n in stored), None)
        if found is None:
            missing.append(name)
        elif found != shape and found != (*shape, 1, 1):  # old attention is a convolution
            raise ModelError(
                f"The part '{part.name}' of '{model}' has weights of the wrong shape: '{name}' is "
                f"{_in_words(found)}, and its config.json asks for {_in_words(shape)}."
            )
    # transformers renames weights while it loads them: what is missing is not sure there
    if exact and missing:
        raise ModelError(
            f"The part '{part.name}' of '{model}' is not complete: {len(missing)} of its "
            f"{len(expected)} weights are missing, '{missing[0]}' among them. Download it again."
        )


def _diffusers_shapes(cls: Any, part: Part) -> dict[str, tuple[int, ...]]:
    config = cls.load_config(str(part.folder), local_files_only=True)
    with init_empty_weights():
        model = cls.from_config(config)
    ignored = getattr(cls, "_keys_to_ignore_on_load_missing", None) or ()
    return {
        name: tuple(value.shape)
        for name, value in model.state_dict().items()
        if not any(re.search(pattern, name) for pattern in ignored)
    }


def _transformers_shapes(cls: Any, part: Part) -> dict[str, tuple[int, ...]]:
    if not issubclass(cls, transformers.PreTrainedModel):
        return {}
    config = cls.config_class.from_pretrained(str(part.folder), local_files_only=True)
    with torch.device("meta"):
        model = cls(config)
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def _names(name: str, exact: bool) -> list[str]:
    """What a weight may be called on disk."""
    if not exact:
        return [name, f"text_model.{name}", name.removeprefix("text_model.")]
    old = name
    for new, former in _OLD_ATTENTION:
        old = old.replace(f".{new}.", f".{former}.")
    return [name, old]


def _in_words(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


# --- Pipelines in more than one folder ------------------------------------------------------------


def _left_out(cls: Any, folder: ModelFolder) -> dict[str, None]:
    """Parts that the index leaves out on purpose, and that diffusers wants to be told of."""
    expected, _ = cls._get_signature_keys(cls)
    optional = set(cls._optional_components)
    null = {name for name, value in folder.index.items() if value == [None, None]}
    return dict.fromkeys(sorted(null & set(expected) - optional))


def _check_connected(cls: Any, path: Path) -> None:
    """The prior that some model cards name is a model of its own: it is checked like any other."""
    card = path / "README.md"
    if not getattr(cls, "_load_connected_pipes", False) or not card.is_file():
        return
    check_place(path, card.name)
    # diffusers would read all of it: what is cut off here would not be checked
    if card.stat().st_size > _MAX_CARD_BYTES:
        raise ModelError(
            f"The README.md of '{name_of(path)}' is too large to be a model card: for safety the "
            "model is not loaded."
        )
    from huggingface_hub import ModelCard

    try:
        named = getattr(ModelCard(card.read_text(encoding="utf-8")).data, "prior", None)
    except Exception as error:
        raise ModelError(f"The README.md of '{name_of(path)}' cannot be read.") from error
    for repository in named[:1] if isinstance(named, list) else ():
        if not isinstance(repository, str) or not _REPOSITORY.fullmatch(repository):
            raise ModelError(
                f"The README.md of '{name_of(path)}' names a prior {repository!r}, which is no "
                "model: for safety it is not loaded."
            )
        check_classes(inspect_folder(_cached(repository, name_of(path))))


def _cached(repository: str, needed_by: str) -> Path:
    """The folder of a model in the Hugging Face cache."""
    from huggingface_hub import snapshot_download

    # diffusers prefers a folder of that name where the program runs, which nobody checked
    if not Path(repository).exists():
        try:
            return Path(snapshot_download(repository, local_files_only=True))
        except (OSError, ValueError):
            pass
    raise ModelError(
        f"'{needed_by}' needs a second model, its prior '{repository}', which is not here. "
        f"Download it: denoising-visualizer download {repository}"
    )
