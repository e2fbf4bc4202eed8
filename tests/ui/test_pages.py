"""The pages of the lessons in the window: made when they are shown, and set up by a lesson."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.ui.sitting import Sitting
from visualizer.lessons.page_setup import PageSetup
from visualizer.ui.pages import DENOISE, ENTRIES, NOISE, PHYSICS, TRAIN

NAMES = [entry.name for entry in ENTRIES]


def test_only_what_was_looked_at_is_there(sitting: Sitting) -> None:
    pages = sitting.window.pages
    assert len(list(pages)) == 3
    sitting.window.show_page(PHYSICS)
    assert len(list(pages)) == 4
    sitting.window.show_page(DENOISE)
    assert len(list(pages)) == 4
    with pytest.raises(KeyError):
        sitting.window.show_page("alchemy")
    assert sitting.window.page == DENOISE


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_one_key_away(sitting: Sitting, name: str) -> None:
    window = sitting.window
    number = NAMES.index(name) + 1
    window.rail.buttons[name].click()
    assert window.page == name
    window.show_page(NOISE if name == DENOISE else DENOISE)
    key = Qt.Key(Qt.Key.Key_0.value + number)
    sitting.qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert window.page == name
    assert window.rail.buttons[name].isChecked()
    assert window.header.isVisible() == window.pages[name].uses_header
    assert not sitting.failures


def test_a_lesson_fills_the_fields_and_makes_a_run(sitting: Sitting) -> None:
    window = sitting.window
    window.show_page(NOISE)
    setup = PageSetup(
        "denoise", prompt="a green boat", seed=4, steps=3, guidance=2.5, view="denoised", run=True
    )
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=20_000):
        window.set_up(setup)
    assert window.page == DENOISE
    run = sitting.session.current
    assert run is not None
    request = run.request
    assert (request.prompt, request.seed, request.steps) == ("a green boat", 4, 3)
    assert request.guidance_scale == 2.5
    assert window.playhead.view == "denoised"


def test_what_a_lesson_leaves_open_stays(sitting: Sitting) -> None:
    window = sitting.window
    sitting.type_prompt("a red car")
    window.header.seed.set_number(9)
    window.set_up(PageSetup("denoise", steps=5))
    assert window.header.prompt.text() == "a red car"
    assert window.header.seed.whole() == 9
    assert window.header.settings_row.steps.whole() == 5


def test_a_run_is_stopped_for_a_lesson(sitting: Sitting) -> None:
    first = sitting.begin(2)
    with sitting.qtbot.waitSignal(sitting.session.run_started, timeout=20_000):
        sitting.window.set_up(PageSetup("denoise", prompt="a castle", run=True))
        sitting.gate.allow(10**6)
    assert first.cancelled
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=20_000)
    run = sitting.session.current
    assert run is not None
    assert run.request.prompt == "a castle"


def test_the_course_opens_and_closes_beside_the_page(sitting: Sitting) -> None:
    window = sitting.window
    window.rail.buttons["lessons"].click()
    assert window.lessons.isVisible()
    assert window.page == DENOISE
    sitting.qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not window.lessons.isVisible()
    assert not window.rail.buttons["lessons"].isChecked()


def test_a_page_with_nothing_to_export_says_so_and_stays(sitting: Sitting) -> None:
    sitting.run()
    window = sitting.window
    window.show_page(TRAIN)
    window.toggle_export()
    assert window.page == TRAIN
    assert not window.export_panel.is_open
    assert "nothing on this page yet" in window.message.text
