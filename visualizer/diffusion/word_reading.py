"""How a text encoder reads a prompt: which words look at which, and which words are near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visualizer.diffusion.arrays import FloatArray
from visualizer.diffusion.attention import PromptToken


@dataclass(frozen=True, eq=False)
class WordReading:
    """What a text encoder made of a prompt.

    Attributes:
        words: of the prompt, as typed.
        tokens: all that the encoder reads up to the end mark; filling is left out.
        attention: (layers, T, T) float32, mean over heads: how much token i (row) looks at token
            j (column). Rows sum to 1.
        vectors: (T, d) float32: the last hidden state, which the denoiser reads.
        causal: whether a token sees only those before it, and itself.
        encoder: e.g. "CLIPTextModel, 3 layers".
    """

    prompt: str
    words: tuple[str, ...]
    tokens: tuple[PromptToken, ...]
    attention: FloatArray
    vectors: FloatArray
    causal: bool
    encoder: str

    def looks_at(self, word: int) -> FloatArray:
        """(words,) float32: how much a word looks at each word, itself included; mean of layers.

        Of a word of several tokens the last one counts, which has seen the others. What the start
        mark takes is left out, so that the shares sum to 1; of a word that was not read all are 0.
        """
        found = np.zeros(len(self.words), dtype=np.float32)
        own = [k for k, token in enumerate(self.tokens) if token.word == word]
        if not own:
            return found
        for token, weight in zip(self.tokens, self.attention[:, own[-1]].mean(axis=0), strict=True):
            if token.word is not None:
                found[token.word] += weight
        total = found.sum()
        return found / total if total > 0 else found
