"""Downloads as the window asks for them: described, started, cancelled, gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.fake_hub import FakeHub
from visualizer.assets import asset_path
from visualizer.diffusion.download_plan import DownloadPlan
from visualizer.session.downloads import Downloads

NAME = "somebody/model"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub().serving() as hub:
        hub.repositories[NAME] = asset_path("builtin-model")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        yield hub


@pytest.fixture
def downloads(qtbot: QtBot, hub: FakeHub) -> Iterator[Downloads]:
    downloads = Downloads()
    yield downloads
    downloads.close()
    assert downloads.join(20)
    downloads.deleteLater()


def described(qtbot: QtBot, downloads: Downloads) -> DownloadPlan:
    with qtbot.waitSignal(downloads.described, timeout=60_000) as answer:
        downloads.describe(f" {NAME} ")
    assert answer.args is not None
    plan: DownloadPlan = answer.args[0]
    return plan


def test_cancelled_half_way_and_gone_on_with(
    qtbot: QtBot, downloads: Downloads, hub: FakeHub
) -> None:
    plan = described(qtbot, downloads)
    progress: list[tuple[Any, Any]] = []
    downloads.progressed.connect(
        lambda done, total: progress.append((done, total)), Qt.ConnectionType.QueuedConnection
    )
    hub.hold = 500_000
    downloads.start(plan)
    qtbot.waitUntil(lambda: bool(progress) and progress[-1][0] > 300_000, timeout=60_000)
    with qtbot.waitSignal(downloads.cancelled, timeout=20_000):
        downloads.cancel()
    assert progress[-1][0] < plan.bytes
    hub.release.set()
    begun = described(qtbot, downloads).bytes_here
    assert begun > 300_000
    with qtbot.waitSignal(downloads.downloaded, timeout=60_000) as done:
        downloads.start(plan)
    assert done.args is not None
    assert (Path(done.args[0]) / "model_index.json").is_file()
    assert hub.ranges
    qtbot.waitUntil(lambda: progress[-1] == (plan.bytes, plan.bytes), timeout=5_000)


def test_a_failure_is_a_sentence(qtbot: QtBot, downloads: Downloads, hub: FakeHub) -> None:
    hub.refused[NAME] = (403, "GatedRepo")
    with qtbot.waitSignal(downloads.failed, timeout=60_000) as failed:
        downloads.describe(NAME)
    assert failed.args is not None
    assert failed.args[0].title == "The model could not be downloaded."
    assert "accepted its terms" in failed.args[0].detail


def test_closing_ends_a_download(qtbot: QtBot, downloads: Downloads, hub: FakeHub) -> None:
    plan = described(qtbot, downloads)
    hub.hold = 1000
    downloads.start(plan)
    qtbot.waitUntil(hub.held.is_set, timeout=60_000)
    downloads.close()
    assert downloads.join(20)
