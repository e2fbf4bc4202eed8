"""The words as tokens: a byte-pair vocabulary in which each known word is one token."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from visualizer.training.world.captions import MAX_TOKENS, known_words

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"


def build_tokenizer() -> CLIPTokenizer:
    """A CLIP tokenizer whose byte pairs are merged until each known word is one token.

    Every byte is in the vocabulary, so that any text can be read, letter by letter at worst.
    """
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    alphabet = sorted(ByteLevel.alphabet())
    merges = learned_merges(known_words())
    symbols = [*alphabet, *(f"{letter}</w>" for letter in alphabet)]
    symbols += ["".join(pair) for pair in merges]
    vocab = {symbol: index for index, symbol in enumerate(dict.fromkeys(symbols))}
    vocab[START], vocab[END] = len(vocab), len(vocab) + 1
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=MAX_TOKENS)


def words_fingerprint() -> str:
    """Tells vocabularies apart, for the names of files with their tokens: 8 hexadecimal digits."""
    return hashlib.sha256(" ".join(known_words()).encode()).hexdigest()[:8]


def learned_merges(words: Iterable[str]) -> list[tuple[str, str]]:
    """Byte-pair encoding (Sennrich et al. 2016): merge the commonest neighbors, again and again.

    Written out because the tokenizers library breaks ties differently each time, and the tokens
    of a model must not change between training and use.
    """
    spelled = [[*word[:-1], f"{word[-1]}</w>"] for word in words]
    merges: list[tuple[str, str]] = []
    while counts := Counter(pair for word in spelled for pair in pairwise(word)):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for word in spelled:
            for k in range(len(word) - 2, -1, -1):
                if word[k : k + 2] == list(best):
                    word[k : k + 2] = ["".join(best)]
    return merges
