"""Which pixels listened to which word: maps of the cross-attention of one run, as plain values.

In every cross-attention layer each position of the picture has a query q, and each token of the
prompt a key k; the weights softmax(q·k / √d) say how much the position takes from each token
(Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, eq. 1; in diffusion models Rombach et al.
2022, https://arxiv.org/abs/2112.10752, § 3.3; read as maps Hertz et al. 2022,
https://arxiv.org/abs/2208.01626, and Tang et al. 2022, https://arxiv.org/abs/2210.04885).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray


@dataclass(frozen=True)
class PromptToken:
    """One token of a prompt as a model reads it.

    Attributes:
        text: as it was typed; "" for the marks of begin and end and for what fills up.
        position: where it stands in what the text encoder reads.
        word: index of the word it belongs to; None for marks, filling and punctuation.
        kind: "word", "punctuation", "start", "end" or "padding".
    """

    text: str
    position: int
    word: int | None
    kind: str = "word"


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """The attention of one run, step by step.

    Attributes:
        words: of the prompt, in order, as typed.
        tokens: one a map of a step; everything that fills up the prompt is one token together.
        rows, columns: of every map; maps of coarser layers are enlarged.
        steps: one a denoising step: (tokens, rows, columns) float16, mean over layers and heads
            of the prompted half. At each position the values of all tokens sum to 1.
        first: the step of the run that ``steps`` begins with; not 0 for a branch, whose first
            steps the network was not asked about.
    """

    words: tuple[str, ...]
    tokens: tuple[PromptToken, ...]
    rows: int
    columns: int
    steps: tuple[NDArray[np.float16], ...]
    first: int = 0

    def has(self, step: int) -> bool:
        """Whether there is a map of that denoising step of the run."""
        return 0 <= step - self.first < len(self.steps)

    def of_word(self, word: int, step: int | None = None) -> FloatArray:
        """(rows, columns) float32: the share of a word among the words at each position, 0…1.

        Start, end, filling and punctuation are left out: they take most of the attention wherever
        no word is needed. A word that the model did not read has 0 everywhere.

        Args:
            step: of the run; None is the mean of all steps.
        """
        if step is None:
            mean: FloatArray = self._shares[:, word].mean(axis=0, dtype=np.float32)
            return mean
        share: FloatArray = self._shares[step - self.first, word]
        return share

    def strength(self, word: int) -> FloatArray:
        """(steps,) float32: the share of a word among the words, the mean of all positions."""
        found: FloatArray = self._shares[:, word].mean(axis=(1, 2), dtype=np.float32)
        return found

    def marks(self, step: int | None = None) -> FloatArray:
        """(rows, columns) float32: what the words leave to start, end, filling and punctuation."""
        steps = self.steps if step is None else (self.steps[step - self.first],)
        none = [k for k, token in enumerate(self.tokens) if token.word is None]
        found: FloatArray = np.mean([s[none].sum(0, dtype=np.float32) for s in steps], axis=0)
        return found

    @cached_property
    def _shares(self) -> NDArray[np.float32]:
        """(steps, words, rows, columns)."""
        shape = (len(self.words), self.rows, self.columns)
        shares = np.zeros((len(self.steps), *shape), dtype=np.float32)
        for share, step in zip(shares, self.steps, strict=True):
            share[:] = shares_of_words(step, self.tokens, len(self.words))
        shares.flags.writeable = False
        return shares


def shares_of_words(
    weights: FloatArray, tokens: Sequence[PromptToken], words: int
) -> NDArray[np.float32]:
    """(words, …) shares that sum to 1 at each position, of (tokens, …) weights."""
    shares = np.zeros((words, *weights.shape[1:]), dtype=np.float32)
    for token, weight in zip(tokens, weights, strict=True):
        if token.word is not None:
            shares[token.word] += weight
    total = shares.sum(axis=0)
    np.divide(shares, total, out=shares, where=total > 0)
    return shares
