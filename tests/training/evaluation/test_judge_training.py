"""What the judge learns from, that it learns, and how it is examined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.training.evaluation.examples import ALONE
from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.evaluation.judge import HEADS, SIDE, Judge, as_seen_by_judge
from visualizer.training.evaluation.judge_training import (
    Truths,
    augmented,
    examined,
    judging_loss,
)
from visualizer.training.evaluation.judged_drawings import (
    judged_drawing,
    judged_subject,
    small,
    small_drawings,
)
from visualizer.training.evaluation.verdict import as_seen
from visualizer.training.world.subjects import COLORS, OBJECTS, RELATIONS, is_held_out


def test_small_drawings_are_averages(drawn: Any) -> None:
    reduced = small(drawn[0])
    assert reduced.shape == (SIDE, SIDE, 3)
    times = PICTURE_SIZE // SIDE
    block = drawn[0][5 * times : 6 * times, 7 * times : 8 * times]
    assert reduced[5, 7, 1] == round(float(block[..., 1].mean()))


def test_what_a_drawing_does_not_show_is_not_learned() -> None:
    truths = Truths.of([as_seen(ALONE)])
    scores = {name: torch.zeros(1, len(HEADS[name]), requires_grad=True) for name in HEADS}
    scores["things"] = torch.zeros(1, len(OBJECTS), len(COLORS) + 1, requires_grad=True)
    judging_loss(scores, truths).backward()  # type: ignore[no-untyped-call]
    assert scores["relation"].grad is not None
    assert not scores["relation"].grad.any()
    assert scores["size"].grad is not None
    assert scores["size"].grad.any()


def test_the_judge_learns(drawn: Any) -> None:
    torch.manual_seed(0)
    judge = Judge().train()
    x = augmented(as_seen_by_judge(torch.from_numpy(drawn)))
    assert x.shape == (4, 3, SIDE, SIDE)
    truths = Truths.of([as_seen(judged_subject(1, k)[0]) for k in range(4)])
    optimizer = torch.optim.AdamW(judge.parameters(), 2e-3)
    losses = []
    for _ in range(6):
        loss = judging_loss(judge(x), truths)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_its_drawings_show_everything_and_nothing() -> None:
    shown = [judged_subject(3, k)[0] for k in range(400)]
    assert {len(subject.things) for subject in shown} == {0, 1, 2}
    assert {subject.relation for subject in shown} == {None, *RELATIONS}
    assert any(is_held_out(subject) for subject in shown), "it has to know them all"


def test_small_drawings_are_drawn_once(tmp_path: Path) -> None:
    path = small_drawings(tmp_path, 1, 3)
    written = np.load(path)
    assert np.array_equal(written[2], small(judged_drawing(1, 2)))
    before = path.stat().st_mtime_ns
    assert small_drawings(tmp_path, 1, 3).stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_judge_is_examined_on_what_a_drawing_shows() -> None:
    shown: list[Any] = []
    counts = examined(Judge(), 6, 4, lambda drawn: shown.append(drawn) or drawn)  # type: ignore[func-returns-value]
    assert shown[0].shape == (6, PICTURE_SIZE, PICTURE_SIZE, 3)
    seen = [judged_subject(4, k)[0] for k in range(6)]
    assert counts["place"].of == 6
    assert counts["relation"].of == sum(len(subject.things) == 2 for subject in seen)
    assert counts["size"].of == sum(len(subject.things) == 1 for subject in seen)
