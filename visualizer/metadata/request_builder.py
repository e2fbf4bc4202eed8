"""RequestBuilder: what other programs say made into a request, and what was lost on the way."""

from __future__ import annotations

import math
import re
from typing import Any

from visualizer.diffusion import weight_syntax
from visualizer.diffusion.request import (
    MAX_SEED,
    FrozenMapping,
    RequestError,
    SamplingRequest,
    clean_text,
)
from visualizer.metadata import infotext
from visualizer.metadata.sampler_names import Found

MAX_STEPS = 1000
"""As many as diffusion models are taught; more fail in most samplers."""
MAX_GUIDANCE = 100.0
MAX_SIDE = 8192
MAX_PROMPT = 50_000  # characters
MAX_SENTENCES = 40
CLIP_SKIP = "Clip skip {} is not done here: the words are read by the text model's last layer."

_NETWORK = re.compile(r"<(lora|lyco|lycoris|hypernet):([^<>:]{1,200})(?::([^<>]{0,100}))?>", re.I)
_EMBEDDING = re.compile(r"\bembedding:([^\s,:()\[\]]{1,100})")
_WEIGHT = re.compile(r"(?<!\\)\([^()]{0,2000}:\s{0,9}\d{0,3}\.?\d{1,8}\s{0,9}\)")
_BARE = re.compile(r"(?<!\\)[(\[]")
_WHEN = re.compile(r"(?<!\\)\[[^\[\]]{0,1000}:\s{0,9}\d{0,3}\.?\d{1,8}\s{0,9}\]")
_JOIN = re.compile(r"\b(BREAK|AND)\b")


class RequestBuilder:
    """A request in the making.

    Each of the methods takes a value as it came, of whatever type, and keeps it, corrects it with a
    sentence, or leaves it out with a sentence. None and "" are not there.
    """

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self._values: dict[str, Any] = {}
        self._extra: dict[str, Any] = {}

    def say(self, sentence: str) -> None:
        """What could not be taken over; the same sentence stands once."""
        if sentence and sentence not in self.sentences:
            self.sentences.append(sentence)

    # --- Words -----------------------------------------------------------------------------------

    def words(self, prompt: Any, avoid: Any, syntax: str) -> None:
        """The prompt and the text to avoid.

        Args:
            syntax: "webui" for (words:1.3), [less] and <lora:…>; "comfyui" for the first of them;
                "compel" for our own; "none".
        """
        self._values["prompt"] = self._text(prompt, "prompt", syntax)
        self._values["negative_prompt"] = self._text(avoid, "text to avoid", syntax) or None
        weighted = self._extra.pop("weighting", False)
        if weighted and self._readable():
            self._extra["weighting"] = True
        elif syntax in ("webui", "comfyui"):
            for name in ("prompt", "negative_prompt"):
                if self._values[name] is not None:
                    self._values[name] = infotext.unescaped(self._values[name])

    def _text(self, value: Any, name: str, syntax: str) -> str:
        if not isinstance(value, str):
            if value is not None:
                self.say(f"The {name} is no text and was left out.")
            return ""
        text = clean_text(value)
        if len(text) > MAX_PROMPT:
            self.say(f"The {name} is longer than {MAX_PROMPT} characters. Its end was left out.")
            text = text[:MAX_PROMPT]
        if syntax in ("webui", "comfyui"):
            text = self._without_networks(text)
            self._look_at(text, syntax)
        elif syntax == "compel":
            try:
                plain = weight_syntax.read(text).plain
            except RequestError:
                plain = True
                self.say(f"The weights in the {name} cannot be read here. They are plain words.")
            if not plain:
                self._extra["weighting"] = True
        return text

    def _without_networks(self, text: str) -> str:
        for kind, name, amount in _NETWORK.findall(text):
            word = "hypernetwork" if kind.lower() == "hypernet" else "LoRA"
            strength = f" (strength {amount[:20]})" if amount else ""
            self.say(f"The {word} '{name[:80]}'{strength} is not applied here.")
        if _NETWORK.search(text):
            text = re.sub(r"[ \t]{2,}", " ", _NETWORK.sub("", text)).strip(" ,\n\t")
        for name in _EMBEDDING.findall(text):
            self.say(f"The embedding '{name[:80]}' is not here. Its name is read as words.")
        return text

    def _look_at(self, text: str, syntax: str) -> None:
        """Syntax of a prompt that is here, or is not."""
        whenless = _WHEN.sub("", text) if syntax == "webui" else text
        if _WEIGHT.search(whenless):
            self._extra["weighting"] = True
        if whenless != text:
            self.say("Words that change during the run, [from:to:when], are read as plain words.")
        brackets = _BARE.findall(_WEIGHT.sub("", whenless))
        if "(" in brackets or (syntax == "webui" and "[" in brackets):
            self.say("Emphasis by brackets alone is not read here: write (words:1.1) instead.")
        if syntax == "webui":
            for word in sorted(set(_JOIN.findall(text))):
                self.say(f"{word} joins prompts there; here it is a word like any other.")

    def _readable(self) -> bool:
        """Whether our own reader of weights understands the texts."""
        try:
            weight_syntax.read(self._values["prompt"])
            weight_syntax.read(self._values["negative_prompt"] or "")
        except RequestError:
            self.say("The weights in the prompt cannot be read here. They are plain words.")
            return False
        return True

    # --- Numbers ---------------------------------------------------------------------------------

    def seed(self, value: Any, *, needed: bool = True) -> None:
        """The seed; larger ones are taken by their lower half, which draws the same noise."""
        number = whole(value)
        if number is None or number < 0:
            if value not in (None, "") or needed:
                shown = f" ({_shown(value)})" if value not in (None, "") else ""
                self.say(f"It has no seed that can be used here{shown}. 0 took its place.")
            return
        if number >= 2**64:
            self.say("Its seed is larger than any program takes. 0 took its place.")
            return
        if number > MAX_SEED:
            # torch's generator on the processor is set up by the lower 32 bits alone
            lower = number & MAX_SEED
            self.say(
                f"The seed {number} is larger than seeds are here. {lower} took its place, which "
                "draws the same noise on the processor."
            )
            number = lower
        self._values["seed"] = number

    def steps(self, value: Any) -> None:
        """How many steps, 1 … ``MAX_STEPS``."""
        if value in (None, ""):
            return
        number = whole(value)
        if number is None or not 1 <= number <= MAX_STEPS:
            self.say(
                f"It asks for {_shown(value)} steps. Here it can be 1 to {MAX_STEPS}, so the "
                "model's own number is taken."
            )
        else:
            self._values["steps"] = number

    def guidance(self, value: Any) -> None:
        """The guidance scale, 0 … ``MAX_GUIDANCE``."""
        if value in (None, ""):
            return
        number = real(value)
        if number is None or not 0 <= number <= MAX_GUIDANCE:
            self.say(
                f"It asks for a guidance of {_shown(value)}. Here it can be 0 to "
                f"{MAX_GUIDANCE:.0f}, so the model's own is taken."
            )
        else:
            self._values["guidance_scale"] = number

    def size(self, width: Any, height: Any) -> None:
        """Width and height, made multiples of 8."""
        if width in (None, "") and height in (None, ""):
            return
        found = whole(width), whole(height)
        if not all(side is not None and 8 <= side <= MAX_SIDE for side in found):
            self.say(
                f"It asks for a size of {_shown(width)} × {_shown(height)}, which cannot be made "
                "here. The model's own is taken."
            )
            return
        sides = tuple(8 * max(1, round((side or 0) / 8)) for side in found)
        if sides != found:
            self.say(
                f"The size {found[0]} × {found[1]} is no multiple of 8. {sides[0]} × {sides[1]} "
                "took its place."
            )
        self._values["width"], self._values["height"] = sides

    def sampler(self, found: Found) -> None:
        """The sampler, as far as it is here."""
        self.say(found.lost)
        if found.key is not None:
            self._values["sampler"] = found.key

    # --- The end ---------------------------------------------------------------------------------

    @property
    def empty(self) -> bool:
        """Whether nothing was found that says how to sample."""
        return not any(v for k, v in self._values.items() if k != "negative_prompt")

    def request(self) -> SamplingRequest:
        """What was taken over.

        Raises:
            RequestError: never for values that came through the methods above.
        """
        values = {"prompt": "", **self._values}
        return SamplingRequest(**values, extra=FrozenMapping(self._extra))

    def said(self) -> tuple[str, ...]:
        """The sentences, as many as a person reads."""
        more = len(self.sentences) - MAX_SENTENCES
        if more <= 0:
            return tuple(self.sentences)
        return (*self.sentences[:MAX_SENTENCES], f"{more} further settings are not done here.")


def whole(value: Any) -> int | None:
    """A whole number of a number or a text, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"[+-]?[0-9]{1,40}", text):
            return int(text)
    number = real(value)
    if number is None or not math.isfinite(number) or number != int(number):
        return None
    return int(number)


def real(value: Any) -> float | None:
    """A number of a number or a text, or None; NaN is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value) if not isinstance(value, str) else float(value.strip()[:50])
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def text(value: Any, most: int = 200) -> str:
    """A short text for a person, of whatever there is; "" for what is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return clean_text(_written(value))[:most].strip()


def _written(value: str | int | float) -> str:
    try:
        return str(value)
    except ValueError:  # a whole number of thousands of digits
        return "a very large number"


def _shown(value: Any) -> str:
    return f"'{text(value, 40)}'" if isinstance(value, str) else text(value, 40) or "nothing known"
