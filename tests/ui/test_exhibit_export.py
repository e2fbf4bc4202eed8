"""Ctrl+E on a page that shows no run: the panel is there at once, and the frames follow."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.ui.sitting import RUN_MS, Sitting
from visualizer.diffusion.arrays import Picture
from visualizer.export.exhibit import ExhibitPlan
from visualizer.export.options import ExportOptions
from visualizer.ui.export_stage import ExportStage


def test_the_panel_waits_for_frames_with_a_word(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, may = sitting.window, threading.Event()
    window.show_page("physics")

    def paint(n: int) -> Picture:
        may.wait(RUN_MS / 1000)
        return np.full((64, 64, 3), 100 + n, dtype=np.uint8)

    plan = ExhibitPlan("Rings", (64, 64), ("one", "two"), paint)
    monkeypatch.setattr(window.pages["physics"], "exhibit", lambda: plan)
    said: list[str] = []
    show_words = ExportStage.show_words

    def overheard(stage: ExportStage, words: str) -> None:
        said.append(words)
        show_words(stage, words)

    monkeypatch.setattr(ExportStage, "show_words", overheard)
    panel = window.export_panel
    panel.fields.set_options(ExportOptions(format="apng", size="1", captions=()))
    sitting.press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert panel.isVisible()
    sitting.qtbot.waitUntil(lambda: "Preparing the preview …" in said, timeout=RUN_MS)
    assert panel.stage.picture is None
    may.set()
    sitting.qtbot.waitUntil(lambda: panel.stage.picture is not None, timeout=RUN_MS)
    assert panel.stage.picture is not None
    assert panel.stage.picture[0, 0, 0] in (100, 101)
    assert said[-1] == ""
