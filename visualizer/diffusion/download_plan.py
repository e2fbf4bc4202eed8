"""What of a repository a pipeline needs: its configs, vocabularies and one set of weights."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from visualizer.byte_words import in_words
from visualizer.diffusion.family_names import family_name
from visualizer.diffusion.model_folder import (
    INDEX_NAME,
    PICKLES,
    VARIANTS,
    WITHOUT_WEIGHTS,
    ModelError,
    library_of,
    named_parts,
    weights_name,
)

SMALL = (".json", ".txt", ".model", ".jinja")
PREFERRED_VARIANT = "fp16"
"""Half the size of the plain weights, with which no picture looks different."""
_SHARD = r"-\d{5}-of-\d{5}"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a repository.

    Attributes:
        name: its path there.
        etag: what the cache calls it: its SHA-256, or git's SHA-1 of small files.
        sha256: "" for small files.
    """

    name: str
    size: int
    etag: str
    sha256: str = ""


@dataclass(frozen=True)
class DownloadPlan:
    """What would be downloaded, before it is.

    Attributes:
        commit: the version of the repository.
        license: "" when none is named.
        bytes: of all files.
        bytes_here: of these, how many are on this computer already.
        without: parts that are left out.
        free_bytes: on the disk of the cache.
    """

    repository: str
    commit: str
    pipeline_class: str
    license: str
    bytes: int
    bytes_here: int
    files: tuple[RemoteFile, ...]
    without: tuple[str, ...] = ()
    free_bytes: int = 0

    @property
    def family(self) -> str:
        """What people call the pipeline's family, or else its class."""
        return family_name(self.pipeline_class) or self.pipeline_class

    @property
    def problem(self) -> str:
        """A sentence why it should not be downloaded, or ""."""
        if not family_name(self.pipeline_class):
            return (
                f"'{self.repository}' holds a {self.pipeline_class}, which does not make pictures "
                "from text."
            )
        if self.free_bytes and self.bytes - self.bytes_here > self.free_bytes:
            return (
                f"There is not enough space: {in_words(self.bytes - self.bytes_here)} are to be "
                f"downloaded, and {in_words(self.free_bytes)} are free."
            )
        return ""

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DownloadPlan:
        """What ``as_json`` gave."""
        files = tuple(RemoteFile(**file) for file in values["files"])
        return cls(**{**values, "files": files, "without": tuple(values["without"])})


def choose_files(
    names: Collection[str], index: Mapping[str, Any], without: Collection[str] = ()
) -> tuple[str, ...]:
    """The files that a pipeline needs, of those in a repository.

    Raises:
        ModelError: when a part has only pickles, or nothing at all.
    """
    folders = {
        part: [n.partition("/")[2] for n in names if re.fullmatch(rf"{re.escape(part)}/[^/]+", n)]
        for part in named_parts(index)
        if part not in without
    }
    for part, files in folders.items():
        if not files:
            raise ModelError(f"The repository does not hold the part '{part}' that it names.")
        if WITHOUT_WEIGHTS.search(str(index[part][-1])):
            continue
        if not _has_weights(files, library_of(index, part)):
            if any(file.endswith(PICKLES) for file in files):
                raise ModelError(
                    f"The repository has the weights of the part '{part}' only as a pickle, which "
                    "can run any program when it is opened: it is not downloaded."
                )
            if "config.json" in files:
                raise ModelError(f"The repository has no weights of the part '{part}'.")
    named = [(files, library_of(index, part)) for part, files in folders.items()]
    with_weights = [(files, library) for files, library in named if _has_weights(files, library)]
    half = bool(with_weights) and all(
        weights_name(files, PREFERRED_VARIANT, library) for files, library in with_weights
    )
    variant = PREFERRED_VARIANT if half else None
    chosen = [n for n in names if n == INDEX_NAME or re.fullmatch(r"README\.md|LICENSE[^/]*", n)]
    for part, files in folders.items():
        chosen += [f"{part}/{file}" for file in _of_part(files, variant, library_of(index, part))]
    return tuple(sorted(chosen))


def _has_weights(files: Collection[str], library: str) -> bool:
    return any(weights_name(files, variant, library) for variant in (None, *VARIANTS))


def _of_part(files: list[str], variant: str | None, library: str) -> list[str]:
    small = [f for f in files if f.endswith(SMALL) and ".index." not in f]
    found = next(
        (
            (name, v)
            for v in (variant, None, "bf16", "fp32", "fp16")
            if (name := weights_name(files, v, library))
        ),
        None,
    )
    if found is None:
        return small
    name, of = found
    if not name.endswith(".json"):
        return [*small, name]
    stem = re.escape(name.partition(".")[0])
    dotted = rf"\.{of}" if of else ""
    # the older form of the name has the variant at its end
    shard = re.compile(rf"{stem}(?:{dotted}{_SHARD}|{_SHARD}{dotted})\.safetensors")
    return [*small, name, *(file for file in files if shard.fullmatch(file))]
