"""The container of ``.denoise`` files: safetensors, signed, and checked before it is trusted.

Its metadata has four texts: ``format``, ``version``, one with everything that is no array, as JSON,
and ``sha256``, taken over the whole file with 64 zeros in its own place. Nothing in such a file is
ever executed.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.atomic import WriteError, display_name, replacing
from visualizer.diffusion.request import RequestError

SUFFIX = ".denoise"
MAX_HEADER = 64 * 2**20  # bytes; a run of 10 000 steps needs about 5 MiB
MAX_FILE = 8 * 2**30

_UNSIGNED = "0" * 64
Tensors = dict[str, NDArray[Any]]
ContentT = TypeVar("ContentT")


class RunFileError(Exception):
    """A run that cannot be saved or opened; its text is a sentence for a person."""


@dataclass(frozen=True)
class Kind:
    """What a container holds.

    Attributes:
        name: "run" or "comparison"; also the key of its JSON.
        format: how its metadata says so.
        version: the newest that can be read, and the one that is written.
    """

    name: str
    format: str
    version: int

    @property
    def file(self) -> str:
        """What people call such a file."""
        return "run file" if self.name == "run" else f"saved {self.name}"


RUN = Kind("run", "denoising-visualizer run", 2)
COMPARISON = Kind("comparison", "denoising-visualizer comparison", 1)
KINDS = (RUN, COMPARISON)


def write(kind: Kind, values: Mapping[str, Any], tensors: Tensors, path: Path) -> None:
    """Write a container, atomically: a former file stays as it was until the new one is whole.

    Args:
        values: JSON values.

    Raises:
        RunFileError: with a sentence, when it cannot be written.
    """
    metadata = {
        "format": kind.format,
        "version": str(kind.version),
        kind.name: json.dumps(values),
        "sha256": _UNSIGNED,
    }
    content = safetensors.numpy.save(tensors, metadata)
    if int.from_bytes(content[:8], "little") > MAX_HEADER or len(content) > MAX_FILE:
        raise RunFileError(f"'{display_name(path)}' was not saved: it would be too large to open.")
    try:
        with replacing(path) as file:
            for piece in signed(content):
                file.write(piece)
    except WriteError as error:
        raise RunFileError(str(error)) from error


def signed(content: bytes) -> Iterator[bytes | memoryview]:
    """The pieces of the file, with the digest in its place."""
    end = 8 + int.from_bytes(content[:8], "little")
    digest = hashlib.sha256(content).hexdigest()
    # quotes inside the metadata's texts are escaped, so this is found only where it belongs
    yield content[:end].replace(f'"sha256":"{_UNSIGNED}"'.encode(), f'"sha256":"{digest}"'.encode())
    yield memoryview(content)[end:]


def read(
    kind: Kind, path: Path, rebuild: Callable[[Mapping[str, Any], Tensors], ContentT]
) -> ContentT:
    """Read a container and make of it what it holds.

    Args:
        rebuild: makes it of the JSON values and the arrays, which are read-only; whatever does not
            fit together may raise any of the usual errors.

    Raises:
        RunFileError: with a sentence, for whatever is not a whole and unchanged file of this kind.
    """
    name = display_name(path)
    content = _read(path, name, kind)
    metadata = _check_container(content, name, kind)
    try:
        tensors = safetensors.numpy.load(content)
        values = json.loads(metadata[kind.name])
        return rebuild(values, {key: read_only(array) for key, array in tensors.items()})
    except RequestError as error:
        raise RunFileError(f"'{name}' cannot be opened. {error}") from error
    except (
        safetensors.SafetensorError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise RunFileError(f"'{name}' is a {kind.file} whose parts do not fit together.") from error


def kind_of(path: Path) -> str:
    """ "run" or "comparison", told by the beginning of the file alone.

    Raises:
        RunFileError: with a sentence, for what is neither.
    """
    name = display_name(path)
    nothing = RunFileError(f"'{name}' is not a run file.")
    with _said(name):
        _check_place(path, name, RUN)
        with path.open("rb") as file:
            start = file.read(9)
            length = int.from_bytes(start[:8], "little")
            if not start:
                raise RunFileError(f"'{name}' is empty.")
            if length > MAX_HEADER or start[8:] != b"{":
                raise nothing
            header = start[8:] + file.read(length - 1)
    if len(header) < length:
        raise RunFileError(f"'{name}' is incomplete: its end is missing.")
    try:
        found = json.loads(header)["__metadata__"]["format"]
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise nothing from error
    for kind in KINDS:
        if found == kind.format:
            return kind.name
    raise nothing


def _read(path: Path, name: str, kind: Kind) -> bytes:
    with _said(name):
        _check_place(path, name, kind)
        return path.read_bytes()


def _check_place(path: Path, name: str, kind: Kind) -> None:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise RunFileError(f"'{name}' is a folder, not a {kind.file}.")
    if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for without end
        raise RunFileError(f"'{name}' is not a {kind.file}.")
    if found.st_size > MAX_FILE:
        raise RunFileError(f"'{name}' is too large to be a {kind.file}.")


@contextmanager
def _said(name: str) -> Iterator[None]:
    """Errors of reading, as sentences."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunFileError(f"There is no file '{name}'.") from error
    except PermissionError as error:
        raise RunFileError(f"You may not read '{name}'.") from error
    except MemoryError as error:
        raise RunFileError(f"'{name}' does not fit into memory.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise RunFileError(f"'{name}' cannot be read: {reason or error}.") from error


def _check_container(content: bytes, name: str, kind: Kind) -> Mapping[str, str]:
    """The metadata of a file that is whole, unchanged and of a version known here."""
    if not content:
        raise RunFileError(f"'{name}' is empty.")
    nothing = RunFileError(f"'{name}' is not a {kind.file}.")
    length = int.from_bytes(content[:8], "little")
    if length > MAX_HEADER or content[8:9] != b"{":
        raise nothing
    if len(content) < 8 + length:
        raise RunFileError(f"'{name}' is incomplete: its end is missing.")
    try:
        header = json.loads(content[8 : 8 + length])
        metadata = header.pop("__metadata__", None)
        size = max((int(tensor["data_offsets"][1]) for tensor in header.values()), default=0)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise nothing from error
    found = metadata.get("format") if isinstance(metadata, dict) else None
    if found != kind.format:
        for other in KINDS:
            if found == other.format:
                raise RunFileError(
                    f"'{name}' is a {other.file}, not a {kind.file}. Open it in the window."
                )
        raise nothing
    try:
        newer = int(metadata["version"]) > kind.version
        digest = str(metadata["sha256"])
    except (LookupError, TypeError, ValueError) as error:
        raise nothing from error
    if newer:
        raise RunFileError(
            f"'{name}' was saved by a newer version of this program. "
            f"Update it to open the {kind.name}."
        )
    if len(content) < 8 + length + size:
        raise RunFileError(f"'{name}' is incomplete: its end is missing.")
    if _digest_of(content, 8 + length, digest) != digest:
        raise RunFileError(f"'{name}' is damaged: something in it changed after it was saved.")
    texts: Mapping[str, str] = metadata
    return texts


def _digest_of(content: bytes, end: int, digest: str) -> str:
    """The digest of a whole file, with zeros where it keeps its own."""
    place = f'"sha256":"{digest}"'.encode("utf-8", "replace")
    unsigned = f'"sha256":"{_UNSIGNED}"'.encode()
    found = hashlib.sha256(content[:end].replace(place, unsigned))
    found.update(memoryview(content)[end:])
    return found.hexdigest()
