"""CLIP's tokenizer, built from the merges that ship with the program.

A single checkpoint holds no vocabulary; that of CLIP is the same in all models that use it, but for
the token that fills up short prompts (Radford et al. 2021, https://arxiv.org/abs/2103.00020).
"""

from __future__ import annotations

import gzip
from functools import cache
from typing import Any

from visualizer.assets import asset_path
from visualizer.diffusion.libraries import transformers

CONTEXT = 77
END = "<|endoftext|>"
START = "<|startoftext|>"


def clip_tokenizer(pad: str = END) -> Any:
    """A CLIPTokenizer of 49,408 tokens.

    Args:
        pad: what fills up a short prompt: the end token in OpenAI's text encoders, "!" in those of
            OpenCLIP.
    """
    vocabulary, merges = _vocabulary()
    return transformers.CLIPTokenizer(
        vocab=dict(vocabulary),
        merges=list(merges),
        pad_token=pad,
        model_max_length=CONTEXT,
    )


@cache
def _vocabulary() -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    """Tokens by their text, and which two make a third: bytes, bytes that end a word, merges."""
    packed = asset_path("model-configs", "clip", "merges.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    merges = tuple((left, right) for left, right in (line.split() for line in lines))
    letters = _letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    tokens += [left + right for left, right in merges]
    return {token: k for k, token in enumerate([*tokens, START, END])}, merges


def _letters() -> list[str]:
    """A printable letter for each of the 256 bytes, in the order of the vocabulary.

    Bytes that print as themselves come first; the others get the letters from 256 on.
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + k) for k in range(len(hidden))]
