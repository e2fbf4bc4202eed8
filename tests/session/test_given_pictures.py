"""Pictures for the model are read beside the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from visualizer.session.session import Session


def test_a_picture_is_read_for_what_it_is_wanted_for(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    path = tmp_path / "edges.png"
    Image.fromarray(picture).save(path)
    for source in (path, path.read_bytes()):
        with qtbot.waitSignal(session.picture_read) as caught:
            session.read_picture(source, "control_image")
        wanted_for, read = caught.args
        assert wanted_for == "control_image"
        np.testing.assert_array_equal(read, picture)


def test_a_picture_that_cannot_be_read_is_told(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    told: list[Any] = []
    session.failed.connect(told.append)
    for source, said in ((tmp_path / "gone.png", "does not exist"), (b"milk", "is no picture")):
        with qtbot.waitSignal(session.picture_read) as caught:
            session.read_picture(source, "image")
        assert caught.args == ["image", None]
        qtbot.waitUntil(lambda: bool(told))
        assert said in told.pop().detail
