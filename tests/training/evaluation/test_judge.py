"""What the judge says of scores, and how it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.evaluation.examples import ALONE, CAR, CAT, TWO
from visualizer.training.evaluation.judge import (
    ABSENT,
    FEATURES,
    HEADS,
    SIDE,
    Judge,
    load_judge,
    save_judge,
)
from visualizer.training.evaluation.judge_training import Truths, judging_loss
from visualizer.training.evaluation.judged_drawings import small
from visualizer.training.evaluation.verdict import Seen, as_seen
from visualizer.training.world.subjects import COLORS, OBJECTS, Subject, Thing

OPINIONS = {"place": "lake", "time": "fog", "relation": "behind", "size": "big", "side": "right"}


def sure_of(*things: Thing) -> Judge:
    """A judge that sees these things and has all OPINIONS, whatever it is shown."""
    judge = Judge()
    heads: dict[str, Any] = dict(judge.heads.items())
    with torch.no_grad():
        for weights in (*judge.things.parameters(), *judge.heads.parameters()):
            weights.zero_()
        for name, opinion in OPINIONS.items():
            heads[name].bias[HEADS[name].index(opinion)] = 1
        by_object = judge.things.bias.view(len(OBJECTS), -1)
        by_object[:, ABSENT] = 1
        for thing in things:
            by_object[OBJECTS.index(thing.object), COLORS.index(thing.color)] = 2
    return judge


@pytest.mark.parametrize(
    ("things", "told"),
    [
        ((), {}),
        ((CAR,), {"size": "big", "side": "right"}),
        ((CAR, CAT), {"relation": "behind"}),
        ((CAR, CAT, Thing("dog", "black")), {}),
    ],
    ids=len,
)
def test_the_judge_tells_only_what_so_many_things_have(
    things: tuple[Thing, ...], told: dict[str, str], drawn: Any
) -> None:
    seen = Seen(frozenset(things), "lake", "fog", **told)
    assert sure_of(*things).verdicts(drawn) == [seen] * len(drawn)


def test_the_judge_averages_large_pictures(drawn: Any) -> None:
    judge = Judge()
    features = judge.features(drawn)
    assert features.shape == (len(drawn), FEATURES)
    lowered = judge.features(np.stack([small(one) for one in drawn]))
    assert np.allclose(features, lowered, atol=0.001)
    with pytest.raises(ValueError, match=f"squares of {SIDE}"):
        judge.verdicts(np.zeros((1, SIDE + 1, SIDE + 1, 3), np.uint8))


def test_a_verdict_is_read_from_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [as_seen(TWO), as_seen(ALONE), as_seen(Subject((), "lake", "fog"))]
    truths = Truths.of(wanted)
    assert truths.things[2].eq(ABSENT).all()
    scores = {
        name: torch.nn.functional.one_hot(truth.clamp(min=0), len(HEADS[name])).float()
        for name, truth in truths.others.items()
    }
    scores["things"] = torch.nn.functional.one_hot(truths.things, ABSENT + 1).float()
    judge = Judge()
    monkeypatch.setattr(judge, "forward", lambda x: scores)
    assert judge.verdicts(np.zeros((3, SIDE, SIDE, 3), np.uint8)) == wanted
    sure = {name: 40 * some for name, some in scores.items()}
    assert judging_loss(sure, truths).item() == pytest.approx(0, abs=1e-5)
    assert judging_loss(scores, truths).item() > 1


def test_the_judge_is_kept_in_half_precision(tmp_path: Path, drawn: Any) -> None:
    judge = Judge()
    path = tmp_path / "made" / "judge.safetensors"
    save_judge(judge, path)
    assert path.stat().st_size < 2.2 * sum(p.numel() for p in judge.parameters())
    again = load_judge(path)
    assert np.allclose(again.features(drawn), judge.features(drawn), atol=0.001)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="holds no judge"):
        load_judge(path)
