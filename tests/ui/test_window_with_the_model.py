"""The window, the session and the built-in model together: the program's main job, end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from tests.ui.sitting import RUN_MS, Sitting
from visualizer.diffusion import Model, sample

_LOAD_MS = 120_000


def test_what_is_seen_is_what_the_built_in_model_samples(qtbot: QtBot, tmp_path: Path) -> None:
    model = Model.builtin()
    sitting = Sitting(qtbot, tmp_path, lambda _folder, _say: model, sample=None)
    sitting.show()
    with qtbot.waitSignal(sitting.session.model_ready, timeout=_LOAD_MS):
        sitting.session.load_model(None)
    timeline = sitting.run("a red Ferrari on a mountain road at sunset", wait=6 * RUN_MS)
    run = sample(model, timeline.request)
    assert run.final is not None
    np.testing.assert_array_equal(sitting.seen(), run.final)
    for k in (0, 2):
        sitting.drag_playhead(len(timeline) - 1, k)
        sitting.exact(k)
        np.testing.assert_array_equal(sitting.seen(), run.picture(k))
        shown = timeline.trajectory
        assert shown is not None
        np.testing.assert_array_equal(shown.steps[k].latents, run.steps[k].latents)
    words = sitting.window.header.prompt
    sitting.type_prompt("a red elephant at sunset ")
    assert [unknown.word for unknown in words.unknown] == ["elephant"]
    assert not sitting.failures
    sitting.close()
