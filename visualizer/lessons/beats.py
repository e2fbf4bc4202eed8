"""Beats: a lesson in the order of one key, for whoever presents it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from visualizer.lessons.lesson import DoIt, Lesson, Part, Question, Step, Text

Kind = Literal["text", "ask", "do", "answer"]


@dataclass(frozen=True)
class Beat:
    """What one press of the key brings.

    Attributes:
        step: of the lesson, from 0.
        kind: a text, a question, something done, or the answer to a question.
        part: of the step.
    """

    step: int
    kind: Kind
    part: Part


def beats_of(lesson: Lesson) -> tuple[Beat, ...]:
    """All of a lesson. A question's answer comes after what is done for it."""
    return tuple(beat for k, step in enumerate(lesson.steps) for beat in _of_step(k, step))


def _of_step(k: int, step: Step) -> list[Beat]:
    beats: list[Beat] = []
    open_question: Question | None = None
    for part in step.parts:
        if isinstance(part, Text):
            beats.append(Beat(k, "text", part))
        elif isinstance(part, DoIt):
            beats.append(Beat(k, "do", part))
        if open_question is not None and not isinstance(part, Text):
            beats.append(Beat(k, "answer", open_question))
            open_question = None
        if isinstance(part, Question):
            beats.append(Beat(k, "ask", part))
            open_question = part
    if open_question is not None:
        beats.append(Beat(k, "answer", open_question))
    return beats
