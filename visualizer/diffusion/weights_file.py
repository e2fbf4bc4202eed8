"""What a .safetensors file says of itself, read without its weights.

The format (safetensors, "Format"): 8 bytes with the length of the header, the header in JSON, then
the weights, every one at the place that the header names, without a gap.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visualizer.byte_words import in_words

MAX_HEADER_BYTES = 100_000_000
"""The bound of the safetensors library itself."""
_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}


class WeightsFileError(ValueError):
    """A file that cannot hold weights; its text goes on after the file's name."""


@dataclass(frozen=True)
class StoredTensor:
    """One weight as the header describes it.

    Attributes:
        start, end: where its bytes lie, counted from the first byte after the header.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class WeightsFile:
    """The header of one file.

    Attributes:
        data_offset: where the weights begin, in bytes from the start of the file.
        metadata: what whoever wrote the file noted.
    """

    path: Path
    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str]
    data_offset: int
    size: int

    @property
    def elements(self) -> int:
        """How many numbers it holds in all."""
        return sum(tensor.elements for tensor in self.tensors.values())

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of one weight, None where there is none of that name."""
        tensor = self.tensors.get(name)
        return None if tensor is None else tensor.shape


def read_weights_file(path: Path) -> WeightsFile:
    """Read a header and hold it against the length of the file.

    Raises:
        WeightsFileError: when it is no safetensors file, or not all of one.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length < 2 or length > MAX_HEADER_BYTES:
                raise WeightsFileError("is no safetensors file")
            if 8 + length > size:
                raise WeightsFileError("is cut off in its header")
            text = file.read(length)
    except OSError as error:
        raise WeightsFileError("cannot be read") from error
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsFileError("is no safetensors file") from error
    if not isinstance(header, dict):
        raise WeightsFileError("is no safetensors file")
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict):
        metadata = {}
    tensors = {name: _tensor(entry) for name, entry in header.items()}
    _check_places(tensors, size - 8 - length)
    notes = {key: value for key, value in metadata.items() if isinstance(value, str)}
    return WeightsFile(path, tensors, notes, 8 + length, size)


def _tensor(entry: Any) -> StoredTensor:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(start), int(end)]}:
            if all(type(side) is int and side >= 0 for side in shape) and 0 <= start <= end:
                tensor = StoredTensor(dtype, tuple(shape), start, end)
                bits = _BITS.get(dtype)
                if bits is None or -(-tensor.elements * bits // 8) == end - start:
                    return tensor
    raise WeightsFileError("has a damaged header")


def _check_places(tensors: Mapping[str, StoredTensor], there: int) -> None:
    """Every weight begins where the one before it ends, and the last ends with the file."""
    end = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.end)):
        if tensor.start != end:
            raise WeightsFileError("has a damaged header")
        end = tensor.end
    if end > there:
        raise WeightsFileError(
            f"is cut off: {in_words(there)} of its {in_words(end)} of weights are there"
        )
    if end < there:
        raise WeightsFileError("has a damaged header")
