"""Run files looked at without reading them whole: their request, or their arrays where they lie.

A comparison of 64 runs of a large model holds gigabytes of latents. Mapped into memory, they are
read when somebody looks at them, and the system takes their memory back when it is short of it.
The checksum is not taken: that would read everything.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.diffusion import container, runfile
from visualizer.diffusion.atomic import display_name
from visualizer.diffusion.container import RUN, RunFileError, Tensors
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.trajectory import Trajectory

_KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
}
_MISFITS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class _Beginning:
    run: Mapping[str, Any]
    tensors: Mapping[str, Mapping[str, Any]]
    start: int  # byte at which the tensors begin


def request_in(path: Path) -> SamplingRequest:
    """What the run in a file was asked for; arrays in ``extra`` stand as their hash and shape.

    Raises:
        RunFileError: with a sentence, when it is no run file or its end is missing.
    """
    name = display_name(path)
    beginning = _beginning(path, name)
    try:
        return SamplingRequest.from_json(beginning.run["request"])
    except RequestError as error:
        raise RunFileError(f"'{name}' cannot be opened. {error}") from error
    except _MISFITS as error:
        raise _no_fit(name) from error


def load(path: Path) -> Trajectory:
    """A run whose arrays stay in the file until they are looked at; see ``runfile.load``.

    The file may be replaced or removed meanwhile, but not be overwritten in its place.

    Raises:
        RunFileError: with a sentence, for whatever is not a whole run file.
    """
    name = display_name(path)
    beginning = _beginning(path, name)
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        tensors: Tensors = {}
        for key, entry in beginning.tensors.items():
            first, end = entry["data_offsets"]
            shape = tuple(map(int, entry["shape"]))
            dtype = np.dtype(_KINDS[entry["dtype"]])
            count = math.prod(shape)
            if not 0 <= first <= end or end - first != count * dtype.itemsize:
                raise ValueError("a tensor of another size than its shape")
            array = np.frombuffer(content, dtype, count, beginning.start + first) if count else None
            tensors[key] = np.empty(shape, dtype) if array is None else array.reshape(shape)
        return runfile.rebuild_run(beginning.run, tensors)
    except RequestError as error:
        raise RunFileError(f"'{name}' cannot be opened. {error}") from error
    except OSError as error:
        raise RunFileError(f"'{name}' cannot be read: {error.strerror or error}.") from error
    except _MISFITS as error:
        raise _no_fit(name) from error


def _beginning(path: Path, name: str) -> _Beginning:
    """The header of a run file that is as long as it says."""
    if container.kind_of(path) != RUN.name:
        raise RunFileError(f"'{name}' is not a run file.")
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
            size = file.seek(0, 2)
        metadata = header.pop("__metadata__")
        ends = [int(entry["data_offsets"][1]) for entry in header.values()]
        newer = int(metadata["version"]) > RUN.version
        run = json.loads(metadata[RUN.name])
    except OSError as error:
        raise RunFileError(f"'{name}' cannot be read: {error.strerror or error}.") from error
    except _MISFITS as error:
        raise _no_fit(name) from error
    if newer:
        raise RunFileError(
            f"'{name}' was saved by a newer version of this program. Update it to open the run."
        )
    if size < 8 + length + max(ends, default=0):
        raise RunFileError(f"'{name}' is incomplete: its end is missing.")
    return _Beginning(run, header, 8 + length)


def _no_fit(name: str) -> RunFileError:
    return RunFileError(f"'{name}' is a run file whose parts do not fit together.")
