"""What makes a branch another run than its parent, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.session.timeline import Timeline

_LONGEST = 40


def changed_words(run: Timeline, longest: int = _LONGEST) -> str:
    """What was asked for that the parent was not: "a blue car …", "guidance 8", "fresh noise 12".

    The prompt of a run that is no branch; "nothing changed" for a branch that is its parent again.

    Args:
        longest: texts are cut to so many letters.
    """
    parent = run.parent_run
    if parent is None:
        return cut(run.title, longest)
    asked, was = run.request, parent.request
    words = []
    if asked.prompt.strip() != was.prompt.strip():
        words.append(cut(asked.prompt.strip(), longest) or "no prompt")
    avoid = (asked.negative_prompt or "").strip()
    if avoid != (was.negative_prompt or "").strip():
        words.append(f"avoid {cut(avoid, longest)}" if avoid else "avoid nothing")
    scale = asked.guidance_scale
    if scale != was.guidance_scale and scale is not None:
        words.append(f"guidance {scale:g}")
    if asked.sampler != was.sampler:
        words.append(run.sampler or asked.sampler or "the model’s own sampler")
    if asked.seed != was.seed:
        words.append(f"fresh noise {asked.seed}")
    return " · ".join(words) or "nothing changed"


def described(run: Timeline) -> str:
    """A run of the tree in one or two lines, for whoever points at it."""
    parent = run.parent_run
    if parent is None:
        return f"{run.title}\nSeed {run.request.seed}: the run that the others branch from"
    where = parent.label(run.branched_at)
    return f"{changed_words(run)}\nBranched from {where[:1].lower()}{where[1:]}"


def cut(text: str, longest: int = _LONGEST) -> str:
    """The text, or its beginning and "…"."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
