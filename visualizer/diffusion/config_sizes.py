"""Whether the sizes that a config asks for can be those of the weights beside it.

A config is a few lines that anybody can write: with a width of a billion in it, building the empty
model alone would take all memory, or all day. What it asks for is held against what is on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SLACK = 64
"""How many times more a config may imply than the weights hold: packed 4-bit weights, parts of a
network that a config describes and that a pipeline leaves out."""
FLOOR = 1_000_000
"""Below this a size is harmless, whatever the weights hold."""
MAX_LAYERS = 300
"""More blocks than any image model has; beyond it, no more than there are weights."""
MAX_SIDE = 16_384
MAX_TABLE = 2**31
"""Numbers in a table of positions that is computed and not stored."""
MAX_LIST = 10_000
MAX_DEPTH = 40

_WIDTHS = re.compile(
    r"(_size|_dims?|channels|_features|_heads|_experts|_embeddings|_embeds|^d_model|^d_ff|^d_kv)$"
)
_LAYERS = re.compile(r"^(n|num|depth)_?.*(layers|blocks|depth)$|^depth$|layers_per_block$|_layers$")
_SIDES = ("sample_size", "image_size", "pos_embed_max_size", "patch_size", "sample_height")
_POSITIONS = ("max_position_embeddings", "num_train_timesteps", "max_length")
MAX_POSITIONS = 20_000_000


def absurd_size(config: Mapping[str, Any], *, elements: int, tensors: int) -> str:
    """What in a config cannot be, as "hidden_size is 1000000000"; "" when all of it can.

    Args:
        elements: how many numbers the weights hold.
        tensors: how many weights there are.
    """
    for level in _levels(config):
        for key, value in _whole_numbers(level):
            if value > _limit(key, elements, tensors):
                return f"{key} is {value}"
        for what, implied in _implied(level):
            if implied > max(FLOOR, SLACK * elements):
                return f"{what} make {implied} weights, and the file holds {elements}"
        width = _width(level)
        for key, side in _whole_numbers(level):
            if key in ("sample_size", "pos_embed_max_size") and side * side * width > MAX_TABLE:
                return f"{key} is {side}"
    return ""


def _limit(key: str, elements: int, tensors: int) -> int:
    if key in _SIDES:
        return MAX_SIDE
    if key in _POSITIONS:
        return MAX_POSITIONS
    if _LAYERS.search(key):
        return max(MAX_LAYERS, tensors)
    if _WIDTHS.search(key):
        return max(FLOOR, 8 * elements)
    return 2**63


def _implied(level: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Lower bounds of how many weights a network of these sizes has."""
    width = _width(level)
    vocabulary = _whole(level, "vocab_size", "padded_vocab_size")
    yield "vocab_size and hidden_size", vocabulary * width
    layers = _whole(level, "num_hidden_layers", "num_layers", "n_layers", "depth")
    yield "the number of layers and their width", layers * width * width
    channels = level.get("block_out_channels")
    if isinstance(channels, list):
        squares = [c * c for c in channels if type(c) is int]
        yield "the block_out_channels", 9 * sum(squares)


def _width(level: Mapping[str, Any]) -> int:
    named = _whole(level, "hidden_size", "d_model", "inner_dim", "dim")
    heads = _whole(level, "num_attention_heads") * _whole(level, "attention_head_dim")
    return named or heads or 1


def _whole(level: Mapping[str, Any], *keys: str) -> int:
    for key in keys:
        value = level.get(key)
        if type(value) is int and value > 0:
            return value
    return 0


def _levels(config: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """A config and the configs within it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(config, Mapping):
        yield config
        for value in config.values():
            yield from _levels(value, depth + 1)
    elif isinstance(config, list):
        for value in config[:1000]:
            yield from _levels(value, depth + 1)


def _whole_numbers(level: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Whole numbers, also those in lists ("block_out_channels")."""
    for key, value in level.items():
        if type(value) is int:
            yield key, value
        elif isinstance(value, list):
            if len(value) > MAX_LIST:
                yield key, 2**63 + 1
            yield from ((key, item) for item in value[:MAX_LIST] if type(item) is int)
