"""The blocks of a lesson: ```do``` sets a page up, ```ask``` asks, and the front matter says what
lesson it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from visualizer.diffusion import sampler_table
from visualizer.diffusion.grid import read_values
from visualizer.diffusion.starts import MAX_SEED, RequestError
from visualizer.diffusion.views import VIEWS
from visualizer.lessons.fields import Fields
from visualizer.lessons.lesson import DoIt, Question
from visualizer.lessons.page_setup import GENERAL, OPTIONS, PageSetup

_LABEL, _LINE, _TEXT, _PROMPT = 60, 200, 2000, 1000
_PERCENT = (re.compile(r"[0-9]{1,2}(\.[0-9])?|100"), "a percentage without its sign: 40")
_FREE: Mapping[tuple[str, str], tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        ("destroy", "picture"): (re.compile(r"run|scene [0-9]{1,5}"), "scene 12, or run"),
        ("destroy", "from"): _PERCENT,
        ("train", "noise"): _PERCENT,
        ("words", "word"): (re.compile(r"\S+"), "one word of the prompt: Ferrari"),
        ("words", "swap"): (re.compile(r"\S.* ->( .*\S)?"), "red -> blue, or sunset -> to drop it"),
    }
)
"""Options that take any value of a form: the form, and how to write it."""
_SPREAD = {"prompts": "prompt", "seeds": "seed", "guidances": "guidance_scale"}
"""Options of the Compare page, and the fields of the request that they spread."""


@dataclass(frozen=True)
class Front:
    """What stands between the two lines --- at the top."""

    title: str
    order: int
    minutes: int
    summary: str


def read_front(fields: Fields) -> Front:
    """What lesson it is."""
    front = Front(
        title=fields.needed("title", _LABEL, "Destroying is easy"),
        order=fields.whole("order", 0, 9999) or 0,
        minutes=fields.whole("minutes", 1, 120) or 0,
        summary=fields.needed("summary", _LINE, "one sentence on what is seen in it"),
    )
    for name, example in (("order", "10"), ("minutes", "7")):
        if name not in fields:
            raise fields.error(f"'{name}' is missing at the top: write {name}: {example}")
    fields.finish()
    return front


def read_question(fields: Fields) -> Question:
    """Something to predict."""
    asks = fields.needed("question", 400, "what will happen?")
    choices = fields.texts("choices", _LINE)
    if "choices" in fields and not 2 <= len(choices) <= 4:
        there = "is 1 choice" if len(choices) == 1 else f"are {len(choices)} choices"
        says = f"There {there}: write 2 to 4, or leave 'choices' out."
        raise fields.error(says, fields.line("choices"))
    right = fields.whole("right", 1, max(len(choices), 1))
    if right is not None and not choices:
        says = "'right' is the number of a choice, and there are none."
        raise fields.error(says, fields.line("right"))
    answer = fields.needed("answer", _TEXT, "what is told afterwards")
    fields.finish()
    counted = None if right is None else right - 1
    return Question(asks, choices, counted, answer, fields.first_line - 1)


def read_do(fields: Fields) -> DoIt:
    """What a button puts in place."""
    label = fields.text("label", _LABEL) or "Do it"
    look = fields.text("look", _TEXT) or ""
    page = fields.needed("page", _LINE, ", ".join(OPTIONS))
    fields.one_of("page", OPTIONS, page)
    setup = PageSetup(
        page, **_general(fields, page), options=MappingProxyType(_options(fields, page))
    )
    fields.finish(f" on the page {page}")
    return DoIt(label, setup, look, fields.first_line - 1)


def _general(fields: Fields, page: str) -> dict[str, Any]:
    """What pages share, as far as this one has a use for it: what is left out here is refused."""

    def one_of(name: str, known: tuple[str, ...]) -> str | None:
        value = fields.text(name, _LINE)
        fields.one_of(name, known, value)
        return value

    reads: Mapping[str, Callable[[], object]] = {
        "prompt": lambda: fields.text("prompt", _PROMPT, empty=True),
        "avoid": lambda: fields.text("avoid", _PROMPT, empty=True),
        "seed": lambda: fields.whole("seed", 0, MAX_SEED),
        "steps": lambda: fields.whole("steps", 1, 1000),
        "guidance": lambda: fields.number("guidance", 0, 100),
        "sampler": lambda: one_of("sampler", _samplers()),
        "run": lambda: fields.yes("run"),
        "playhead": lambda: fields.number("playhead", 0, 1),
        "view": lambda: one_of("view", VIEWS),
    }
    return {name: reads[name]() for name in GENERAL[page]}


def _options(fields: Fields, page: str) -> dict[str, str]:
    """What this page alone knows."""
    found: dict[str, str] = {}
    for option, allowed in OPTIONS[page].items():
        value = fields.text(option, _PROMPT)
        if value is None:
            continue
        if allowed:
            fields.one_of(option, allowed, value)
        form = _FREE.get((page, option))
        if form is not None and not form[0].fullmatch(value):
            raise fields.error(f"'{option}' is {form[1]}.", fields.line(option))
        found[option] = value
    _check_spread(fields, found)
    if page == "train":
        _check_part(fields, found)
    return found


def _check_part(fields: Fields, options: Mapping[str, str]) -> None:
    """What only one part of the Train page knows is asked of that part."""
    if "start" in options and options.get("part") != "lab":
        raise fields.error("'start' begins the lab: write part: lab as well.", fields.line("start"))
    if "noise" in options and options.get("part", "example") != "example":
        says = f"'noise' is of the example, and not of the part {options['part']}: leave one out."
        raise fields.error(says, fields.line("noise"))


def _check_spread(fields: Fields, options: Mapping[str, str]) -> None:
    """A comparison has at most two axes, and every value on them can be read."""
    spread = [option for option in options if option in _SPREAD]
    if len(spread) > 2 or (spread and "experiment" in options):
        says = "At most two of prompts, seeds and guidances can change, or write experiment: yes."
        raise fields.error(says, fields.line(spread[0]))
    for option in spread:
        try:
            read_values(_SPREAD[option], options[option])
        except RequestError as error:
            raise fields.error(str(error), fields.line(option)) from error


def _samplers() -> tuple[str, ...]:
    tables = (sampler_table.DIFFUSION, sampler_table.FLOW, sampler_table.EDM)
    rows = (variant.key for table in tables for row in table for variant in row.variants)
    return tuple(dict.fromkeys(rows))
