"""The models on this computer: what they are, how large, and whether they can be opened.

Only small files and the headers of weights are read; torch is not needed, and nothing goes online.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from visualizer.diffusion.checkpoint_families import (
    is_whole,
    read_checkpoint,
    recognize,
    what_is_missing,
)
from visualizer.diffusion.family_names import family_name
from visualizer.diffusion.model_folder import (
    INDEX_NAME,
    MAX_CONFIG_BYTES,
    ModelError,
    inspect_folder,
    license_of,
    name_of,
)

Origin = Literal["builtin", "cache", "folder", "opened"]
Fit = Literal["yes", "tight", "no"]
CHECKPOINT = ".safetensors"
DEPTH = 3
"""How many folders deep a folder that a person added is searched."""
MOST_FOLDERS = 3000
"""A home folder or a whole disk is not searched to its end."""
OVERHEAD = 1.15
"""What a run needs beside the weights, as a share of them."""
BUILTIN_NAME = "Built-in"


@dataclass(frozen=True)
class FoundModel:
    """A model, as a row of a list.

    Attributes:
        path: the folder or .safetensors file; "" for the built-in model.
        name: what people call it: "stabilityai/sdxl-turbo", or the folder's name.
        family: "Stable Diffusion XL"; "" when it is unknown.
        pipeline_class: diffusers' class, "" when it is unknown.
        bytes: on disk, of the weights that would be loaded.
        license: "" when it is unknown.
        memory_bytes: an estimate of what it needs when it is open.
        problem: a sentence why it cannot be opened, "" when it can.
    """

    path: str
    name: str
    family: str
    pipeline_class: str
    bytes: int
    license: str
    origin: Origin
    memory_bytes: int
    problem: str = ""


def find_models(
    folders: Sequence[Path] = (),
    *,
    cancelled: Callable[[], bool] = lambda: False,
    half_precision: bool = False,
) -> Iterator[FoundModel]:
    """The built-in model, those in the Hugging Face cache, those in a person's folders.

    Args:
        folders: what the person added; searched a few folders deep.
        cancelled: looked at before each model.
        half_precision: whether the device computes in 16 bits, for the estimate of memory.
    """
    seen: set[Path] = set()
    numbers = 2 if half_precision else 4
    for path, origin in _places(folders, cancelled):
        if cancelled():
            return
        real = path.resolve()
        if real not in seen:
            seen.add(real)
            found = describe(path, origin, number_bytes=numbers)
            if found is not None:
                yield found


def describe(path: Path, origin: Origin = "opened", *, number_bytes: int = 4) -> FoundModel | None:
    """One model of which the place is known; None for a file that is no image model at all.

    Args:
        number_bytes: of one number, on the device on which it will run.
    """
    if path.is_file():
        return _describe_checkpoint(path, origin, number_bytes)
    builtin = origin == "builtin"
    unknown = FoundModel(
        path="" if builtin else str(path),
        name=BUILTIN_NAME if builtin else name_of(path),
        family="",
        pipeline_class=class_in(path),
        bytes=0,
        license=license_of(path),
        origin=origin,
        memory_bytes=0,
    )
    family = family_name(unknown.pipeline_class)
    if unknown.pipeline_class and not family:
        problem = f"A {unknown.pipeline_class} does not make pictures from text."
        return replace(unknown, problem=problem, bytes=_size_of(path))
    try:
        folder = inspect_folder(path)
    except ModelError as error:
        return replace(unknown, family=family, problem=str(error), bytes=_size_of(path))
    elements = sum(part.elements for part in folder.parts)
    return replace(
        unknown,
        family=family,
        bytes=sum(part.bytes for part in folder.parts),
        memory_bytes=int(elements * number_bytes * OVERHEAD),
    )


def fits(memory_bytes: int, device_memory: int) -> Fit:
    """Whether a model fits into the memory that a device has free.

    "tight" is what goes with its parts moved in and out one after another, or with other programs
    closed.
    """
    if memory_bytes <= 0.8 * device_memory:
        return "yes"
    return "tight" if memory_bytes <= 1.25 * device_memory else "no"


def folders_of_class(pipeline_class: str) -> Iterator[Path]:
    """The snapshots in the Hugging Face cache with a pipeline of this class, or parts of one."""
    for repository in sorted(_listed(hub_cache())):
        if repository.name.startswith("models--"):
            snapshot = _snapshot(repository)
            if snapshot is not None and class_in(snapshot) == pipeline_class:
                yield snapshot


def hub_cache() -> Path:
    """The Hugging Face cache of this person."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def class_in(folder: Path) -> str:
    """The pipeline class that a folder names, "" where it names none."""
    index = folder / INDEX_NAME
    try:
        if index.stat().st_size > MAX_CONFIG_BYTES:
            return ""
        value = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    named = value.get("_class_name") if isinstance(value, dict) else None
    return named if isinstance(named, str) else ""


# --- Where to look --------------------------------------------------------------------------------


def _places(
    folders: Sequence[Path], cancelled: Callable[[], bool]
) -> Iterator[tuple[Path, Origin]]:
    from visualizer.assets import asset_path

    yield asset_path("builtin-model"), "builtin"
    for path in _in_cache(hub_cache()):
        yield path, "cache"
    for folder in folders:
        for path in _in_folder(folder, cancelled):
            yield path, "folder"


def _in_cache(cache: Path) -> Iterator[Path]:
    """Pipelines, and single checkpoints in repositories that hold no pipeline."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        info = scan_cache_dir(cache)
    except (CacheNotFound, ValueError, OSError):
        return
    for repository in sorted(info.repos, key=lambda repository: repository.repo_id.lower()):
        revisions = sorted(
            repository.revisions, key=lambda r: ("main" in r.refs, r.last_modified), reverse=True
        )
        if repository.repo_type != "model" or not revisions:
            continue
        newest = revisions[0]
        files = [file for file in newest.files if file.file_path.parent == newest.snapshot_path]
        names = {file.file_name: file.file_path for file in files}
        if INDEX_NAME in names:
            yield newest.snapshot_path
        else:
            for name, path in sorted(names.items()):
                # the weights of language models and other parts are called model*.safetensors
                if path.suffix == CHECKPOINT and not name.startswith(("model", "diffusion_pyt")):
                    yield path


def _in_folder(top: Path, cancelled: Callable[[], bool]) -> Iterator[Path]:
    """Model folders and checkpoints, the nearest first; not within a model."""
    waiting = [(top, 0)]
    looked = 0
    while waiting and looked < MOST_FOLDERS and not cancelled():
        folder, depth = waiting.pop(0)
        looked += 1
        entries = _listed(folder)
        names = {entry.name for entry in entries}
        if INDEX_NAME in names:
            yield folder
            continue
        if any(name.startswith("models--") for name in names):
            yield from _in_cache(folder)
            continue
        for entry in sorted(entries):
            if entry.suffix == CHECKPOINT and entry.is_file():
                yield entry
            elif depth < DEPTH and not entry.name.startswith(".") and _is_folder(entry):
                waiting.append((entry, depth + 1))


def _is_folder(entry: Path) -> bool:
    # links to folders could lead round in a circle, or through the whole disk
    try:
        return entry.is_dir() and not entry.is_symlink()
    except OSError:
        return False


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _snapshot(repository: Path) -> Path | None:
    """The snapshot of the branch "main", else the newest."""
    try:
        commit = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
        if commit.isalnum() and (repository / "snapshots" / commit).is_dir():
            return repository / "snapshots" / commit
    except (OSError, ValueError):
        pass
    snapshots = [path for path in _listed(repository / "snapshots") if path.is_dir()]
    return max(snapshots, key=lambda path: path.stat().st_mtime, default=None)


# --- What it is -----------------------------------------------------------------------------------


def _describe_checkpoint(path: Path, origin: Origin, number_bytes: int) -> FoundModel | None:
    try:
        size = path.stat().st_size
    except OSError:
        return None
    unknown = FoundModel(str(path), path.stem, "", "", size, "", origin, 0)
    try:
        file = read_checkpoint(path)
        family = recognize(file)
    except ModelError as error:
        # in folders lie LoRAs and parts of models, which are no news to anybody
        return replace(unknown, problem=str(error)) if origin == "opened" else None
    problem = ""
    complete = is_whole(file, family) and family.configs
    if not complete and not any(folders_of_class(family.pipeline_class)):
        problem = what_is_missing(file, family)
    return replace(
        unknown,
        family=family.label,
        pipeline_class=family.pipeline_class,
        license=file.metadata.get("modelspec.license", ""),
        memory_bytes=int(file.elements * number_bytes * OVERHEAD),
        problem=problem,
    )


def _size_of(folder: Path) -> int:
    """Of all that lies in a folder that cannot be opened."""
    total = 0
    for path in folder.glob("*/*.*"):
        try:
            total += path.stat().st_size
        except OSError:  # a link to nothing
            continue
    return total
