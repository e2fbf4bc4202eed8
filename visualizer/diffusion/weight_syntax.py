"""The syntax of weights in prompts, read into texts and numbers.

It is compel's for weights, blends and conjunctions, and the (words:1.3) of other programs. It is
read here, and not by compel, because compel's reader takes time exponential in nested parentheses
and takes every parenthesis of an ordinary prompt for syntax.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from visualizer.diffusion.request import RequestError

MAX_WEIGHT = 10.0
_PLUS, _MINUS = 1.1, 0.9

_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_AFTER = re.compile(rf"(?:(?P<signs>\++|-+)|(?P<number>{_NUMBER}))(?![\w+-])")
_INSIDE = re.compile(rf":\s*(?P<number>{_NUMBER})\s*$")
# possessive: a word that carries no sign is not looked at again from its middle
_WORD = re.compile(r"(?<![\w\\'’-])\w++(?:['’-]\w++)*+(?P<signs>\++|--+)(?![\w+(-])")
_ESCAPED = re.compile(r"\\([()+:\\-])")
_MIX = re.compile(r"\s*\((?P<texts>.*)\)\.(?P<kind>and|blend)\((?P<weights>[^()]*)\)\s*", re.DOTALL)
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_NOT_HERE = re.compile(r"\.(swap|and|blend)\(")

Part = tuple[str, float]
"""A text and its weight."""


@dataclass(frozen=True)
class Reading:
    """A prompt, read: one text in parts, or several mixed.

    Attributes:
        kind: "text"; "blend", a weighted mean of embeddings; "and", embeddings one after another.
        texts: the parts of each text; several for the latter two only.
        weights: of each text.
        plain: whether there is no syntax in it.
    """

    kind: str
    texts: tuple[tuple[Part, ...], ...]
    weights: tuple[float, ...]
    plain: bool = False

    @property
    def text(self) -> str:
        """The words alone."""
        texts = [" ".join(words.strip() for words, _ in parts) for parts in self.texts]
        return ", ".join(texts).strip()


def read(text: str) -> Reading:
    """Read the weights in a prompt.

    ``word++`` and ``word--`` multiply by 1.1 and 0.9 for each sign, ``(some words)1.3``,
    ``(some words)++`` and ``(some words:1.3)`` weigh several, nested ones multiply;
    ``("one", "two").blend(0.7, 0.3)`` and ``("one", "two").and()`` mix. Other parentheses are
    text; a backslash makes text of anything.

    Raises:
        RequestError: with what is wrong.
    """
    mixed = _MIX.fullmatch(text)
    if mixed is None:
        wrong = _NOT_HERE.search(text)
        if wrong is None:
            parts = _parts(text)
            return Reading("text", (parts,), (1.0,), not text or parts == ((text, 1.0),))
        raise RequestError(
            ".swap() cannot be used here. Write the prompt that you want to see."
            if wrong[1] == "swap"
            else f'.{wrong[1]}() mixes whole prompts: write ("one", "two").{wrong[1]}(1, 1), '
            "and nothing before or after it."
        )
    texts = _quoted(mixed["texts"], mixed["kind"])
    weights = _mix_weights(mixed["weights"], len(texts), mixed["kind"])
    return Reading(mixed["kind"], tuple(_parts(t) for t in texts), weights)


def _quoted(listed: str, kind: str) -> list[str]:
    texts, place = [], 0
    while place < len(listed):
        match = _QUOTED.match(listed, place)
        if match is None:
            raise RequestError(f'Every prompt in .{kind}() stands in quotes: ("one", "two").')
        texts.append(match[1].replace('\\"', '"'))
        place = match.end()
    return texts or [""]


def _mix_weights(listed: str, count: int, kind: str) -> tuple[float, ...]:
    if not listed.strip():
        return (1.0,) * count
    numbers = [n.strip() for n in listed.split(",")]
    if not all(re.fullmatch(_NUMBER, n) for n in numbers) or len(numbers) != count:
        raise RequestError(
            f".{kind}() needs one number for each of its {count} prompts, not '{listed.strip()}'."
        )
    weights = tuple(_checked(float(n), n) for n in numbers)
    if kind == "blend" and sum(weights) == 0:
        raise RequestError("The weights in .blend() must not all be 0.")
    return weights


def _checked(weight: float, written: str) -> float:
    if not 0 <= weight <= MAX_WEIGHT:
        raise RequestError(
            f"The weight {written[:40]} must lie between 0 and {MAX_WEIGHT:.0f}; 1.3 is a strong "
            "one. If it is no weight, put a space or a backslash before it."
        )
    return weight


@dataclass(frozen=True)
class _Group:
    """A weighted pair of parentheses: text between ``start`` and ``stop``, going on at ``end``."""

    start: int
    stop: int
    end: int
    weight: float


def _parts(text: str) -> tuple[Part, ...]:
    groups = {group.start - 1: group for group in _groups(text)}
    words = {match.start(): match for match in _WORD.finditer(text)}
    parts: list[tuple[list[str], float]] = [([], 1.0)]
    opened: list[_Group] = []
    weights = [1.0]
    place = 0
    while place < len(text):
        if place in groups:
            opened.append(groups[place])
            weights.append(weights[-1] * opened[-1].weight)
            parts.append(([], weights[-1]))
            place += 1
        elif opened and place == opened[-1].stop:
            weights.pop()
            parts.append(([], weights[-1]))
            place = opened.pop().end
        elif place in words:
            match = words[place]
            word = [text[place : match.start("signs")]]
            parts += [(word, weights[-1] * _signed(match["signs"])), ([], weights[-1])]
            place = match.end()
        else:
            escaped = _ESCAPED.match(text, place)
            parts[-1][0].append(escaped[1] if escaped else text[place])
            place = escaped.end() if escaped else place + 1
    joined = [("".join(letters), weight) for letters, weight in parts if letters]
    for part, weight in joined:
        _checked(weight, f"{weight:g} of '{part.strip()}'")
    return tuple(joined)


def _groups(text: str) -> list[_Group]:
    """The pairs of parentheses that carry a weight."""
    groups, opened = [], []
    for match in re.finditer(r"\\.|[()]", text, re.DOTALL):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            start, stop = opened.pop() + 1, match.start()
            after = _AFTER.match(text, match.end())
            inside = _INSIDE.search(text, max(start, stop - 40), stop)
            if after is not None:
                weight = _signed(after["signs"]) if after["signs"] else float(after["number"])
                groups.append(_Group(start, stop, after.end(), _checked(weight, after[0])))
            elif inside is not None and text[inside.start() - 1] != "\\":
                weight = _checked(float(inside["number"]), inside["number"])
                groups.append(_Group(start, inside.start(), match.end(), weight))
    return groups


def _signed(signs: str) -> float:
    try:
        return float((_PLUS if signs[0] == "+" else _MINUS) ** len(signs))
    except OverflowError:
        return math.inf
