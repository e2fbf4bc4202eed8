"""The download page: nothing before it is asked for, then size, license and real progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton
from pytestqt.qtbot import QtBot

from visualizer.ui.download_panel import DownloadPanel, Offer, progress_words, repository_in

GB = 10**9
OFFER = Offer(
    "stabilityai/sdxl-turbo",
    family="Stable Diffusion XL",
    license="sai-nc-community",
    download_bytes=7 * GB,
    free_bytes=38 * GB,
    memory_bytes=8 * GB,
    fit="tight",
)


class Asked:
    """Everything the page asked for."""

    def __init__(self, panel: DownloadPanel) -> None:
        self.all: list[tuple[Any, ...]] = []
        for name in ("look_up", "download", "cancel", "open"):
            getattr(panel, f"{name}_asked").connect(self._writer(name))

    def _writer(self, name: str) -> Any:
        return lambda *values: self.all.append((name, *values))


@pytest.fixture
def panel(qtbot: QtBot) -> DownloadPanel:
    made = DownloadPanel()
    qtbot.addWidget(made)
    made.show()
    return made


def press(qtbot: QtBot, button: QAbstractButton) -> None:
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_goes_online_before_look_up_is_pressed(qtbot: QtBot, panel: DownloadPanel) -> None:
    asked = Asked(panel)
    assert not panel.look_up.isEnabled()
    assert not panel.card.isVisible()
    assert "huggingface.co" in panel.note.text()
    qtbot.keyClicks(panel.field, "stabilityai")
    assert not panel.look_up.isEnabled()
    assert panel.note.text() == "A name looks like owner/name."
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    qtbot.keyClicks(panel.field, "/sdxl-turbo")
    assert asked.all == []
    press(qtbot, panel.look_up)
    assert asked.all == [("look_up", "stabilityai/sdxl-turbo")]
    assert panel.note.text() == "Asking huggingface.co …"
    assert panel.field.isReadOnly()
    assert panel.busy
    press(qtbot, panel.look_up)
    assert asked.all[1:] == [("cancel",)]
    panel.show_stopped()
    assert panel.look_up.text() == "Look up"
    assert not panel.card.isVisible()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stabilityai/sdxl-turbo", "stabilityai/sdxl-turbo"),
        ("  stabilityai/sdxl-turbo/ ", "stabilityai/sdxl-turbo"),
        ("https://huggingface.co/a/b.c-d_1/tree/main", "a/b.c-d_1"),
        ("hf.co/a/b", "a/b"),
        ("sdxl-turbo", ""),
        ("../../etc", ""),
        ("", ""),
    ],
)
def test_an_address_is_as_good_as_a_name(typed: str, meant: str) -> None:
    assert repository_in(typed) == meant


def test_what_is_known_is_shown_before_anything_is_downloaded(
    qtbot: QtBot, panel: DownloadPanel
) -> None:
    asked = Asked(panel)
    panel.field.setText(OFFER.repository)
    press(qtbot, panel.look_up)
    panel.show_offer(OFFER)
    figures = panel.figures
    assert panel.name.text() == "stabilityai/sdxl-turbo"
    assert "Stable Diffusion XL" in panel.facts.text()
    assert "sai-nc-community" in panel.facts.text()
    assert figures.download.text() == "7 GB"
    assert figures.disk.text() == "38 GB free"
    assert figures.memory.text() == "needs about 8 GB"
    assert figures.fit.accessibleName() == "tight"
    assert not panel.bar.isVisible()
    press(qtbot, panel.action)
    assert asked.all[1:] == [("download", "stabilityai/sdxl-turbo")]


def test_progress_cancel_resume_and_open(qtbot: QtBot, panel: DownloadPanel) -> None:
    asked = Asked(panel)
    panel.show_offer(OFFER)
    press(qtbot, panel.action)
    assert panel.field.isReadOnly()
    panel.show_progress(7 * GB // 4, 7 * GB, 12 * 10**6)
    assert panel.bar.value() == panel.bar.maximum() // 4
    assert panel.progress.text() == "1.75 GB of 7 GB  ·  12 MB/s  ·  7 min left"
    assert panel.busy
    press(qtbot, panel.action)
    panel.show_stopped()
    assert panel.action.text() == "Resume"
    assert "kept" in panel.progress.text()
    press(qtbot, panel.action)
    panel.show_progress(7 * GB, 7 * GB)
    panel.show_done("/cache/turbo")
    assert panel.bar.value() == panel.bar.maximum()
    assert panel.action.text() == "Open it"
    press(qtbot, panel.action)
    names = [name for name, *_ in asked.all]
    assert names == ["download", "cancel", "download", "open"]
    assert asked.all[-1] == ("open", "/cache/turbo")
    assert not panel.busy
    assert panel.field.text() == ""


def test_a_failure_is_a_sentence_and_can_be_tried_again(qtbot: QtBot, panel: DownloadPanel) -> None:
    asked = Asked(panel)
    panel.field.setText("someone/private")
    press(qtbot, panel.look_up)
    panel.show_failure("There is no model ‘someone/private’, or it is private.")
    assert panel.problem.isVisible()
    assert not panel.name.isVisible(), "nothing is known of it"
    assert panel.look_up.isEnabled()
    press(qtbot, panel.action)
    assert asked.all == [("look_up", "someone/private")] * 2
    panel.show_offer(OFFER)
    assert not panel.problem.isVisible()
    press(qtbot, panel.action)
    panel.show_failure("The disk is full.")
    assert panel.name.isVisible()
    assert panel.action.text() == "Try again"
    press(qtbot, panel.action)
    assert asked.all[-1] == ("download", OFFER.repository)


def test_what_cannot_be_used_is_not_offered(qtbot: QtBot, panel: DownloadPanel) -> None:
    panel.show_offer(Offer("someone/speech", problem="It does not make pictures from text."))
    assert "does not make pictures" in panel.problem.text()
    assert not panel.action.isVisible()
    panel.field.setText("someone/else")
    assert not panel.card.isVisible()
    panel.show_offer(OFFER)
    assert not panel.problem.isVisible()
    assert panel.action.isVisible()


def test_what_is_there_already_is_not_counted(panel: DownloadPanel) -> None:
    panel.show_offer(Offer("a/b", download_bytes=2 * GB, present_bytes=5 * GB))
    assert panel.figures.download.text() == "2 GB, 5 GB more are here already"
    assert panel.figures.memory.text() == "unknown"


def test_progress_words_say_only_what_is_known() -> None:
    assert progress_words(0, 4 * GB, 0) == "0 bytes of 4 GB"
    assert progress_words(4 * GB, 4 * GB, 10**6) == "4 GB of 4 GB  ·  1 MB/s"


def test_it_tells_when_it_needs_another_height(qtbot: QtBot, panel: DownloadPanel) -> None:
    low = panel.heightForWidth(560)
    with qtbot.waitSignal(panel.changed):
        panel.show_offer(OFFER)
    assert panel.heightForWidth(560) > low


def test_the_focus_stays_on_the_page(qtbot: QtBot, panel: DownloadPanel) -> None:
    beside = QPushButton("beside")
    qtbot.addWidget(beside)
    panel.activateWindow()
    panel.field.setText(OFFER.repository)
    panel.look_up.setFocus()
    press(qtbot, panel.look_up)
    acts: tuple[Callable[[], None], ...] = (
        lambda: panel.show_failure("The hub cannot be reached."),
        panel.action.click,
        lambda: panel.show_offer(OFFER),
        panel.action.click,
        lambda: panel.show_done("/cache/turbo"),
    )
    for act in acts:
        act()
        focused = panel.focusWidget()
        assert focused in (panel.field, panel.action)
        assert focused is not None
        assert focused.isVisible()
