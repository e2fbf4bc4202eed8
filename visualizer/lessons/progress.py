"""How far the lessons were read: kept between launches as plain JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_MOST = 1000


@dataclass
class Progress:
    """Where a person was.

    Attributes:
        lesson: the name of the one that is open; "" for the list.
        steps: the step of every lesson that was opened, from 0.
        seen: the steps of every lesson that were shown.
    """

    lesson: str = ""
    steps: dict[str, int] = field(default_factory=dict)
    seen: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, kept: Any) -> Progress:
        """What was kept; whatever in it makes no sense is passed over."""
        progress = cls()
        if not isinstance(kept, dict):
            return progress
        if isinstance(kept.get("lesson"), str):
            progress.lesson = kept["lesson"]
        for name, step in _items(kept.get("steps")):
            if _is_step(step):
                progress.steps[name] = step
        for name, steps in _items(kept.get("seen")):
            if isinstance(steps, list):
                progress.seen[name] = {step for step in steps if _is_step(step)}
        return progress

    def to_json(self) -> dict[str, Any]:
        """To be kept."""
        seen = {name: sorted(steps) for name, steps in self.seen.items()}
        return {"lesson": self.lesson, "steps": dict(self.steps), "seen": seen}

    def show(self, lesson: str, step: int) -> None:
        """A step is shown."""
        self.lesson = lesson
        self.steps[lesson] = step
        self.seen.setdefault(lesson, set()).add(step)

    def seen_of(self, lesson: str, count: int) -> int:
        """How many of a lesson's steps were shown; it may have others than it had."""
        return sum(step < count for step in self.seen.get(lesson, ()))


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items())[:_MOST] if isinstance(value, dict) else []


def _is_step(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
