"""Pictures and drawings in, figures and contact sheets out."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.training.evaluation import sheet
from visualizer.training.evaluation.distances import frechet, variety
from visualizer.training.evaluation.fidelity import seconds_a_picture, sent_through
from visualizer.training.evaluation.generated import Generator
from visualizer.training.evaluation.judge import Judge
from visualizer.training.evaluation.judge_training import examined
from visualizer.training.evaluation.prompts import (
    ALL,
    FREE,
    SEEDS_EACH,
    Asked,
    Questions,
    as_drawn,
)
from visualizer.training.evaluation.verdict import Count, counted
from visualizer.training.model_card import RECOMMENDED
from visualizer.training.world.composition import draw_subject

THROUGH = 300
"""So many drawings are sent through the autoencoder before the judge looks at them."""


def accuracy(
    questions: Questions, pictures: NDArray[np.uint8], judge: Judge, output: Path
) -> dict[str, dict[str, float | None]]:
    """How often each attribute is right; two sheets show the first hundred, and what is wrong."""
    wanted = [one.wanted for one in questions.asked]
    seen = judge.verdicts(pictures)
    counts: dict[str, Count] = {}
    for together, names in questions.checks.items():
        counts |= counted(wanted, seen, names, together)
    every = questions.checks[ALL]
    faults = [sheet.fault(w, s, every) for w, s in zip(wanted, seen, strict=True)]
    numbers = range(len(faults))
    _save_sheet(questions, pictures, faults, numbers, output / f"sheet-{questions.name}.png")
    mistaken = [k for k in numbers if faults[k]]
    _save_sheet(questions, pictures, faults, mistaken, output / f"sheet-{questions.name}-wrong.png")
    ordered = [name for name in counts if name not in questions.checks]
    return {name: counts[name].figures() for name in (*ordered, *questions.checks)}


def _save_sheet(
    questions: Questions,
    pictures: NDArray[np.uint8],
    faults: Sequence[str],
    numbers: Sequence[int],
    path: Path,
) -> None:
    path.unlink(missing_ok=True)
    shown = numbers[: sheet.COUNT]
    if shown:
        prompts = [questions.asked[k].prompt for k in shown]
        drawn = [pictures[k] for k in shown]
        sheet.contact_sheet(drawn, prompts, [faults[k] for k in shown]).save(path)


def judge_figures(judge: Judge, vae: Any) -> dict[str, dict[str, dict[str, float | None]]]:
    """How far the judge can be trusted: on drawings, and on drawings out of the autoencoder."""
    kinds: dict[str, dict[str, Count]] = {
        "drawings it has not seen": examined(judge),
        "such drawings out of the autoencoder": examined(
            judge, THROUGH, sent=lambda drawn: sent_through(vae, drawn)
        ),
    }
    return {
        kind: {name: count.figures() for name, count in counts.items()}
        for kind, counts in kinds.items()
    }


def variety_figures(
    questions: Questions, pictures: NDArray[np.uint8], judge: Judge, output: Path
) -> dict[str, Any]:
    """How far pictures of one prompt differ, in units of how far drawn ones do."""
    drawn = drawings(questions.asked, "varied")
    prompts = [one.prompt for one in questions.asked]
    rows = sheet.contact_sheet(list(pictures), prompts, [""] * len(prompts), SEEDS_EACH)
    rows.save(output / "sheet-varied.png")
    features = variety(judge.features(pictures), judge.features(drawn), SEEDS_EACH)
    return {
        "features": round(features, 3),
        "pixels": round(variety(pictures, drawn, SEEDS_EACH), 3),
        "prompts": len(prompts) // SEEDS_EACH,
        "seeds": SEEDS_EACH,
    }


def frechet_figures(
    sets: Sequence[Questions], made: Mapping[str, NDArray[np.uint8]], judge: Judge
) -> dict[str, float]:
    """The distance to drawings of the same subjects, and that of as many other drawings to them."""
    free = [one for one in sets if one.name in FREE]
    asked = [one for some in free for one in some.asked]
    features = np.concatenate([judge.features(made[one.name]) for one in free])
    drawn = judge.features(drawings(asked, "first"))
    apart = frechet(features, drawn)
    own = frechet(judge.features(drawings(asked, "second")), drawn)
    return {
        "ratio": round(apart / own, 3),
        "made": round(apart, 4),
        "drawn": round(own, 4),
        "count": len(asked),
    }


def drawings(asked: Sequence[Asked], key: str) -> NDArray[np.uint8]:
    """A drawing of each subject; what its prompt leaves open is left to chance, by a key."""
    drawn = []
    for k, one in enumerate(asked):
        rng = random.Random(f"evaluation {key} {one.seed} {k}")
        drawn.append(draw_subject(as_drawn(one.subject, rng), rng))
    return np.stack(drawn)


def speed(generator: Generator, asked: Asked) -> dict[str, Any]:
    """Seconds a picture, one at a time, at the steps of the evaluation and at few."""
    quick: int = generator.model.facts.quick_steps or RECOMMENDED["quick_steps"]
    steps = sorted({generator.settings.steps, quick}, reverse=True)
    seconds = {str(n): round(seconds_a_picture(generator, asked, n), 3) for n in steps}
    return {"seconds": seconds, "device": generator.model.facts.device_label}
