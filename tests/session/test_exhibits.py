"""What a page shows that is no run, painted for its export on a thread of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from tests.export.reading import frames_of
from visualizer.diffusion.arrays import Picture
from visualizer.export.exhibit import Exhibit, ExhibitPlan
from visualizer.export.options import ExportOptions
from visualizer.session.export_crossing import pieces_of, received
from visualizer.session.session import Session

WAIT = 30_000


class Painter:
    """Paints as soon as it may, and remembers where, and what."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.threads: set[int] = set()
        self.painted: list[int] = []

    def paint(self, n: int) -> Picture:
        self.may.wait(WAIT / 1000)
        self.threads.add(threading.get_ident())
        self.painted.append(n)
        return np.full((16, 24, 3), 40 * n, dtype=np.uint8)

    def plan(self, frames: int = 3) -> ExhibitPlan:
        return ExhibitPlan("Rings", (24, 16), tuple(str(n) for n in range(frames)), self.paint)


def test_it_is_painted_once_and_elsewhere_for_preview_and_file(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    painter = Painter()
    plan, path = painter.plan(), tmp_path / "a.apng"
    options = ExportOptions(format="apng", size="1", captions=())
    preview = session.export_preview
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT) as film:
        preview.set(plan, options, (100, 100))
        painter.may.set()
    assert film.args is not None
    assert len(film.args[0]) == 3
    with qtbot.waitSignal(session.exports.exported, timeout=WAIT):
        session.exports.start(plan, str(path), options)
    assert [frame[0, 0, 0] for frame in frames_of(path)] == [0, 40, 80]
    assert painter.painted == [0, 1, 2]
    assert threading.get_ident() not in painter.threads


def test_painting_ends_when_nobody_waits_for_it(qtbot: QtBot, session: Session) -> None:
    given_up, after = Painter(), Painter()
    after.may.set()
    preview, options = session.export_preview, ExportOptions(format="gif")
    preview.set(given_up.plan(), options, (100, 100))
    preview.set(None, options, (1, 1))
    given_up.may.set()
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT):
        preview.set(after.plan(), options, (100, 100))
    assert len(given_up.painted) <= 1
    assert after.painted == [0, 1, 2]


def test_what_goes_wrong_in_it_is_told(qtbot: QtBot, session: Session) -> None:
    def paint(_n: int) -> Picture:
        raise MemoryError

    plan = ExhibitPlan("Rings", (24, 16), ("",), paint)
    with qtbot.waitSignal(session.export_preview.refused, timeout=WAIT) as refused:
        session.export_preview.set(plan, ExportOptions(format="gif"), (100, 100))
    assert refused.args is not None
    assert "memory" in refused.args[0]


def test_its_frames_cross_one_by_one_and_arrive_as_they_were() -> None:
    painter = Painter()
    painter.may.set()
    exhibit = painter.plan(4).painted()
    assert exhibit is not None
    pieces = list(pieces_of(exhibit, (), whole=False))
    assert len(pieces) == 1 + 4
    left = iter(pieces)

    def pictures_of(*_asked: object) -> Any:
        raise AssertionError("It has no runs, and so no pictures of them.")

    arrived = received(lambda: next(left), pictures_of)
    assert isinstance(arrived, Exhibit)
    assert (arrived.title, arrived.captions) == (exhibit.title, exhibit.captions)
    assert all(map(np.array_equal, arrived.frames, exhibit.frames))
