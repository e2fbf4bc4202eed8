"""The axis fields: lists as people type them, and what they come to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.sitting import TaughtModel
from visualizer.diffusion import grid as grids
from visualizer.diffusion.facts import SamplerName
from visualizer.diffusion.grid import Axis
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.ui import axis_fields
from visualizer.ui.axis_fields import AxisFields, OpenMenu, TextsField

BASE = SamplingRequest("a red car", seed=9, steps=5)


@pytest.fixture
def fields(qtbot: QtBot) -> AxisFields:
    made = AxisFields()
    qtbot.addWidget(made)
    made.set_facts(TaughtModel().facts)
    return made


def test_the_names_of_the_fields_are_those_of_grids() -> None:
    assert axis_fields.WORDS == grids.FIELDS


def test_seeds_across_and_prompts_down(fields: AxisFields) -> None:
    fields.across.set_text("1-3, 7")
    fields.down.set_field("prompt")
    fields.down.set_text("a red car | a boat\n# not this one\n\na castle")
    grid = fields.grid(BASE)
    assert grid.columns == Axis("seed", (1, 2, 3, 7))
    assert grid.rows == Axis("prompt", ("a red car", "a boat", "a castle"))
    assert {cell.request.steps for cell in grid} == {5}
    assert fields.varied == {"seed", "prompt"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("one", "not a whole number"),
        ("1-17", "17 pictures are too many"),
        ("-1", ""),
    ],
)
def test_bad_lists_are_refused_in_a_sentence(fields: AxisFields, text: str, said: str) -> None:
    fields.across.set_text(text)
    with pytest.raises(RequestError) as refused:
        fields.grid(BASE)
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("1, 2, 1", True),
        ("1-4, 3", True),
        ("1 2 3", False),
        ("1 - 4, 7", False),
        ("4…6 6", True),
        ("nonsense", False),
    ],
)
def test_repeated_seeds_are_noticed(fields: AxisFields, text: str, twice: bool) -> None:
    fields.across.set_text(text)
    assert fields.repeated() == ("Repeated seeds count once." if twice else "")
    if twice:
        assert len(set(fields.grid(BASE).columns.values)) == len(fields.grid(BASE))


def test_one_field_is_not_spread_twice(fields: AxisFields) -> None:
    view = fields.down.kind.view()
    hidden = [
        fields.down.kind.itemData(row)
        for row in range(fields.down.kind.count())
        if view.isRowHidden(row)  # type: ignore[attr-defined]
    ]
    assert hidden == ["seed"]


def test_what_a_model_has_not_is_not_offered(fields: AxisFields) -> None:
    facts = replace(TaughtModel().facts, guidance=False, samplers=())
    fields.set_facts(facts)
    offered = [fields.down.kind.itemData(row) for row in range(fields.down.kind.count())]
    assert offered == ["", "seed", "prompt", "steps"]


def test_every_field_keeps_what_was_typed_and_suggests_the_header_s_words(
    fields: AxisFields,
) -> None:
    fields.suggest("prompt", "a red Ferrari")
    fields.across.set_text("5-6")
    fields.across.set_field("prompt")
    assert fields.across.text() == "a red Ferrari"
    fields.across.set_field("steps")
    assert fields.grid(BASE).columns.values == (10, 20, 40)
    fields.across.set_field("seed")
    assert fields.across.text() == "5-6"
    fields.across.set_field("prompt")
    fields.across.set_text("a boat")
    fields.suggest("prompt", "a castle")
    assert fields.across.text() == "a boat"


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # the offscreen plug-in has none
def test_samplers_are_ticked_in_a_menu_that_stays_open(qtbot: QtBot, fields: AxisFields) -> None:
    fields.across.set_field("sampler")
    button = fields.across.samplers
    assert fields.grid(BASE).columns.values == (None, "euler", "ddim")  # something at once
    menu = button.menu()
    assert isinstance(menu, OpenMenu)
    menu.popup(QPoint(0, 0))
    qtbot.waitUntil(menu.isVisible)
    euler = next(action for action in menu.actions() if action.text() == "Euler")
    menu.setActiveAction(euler)
    spot = QPointF(menu.actionGeometry(euler).center())
    with qtbot.waitSignal(button.changed):
        release = QMouseEvent(
            QMouseEvent.Type.MouseButtonRelease,
            spot,
            menu.mapToGlobal(spot),
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(menu, release)
    assert menu.isVisible()
    menu.close()
    assert fields.grid(BASE).columns.values == (None, "ddim")
    assert button.text() == "2 samplers"
    button.choose(())
    assert button.text() == "none chosen"
    with pytest.raises(RequestError, match="empty"):
        fields.grid(BASE)


def test_a_grid_is_shown_as_it_would_be_typed(fields: AxisFields) -> None:
    assert fields.show_axes(Axis("seed", (1, 2, 3, 9, 4, 5)), Axis("guidance_scale", (1.0, 7.5)))
    assert fields.across.text() == "1-3, 9, 4, 5"
    assert fields.down.text() == "1, 7.5"
    assert fields.grid(BASE).columns.values == (1, 2, 3, 9, 4, 5)
    assert fields.show_axes(Axis("negative_prompt", (None, "fog")), None)
    assert fields.grid(BASE).columns.values == (None, "fog")
    assert fields.down.field == ""


def test_what_a_model_cannot_spread_is_not_shown(fields: AxisFields) -> None:
    fields.show_seeds("5-7")
    assert not fields.show_axes(Axis("sampler", (None, "unheard of")), None)
    assert not fields.show_axes(Axis("steps", (4, 5)), Axis("sampler", (None, "unheard of")))
    assert not fields.show_axes(Axis("prompt", ("# not one | but two\nlines",)), None)
    assert fields.grid(BASE).columns == Axis("seed", (5, 6, 7))


def test_enter_makes_pictures_and_shift_enter_another_line(qtbot: QtBot) -> None:
    field = TextsField()
    qtbot.addWidget(field)
    field.setStyleSheet("min-height: 0; padding: 0;")  # as in the header
    field.show()
    qtbot.keyClicks(field, "a car")
    with qtbot.waitSignal(field.entered):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.toPlainText() == "a car"
    before = field.height()
    qtbot.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(field, "a boat")
    assert field.toPlainText().splitlines() == ["a car", "a boat"]
    assert field.height() > before


def test_the_model_s_own_sampler_is_compared_with_others_and_called_by_its_name(
    fields: AxisFields,
) -> None:
    names = (("dpmpp_2m", "DPM++ 2M"), ("euler", "Euler"), ("euler_a", "Euler a"), ("ddim", "DDIM"))
    samplers = tuple(SamplerName(*name) for name in names)
    facts = replace(TaughtModel().facts, samplers=samplers, own_sampler="DPM++ 2M")
    fields.set_facts(facts)
    fields.across.set_field("sampler")
    axis = fields.grid(BASE).columns
    assert axis.values == (None, "euler", "euler_a")
    assert axis.labels[0] == "DPM++ 2M (its own)"


def test_every_prompt_stands_in_a_line_of_its_own(qtbot: QtBot, fields: AxisFields) -> None:
    fields.across.set_field("prompt")
    fields.across.set_text("a red car | a green boat|a cat")
    field = fields.across.texts
    assert field.toPlainText() == "a red car\na green boat\na cat"
    field.clear()
    qtbot.keyClicks(field, "a car| a boat")
    assert field.toPlainText() == "a car\na boat"
    field.clear()
    pasted = QMimeData()
    pasted.setText("a car | a cat")
    field.insertFromMimeData(pasted)
    assert field.toPlainText() == "a car\na cat"
    assert fields.grid(BASE).columns.values == ("a car", "a cat")


def test_another_field_moves_nothing_sideways(qtbot: QtBot, fields: AxisFields) -> None:
    fields.resize(900, 60)
    fields.show()
    qtbot.waitExposed(fields)
    places = set()
    for across in ("seed", "prompt", "sampler", "steps"):
        for down in ("", "guidance_scale"):
            fields.across.set_field(across)
            fields.down.set_field(down)
            QApplication.processEvents()
            places.add((fields.down.kind.mapTo(fields, QPoint(0, 0)).x(), fields.said.x()))
    assert len(places) == 1


def test_lines_have_room_again_when_their_field_comes_back(
    qtbot: QtBot, fields: AxisFields
) -> None:
    fields.show()
    qtbot.waitExposed(fields)
    fields.down.set_field("prompt")
    fields.down.set_text("a car|a boat|a cat")
    QApplication.processEvents()
    before = fields.down.texts.height()
    fields.down.set_field("")
    QApplication.processEvents()
    assert fields.height() < before or fields.sizeHint().height() < before
    fields.down.set_field("prompt")
    QApplication.processEvents()
    assert fields.down.texts.height() == before
