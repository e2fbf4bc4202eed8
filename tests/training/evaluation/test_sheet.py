"""Contact sheets, and what they say of a wrong picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.evaluation.examples import CAR, CAT, TWO
from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.evaluation import sheet
from visualizer.training.evaluation.verdict import Seen, as_seen


def test_the_sheet_names_what_is_wrong_in_red() -> None:
    pictures = [
        np.full((PICTURE_SIZE, PICTURE_SIZE, 3), shade, np.uint8) for shade in (10, 90, 200)
    ]
    made = np.asarray(sheet.contact_sheet(pictures, ["a", "b", "c"], ["", "no thing", ""], 2))
    tile, label = sheet.TILE + sheet.GAP, made.shape[0] // 2 - sheet.TILE
    assert made.shape[1] == 2 * tile + sheet.GAP
    assert made[sheet.GAP + 5, sheet.GAP + 5].tolist() == [10] * 3
    assert made[sheet.GAP + 5, tile + sheet.GAP + 5].tolist() == [90] * 3
    below = made[sheet.GAP + sheet.TILE : sheet.TILE + label]
    red = (below[..., 0] > 200) & (below[..., 1] < 80)
    assert red[:, tile:].any()
    assert not red[:, : tile - sheet.GAP].any()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (as_seen(TWO), ""),
        (replace(as_seen(TWO), relation="left"), "car left of cat"),
        (replace(as_seen(TWO), time="fog", place="snow"), "snow; fog"),
        (replace(as_seen(TWO), things=frozenset(), relation=None), "no thing"),
        (
            replace(as_seen(TWO), things=frozenset({CAT, replace(CAR, color="pink")})),
            "pink car, white cat",
        ),
    ],
)
def test_a_fault_says_what_is_seen(seen: Seen, said: str) -> None:
    assert sheet.fault(as_seen(TWO), seen, ("object", "color", "relation", "place", "time")) == said
