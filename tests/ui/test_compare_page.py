"""The Compare page in the real window: asked for, made, looked at, kept, and taken away again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.session.fake_model import Gate
from tests.ui.sitting import ALL, RUN_MS, STEPS, Sitting
from visualizer.session import session as session_module
from visualizer.ui import compare_page as pages
from visualizer.ui import files
from visualizer.ui.compare_page import ComparePage
from visualizer.ui.rail import Rail

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def sitting(sitting: Sitting, monkeypatch: pytest.MonkeyPatch) -> Sitting:
    """On the page that compares."""
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)
    sitting.press(Qt.Key.Key_2, CTRL)
    return sitting


def page_of(sitting: Sitting) -> ComparePage:
    return sitting.window.compare


def make(sitting: Sitting, seeds: str = "1-4", down: tuple[str, str] = ("", "")) -> None:
    """Type what to compare, press Enter, wait for the lanes."""
    begin(sitting, seeds, down)
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=RUN_MS)


def begin(sitting: Sitting, seeds: str, down: tuple[str, str] = ("", "")) -> None:
    fields = page_of(sitting).axis_fields
    fields.across.set_field("seed")
    fields.across.set_text(seeds)
    fields.down.set_field(down[0])
    if down[0]:
        fields.down.set_text(down[1])
    sitting.qtbot.keyClick(fields.across.numbers, Qt.Key.Key_Return)
    assert sitting.session.running


# --- pages ----------------------------------------------------------------------------------------


def test_keys_and_the_rail_lead_to_the_page_and_back(sitting: Sitting) -> None:
    window, page = sitting.window, page_of(sitting)
    assert page.isVisible()
    assert page.axis_fields.isVisible()
    assert window.rail.buttons["compare"].isChecked()
    assert not window.denoise.canvas.isVisible()
    sitting.qtbot.mouseClick(window.rail.buttons["denoise"], LEFT)
    assert window.denoise.canvas.isVisible()
    assert not page.axis_fields.isVisible()
    sitting.press(Qt.Key.Key_2, CTRL)
    assert page.isVisible()
    sitting.press(Qt.Key.Key_1, CTRL)
    assert window.denoise.canvas.isVisible()


def test_the_rail_keeps_its_place_whatever_the_header_holds(sitting: Sitting) -> None:
    window = sitting.window
    button = window.rail.buttons["noise"]
    places, heads = set(), set()
    for page in ("compare", "denoise"):
        window.show_page(page)
        QApplication.processEvents()
        places.add(button.mapTo(window, QPoint(0, 0)).toTuple())
        heads.add(window.header.height())
    assert len(heads) > 1, "the fields of the axes are a row of their own"
    assert len(places) == 1
    assert window.rail.height() == window.height()


@pytest.mark.parametrize("size", [(960, 600), (1280, 800)])
def test_the_words_of_the_empty_page_have_room(sitting: Sitting, size: tuple[int, int]) -> None:
    sitting.window.resize(*size)
    QApplication.processEvents()
    empty = page_of(sitting).empty
    labels = [label for label in empty.findChildren(QLabel) if label.text()]
    assert labels
    for label in labels:
        widest = max(map(label.fontMetrics().horizontalAdvance, label.text().splitlines()))
        assert widest < label.width()
        assert empty.rect().contains(label.geometry())


def test_the_rail_marks_the_current_page_by_more_than_a_color(qtbot: QtBot) -> None:
    rail = Rail()
    qtbot.addWidget(rail)
    rail.add("one", "One", "denoise", "The first", "Ctrl+1")
    rail.add("two", "Two", "compare", "The second", "Ctrl+2")
    rail.set_current("two")
    rail.show()
    image = rail.buttons["two"].grab().toImage()
    other = rail.buttons["one"].grab().toImage()
    middle = image.height() // 2
    assert image.pixelColor(0, middle) != other.pixelColor(0, middle)
    assert rail.buttons["two"].isChecked()
    with pytest.raises(KeyError):
        rail.set_current("three")


def test_fields_that_are_spread_sleep_in_the_header(sitting: Sitting) -> None:
    header, fields = sitting.window.header, page_of(sitting).axis_fields
    assert not header.seed.isEnabled()
    assert header.prompt.isEnabled()
    fields.down.set_field("prompt")
    assert not header.prompt.isEnabled()
    fields.across.set_field("steps")
    assert header.seed.isEnabled()
    assert not header.settings_row.steps.isEnabled()
    sitting.press(Qt.Key.Key_1, CTRL)
    assert header.prompt.isEnabled()
    assert header.settings_row.steps.isEnabled()


# --- what is asked for ----------------------------------------------------------------------------


def test_it_says_at_once_what_the_fields_come_to(sitting: Sitting) -> None:
    page = page_of(sitting)
    said, fields = page.axis_fields.said, page.axis_fields
    fields.across.set_text("1-4")
    assert said.sentence == "4 pictures."
    fields.down.set_field("prompt")
    fields.down.set_text("a red car | a green boat")
    assert said.sentence == "4 × 2 = 8 pictures."
    fields.across.set_text("1, 1, 2")
    assert said.sentence == "2 × 2 = 4 pictures. Repeated seeds count once."
    fields.across.set_text("1-40")
    assert "80 pictures are too many" in said.sentence
    fields.across.set_text(" ")
    assert "empty" in said.sentence
    sitting.qtbot.keyClick(fields.across.numbers, Qt.Key.Key_Return)
    assert not sitting.session.running
    assert "empty" in sitting.window.message.text


def test_four_seeds_from_the_empty_page(sitting: Sitting) -> None:
    page = page_of(sitting)
    assert page.empty.isVisible()
    sitting.qtbot.mouseClick(page.four_button, LEFT)
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=RUN_MS)
    assert not page.empty.isVisible()
    assert [lane.request.seed for lane in page.lanes.lanes] == [1, 2, 3, 4]
    assert [lane.state for lane in page.lanes.lanes] == ["done"] * 4
    assert page.status.text() == "4 pictures in 1 batch"
    assert all(page.grid.look(lane).picture is not None for lane in page.lanes.lanes)


def test_prompts_by_seeds_are_a_table_on_one_clock(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-3", ("prompt", "a red car\na green boat"))
    assert len(page.grid.layout_now.columns) == 3
    assert len(page.grid.layout_now.rows) == 2
    assert page.playhead.index == STEPS
    sitting.press(Qt.Key.Key_Home)
    assert page.playhead.index == 0
    for key, index in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_End, STEPS),
        (Qt.Key.Key_Left, STEPS - 1),
    ):
        sitting.press(key)
        assert page.playhead.index == index
        points = [page.lanes.point(lane) for lane in page.lanes.lanes]
        assert points == [index] * 6
    sitting.press(Qt.Key.Key_2)
    assert page.playhead.view == "denoised"
    assert sitting.session.playhead.view == "noisy"  # the other page's own


def test_dragging_the_timeline_below_moves_all_lanes(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-2")
    view = page.timeline_view
    y = view.filmstrip.height() // 2
    sitting.qtbot.mousePress(view, LEFT, pos=QPoint(round(view.axis.x(STEPS)), y))
    sitting.qtbot.mouseMove(view, QPoint(round(view.axis.x(2)), y))
    sitting.qtbot.mouseRelease(view, LEFT, pos=QPoint(round(view.axis.x(2)), y))
    assert [page.lanes.point(lane) for lane in page.lanes.lanes] == [2, 2]


def test_stop_keeps_what_is_there_and_enter_never_stops(sitting: Sitting) -> None:
    page, window = page_of(sitting), sitting.window
    sitting.gate = Gate(3)
    begin(sitting, "1-2")
    sitting.qtbot.waitUntil(lambda: page.playhead.count >= 3, timeout=RUN_MS)
    assert window.header.generate.text() == "Stop"
    sitting.press(Qt.Key.Key_Return, CTRL)
    assert sitting.session.running
    sitting.press(Qt.Key.Key_Escape)
    sitting.gate.allow(ALL)
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=RUN_MS)
    assert [lane.state for lane in page.lanes.lanes] == ["stopped"] * 2
    assert page.status.text() == "0 pictures, 2 stopped"
    assert window.header.generate.text() == "Generate"
    assert page.can_save


def test_one_lane_that_fails_says_so_and_the_others_are_whole(sitting: Sitting) -> None:
    page = page_of(sitting)
    sitting.sampler.fails = {2: 3}
    make(sitting, "1-3")
    states = [lane.state for lane in page.lanes.lanes]
    assert states == ["done", "failed", "done"]
    look = page.grid.look(page.lanes.lanes[1])
    assert look.failed
    assert "overflowed" in look.message
    assert page.status.text() == "2 pictures, 1 failed"


# --- how it is looked at --------------------------------------------------------------------------


def test_the_alignment_is_offered_where_it_makes_a_difference(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-2")
    assert not page.alignment.isVisible()
    page.axis_fields.across.set_field("steps")
    page.axis_fields.across.set_text("3, 6")
    sitting.window.generate()
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=RUN_MS)
    sitting.qtbot.waitUntil(page.alignment.isVisible)
    sitting.qtbot.mouseClick(page.alignment.buttons["step"], LEFT)
    assert page.lanes.alignment == "step"
    page.playhead.seek(2)
    assert [page.lanes.point(lane) for lane in page.lanes.lanes] == [2, 2]
    page.lanes.set_alignment("noise")
    assert page.alignment.current == "noise"


def test_the_filmstrip_below_is_that_of_the_lane_in_focus(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-3")
    for lane in page.lanes.lanes:
        sitting.qtbot.mouseClick(page.grid, LEFT, pos=page.grid.place(lane).center())
        assert page._timeline is lane.timeline
    sitting.press(Qt.Key.Key_Left, CTRL)
    assert page.lanes.focus == page.lanes.lanes[1].id
    sitting.press(Qt.Key.Key_Z)
    assert page.grid.enlarged == page.lanes.lanes[1].id
    sitting.press(Qt.Key.Key_Escape)
    assert page.grid.enlarged is None
    sitting.press(Qt.Key.Key_Delete)
    assert len(page.lanes.lanes) == 2


def test_keys_of_lanes_do_nothing_on_other_pages_and_in_fields(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-3")
    page.lanes.set_focus(page.lanes.lanes[0].id)
    field = page.axis_fields.across.numbers
    field.setFocus()
    field.setCursorPosition(0)
    sitting.qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == "-3"
    sitting.press(Qt.Key.Key_1, CTRL)
    sitting.press(Qt.Key.Key_Delete)
    assert len(page.lanes.lanes) == 3


def test_a_lane_opens_alone_on_the_first_page(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-3")
    page.playhead.seek(2)
    lane = page.lanes.lanes[1]
    assert lane.timeline is not None
    page.open_asked.emit(lane.timeline)
    assert sitting.window.denoise.canvas.isVisible()
    assert sitting.session.current is lane.timeline
    assert sitting.session.playhead.index == 2


def test_the_panel_of_differences_opens_and_closes(sitting: Sitting) -> None:
    page = page_of(sitting)
    make(sitting, "1-2")
    sitting.window.resize(1280, 800)
    sitting.qtbot.waitUntil(page.panel.isVisible)
    for name, button in page.panel.switch.buttons.items():
        sitting.qtbot.mouseClick(button, LEFT)
        assert page.panel.switch.current == name
    sitting.qtbot.mouseClick(page.panel_button, LEFT)
    assert not page.panel.isVisible()
    sitting.qtbot.mouseClick(page.panel_button, LEFT)
    assert page.panel.isVisible()


@pytest.mark.parametrize("size", [(960, 600), (1280, 800), (1920, 1080)])
def test_everything_stays_inside_the_window(sitting: Sitting, size: tuple[int, int]) -> None:
    page, window = page_of(sitting), sitting.window
    window.resize(*size)
    make(sitting, "1-4", ("guidance_scale", "1, 3, 5, 8"))
    assert (window.width(), window.height()) == size
    for wanted in (True, False):
        page._wish_panel(wanted)
        for _ in range(5):
            QApplication.processEvents()
        parts = (page.grid, page.view_switch, page.timeline_view, page.transport, page.panel)
        for part in (each for each in parts if each.isVisible()):
            corner = part.mapTo(window, QPoint(part.width(), part.height()))
            assert corner.x() <= size[0], part
            assert corner.y() <= size[1], part
        places = [page.grid.place(lane) for lane in page.lanes.lanes]
        assert all(page.grid.rect().contains(place) for place in places)
        assert min(place.width() for place in places) >= 40


# --- kept -----------------------------------------------------------------------------------------


def test_a_comparison_is_saved_and_opened_again_by_dropping_it(
    sitting: Sitting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, window = page_of(sitting), sitting.window
    make(sitting, "5-7")
    path = tmp_path / "three.denoise"
    proposed: list[str] = []

    def ask(_parent: object, name: str, suffix: str) -> str:
        proposed.append(name)
        assert suffix == ".denoise"
        return str(path)

    monkeypatch.setattr(files, "ask_save_as", ask)
    with sitting.qtbot.waitSignal(sitting.session.saved, timeout=RUN_MS):
        sitting.press(Qt.Key.Key_S, CTRL)
    assert proposed[0].endswith("-compared.denoise")
    page.axis_fields.show_seeds("1-2")
    window.show_page("denoise")
    page.lanes.remove(page.lanes.lanes[0].id)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    with sitting.qtbot.waitSignal(sitting.session.comparison_opened, timeout=RUN_MS):
        drop = QDropEvent(
            QPointF(50, 50),
            Qt.DropAction.CopyAction,
            data,
            LEFT,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(drop)
    assert page.isVisible()
    assert [lane.request.seed for lane in page.lanes.lanes] == [5, 6, 7]
    assert page.axis_fields.across.field == "seed"
    assert page.axis_fields.across.text() == "5-7"
    assert page.axis_fields.said.sentence == "3 pictures."
    assert all(lane.state == "done" for lane in page.lanes.lanes)


def test_a_comparison_of_this_sitting_is_two_clicks_away(sitting: Sitting) -> None:
    page = page_of(sitting)
    assert not page.earlier_button.isVisible()
    make(sitting, "1-2")
    sitting.qtbot.waitUntil(page.earlier_button.isVisible, timeout=RUN_MS)
    make(sitting, "8-9")
    sitting.qtbot.waitUntil(lambda: len(sitting.session.comparisons) == 2, timeout=RUN_MS)
    page.earlier_menu.aboutToShow.emit()
    newest, first = page.earlier_menu.actions()
    assert "· seed 1–2 ·" in first.text()
    assert "· seed 8–9 ·" in newest.text(), "told apart"
    with sitting.qtbot.waitSignal(sitting.session.comparison_opened, timeout=RUN_MS):
        first.trigger()
    assert [lane.request.seed for lane in page.lanes.lanes] == [1, 2]
    assert page.axis_fields.across.text() == "1, 2"


def test_a_run_that_is_opened_shows_its_page(sitting: Sitting, tmp_path: Path) -> None:
    window = sitting.window
    window.show_page("denoise")
    timeline = sitting.run()
    path = tmp_path / "one.denoise"
    with sitting.qtbot.waitSignal(sitting.session.saved, timeout=RUN_MS):
        sitting.session.save_run(timeline, str(path))
    window.show_page("compare")
    with sitting.qtbot.waitSignal(sitting.session.opened, timeout=RUN_MS):
        window._open(str(path))
    assert window.denoise.canvas.isVisible()


def test_the_experiment_is_asked_from_the_menu(sitting: Sitting) -> None:
    window, page = sitting.window, page_of(sitting)
    window.show_page("denoise")
    action = window.actions_by_name["experiment"]
    assert action.text() == pages.EXPERIMENT
    action.trigger()
    assert page.isVisible()
    assert sitting.session.running
    assert not action.isEnabled()
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=RUN_MS)
    assert len(page.lanes.lanes) == 16
    assert {lane.request.steps for lane in page.lanes.lanes} == {STEPS}  # as the header says
    page.lanes.set_summary("The noise holds nothing.")
    assert page.summary.isVisible()
    assert page.summary.text() == "The noise holds nothing."
    page.lanes.set_summary("")
    assert not page.summary.isVisible()


def test_a_low_page_has_its_views_in_a_menu(sitting: Sitting) -> None:
    window, page = sitting.window, page_of(sitting)
    window.resize(960, 600)
    make(sitting, "1-4")
    page.lanes.set_summary("What was measured takes a line of its own.")
    page.axis_fields.down.set_field("prompt")
    page.axis_fields.down.set_text("a car\na boat\na cat\na castle")
    sitting.qtbot.waitUntil(page.view_menu.isVisible)
    assert not page.view_switch.isVisible()
    menu = page.view_menu.menu()
    menu.aboutToShow.emit()
    guess = next(action for action in menu.actions() if action.text() == "Model’s guess")
    guess.trigger()
    assert page.playhead.view == "denoised"
    assert page.view_menu.text() == "Model’s guess"
    window.resize(1280, 1000)
    sitting.qtbot.waitUntil(page.view_switch.isVisible)
    assert not page.view_menu.isVisible()
