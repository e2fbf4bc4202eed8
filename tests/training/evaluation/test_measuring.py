"""Figures and sheets of pictures whose faults are known."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.evaluation import measuring
from visualizer.training.evaluation.judge import Judge
from visualizer.training.evaluation.prompts import ALL, held_out_questions

Pictures = NDArray[np.uint8]


def test_sheets_show_the_first_pictures_and_the_wrong_ones(tmp_path: Path) -> None:
    (pairs,) = [one for one in held_out_questions(1, 3, 5) if one.name == "pairs"]
    pictures = np.zeros((3, PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    seen = [one.wanted for one in pairs.asked]
    judge: Any = argparse.Namespace(verdicts=lambda _: seen)
    figures = measuring.accuracy(pairs, pictures, judge, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["sheet-pairs.png"]
    assert {one["right"] for one in figures.values()} == {3}
    seen[1] = replace(seen[1], relation="left" if seen[1].relation != "left" else "right")
    figures = measuring.accuracy(pairs, pictures, judge, tmp_path)
    assert (tmp_path / "sheet-pairs-wrong.png").exists()
    rights = {name: one["right"] for name, one in figures.items()}
    assert rights == {
        "object": 3,
        "color": 3,
        "relation": 2,
        "place": 3,
        "time": 3,
        "objects, colors and relation": 2,
        ALL: 2,
    }
    seen[1] = pairs.asked[1].wanted
    measuring.accuracy(pairs, pictures, judge, tmp_path)
    assert not (tmp_path / "sheet-pairs-wrong.png").exists(), "of an earlier model"


def test_pictures_unlike_drawings_are_farther_than_other_drawings() -> None:
    sets = held_out_questions(12, 6, 5)
    made = {one.name: measuring.drawings(one.asked, "others") for one in sets}
    torch.manual_seed(0)
    judge = Judge()

    def ratio(distort: Callable[[Pictures], Pictures]) -> float:
        distorted = {name: distort(pictures) for name, pictures in made.items()}
        figures = measuring.frechet_figures(sets, distorted, judge)
        assert figures["count"] == 30
        return figures["ratio"]

    assert ratio(np.asarray) == pytest.approx(1, abs=0.5)
    assert ratio(lambda pictures: pictures // 2) > 2, "too dark"
    assert ratio(lambda pictures: np.full_like(pictures, 128)) > 5, "all alike"
