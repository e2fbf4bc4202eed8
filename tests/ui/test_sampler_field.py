"""The sampler field: a rule and a spacing, and the one key they make."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from visualizer.diffusion.facts import SamplerName
from visualizer.diffusion.sampler_table import DIFFUSION, EDM, FLOW, Sampler
from visualizer.ui.sampler_field import SamplerField, variants_of

TABLES = (DIFFUSION, FLOW, EDM)


def names_of(rows: tuple[Sampler, ...]) -> list[SamplerName]:
    return [SamplerName(s.key, s.label) for row in rows for s in row.variants]


@pytest.fixture
def field(qtbot: QtBot) -> SamplerField:
    made = SamplerField()
    qtbot.addWidget(made)
    made.offer(names_of(DIFFUSION), "PLMS")
    return made


@pytest.mark.parametrize("rows", TABLES)
def test_every_rule_of_the_table_is_one_entry(rows: tuple[Sampler, ...]) -> None:
    found = variants_of(names_of(rows))
    assert sorted(found) == sorted(row.key for row in rows)
    common = [rule for rule in found if rule in ("dpmpp_2m", "euler", "ddim", "heun", "pndm")]
    order = ("dpmpp_2m", "euler", "ddim", "heun", "pndm")
    assert common == [rule for rule in order if rule in found], "common ones first"
    keys = [key for spacings in found.values() for key in spacings.values()]
    assert sorted(keys) == sorted(name.key for name in names_of(rows))


@pytest.mark.parametrize("rows", TABLES)
def test_every_sampler_can_be_chosen(qtbot: QtBot, rows: tuple[Sampler, ...]) -> None:
    made = SamplerField()
    qtbot.addWidget(made)
    made.offer(names_of(rows), "")
    assert made.key() is None
    for name in names_of(rows):
        made.choose(name.key)
        assert made.key() == name.key
    made.choose(None)
    assert made.key() is None


def test_the_spacing_is_there_where_there_is_a_choice(field: SamplerField) -> None:
    assert field.spacing.isHidden()
    field.choose("euler")
    assert not field.spacing.isHidden()
    assert [field.spacing.itemText(i) for i in range(4)] == [
        "usual spacing",
        "Karras spacing",
        "exponential spacing",
        "beta spacing",
    ]
    field.choose("ddim")
    assert field.spacing.isHidden()


def test_another_rule_keeps_the_spacing(field: SamplerField) -> None:
    said: list[str | None] = []
    field.changed.connect(lambda: said.append(field.key()))
    field.rule.setCurrentIndex(field.rule.findData("euler"))
    field.spacing.setCurrentIndex(field.spacing.findData("karras"))
    field.rule.setCurrentIndex(field.rule.findData("dpmpp_2m"))
    field.rule.setCurrentIndex(field.rule.findData("ddim"))
    assert said == ["euler", "euler_karras", "dpmpp_2m_karras", "ddim"]


def test_a_sampler_that_is_not_there_is_the_model_s_own(field: SamplerField) -> None:
    field.choose("euler_karras")
    field.choose("no such sampler")
    assert field.key() is None
