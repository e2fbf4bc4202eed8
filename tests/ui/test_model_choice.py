"""Models from the button to the worker: found, opened, dropped, downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.fake_hub import FakeHub
from tests.ui.sitting import Sitting, TaughtModel
from visualizer.assets import asset_path
from visualizer.diffusion.download_plan import DownloadPlan, RemoteFile
from visualizer.diffusion.model_folder import ModelError
from visualizer.settings import Settings
from visualizer.ui.model_choice import Rate, memory_bytes
from visualizer.ui.model_picker import ModelPicker
from visualizer.ui.window import wear

NAME = "somebody/model"
WAIT_MS = 60_000


class Opener:
    """Opens any folder as a model of its name, but for those called "broken"."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    def __call__(self, folder: str | None, say: Any) -> TaughtModel:
        self.asked.append(folder)
        say("Opening the model …")
        if folder is not None and "broken" in folder:
            raise ModelError("It is broken. Download it again.")
        model = TaughtModel()
        if folder is not None:
            model.facts = replace(
                model.facts,
                name=Path(folder).name,
                device_label="CPU, 2 threads",
                memory_note="It is slow.",
            )
        return model


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache, for this process and those it starts."""
    hub = tmp_path / "hf" / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("HF_HOME", str(hub.parent))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return hub


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path, cache: Path, opener: Opener) -> Iterator[Sitting]:
    wear("dark")
    made = Sitting(qtbot, tmp_path / "sitting", opener, settings=Settings(folder=tmp_path))
    made.start()
    yield made
    made.close()


def open_picker(sitting: Sitting) -> ModelPicker:
    """Press the button and wait until the search has ended."""
    picker = sitting.window.model_picker
    sitting.qtbot.mouseClick(sitting.window.header.settings_row.model, Qt.MouseButton.LeftButton)
    sitting.qtbot.waitUntil(lambda: not picker.looking.text(), timeout=WAIT_MS)
    return picker


def listed(picker: ModelPicker) -> list[str]:
    return [row.text for row in picker.list.rows if row.model is not None]


def make_model(folder: Path) -> Path:
    shutil.copytree(asset_path("builtin-model"), folder)
    return folder


def test_a_model_in_an_added_folder_is_found_chosen_and_opened(
    sitting: Sitting, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = make_model(tmp_path / "models" / "mine")
    picker = open_picker(sitting)
    assert listed(picker) == ["Built-in"]
    assert picker.list.rows[0].current
    assert picker.list.rows[0].fit == "yes"
    assert "free" in picker.memory.text()
    monkeypatch.setattr(
        "visualizer.ui.files.QFileDialog.getExistingDirectory",
        lambda *_arguments: str(mine.parent),
    )
    picker.folders_menu.actions()[0].trigger()
    sitting.qtbot.waitUntil(lambda: listed(picker) == ["Built-in", "mine"], timeout=WAIT_MS)
    assert sitting.settings.model_folders == [str(mine.parent)]
    sitting.qtbot.waitUntil(lambda: not picker.looking.text())
    picker.filter.setFocus()
    sitting.press(Qt.Key.Key_Down)
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=WAIT_MS):
        sitting.press(Qt.Key.Key_Return)
    assert opener.asked[-1] == str(mine)
    assert sitting.settings.model_folder == str(mine)
    window = sitting.window
    assert window.header.settings_row.model.text() == "mine"
    assert window.denoise.side_panel.device.isVisible()
    assert window.denoise.side_panel.device.text() == "Runs on CPU, 2 threads. It is slow."
    assert "CPU, 2 threads" in window.header.settings_row.model.toolTip()
    picker = open_picker(sitting)
    assert [row.text for row in picker.list.rows if row.current] == ["mine"]
    # the folder is forgotten: the model that is open stays in the list, by itself
    forget = picker.folders_menu.actions()[-1]
    forget.trigger()
    assert sitting.settings.model_folders == []
    picker.close_panel()


def test_a_model_opened_by_a_dialog_is_listed_from_then_on(
    sitting: Sitting, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = make_model(tmp_path / "elsewhere" / "mine")
    monkeypatch.setattr(
        "visualizer.ui.files.QFileDialog.getExistingDirectory", lambda *_arguments: str(mine)
    )
    picker = open_picker(sitting)
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=WAIT_MS):
        picker.open_menu.actions()[0].trigger()
    assert not picker.isVisible()
    assert opener.asked[-1] == str(mine)
    picker = open_picker(sitting)
    sitting.qtbot.waitUntil(lambda: "mine" in listed(picker), timeout=WAIT_MS)
    rows = [row.text for row in picker.list.rows]
    assert rows.index("Opened before") + 1 == rows.index("mine")
    monkeypatch.setattr(
        "visualizer.ui.files.QFileDialog.getOpenFileName",
        lambda *_arguments: (str(tmp_path / "a.safetensors"), ""),
    )
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=WAIT_MS):
        picker.open_menu.actions()[1].trigger()
    assert opener.asked[-1] == str(tmp_path / "a.safetensors")


def test_a_checkpoint_that_is_dropped_is_opened(
    sitting: Sitting, opener: Opener, tmp_path: Path
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "mine.safetensors"))])
    held = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(200, 300), Qt.DropAction.CopyAction, *held)
    QApplication.sendEvent(sitting.window, enter)
    assert enter.isAccepted()
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=WAIT_MS):
        QApplication.sendEvent(
            sitting.window, QDropEvent(QPointF(200, 300), Qt.DropAction.CopyAction, *held)
        )
    assert opener.asked[-1] == str(tmp_path / "mine.safetensors")


@pytest.mark.parametrize("old", ["", "mine"])
def test_a_model_that_cannot_be_opened_leaves_the_old_one(
    sitting: Sitting, tmp_path: Path, old: str
) -> None:
    window = sitting.window
    folder = str(make_model(tmp_path / old)) if old else None
    if folder is not None:
        with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=WAIT_MS):
            window.models.model_chosen.emit(folder)
    with sitting.qtbot.waitSignal(sitting.session.failed, timeout=WAIT_MS):
        window.models.model_chosen.emit(str(tmp_path / "broken"))
    assert "It is broken. Download it again." in window.message.text
    assert window.header.settings_row.model.text() == (old or "Built-in")
    assert sitting.settings.model_folder == folder
    picker = open_picker(sitting)
    assert [row.text for row in picker.list.rows if row.current] == [old or "Built-in"]
    picker.close_panel()
    sitting.run("a red car")


# --- Downloading ----------------------------------------------------------------------------------


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub().serving() as hub:
        hub.repositories[NAME] = asset_path("builtin-model")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def look_up(sitting: Sitting, name: str, state: str) -> None:
    picker = open_picker(sitting)
    sitting.qtbot.mouseClick(picker.download_button, Qt.MouseButton.LeftButton)
    assert picker.downloads.field.hasFocus()
    sitting.qtbot.keyClicks(picker.downloads.field, name)
    sitting.press(Qt.Key.Key_Return)

    assert picker.downloads.state == "looking"
    sitting.qtbot.waitUntil(lambda: picker.downloads.state == state, timeout=WAIT_MS)


def test_downloaded_cancelled_resumed_and_opened(
    sitting: Sitting, hub: FakeHub, opener: Opener, cache: Path
) -> None:
    look_up(sitting, NAME, "offered")
    picker, page = sitting.window.model_picker, sitting.window.model_picker.downloads
    assert "OpenRAIL++" in page.facts.text()
    assert page.figures.download.text().endswith("MB")
    assert page.figures.fit.accessibleName() == "fits"
    assert not list(cache.glob("models--*/blobs/*")), "nothing is downloaded yet"
    hub.hold = 500_000
    sitting.qtbot.mouseClick(page.action, Qt.MouseButton.LeftButton)
    sitting.qtbot.waitUntil(lambda: 0 < page.bar.value() < page.bar.maximum(), timeout=WAIT_MS)
    assert " of " in page.progress.text()
    # the window may be used meanwhile, and the panel shows the download again
    picker.close_panel()
    picker.open_panel()
    assert page.isVisible()
    sitting.qtbot.mouseClick(page.action, Qt.MouseButton.LeftButton)
    sitting.qtbot.waitUntil(lambda: page.state == "stopped", timeout=WAIT_MS)
    hub.release.set()
    sitting.qtbot.mouseClick(page.action, Qt.MouseButton.LeftButton)
    sitting.qtbot.waitUntil(lambda: page.state == "done", timeout=WAIT_MS)
    assert hub.ranges, "it went on where it stopped"
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=WAIT_MS):
        sitting.qtbot.mouseClick(page.action, Qt.MouseButton.LeftButton)
    assert str(opener.asked[-1]).startswith(str(cache))
    picker = open_picker(sitting)
    assert listed(picker) == ["Built-in", NAME]
    assert [row.text for row in picker.list.rows if row.current] == [NAME]


def test_a_private_model_is_a_sentence_on_the_page(sitting: Sitting, hub: FakeHub) -> None:
    look_up(sitting, "nobody/nothing", "failed")
    page = sitting.window.model_picker.downloads
    assert "private" in page.problem.text()
    assert "hf auth login" in page.problem.text()
    assert not sitting.window.message.text, "it is said where the person looks"
    assert not sitting.failures


def test_a_download_that_ends_behind_the_back_is_told(sitting: Sitting, hub: FakeHub) -> None:
    look_up(sitting, NAME, "offered")
    picker = sitting.window.model_picker
    sitting.qtbot.mouseClick(picker.downloads.action, Qt.MouseButton.LeftButton)
    picker.close_panel()
    sitting.qtbot.waitUntil(lambda: picker.downloads.state == "done", timeout=WAIT_MS)
    assert f"{NAME} is here" in sitting.window.message.text
    picker.open_panel()
    assert picker.downloads.isVisible()
    picker.close_panel()
    picker.open_panel()
    assert not picker.downloads.isVisible(), "it was seen"


def test_closing_in_the_middle_of_a_download_ends_it(
    qtbot: QtBot, tmp_path: Path, hub: FakeHub, opener: Opener
) -> None:
    sitting = Sitting(qtbot, tmp_path / "sitting", opener)
    sitting.start()
    look_up(sitting, NAME, "offered")
    page = sitting.window.model_picker.downloads
    hub.hold = 1000
    sitting.qtbot.mouseClick(page.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(hub.held.is_set, timeout=WAIT_MS)
    models = sitting.window.models
    sitting.close()
    assert all(worker.join(0) for worker in models.workers)


# --- Numbers --------------------------------------------------------------------------------------


def test_a_rate_is_that_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.take(0, 100.0) == 0
    assert rate.take(10, 100.1) == 0, "too early to say"
    for second in range(1, 11):
        last = rate.take(1000 * second, 100.0 + second)
    assert last == pytest.approx(1000)
    for second in range(11, 18):
        last = rate.take(10_000 + 50 * (second - 10), 100.0 + second)
    assert last == pytest.approx(50)


@pytest.mark.parametrize(
    ("pipeline_class", "name", "halves", "needed"),
    [
        ("StableDiffusionPipeline", "model.safetensors", False, 1.15),
        ("StableDiffusionPipeline", "model.safetensors", True, 0.575),
        ("StableDiffusionXLPipeline", "model.fp16.safetensors", False, 2.3),
        ("FluxPipeline", "model.safetensors", True, 1.15),
    ],
)
def test_memory_is_estimated_from_how_weights_are_kept(
    pipeline_class: str, name: str, halves: bool, needed: float
) -> None:
    files = (RemoteFile(f"unet/{name}", 10**9, "a"), RemoteFile("README.md", 10**9, "b"))
    plan = DownloadPlan(NAME, "c", pipeline_class, "", 2 * 10**9, 0, files)
    assert memory_bytes(plan, halves=halves) == pytest.approx(needed * 10**9)
