"""How a text encoder reads a prompt: which words look at which, and which words are near.

CLIP's text encoder (Radford et al. 2021, https://arxiv.org/abs/2103.00020, § 2.4) is causal: a
word sees those before it and itself, never those after it, so "red" in "a red Ferrari" cannot know
of the Ferrari, and only the Ferrari can take in that it is red. T5's encoder (Raffel et al. 2020)
reads in both directions. Which of the two a model does is looked up in the weights that it gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visualizer.diffusion.arrays import FloatArray, read_only
from visualizer.diffusion.attention import PromptToken, shares_of_words

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model

_COMMON = (
    "red orange yellow green blue purple pink white black golden car Ferrari automobile truck "
    "bicycle train ship boat airplane rocket castle fortress house home cottage church tower "
    "bridge tree forest flower cat kitten dog puppy horse lion bird fish man woman child king "
    "queen road street city town village mountain hill desert beach sea lake river snow ice fire "
    "sun moon star sky cloud day morning noon evening sunset night midnight fog mist rain storm "
    "winter summer spring autumn photo picture painting drawing sketch small big old new happy sad "
    "beautiful ugly fast slow bread apple cake wine table chair book clock guitar piano"
)
COMMON_WORDS = tuple(_COMMON.split())
"""What words are compared with where a model was taught a whole language."""
_CONTEXT = "a {}"
_SEVERAL = "several words"
_BATCH = 32
_READABLE = ("CLIP", "T5", "UMT5", "Bert")
_CLOSELY = 512  # tokens of a prompt whose attention is kept: (layers, T, T) of more is too large


@dataclass(frozen=True, eq=False)
class WordReading:
    """What a text encoder made of a prompt.

    Attributes:
        prompt: as typed, with its weights.
        words: of the prompt, without its weights.
        tokens: all that the encoder reads up to the end mark; filling is left out.
        attention: (layers, T, T) float32, mean over heads: how much token i (row) looks at token
            j (column). Rows sum to 1.
        vectors: (T, d) float32: the hidden state that the denoiser reads.
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

        Of a word of several tokens the last one counts, which has seen the others. What marks and
        punctuation take is left out, so that the shares sum to 1; of a word that was not read all
        are 0.
        """
        own = [k for k, token in enumerate(self.tokens) if token.word == word]
        if not own:
            return np.zeros(len(self.words), dtype=np.float32)
        weights = self.attention[:, own[-1]].mean(axis=0)
        return shares_of_words(weights, self.tokens, len(self.words))


def why_no_reading(model: Model) -> str:
    """A sentence saying why the text encoder cannot be looked into, or "" where it can."""
    tokenizer, encoder = _reader(model)
    if encoder is None or tokenizer is None:
        return "This model has no text encoder at hand."
    name = type(encoder).__name__
    if not name.startswith(_READABLE):
        return (
            f"This model reads with a language model ({name}), wrapped in instructions of its own: "
            "how it reads a prompt alone would be another reading."
        )
    return ""


def read_words(model: Model, prompt: str, *, weighted: bool = False) -> WordReading:
    """Read a prompt as the model's text encoder does, and keep what it looked at.

    Args:
        weighted: whether weights are read in the prompt, which are no words then.

    Raises:
        RequestError: where the encoder cannot be looked into, or there is not one prompt to read.
    """
    tokenizer, _ = _checked_reader(model)
    from visualizer.diffusion.word_tokens import read_tokens, without_weights

    text = without_weights(model.pipeline, prompt) if weighted else prompt
    length = min(int(tokenizer.model_max_length), _CLOSELY)
    read = read_tokens(tokenizer, text, length)
    attention, vectors, name = _looked_into(model, text, length)
    if len(read.tokens) > 1:
        causal = not np.triu(attention, k=1).any()
    else:  # a single token sees itself alone, whichever way the encoder reads
        causal = not np.triu(_looked_into(model, _SEVERAL, length)[0], k=1).any()
    return WordReading(
        prompt=prompt,
        words=read.words,
        tokens=read.tokens,
        attention=read_only(attention),
        vectors=read_only(vectors),
        causal=causal,
        encoder=f"{name}, {len(attention)} layers",
    )


def _looked_into(model: Model, text: str, length: int) -> tuple[FloatArray, FloatArray, str]:
    """What the encoder makes of a text: (layers, T, T) attention, (T, d) vectors, its name."""
    tokenizer, encoder = _reader(model)
    import torch

    ids = tokenizer(text, truncation=True, max_length=length, return_tensors="pt").input_ids
    with torch.no_grad(), _telling_weights(encoder):
        output = encoder(
            ids.to(model.pipeline._execution_device),
            output_attentions=True,
            output_hidden_states=True,
        )
    attention = torch.stack([a[0].float().mean(dim=0) for a in output.attentions]).cpu().numpy()
    vectors = _state_read(model, output)[0].float().cpu().numpy()
    return attention, vectors, type(encoder).__name__


def word_similarity(model: Model, words: Sequence[str]) -> FloatArray:
    """(n, n) float32: the cosine of how the text encoder sees each two words, −1…1.

    A word's vector is the hidden state at its last token in "a <word>", less the mean of those of
    the whole vocabulary: raw hidden states share a large common part, which makes all words alike.

    Raises:
        RequestError: where the encoder cannot be looked into.
    """
    vectors = _vectors(model, words) - _vectors(model, vocabulary_of(model)).mean(axis=0)
    return _cosines(vectors, vectors)


def nearest_words(model: Model, word: str, count: int = 5) -> list[tuple[str, float]]:
    """The words of the vocabulary that the encoder sees nearest to a word, with their cosines.

    Raises:
        RequestError: where the encoder cannot be looked into; also for a word that a small model
            was never taught: it reads that letter by letter, and nothing is near it.
    """
    from visualizer.diffusion.request import RequestError

    vocabulary = model.vocabulary
    if vocabulary is not None and word.casefold() not in vocabulary.words:
        raise RequestError(f"This model was never taught the word “{word}”.")
    known = [w for w in vocabulary_of(model) if w.casefold() != word.casefold()]
    vectors = _vectors(model, [word, *known])
    center = vectors[1:].mean(axis=0)
    cosines = _cosines(vectors[:1] - center, vectors[1:] - center)[0]
    nearest = np.argsort(-cosines, kind="stable")[:count]
    return [(known[k], float(cosines[k])) for k in nearest]


def vocabulary_of(model: Model) -> tuple[str, ...]:
    """The words a small model was taught; of others a list of common ones."""
    vocabulary = model.vocabulary
    return COMMON_WORDS if vocabulary is None else tuple(sorted(vocabulary.words))


def _vectors(model: Model, words: Sequence[str]) -> FloatArray:
    """(n, d) float32 hidden states at the last token of each word in "a <word>"."""
    tokenizer, encoder = _checked_reader(model)
    import torch

    found = []
    for start in range(0, len(words), _BATCH):
        texts = [_CONTEXT.format(word) for word in words[start : start + _BATCH]]
        own = [_last_token(tokenizer, text) for text in texts]
        inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        inputs = inputs.to(model.pipeline._execution_device)
        with torch.no_grad():
            output = encoder(
                inputs.input_ids, attention_mask=inputs.attention_mask, output_hidden_states=True
            )
        states = _state_read(model, output).float().cpu().numpy()
        found += [state[k] for state, k in zip(states, own, strict=True)]
    return np.array(found, dtype=np.float32)


def _last_token(tokenizer: Any, text: str) -> int:
    from visualizer.diffusion.word_tokens import read_tokens

    tokens = read_tokens(tokenizer, text, int(tokenizer.model_max_length)).tokens
    return max((t.position for t in tokens if t.word is not None), default=0)


def _cosines(a: FloatArray, b: FloatArray) -> FloatArray:
    cosines: FloatArray = _unit(a) @ _unit(b).T
    return cosines


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: FloatArray = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def _reader(model: Model) -> tuple[Any, Any]:
    """(tokenizer, text encoder) of what the denoiser reads; the first where there are several."""
    pipeline = model.pipeline
    name = type(pipeline).__name__
    # Flux takes no more than one vector of the whole prompt from its first encoder
    ends = ("_2", "") if name.startswith(("Flux", "Chroma")) else ("", "_2")
    for prefix in ("", "prior_"):
        for end in ends:
            encoder = getattr(pipeline, f"{prefix}text_encoder{end}", None)
            tokenizer = getattr(pipeline, f"{prefix}tokenizer{end}", None)
            if encoder is not None and tokenizer is not None:
                return tokenizer, encoder
    return None, None


def _checked_reader(model: Model) -> tuple[Any, Any]:
    from visualizer.diffusion.request import RequestError

    reason = why_no_reading(model)
    if reason:
        raise RequestError(reason)
    return _reader(model)


def _state_read(model: Model, output: Any) -> Any:
    """The hidden state that the denoiser is given: of SDXL the last but one."""
    two = getattr(model.pipeline, "text_encoder_2", None) is not None
    clip = hasattr(output, "text_embeds") or hasattr(output, "pooler_output")
    return output.hidden_states[-2] if two and clip else output.last_hidden_state


@contextmanager
def _telling_weights(encoder: Any) -> Iterator[None]:
    """Explicit softmax, which gives its weights, for this reading only: runs keep their bits."""
    before = encoder.config._attn_implementation
    encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        encoder.set_attn_implementation(before)
