"""The finder: models as they are found, and only those of the newest search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from visualizer.diffusion.found_models import FoundModel
from visualizer.session.model_finder import ModelFinder


@pytest.fixture
def finder(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelFinder]:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    finder = ModelFinder()
    yield finder
    finder.close()
    assert finder.join(20)
    finder.deleteLater()


def test_a_search_tells_each_model_then_its_end(qtbot: QtBot, finder: ModelFinder) -> None:
    found: list[tuple[int, FoundModel]] = []
    finder.found.connect(
        lambda scan_id, model: found.append((scan_id, model)), Qt.ConnectionType.QueuedConnection
    )
    with qtbot.waitSignal(finder.scanned, timeout=20_000) as ended:
        scan_id = finder.scan([])
    assert ended.args == [scan_id]
    qtbot.waitUntil(lambda: len(found) == 1, timeout=5_000)
    assert found[0][0] == scan_id
    assert found[0][1].origin == "builtin"


def test_a_newer_search_takes_the_place_of_an_older_one(qtbot: QtBot, finder: ModelFinder) -> None:
    ended: list[int] = []
    finder.scanned.connect(ended.append, Qt.ConnectionType.QueuedConnection)
    numbers = [finder.scan([]) for _ in range(5)]
    qtbot.waitUntil(lambda: numbers[-1] in ended, timeout=20_000)
    assert len(set(numbers)) == 5
    assert ended[-1] == numbers[-1]


def test_one_place_is_described(qtbot: QtBot, finder: ModelFinder, tmp_path: Path) -> None:
    with qtbot.waitSignal(finder.described, timeout=20_000) as described:
        finder.describe(str(tmp_path))
    assert described.args is not None
    assert described.args[0].problem
