"""The second row of the header: the quick way of a model that has one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel
from visualizer.diffusion.facts import ModelFacts
from visualizer.settings import Settings
from visualizer.ui.settings_row import SettingsRow

USUAL, QUICK = 30, 8


@pytest.fixture
def row(qtbot: QtBot) -> SettingsRow:
    made = SettingsRow(Settings())
    qtbot.addWidget(made)
    return made


@pytest.fixture
def facts() -> ModelFacts:
    return replace(FakeModel().facts, steps=USUAL, quick_steps=QUICK)


def press(qtbot: QtBot, row: SettingsRow) -> None:
    qtbot.mouseClick(row.quick, Qt.MouseButton.LeftButton)


def test_a_press_draws_quickly_and_another_one_as_usual(
    qtbot: QtBot, row: SettingsRow, facts: ModelFacts
) -> None:
    row.set_facts(facts)
    assert not row.quick.isHidden()
    assert not row.quick.isChecked()
    assert str(QUICK) in row.quick.toolTip()
    press(qtbot, row)
    assert row.step_count() == QUICK
    assert row.quick.isChecked()
    assert str(USUAL) in row.quick.toolTip()
    press(qtbot, row)
    assert row.step_count() == USUAL
    assert not row.quick.isChecked()


def test_the_button_follows_the_number_that_is_typed(row: SettingsRow, facts: ModelFacts) -> None:
    row.set_facts(facts)
    row.steps.set_number(QUICK)
    assert row.quick.isChecked()
    row.steps.set_number(QUICK + 1)
    assert not row.quick.isChecked()


def test_there_is_none_for_a_model_without_a_quick_way(row: SettingsRow, facts: ModelFacts) -> None:
    assert row.quick.isHidden()
    row.set_facts(replace(facts, quick_steps=None))
    assert row.quick.isHidden()
    row.set_facts(replace(facts, name="Another"))
    assert not row.quick.isHidden()
    row.set_facts(replace(facts, quick_steps=None))
    assert row.quick.isHidden()


def test_it_sleeps_where_the_steps_are_not_to_be_changed(
    row: SettingsRow, facts: ModelFacts
) -> None:
    row.set_facts(facts)
    row.set_branching(("ddim",))
    assert not row.quick.isEnabled()
    row.set_branching(None)
    assert row.quick.isEnabled()
    row.set_varied(frozenset({"steps"}))
    assert not row.quick.isEnabled()


def test_a_quick_run_is_remembered_as_such(facts: ModelFacts, qtbot: QtBot) -> None:
    row = SettingsRow(Settings(steps=QUICK))
    qtbot.addWidget(row)
    row.set_facts(facts)
    assert row.quick.isChecked()
    assert row.step_count() == QUICK
