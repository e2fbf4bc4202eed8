"""A model folder, looked at before anything in it is trusted; torch is not needed for it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from visualizer.byte_words import in_words
from visualizer.diffusion.config_sizes import absurd_size
from visualizer.diffusion.family_names import family_name
from visualizer.diffusion.weights_file import WeightsFile, WeightsFileError, read_weights_file

INDEX_NAME = "model_index.json"
MAX_CONFIG_BYTES = 8_000_000
MAX_INDEX_BYTES = 64_000_000
MAX_TIMESTEPS = 100_000
MAX_PARTS = 64
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".msgpack", ".h5")
CONFIG_NAMES = (
    "config.json",
    "scheduler_config.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "generation_config.json",
)
VARIANTS = ("fp16", "bf16", "fp32")
"""Of weights under a second name ("model.fp16.safetensors"); the first that is whole is taken."""
_STEMS = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}
"""How each library names weights; parts that diffusers keeps with a pipeline may be of either."""
_INDEX_OF_WEIGHTS = re.compile(r".*\.index\b.*\.json", re.IGNORECASE)
_ADAPTER = "adapter_config.json"
WITHOUT_WEIGHTS = re.compile(
    r"(Scheduler|Tokenizer|TokenizerFast|Processor|ProcessorFast|ProcessorPil|FeatureExtractor"
    r"|Guider|Guidance)$"
)
_REMOTE_CODE = ("auto_map", "custom_pipeline", "custom_pipelines")
_OTHER_WEIGHTS = "transformers_weights"
"""With this in a config transformers loads a file of another name."""


class ModelError(RuntimeError):
    """A model that cannot be opened or used; its text is a sentence with what to do."""


class OutOfMemory(ModelError):
    """A run for which there was not enough memory; fewer pictures at a time may do."""


@dataclass(frozen=True)
class Part:
    """One part of a pipeline, as ``model_index.json`` names it.

    Attributes:
        weights: the headers of its weights; empty for schedulers, tokenizers and processors.
        config: its ``config.json``; empty where it has none.
    """

    name: str
    library: str
    class_name: str
    folder: Path
    weights: tuple[WeightsFile, ...] = ()
    config: Mapping[str, Any] | None = None

    @property
    def bytes(self) -> int:
        """Of its weights, on disk."""
        return sum(file.size for file in self.weights)

    @property
    def elements(self) -> int:
        """How many numbers its weights hold."""
        return sum(file.elements for file in self.weights)


@dataclass(frozen=True)
class ModelFolder:
    """A folder in which everything is there and nothing points elsewhere.

    Attributes:
        variant: the second name of the weights that were found ("fp16"), None for the plain one.
        index: ``model_index.json`` itself.
    """

    path: Path
    pipeline_class: str
    parts: tuple[Part, ...]
    variant: str | None
    index: Mapping[str, Any]


def inspect_folder(folder: Path, *, without: frozenset[str] = frozenset()) -> ModelFolder:
    """What is in a model folder, from its small files and the headers of its weights.

    Args:
        without: parts that are not wanted and need not be there.

    Raises:
        ModelError: when a part is missing, damaged, pickled, of an absurd size, wants to run code,
            or lies outside the folder.
    """
    if not folder.exists():
        raise ModelError(f"There is no folder '{folder}'.")
    if not folder.is_dir():
        raise ModelError(
            f"'{name_of(folder)}' is a file, and no model folder or .safetensors checkpoint."
        )
    index = _read_index(folder)
    places = _Places(folder)
    places.check(folder / INDEX_NAME)
    wanted = [name for name in named_parts(index) if name not in without]
    variant = _variant_of(folder, index, wanted)
    parts = tuple(_inspect_part(places, name, index[name], variant) for name in wanted)
    return ModelFolder(folder, index["_class_name"], parts, variant, index)


def inspect_part(folder: Path, library: str, class_name: str) -> Part:
    """A part that lies in a folder of its own, held to the same rules as those of a pipeline.

    Raises:
        ModelError: as ``inspect_folder``.
    """
    if not folder.is_dir():
        raise ModelError(f"There is no folder '{folder}'.")
    return _inspect_files(_Places(folder), Part(name_of(folder), library, class_name, folder), None)


def name_of(path: Path) -> str:
    """What people call a model: its repository where it lies in a Hugging Face cache."""
    if path.parent.name == "snapshots" and path.parents[1].name.startswith("models--"):
        return path.parents[1].name.removeprefix("models--").replace("--", "/")
    return path.name or path.resolve().name


def check_family(folder: ModelFolder, called: str) -> None:
    """Refuse pipelines that want a picture, or make something else.

    Raises:
        ModelError: with what it is.
    """
    if not family_name(folder.pipeline_class):
        raise ModelError(
            f"'{called}' is a {folder.pipeline_class}, which does not make pictures from text "
            "alone. Choose another model."
        )


def license_of(folder: Path) -> str:
    """The license named in a model card's front matter, or ""."""
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            card = file.read(100_000)
    except OSError:
        return ""
    return license_in(card)


def license_in(card: str) -> str:
    """The license in the front matter of a model card's text, or ""."""
    found = {"license": "", "license_name": ""}
    for line in card.split("---")[1].splitlines() if card.startswith("---") else ():
        key, _, value = line.partition(":")
        if key in found:
            found[key] = value.strip().strip("'\"")
    own_name = found["license_name"] if found["license"] in ("other", "") else ""
    return own_name or found["license"]


def read_own_json(folder: Path, name: str, limit: int = MAX_CONFIG_BYTES) -> dict[str, Any]:
    """A JSON file of a model folder, which may be no link to a place outside of it.

    Raises:
        ModelError: as ``read_json``.
    """
    check_place(folder, name)
    return read_json(folder / name, f"The {name} of '{name_of(folder)}'", limit)


def check_place(folder: Path, name: str) -> None:
    """Refuse a file of a model folder that is a link to a place outside of it, or to nothing.

    Raises:
        ModelError: with what is wrong and what to do.
    """
    _Places(folder).check(folder / name)


def read_json(path: Path, called: str, limit: int = MAX_CONFIG_BYTES) -> dict[str, Any]:
    """An object from a JSON file that nobody vouches for.

    Args:
        called: how the file is called in the sentence.

    Raises:
        ModelError: when it is too large, nested without end, or no JSON object.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise ModelError(
                f"{called} is {in_words(size)}: no such file is that large, so it is not read."
            )
        value = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ModelError(f"{called} is nested too deeply to be read.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{called} cannot be read: it is damaged, or no JSON.") from error
    if not isinstance(value, dict):
        raise ModelError(f"{called} cannot be read: it holds no names and values.")
    return value


# --- The index ------------------------------------------------------------------------------------


def _read_index(folder: Path) -> dict[str, Any]:
    file = folder / INDEX_NAME
    if not file.is_file():
        if file.is_symlink():
            raise ModelError(
                f"'{name_of(folder)}' was not downloaded to its end: download it again."
            )
        if not any(folder.iterdir()):
            raise ModelError(f"The folder '{name_of(folder)}' is empty.")
        raise ModelError(
            f"'{name_of(folder)}' is not a diffusers model folder: it holds no {INDEX_NAME}."
        )
    index = read_json(file, f"The {INDEX_NAME} of '{name_of(folder)}'")
    _refuse_code(index, f"The {INDEX_NAME} of '{name_of(folder)}'")
    if isinstance(index.get("_class_name"), list):
        raise ModelError(
            f"'{name_of(folder)}' brings program code of its own (a custom pipeline): for safety "
            "it is not loaded."
        )
    if not isinstance(index.get("_class_name"), str):
        raise ModelError(f"The {INDEX_NAME} of '{name_of(folder)}' names no pipeline.")
    if not named_parts(index):
        raise ModelError(f"The {INDEX_NAME} of '{name_of(folder)}' names no parts.")
    if len(named_parts(index)) > MAX_PARTS:
        raise ModelError(
            f"The {INDEX_NAME} of '{name_of(folder)}' names more parts than any model has."
        )
    return index


def named_parts(index: Mapping[str, Any]) -> list[str]:
    """The parts that a pipeline has; what is [null, null] is left out on purpose."""
    return [name for name, value in index.items() if not name.startswith("_") and is_part(value)]


def is_part(value: Any) -> bool:
    """Whether a value in the index names a part: two names, and not [null, null].

    Pipelines have lists among their other arguments too: those hold numbers.
    """
    if not isinstance(value, list) or (len(value) == 2 and value[0] is None):
        return False
    return not value or any(isinstance(item, str) for item in value)


def _variant_of(folder: Path, index: Mapping[str, Any], parts: list[str]) -> str | None:
    """None where all weights have their plain name, else the variant that makes them whole."""
    names = {name: _file_names(folder / name) for name in parts if _is_plain_name(name)}
    with_weights = [
        (files, library_of(index, name))
        for name, files in names.items()
        if any(file.endswith((".safetensors", ".safetensors.index.json")) for file in files)
    ]
    if all(weights_name(files, None, library) for files, library in with_weights):
        return None
    for variant in VARIANTS:
        if all(
            weights_name(files, variant, library) or weights_name(files, None, library)
            for files, library in with_weights
        ):
            return variant
    return None


def library_of(index: Mapping[str, Any], part: str) -> str:
    """The library that the index names for a part, or ""."""
    value = index.get(part)
    return str(value[0]) if isinstance(value, list) and value else ""


# --- One part -------------------------------------------------------------------------------------


def _inspect_part(places: _Places, name: str, value: list[Any], variant: str | None) -> Part:
    model = name_of(places.folder)
    if not _is_plain_name(name):
        raise ModelError(
            f"The {INDEX_NAME} of '{model}' names a part '{name}': a part is a folder beside it."
        )
    if len(value) != 2 or not all(isinstance(item, str) for item in value):
        raise ModelError(
            f"The {INDEX_NAME} of '{model}' does not say in two names what the part '{name}' is."
        )
    library, class_name = value
    folder = places.folder / name
    if not folder.is_dir():
        raise ModelError(
            f"The part '{name}' of '{model}' is missing: there is no folder of that name. "
            "Download the model again."
        )
    return _inspect_files(places, Part(name, library, class_name, folder), variant)


def _inspect_files(places: _Places, part: Part, variant: str | None) -> Part:
    """The part with its config and the headers of its weights."""
    name, folder, model = part.name, part.folder, name_of(places.folder)
    files = _file_names(folder)
    for file in ("", *files):
        places.check(folder / file)
    if _ADAPTER in files:
        raise ModelError(
            f"The part '{name}' of '{model}' is an adapter ({_ADAPTER}), whose weights belong to "
            "another model: only whole parts are loaded."
        )
    for file in CONFIG_NAMES:
        if file in files:
            called = f"The {file} of the part '{name}' of '{model}'"
            _refuse_code(read_json(folder / file, called), called)
    if WITHOUT_WEIGHTS.search(part.class_name) or _has_only(files, CONFIG_NAMES[1:]):
        if not files:
            raise ModelError(
                f"The part '{name}' of '{model}' is an empty folder. Download the model again."
            )
        for file in filter(files.__contains__, CONFIG_NAMES):
            _refuse_endless(read_json(folder / file, file), f"The {file} of '{model}'")
        return part
    if "config.json" not in files:
        raise ModelError(
            f"The part '{name}' of '{model}' has no config.json. Download the model again."
        )
    config = read_json(folder / "config.json", f"The config.json of the part '{name}' of '{model}'")
    if config.get(_OTHER_WEIGHTS):
        raise ModelError(
            f"The config.json of the part '{name}' of '{model}' asks for weights of another name "
            f"('{_OTHER_WEIGHTS}'): for safety the model is not loaded."
        )
    part = replace(part, config=config, weights=_weights(part, model, variant))
    tensors = sum(len(file.tensors) for file in part.weights)
    absurd = absurd_size(config, elements=part.elements, tensors=tensors)
    if absurd:
        raise ModelError(
            f"The config.json of the part '{name}' of '{model}' does not fit its weights: "
            f"{absurd}. It is not loaded."
        )
    return part


def _refuse_endless(config: Mapping[str, Any], called: str) -> None:
    """A schedule of billions of timesteps is computed before anybody can stop it."""
    value = config.get("num_train_timesteps")
    if isinstance(value, (int, float)) and value > MAX_TIMESTEPS:
        raise ModelError(
            f"{called} asks for num_train_timesteps {value}: that cannot be. It is not loaded."
        )


def _has_only(files: list[str], configs: tuple[str, ...]) -> bool:
    """Whether a part is configured as a scheduler, tokenizer or processor, and as nothing else."""
    return "config.json" not in files and any(name in files for name in configs)


def _weights(part: Part, model: str, variant: str | None) -> tuple[WeightsFile, ...]:
    """The headers of what the part's library will load; every index beside it is looked at too."""
    files = _file_names(part.folder)
    indexes = {
        name: _index_of_weights(part.folder, name, part.name, model)
        for name in files
        # an index of pickles is never asked for: both libraries are told to read safetensors only
        if _INDEX_OF_WEIGHTS.fullmatch(name) and "safetensors" in name.split(".")
    }
    _refuse_a_second_set(files, part, model)
    chosen = weights_name(files, variant, part.library) or weights_name(files, None, part.library)
    if chosen in indexes:
        return _shards(part, chosen, indexes[chosen], model)
    if chosen:
        return (_header(part.folder / chosen, part.name, model),)
    if any(name.endswith(PICKLES) for name in files):
        raise ModelError(
            f"The part '{part.name}' of '{model}' holds its weights only as a pickle, which can "
            "run any program when it is opened: for safety only .safetensors are loaded."
        )
    raise ModelError(
        f"The part '{part.name}' of '{model}' has no weights: there is no .safetensors file that "
        f"{part.library} would load. Download the model again."
    )


def _refuse_a_second_set(files: list[str], part: Part, model: str) -> None:
    """Of an index and a single file, each library takes another one: nobody could say which."""
    for name in filter(_INDEX_OF_WEIGHTS.fullmatch, files):
        # the variant has stood at several places of the name: the rest is told without its order
        stem, *words = name.split(".")
        left = [word for word in words if word not in ("safetensors", "index", "json")]
        single = ".".join((stem, *left, "safetensors"))
        if single in files:
            raise ModelError(
                f"The part '{part.name}' of '{model}' has its weights twice, as '{single}' and by "
                f"'{name}', which need not be the same. Download the model again."
            )
    if part.library not in _STEMS:
        stems = {name.split(".")[0] for name in files if name.endswith(".safetensors")}
        stems |= {name.split(".")[0] for name in files if _INDEX_OF_WEIGHTS.fullmatch(name)}
        if stems.issuperset(_STEMS.values()):
            raise ModelError(
                f"The part '{part.name}' of '{model}' has its weights twice, under the names of "
                "two libraries, which need not be the same. Download the model again."
            )


def _index_of_weights(folder: Path, index_name: str, part: str, model: str) -> dict[str, str]:
    """Which weight lies in which file of the part; of every index, also of one that is not used."""
    called = f"The {index_name} of the part '{part}' of '{model}'"
    weight_map = read_json(folder / index_name, called, MAX_INDEX_BYTES).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelError(f"{called} does not say where the weights are.")
    for name in weight_map.values():
        if not isinstance(name, str) or not _is_file_name(name):
            raise ModelError(
                f"{called} points to {name!r}: weights must lie in the folder of their part. "
                "For safety the model is not loaded."
            )
        if not name.endswith(".safetensors"):
            raise ModelError(f"{called} points to '{name}': only .safetensors are loaded.")
    return weight_map


def _shards(
    part: Part, index_name: str, weight_map: dict[str, str], model: str
) -> tuple[WeightsFile, ...]:
    """Weights in several files; the index says which weight lies in which."""
    headers: dict[str, WeightsFile] = {}
    for name in dict.fromkeys(weight_map.values()):
        if not (part.folder / name).is_file():
            raise ModelError(
                f"The file '{name}' of the part '{part.name}' of '{model}' is missing. "
                "Download the model again."
            )
        headers[name] = _header(part.folder / name, part.name, model)
    for weight, name in weight_map.items():
        if weight not in headers[name].tensors:
            raise ModelError(
                f"The {index_name} of the part '{part.name}' of '{model}' names the weight "
                f"'{weight}', and '{name}' has none such."
            )
    return tuple(headers.values())


def _header(path: Path, part: str, model: str) -> WeightsFile:
    try:
        return read_weights_file(path)
    except WeightsFileError as error:
        raise ModelError(
            f"The file '{path.name}' of the part '{part}' of '{model}' {error}. "
            "Download the model again."
        ) from error


def weights_name(names: Collection[str], variant: str | None, library: str) -> str:
    """The one file with the weights, or the index of several; "" where there is neither.

    Args:
        library: the one that is to load them; each knows them by another name.
    """
    dotted = f".{variant}" if variant else ""
    for stem in [_STEMS[library]] if library in _STEMS else _STEMS.values():
        for name in (
            f"{stem}{dotted}.safetensors",
            f"{stem}.safetensors.index{dotted}.json",
        ):
            if name in names:
                return name
    return ""


def _file_names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


# --- Nothing outside, no code ---------------------------------------------------------------------


class _Places:
    """Where the files of a model may lie: in its folder, and in the cache of which it is a part.

    In a Hugging Face cache the files of ``models--NAME/snapshots/COMMIT`` are links to
    ``models--NAME/blobs``, some of which are links to the ``blobs`` of the whole cache.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model = name_of(folder)
        real = folder.resolve()
        self._allowed = [real]
        if real.parent.name == "snapshots" and real.parents[1].name.startswith("models--"):
            self._allowed += [real.parents[1] / "blobs", real.parents[2] / "blobs"]

    def check(self, path: Path) -> None:
        """Refuse a link that points outside, and one that points nowhere."""
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # a link to nothing, or to itself
            raise ModelError(
                f"The file '{path.name}' of '{self._model}' is not there, only a link to it: "
                "the download did not come to its end. Download the model again."
            ) from error
        if not any(real.is_relative_to(allowed) for allowed in self._allowed):
            raise ModelError(
                f"'{path.relative_to(self.folder)}' in '{self._model}' is a link to a place "
                "outside the folder: for safety the model is not loaded."
            )


def _is_plain_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) is not None


def _is_file_name(name: str) -> bool:
    return re.fullmatch(r"[^/\\:\0]+", name) is not None and name not in (".", "..")


def _refuse_code(config: Mapping[str, Any], called: str) -> None:
    """Configs can name Python files to import; nothing of the kind is loaded."""
    waiting: list[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found = next((key for key in _REMOTE_CODE if value.get(key)), None)
            if found is not None:
                raise ModelError(
                    f"{called} asks for program code that comes with the model ('{found}'): for "
                    "safety it is not loaded."
                )
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
