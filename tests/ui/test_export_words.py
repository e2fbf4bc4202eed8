"""What the export panel says, and where it leads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from visualizer.export.options import ExportOptions
from visualizer.session.exports import ExportProgress
from visualizer.ui import export_words as words
from visualizer.ui.export_progress import progress_words
from visualizer.ui.fold import Fold
from visualizer.ui.show_in_folder import show_in_folder


def test_groups_say_what_they_come_to() -> None:
    plain = ExportOptions()
    assert words.steps_words(plain) == "All steps"
    fast = ExportOptions(steps="every", every=3, fps=12.5, direction="boomerang")
    assert words.steps_words(fast) == "Every 3 steps, 12.5 a second, both ways"
    assert words.steps_words(ExportOptions(format="sheet")) == "Evenly spaced"
    assert words.size_words(ExportOptions(size="2", pixels="square")) == "× 2, square pixels"
    assert words.captions_words(plain) == "No captions"
    told = ExportOptions(captions=("seed", "prompt"), background="#12ab34")
    assert words.captions_words(told) == "Prompt, seed, on #12ab34"
    gif = ExportOptions(format="gif", dither="none", colors=16)
    assert words.quality_words(gif) == "16 colors, not dithered"
    assert words.quality_words(ExportOptions(lossless=True)) == "Lossless"
    assert words.quality_words(ExportOptions(format="webm", codec="av1")) == "AV1, quality 85"


def test_progress_names_the_file() -> None:
    path = "/somewhere/a red car.webp"
    assert progress_words(ExportProgress(1, path, 12, 31, "Writing"), 1) == (
        "Writing a red car.webp  ·  12 of 31  ·  1 more waits"
    )
    assert progress_words(ExportProgress(1, path, 0, 0, "Waiting for the run")) == (
        "a red car.webp: waiting for the run …"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a program for it")
def test_without_a_file_manager_to_ask_the_folder_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    module = "visualizer.ui.show_in_folder"
    monkeypatch.setattr(f"{module}._ask_file_manager", lambda _path, _asker: False)
    monkeypatch.setattr(f"{module}.QDesktopServices.openUrl", opened.append)
    show_in_folder(tmp_path / "a red car 🚗.webp", QObject())
    assert [url.toLocalFile() for url in opened] == [str(tmp_path)]


def test_a_fold_says_what_is_in_it_as_far_as_there_is_room(qtbot: QtBot) -> None:
    content = QLabel("inside")
    fold = Fold("Captions", "What is written beside it", content)
    qtbot.addWidget(fold)
    fold.resize(400, 40)
    with qtbot.waitExposed(fold):
        fold.show()
    fold.set_summary("Prompt")
    assert fold.summary.text() == "Prompt"
    long = "Prompt, seed, step, noise level, on a ground that is rather light"
    fold.set_summary(long)
    assert fold.summary.text().endswith("…")
    assert fold.button.accessibleDescription() == long
    assert not content.isVisible()
    fold.button.click()
    assert content.isVisible()
    assert not fold.summary.isVisible()
