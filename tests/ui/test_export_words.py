"""What the export panel says, and where it leads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from visualizer.export.options import FORMATS, ExportOptions
from visualizer.export.sheet import COLUMNS
from visualizer.session.exports import ExportProgress
from visualizer.ui import export_words as words
from visualizer.ui.export_progress import place_words, progress_words
from visualizer.ui.fold import Fold
from visualizer.ui.show_in_folder import show_in_folder


def test_groups_say_what_they_come_to() -> None:
    plain = ExportOptions()
    assert words.steps_words(plain) == "All steps"
    fast = ExportOptions(steps="every", every=3, fps=12.5, direction="boomerang")
    assert words.steps_words(fast) == "Every 3 steps, 12.5 a second, both ways"
    assert words.steps_words(ExportOptions(format="sheet")) == f"{COLUMNS} evenly spaced"
    assert words.size_words(ExportOptions(size="2", pixels="square")) == "× 2, square pixels"
    assert words.captions_words(plain) == "No captions"
    told = ExportOptions(captions=("seed", "prompt"), background="#12ab34")
    assert words.captions_words(told) == "Prompt, seed, on #12ab34"
    assert words.captions_words(ExportOptions(background="light")) == "No captions, on light"
    assert words.captions_words(ExportOptions(format="page")) == "As the reader’s device"
    assert words.captions_words(ExportOptions(format="sheet")) == "On dark"
    assert words.captions_words(ExportOptions(format="sheet", suffix=".pdf")) == "On light"
    gif = ExportOptions(format="gif", dither="none", colors=16)
    assert words.quality_words(gif) == "16 colors, not dithered"
    assert words.quality_words(ExportOptions(lossless=True)) == "Lossless"
    assert words.quality_words(ExportOptions(format="webm", codec="av1")) == "AV1, quality 85"


def test_sizes_say_what_they_come_to() -> None:
    told = words.sizes_words((128, 96), 4, each=False)
    assert told["auto"] == "Automatic: × 4 (512 × 384)"
    assert told["2"] == "× 2 (256 × 192)"
    assert told["1080p"] == "Fit 1080p"
    assert words.sizes_words((128, 96), 0, each=True)["4"] == "× 4 (each 512 × 384)"
    assert words.sizes_words((128, 96), 0, each=True)["auto"] == "Automatic"
    assert words.sizes_words(None, 4, each=False) == words.SIZES


def test_every_kind_of_file_is_one_that_can_be_written() -> None:
    for key, kinds in words.KINDS.items():
        endings = FORMATS[key].suffixes
        assert next(iter(kinds)) == endings[0], "the usual one first"
        assert set(kinds) == set(endings) - {".jpeg"}


def test_a_file_says_where_it_is_and_how_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    folder = tmp_path / "Pictures" / "car"
    folder.mkdir(parents=True)
    (folder / "0000.png").write_bytes(bytes(1500))
    (folder / "0001.png").write_bytes(bytes(1500))
    inside = str(Path("~") / "Pictures" / "car")
    assert place_words(folder / "0000.png") == f"1.5 kB in {inside}"
    assert place_words(folder) == f"3 kB in {Path('~') / 'Pictures'}"
    assert place_words(folder / "gone.png") == f"In {inside}"


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
