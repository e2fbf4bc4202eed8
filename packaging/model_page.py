"""docs/models.md, made from the tables of the code: python packaging/model_page.py"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from visualizer.diffusion.families import family_named
from visualizer.diffusion.family_names import FAMILY_NAMES
from visualizer.diffusion.latent_spaces import SPACES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"

INTRODUCTION = """\
# Models

Made from `visualizer/diffusion/families.py` and `visualizer/diffusion/latent_spaces.py`; write it
anew with `python packaging/model_page.py`.

All {count} pipelines of diffusers' text-to-image mapping are observed: every latent that the
sampler held, every prediction, the picture, bit for bit what the bare pipeline makes.
`python3 packaging/dev.py test tests/families --all-families` builds a tiny one of each with random
weights, in float32 and bfloat16, and checks it; without the option one of every latent space is
tested. The weights that people own are larger, and none of them were at hand: what is tested is
the code of each pipeline, not each published model.

How a model is opened is told in [opening models](opening-models.md); which samplers fit it in
[samplers](samplers.md); how its prompt is read in [prompts](prompts.md).

From Python, `Model(pipeline)` takes any loaded pipeline, also one that is not listed: its latents
are then guessed from its parts. `SamplingRequest(extra={{…}})` hands further arguments on to its
call as they are.
"""

COLUMNS = ("family", "pipeline", "latents", "without the prompt", "picture to give", "batch")

LEGEND = """
*Latents*: a row of the next table, one for each stage. *Without the prompt*: whether the model is
asked at every step what it would do without it, which the views "Without prompt" and "Prompt’s
pull" show. *Picture to give*: arguments of the call that want one. *Batch*: whether several prompts
and seeds are sampled at once; where not, they are sampled one after the other.
"""

SPACES_HEAD = """
## Latent spaces

| latents | arrangement | to the decoder |
| --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    lines = [INTRODUCTION.format(count=len(FAMILY_NAMES))]
    lines.append(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    lines += [f"| {' | '.join(row)} |" for row in _rows()]
    text = "\n".join(lines) + "\n" + LEGEND + SPACES_HEAD
    text += "".join(f"| {s.key} | {s.arrangement} | {s.what} |\n" for s in SPACES.values())
    return text + "\n## What cannot be shown\n\n" + "".join(_missing())


def _rows() -> Iterator[tuple[str, ...]]:
    for name, label in FAMILY_NAMES.items():
        family = family_named(name)
        stages = [f"{stage.space} ({stage.name})" for stage in family.stages.values()]
        yield (
            label,
            f"`{name}`",
            ", ".join(stages) or family.space,
            "no" if family.embedded else "yes",
            ", ".join(f"`{argument}`" for argument in family.control) or "–",
            "yes" if family.batches else "no",
        )


def _missing() -> Iterator[str]:
    who: dict[str, list[str]] = {}
    for name, label in FAMILY_NAMES.items():
        for sentence in family_named(name).cannot_show:
            who.setdefault(sentence, []).append(label)
    for sentence, labels in who.items():
        yield f"- {', '.join(labels)}: {sentence}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
