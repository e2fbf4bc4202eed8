"""The table of figures."""

from __future__ import annotations

from tests.training.evaluation.examples import FIGURES
from visualizer.training.evaluation.report import table
from visualizer.training.evaluation.verdict import Count


def test_the_table_has_a_row_for_every_figure() -> None:
    lines = table(FIGURES).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 2 + 3 + 3 + 1 + 3 + 2
    assert any("99.5 %" in line and "199/200" in line and "object" in line for line in lines)
    assert any("30.1 dB" in line for line in lines)


def test_what_was_not_asked_has_no_share() -> None:
    nothing = Count(0, 0).figures()
    assert nothing["share"] is None
    judge = {"drawings": {"relation": nothing}}
    assert "| not asked" in table({**FIGURES, "judge": judge})
