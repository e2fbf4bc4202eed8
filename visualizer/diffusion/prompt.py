"""Prompts: the words in one, how much of it a model reads, which words it does not know."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from visualizer.diffusion.facts import PromptReading, Vocabulary

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LOOKED_AT = 100_000  # characters; what lies beyond is counted by extrapolation
_LONGEST_TOKEN = 50  # characters, generously
_ANY_NUMBER = 100_000  # tokens; tokenizers without a limit name an astronomical one
_HERE = "@@prompt@@"

# What the calls do to a prompt, where neither an argument nor the tokenizer tells. Keys are
# beginnings of the names of pipelines.
_FIXED: Mapping[str, Mapping[str, int | None]] = {
    "IFPipeline": {"tokenizer": 77},
    "HunyuanDiT": {"tokenizer": 77, "tokenizer_2": 256},
    "Kandinsky3": {"tokenizer": 128},
    "KandinskyCombined": {"tokenizer": 77},
    "NucleusMoE": {"processor": 1024},
    "QwenImage21": {"processor": None},
    "GlmImage": {"processor": None, "tokenizer": 0},  # its tokenizer reads quoted letters only
}
"""Most tokens with their marks, by tokenizer; None is any number, 0 not a tokenizer of prompts."""
_FEWER: Mapping[str, int] = {"Ideogram4": 5, "Krea2": 5}
"""Tokens of the end of a template that take their place from the prompt."""
_IN_A_CHAT = ("Flux2", "Ideogram4", "NucleusMoE", "Ovis", "ZImage")
"""Pipelines that count what a chat template puts before the prompt. Qwen-Image and Krea have a
template too, but make just as much room for it."""
_REFUSES_MORE = ("Ideogram4",)
"""Pipelines that give an error for a prompt that is too long, and read nothing of it."""
_NAMES: Mapping[str, str] = {"Bert": "BERT", "CLIP": "CLIP", "T5": "T5", "UMT5": "T5"}
"""What people call text encoders of pipelines that have several, by their class."""


def words(prompt: str) -> list[tuple[int, int, str]]:
    """(start, end, word) of every word in a prompt."""
    return [(m.start(), m.end(), m.group()) for m in _WORD.finditer(prompt)]


def unknown_words(prompt: str, vocabulary: Vocabulary | None) -> tuple[tuple[int, int, str], ...]:
    """(start, end, word) of the words that a vocabulary does not hold."""
    if vocabulary is None:
        return ()
    return tuple(w for w in words(prompt) if w[2].casefold() not in vocabulary.words)


def read_prompt(
    prompt: str,
    tokenizer: Any,
    limit: int,
    vocabulary: Vocabulary | None = None,
    before: str = "",
) -> PromptReading:
    """How much of a prompt a tokenizer passes on within ``limit`` tokens.

    Args:
        tokenizer: a transformers tokenizer, or None (then every word counts as read).
        limit: tokens that the model reads, without the marks for begin and end; 0 is any number.
        before: what stands before the prompt and is counted too.
    """
    found = words(prompt)
    unknown = unknown_words(prompt, vocabulary)
    if tokenizer is None:
        return PromptReading(len(found), len(found), unknown)
    looked_at = prompt[:_LOOKED_AT]
    measure = _measure_by_offsets if tokenizer.is_fast else _measure_by_halving
    tokens, taken, cut = measure(tokenizer, before, looked_at, limit)
    if len(prompt) > len(looked_at):
        tokens = round(tokens * len(prompt) / len(looked_at))
        cut = len(looked_at) if cut is None and limit else cut
    if cut is not None:
        cut += len(prompt[cut:]) - len(prompt[cut:].lstrip())
    read = len(found) if cut is None else sum(end <= cut for _, end, _ in found)
    return PromptReading(
        read, len(found), unknown, tokens, max(limit - taken, 1) if limit else 0, cut
    )


def truncation_notice(reading: PromptReading) -> str:
    """A sentence when a model reads only the beginning of a prompt, else ""."""
    if reading.words_read >= reading.words_total:
        return reading.note
    if reading.words_read == 0:
        return "The prompt is long: this model reads only the beginning of its first word."
    notice = (
        f"The prompt is long: this model reads the first {reading.words_read} "
        f"of its {reading.words_total} words."
    )
    return f"{notice} {reading.note}".strip()


@dataclass(frozen=True)
class _Eye:
    """One of the tokenizers through which a model reads, and how much passes through it."""

    tokenizer: Any
    limit: int
    name: str
    before: str = ""


@dataclass(frozen=True)
class PromptReader:
    """How a pipeline reads prompts: through one tokenizer, or through several side by side."""

    eyes: tuple[_Eye, ...]
    refuses_more: bool = False

    @classmethod
    def of(cls, pipeline: Any, arguments: Mapping[str, Any] | None = None) -> PromptReader:
        """The reader of a loaded pipeline.

        Args:
            arguments: those of the call that differ from its defaults (``max_sequence_length``).
        """
        names = [n for n in pipeline.components if "tokenizer" in n or n == "processor"]
        longest = _longest_sequence(pipeline, arguments or {})
        eyes: dict[Any, _Eye] = {}
        for name in names:
            part = getattr(pipeline, name)
            encoder = name.replace("tokenizer", "text_encoder").replace("processor", "text_encoder")
            if part is None or (hasattr(pipeline, encoder) and getattr(pipeline, encoder) is None):
                continue
            fixed = (_of_class(pipeline, _FIXED) or {}).get(name, _own_limit(part))
            most = longest if name == names[-1] and longest and fixed else fixed
            if most == 0:
                continue
            eye = _eye(pipeline, part, most, encoder)
            same = (type(eye.tokenizer), len(eye.tokenizer), eye.limit, eye.name)
            eyes.setdefault(same, eye)
        return cls(tuple(eyes.values()), type(pipeline).__name__.startswith(_REFUSES_MORE))

    @property
    def token_limit(self) -> int:
        """Tokens of a prompt that are read at most, 0 for any number."""
        # a word, because the end of what stands before can melt into its first token
        limits = [self._reading(eye, "a").token_limit for eye in self.eyes]
        return 0 if 0 in limits else max(limits, default=0)

    def read(
        self, text: str, vocabulary: Vocabulary | None = None, *, whole: bool = False
    ) -> PromptReading:
        """How much of a prompt is read: what the tokenizer reads that reads most of it.

        Args:
            whole: the prompt is read piece by piece, so that there is no limit.
        """
        if not self.eyes:
            return read_prompt(text, None, 0, vocabulary)
        readings = [self._reading(eye, text) for eye in self.eyes]
        best = max(readings, key=lambda r: (r.cut is None, r.cut or 0))
        best = replace(best, unknown=unknown_words(text, vocabulary))
        if whole:
            return replace(best, words_read=best.words_total, cut=None)
        return replace(best, note=self._note(readings, best))

    def check(self, text: str) -> None:
        """Refuse a prompt that the pipeline would answer with an error.

        Raises:
            RequestError: with what to do.
        """
        reading = self.read(text) if self.refuses_more else None
        if reading is not None and reading.cut is not None:
            # it loads numpy, which the first frame of the window does not wait for
            from visualizer.diffusion.request import RequestError

            raise RequestError(
                f"The prompt has {reading.tokens} tokens, and this model reads no prompt of more "
                f"than {reading.token_limit}. Shorten it."
            )

    def _note(self, readings: list[PromptReading], best: PromptReading) -> str:
        least = min(readings, key=lambda r: (r.cut is None, r.cut or 0))
        if least.cut == best.cut:
            return ""
        short, long = (self.eyes[readings.index(r)].name for r in (least, best))
        rest = "all of it" if best.cut is None else f"the first {best.token_limit}"
        return f"{short} reads the first {least.token_limit} tokens, {long} {rest}."

    @staticmethod
    def _reading(eye: _Eye, text: str) -> PromptReading:
        return read_prompt(text, eye.tokenizer, eye.limit, before=eye.before)


def _eye(pipeline: Any, part: Any, most: int | None, encoder: str) -> _Eye:
    tokenizer = _tokenizer_of(part)
    kind = type(getattr(pipeline, encoder, None)).__name__
    name = next((name for start, name in _NAMES.items() if kind.startswith(start)), kind)
    if most is None or most >= _ANY_NUMBER:
        return _Eye(tokenizer, 0, name)
    in_a_chat = type(pipeline).__name__.startswith(_IN_A_CHAT)
    before = _chat_before(pipeline, part) if in_a_chat else ""
    if type(pipeline).__name__.startswith("Lumina2"):
        before = f"{pipeline.system_prompt} <Prompt Start> "
    marks = 0 if in_a_chat else len(tokenizer("")["input_ids"])
    room = getattr(pipeline, "user_prompt_begin_id", 0)  # Ovis drops these tokens afterwards
    limit = most + room - marks - (_of_class(pipeline, _FEWER) or 0)
    return _Eye(tokenizer, max(limit, 1), name, before)


def _chat_before(pipeline: Any, part: Any) -> str:
    """What a pipeline's chat template puts before the prompt."""
    content: Any = _HERE
    messages = []
    if not hasattr(part, "encode") or type(pipeline).__name__.startswith("Ideogram4"):
        content = [{"type": "text", "text": _HERE}]
    system = getattr(pipeline, "system_message", None)  # Flux 2
    if system is not None:
        content = [{"type": "text", "text": _HERE}]
        messages.append({"role": "system", "content": [{"type": "text", "text": system}]})
    if hasattr(pipeline, "_format_prompt"):  # Nucleus
        templated = pipeline._format_prompt(_HERE)
    elif hasattr(pipeline, "_get_messages"):  # Ovis
        templated = pipeline._get_messages([_HERE])[0]
    elif type(pipeline).__name__.startswith("ZImageOmni"):
        templated = f"<|im_start|>user\n{_HERE}"
    else:
        messages.append({"role": "user", "content": content})
        templated = part.apply_chat_template(messages, tokenize=False)
    return str(templated).partition(_HERE)[0]


def _longest_sequence(pipeline: Any, arguments: Mapping[str, Any]) -> int | None:
    """What the call says of the last tokenizer's limit."""
    parameters = inspect.signature(pipeline.__call__).parameters
    for name in ("max_sequence_length", "tokenizer_max_length"):
        default = getattr(parameters.get(name), "default", None)
        value = arguments.get(name, default)
        if isinstance(value, int):
            return value
    return None


def _tokenizer_of(part: Any) -> Any:
    """A part itself, or the tokenizer in a processor."""
    return part if hasattr(part, "model_max_length") else part.tokenizer


def _own_limit(part: Any) -> int:
    return int(_tokenizer_of(part).model_max_length or _ANY_NUMBER)


def _of_class(pipeline: Any, table: Mapping[str, Any]) -> Any:
    name = type(pipeline).__name__
    return next((value for start, value in table.items() if name.startswith(start)), None)


def _measure_by_offsets(
    tokenizer: Any, before: str, text: str, limit: int
) -> tuple[int, int, int | None]:
    """(tokens of the text, tokens before it, index of the first character that is not read)."""
    encoded = tokenizer(
        before + text,
        add_special_tokens=False,
        truncation=False,
        return_attention_mask=False,
        return_offsets_mapping=True,
        verbose=False,
    )
    starts = [start for start, _ in encoded["offset_mapping"]]
    taken = sum(end <= len(before) for _, end in encoded["offset_mapping"]) if before else 0
    cut = max(starts[limit] - len(before), 0) if limit and len(starts) > limit else None
    return len(starts) - taken, taken, cut


def _measure_by_halving(
    tokenizer: Any, before: str, text: str, limit: int
) -> tuple[int, int, int | None]:
    """The same for tokenizers that do not tell where their tokens stand."""
    taken = _token_count(tokenizer, before) if before else 0
    tokens = _token_count(tokenizer, before + text) - taken
    if not limit or taken + tokens <= limit:
        return tokens, taken, None
    # the longest beginning of whole words that fits; token counts grow with the text
    ends = [0, *(end for _, end, _ in words(text[: limit * _LONGEST_TOKEN]))]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        fits = _token_count(tokenizer, before + text[: ends[middle]]) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return tokens, taken, ends[low]


def _token_count(tokenizer: Any, text: str) -> int:
    encoded = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
    return len(encoded["input_ids"])
