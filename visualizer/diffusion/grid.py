"""Grid: one request spread over the values of one or two of its fields. No torch.

"Noise A becomes Ferrari A, noise B becomes Ferrari B": to see it, everything but one or two things
must stay the same. A grid is such a set of requests, each with its row, its column and a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any, Protocol

from visualizer.diffusion import sampler_table
from visualizer.diffusion.request import RequestError, SamplingRequest

FIELDS: dict[str, str] = {
    "seed": "seed",
    "prompt": "prompt",
    "negative_prompt": "avoid",
    "guidance_scale": "guidance",
    "steps": "steps",
    "sampler": "sampler",
}
"""The fields of a SamplingRequest that an axis may spread, and what people call them."""
MAX_LIVE = 16
"""Lanes that can be sampled at once in a window."""
MAX_LANES = 64
"""Lanes that a comparison can hold, e.g. one opened from a sweep."""
MAX_VALUES = 100_000
"""Values of one axis, so that "0-4294967295" is refused rather than counted out."""
LABEL_LENGTH = 32
"""Characters of a label of one axis, about; texts are cut to it."""

_PLURALS = {
    "seed": "seeds",
    "prompt": "prompts",
    "negative_prompt": "avoid texts",
    "guidance_scale": "guidance values",
    "steps": "numbers of steps",
    "sampler": "samplers",
}
_OWN = ("own", "the model's own", "the models own")
_NONE = "(none)"
_RANGE = re.compile(r"(\d+)(?:-|\.\.)(\d+)")
_AROUND_RANGE = re.compile(r"(?<=\d)\s*(?:[-‐‑–—]|\.\.\.?|…)\s*(?=\d)")


@dataclass(frozen=True)
class Axis:
    """One field of a request and the values it takes, in order; values that repeat are dropped.

    Attributes:
        field: a key of ``FIELDS``.
        values: as a SamplingRequest takes them; None is what the model itself would take.
        own: what people call the sampler that None stands for, where that is known.

    Raises:
        RequestError: with a sentence, for a field that cannot be spread or no value at all.
    """

    field: str
    values: tuple[Any, ...]
    own: str = dataclass_field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.field not in FIELDS:
            known = ", ".join(FIELDS.values())
            raise RequestError(
                f"A comparison cannot be spread over '{self.field}'. Choose of: {known}."
            )
        object.__setattr__(self, "values", tuple(dict.fromkeys(self.values)))
        if not self.values:
            raise RequestError(_nothing_there(self.field))

    def __len__(self) -> int:
        return len(self.values)

    def label(self, i: int) -> str:
        """A short name of the i-th value; no two values of an axis have the same."""
        return self.labels[i]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The short names of all values."""
        if self.field in ("prompt", "negative_prompt"):
            labels = short_texts(tuple(value or "" for value in self.values))
        else:
            labels = tuple(self._plain_label(value) for value in self.values)
        if self.field == "negative_prompt":
            labels = tuple(f"avoid {label}" if label else "avoid nothing" for label in labels)
        elif self.field == "prompt":
            labels = tuple(label or "no words" for label in labels)
        return _distinct(labels)

    def _plain_label(self, value: Any) -> str:
        if self.field == "sampler":
            own = f"{self.own} (its own)" if self.own else "the model's own sampler"
            return own if value is None else _sampler_label(value)
        if self.field == "steps":
            unit = "step" if value == 1 else "steps"
            return "the model's own steps" if value is None else f"{value} {unit}"
        name = FIELDS[self.field]
        if value is None:
            return f"the model's own {name}"
        return f"{name} {value:.15g}" if isinstance(value, float) else f"{name} {value}"


@dataclass(frozen=True)
class Cell:
    """One request of a grid, where it stands, and a short label that no other cell has."""

    request: SamplingRequest
    row: int
    column: int
    label: str


class Placed(Protocol):
    """A request that stands somewhere: a Cell, or a lane of a comparison."""

    @property
    def request(self) -> SamplingRequest: ...
    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True)
class Grid:
    """A request, spread over one axis (a single row) or two.

    Attributes:
        base: what all cells have in common.
        columns: what changes from left to right.
        rows: what changes from top to bottom; None for a single row.

    Raises:
        RequestError: with a sentence, when both axes spread the same field.
    """

    base: SamplingRequest
    columns: Axis
    rows: Axis | None = None

    def __post_init__(self) -> None:
        if self.rows is not None and self.rows.field == self.columns.field:
            raise RequestError(
                f"Rows and columns cannot both be {_PLURALS[self.columns.field]}. "
                "Choose something else for one of them."
            )

    def __len__(self) -> int:
        return len(self.columns) * (1 if self.rows is None else len(self.rows))

    @property
    def column_labels(self) -> tuple[str, ...]:
        """A short name a column."""
        return self.columns.labels

    @property
    def row_labels(self) -> tuple[str, ...]:
        """A short name a row; empty where there is a single row without a name."""
        return () if self.rows is None else self.rows.labels

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every request, row by row.

        Raises:
            RequestError: with a sentence, when a value makes no request (a seed out of range).
        """
        return tuple(self)

    def __iter__(self) -> Iterator[Cell]:
        rows: Sequence[Any] = (None,) if self.rows is None else self.rows.values
        for row, across in enumerate(rows):
            for column, value in enumerate(self.columns.values):
                changes = {self.columns.field: value}
                label = self.columns.label(column)
                if self.rows is not None:
                    changes[self.rows.field] = across
                    label = f"{label} · {self.rows.label(row)}"
                yield Cell(replace(self.base, **changes), row, column, label)

    def check(self, most: int = MAX_LIVE) -> None:
        """Refuse what is too large or holds a request that cannot be.

        Raises:
            RequestError: with a sentence, for more than ``most`` lanes or a value out of range.
        """
        if len(self) > most:
            fewer = _PLURALS[self.columns.field]
            if self.rows is not None:
                fewer += f" or {_PLURALS[self.rows.field]}"
            raise RequestError(
                f"{len(self)} pictures are too many: {most} fit. Take fewer {fewer}."
            )
        assert self.cells  # making them checks them


def axes_of(cells: Sequence[Placed]) -> tuple[Axis, Axis | None] | None:
    """The axes of a table of requests: the columns' and the rows'; the way back from ``Grid``.

    Returns:
        None where no two axes make this table: nothing changes, something else does, or places are
        empty. Where requests change from row to row only, there is one column, of their seed.
    """
    if not cells:
        return None
    requests = [cell.request for cell in cells]
    base = requests[0]
    alike = {field: getattr(base, field) for field in FIELDS}
    if any(replace(request, **alike) != base for request in requests):
        return None
    spread = [f for f in FIELDS if any(getattr(r, f) != alike[f] for r in requests)]
    columns = sorted({cell.column for cell in cells})
    rows = sorted({cell.row for cell in cells})
    places = [(rows.index(cell.row), columns.index(cell.column)) for cell in cells]
    across = _along([column for _, column in places], requests, spread)
    left = [field for field in spread if across is None or field != across.field]
    down = _along([row for row, _ in places], requests, left)
    if across is None and down is not None and down.field != "seed":
        across = Axis("seed", (base.seed,))
    if across is None:
        return None
    made = {(cell.row, cell.column): cell.request for cell in Grid(base, across, down)}
    return (across, down) if made == dict(zip(places, requests, strict=True)) else None


def _along(
    places: Sequence[int], requests: Sequence[SamplingRequest], fields: Sequence[str]
) -> Axis | None:
    """The field that takes another value at each place, and only there; None without one."""
    for field in fields:
        values: dict[int, Any] = {}
        for place, request in zip(places, requests, strict=True):
            values.setdefault(place, getattr(request, field))
        told = all(getattr(r, field) == values[p] for p, r in zip(places, requests, strict=True))
        if told and len(set(values.values())) == len(values) > 1:
            return Axis(field, tuple(values[place] for place in sorted(values)))
    return None


def read_values(field: str, text: str) -> tuple[Any, ...]:
    """The values of an axis as a person types them, without repetitions, in order.

    Whole numbers may be ranges, "1-4, 7, 9" or "9-6"; numbers are separated by commas, semicolons,
    spaces or new lines. Prompts stand one a line or are separated by "|", and keep their commas;
    the avoid text "(none)" is no avoid text. Samplers are keys or names people know, separated by
    commas or new lines; "own" is the model's own. Blank lines are passed over, and so are lines
    that begin with "#".

    Args:
        field: a key of ``FIELDS``.
        text: of any length.

    Raises:
        RequestError: with a sentence, for an empty list or something that is no value of the field.
    """
    if field not in FIELDS:
        return Axis(field, ()).values  # which says so
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if field in ("prompt", "negative_prompt"):
        values = [part.strip() for line in lines for part in line.split("|") if part.strip()]
        found = [None if field == "negative_prompt" and v == _NONE else v for v in values]
        for value in found:
            _check(field, value)
        return Axis(field, tuple(found)).values
    if field == "sampler":
        names = [part.strip() for line in lines for part in re.split(r"[,;|]", line)]
        return Axis(field, tuple(_sampler_key(name) for name in names if name)).values
    numbers: list[Any] = []
    for line in lines:
        for part in re.split(r"[\s,;|]+", _AROUND_RANGE.sub("-", line)):
            if part:
                numbers.extend(_numbers(field, part))
            if len(numbers) > MAX_VALUES:
                raise RequestError(_too_many(field))
    return Axis(field, tuple(numbers)).values


def short_texts(texts: Sequence[str], length: int = LABEL_LENGTH) -> tuple[str, ...]:
    """Texts cut to about ``length`` characters, at words, so that different ones stay different.

    Texts that begin alike are shown from where they part: "… road at night".
    """
    alike: dict[str, list[str]] = {}
    for text in texts:
        alike.setdefault(_cut(text, length), []).append(text)
    return _distinct([_cut_apart(text, alike[_cut(text, length)], length) for text in texts])


def _cut_apart(text: str, alike: Sequence[str], length: int) -> str:
    """A text cut so that it can be told from those that begin like it."""
    others = [other for other in alike if other != text]
    words = text.split()
    shared = max((_shared_words(words, other.split()) for other in others), default=0)
    if shared < 2:
        return _cut(text, length)
    return "… " + _cut(" ".join(words[shared - 1 :]), length - 2)


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    start = text[:length]  # one more than fits before the ellipsis, to see whether a word ends
    words = start.rsplit(" ", 1)[0] if " " in start[length // 2 :] else start[:-1]
    return words.rstrip(" ,;.") + "…"


def _shared_words(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels, with a number behind those that would be taken for another."""
    taken: set[str] = set()
    result = []
    for label in labels:
        name, number = label, 1
        while name in taken:
            number += 1
            name = f"{label} ({number})"
        taken.add(name)
        result.append(name)
    return tuple(result)


def _numbers(field: str, part: str) -> Sequence[Any]:
    """The numbers that one word of a list stands for."""
    span = _RANGE.fullmatch(part)
    if span is not None:
        first, last = _whole(span[1]), _whole(span[2])
        for end in (first, last):
            _check(field, end)
        if abs(last - first) >= MAX_VALUES:
            raise RequestError(_too_many(field))
        step = 1 if last >= first else -1
        numbers = range(first, last + step, step)
        return [float(n) for n in numbers] if field == "guidance_scale" else numbers
    try:
        value = float(part) if field == "guidance_scale" else _whole(part)
    except ValueError as error:
        what = "a number" if field == "guidance_scale" else "a whole number"
        raise RequestError(
            f"'{_cut(part, 40)}' is not {what}. "
            f"Write the {_PLURALS[field]} like {_EXAMPLES[field]}."
        ) from error
    _check(field, value)
    return [value]


_EXAMPLES = {"seed": "1-4, 7, 9", "steps": "10, 20, 30", "guidance_scale": "1, 3, 7.5"}


def _whole(text: str) -> int:
    if len(text) > 40:  # int() itself refuses some thousand digits, in words for programmers
        raise ValueError("too long")
    return int(text)


def _check(field: str, value: Any) -> None:
    """Let the request itself say what is wrong with a value."""
    replace(_ANY, **{field: value})


_ANY = SamplingRequest(prompt="")


def _sampler_key(name: str) -> str | None:
    wanted = name.casefold()
    if wanted in _OWN:
        return None
    for key, label in _sampler_labels().items():
        if wanted in (key.casefold(), label.casefold()):
            return key
    known = ", ".join(list(_sampler_labels())[:6])
    raise RequestError(f"There is no sampler '{_cut(name, 40)}'. Some that there are: {known}.")


def _sampler_label(key: str) -> str:
    return _sampler_labels().get(key, key)


def _sampler_labels() -> dict[str, str]:
    tables = (sampler_table.DIFFUSION, sampler_table.FLOW, sampler_table.EDM)
    return {s.key: s.label for table in tables for row in table for s in row.variants}


def _nothing_there(field: str) -> str:
    examples = {
        **_EXAMPLES,
        "prompt": "“a red car”, one a line",
        "negative_prompt": "“fog”, one a line",
        "sampler": "ddim, euler",
    }
    return f"The list of {_PLURALS[field]} is empty. Write some, like {examples[field]}."


def _too_many(field: str) -> str:
    return f"These are too many {_PLURALS[field]}: take at most {MAX_VALUES}."
