"""How far, how fast, how long."""

from __future__ import annotations

import io

import pytest

from visualizer.progress_line import ProgressLine
from visualizer.sweeps.progress import SweepProgress


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def time() -> list[float]:
    return [100.0]


def test_the_pace_is_that_of_this_sitting(time: list[float]) -> None:
    progress = SweepProgress(100, 60, ProgressLine(quiet=True), lambda: time[0])
    assert progress.per_minute is None
    assert progress.seconds_left is None
    time[0] += 30
    for _ in range(10):
        progress.finished()
    assert progress.per_minute == 20
    assert progress.seconds_left == 90
    assert str(progress) == "Picture 70 of 100   20 per minute   90 s left"


def test_runs_at_work_count_by_their_share(time: list[float]) -> None:
    progress = SweepProgress(8, 0, ProgressLine(quiet=True), lambda: time[0])
    time[0] += 60
    progress.at_work(2.0)
    assert progress.per_minute == 2
    assert progress.seconds_left == 180
    progress.finished()
    assert progress.per_minute == 2  # one of them is over, the rest is still at work


def test_failures_are_said_at_once_and_take_time_too(
    time: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    progress = SweepProgress(2, 0, ProgressLine(), lambda: time[0])
    time[0] += 10
    progress.went_wrong("001-a-car", "The numbers overflowed.")
    progress.finished()
    progress.at_work(0.0)
    assert said.getvalue().splitlines() == [
        "001-a-car failed: The numbers overflowed.",
        "Picture 1 of 2   12 per minute   0 s left",
    ]


def test_without_a_terminal_a_line_a_minute(
    time: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    progress = SweepProgress(1000, 0, ProgressLine(), lambda: time[0])
    for _ in range(300):
        time[0] += 1
        progress.finished()
    lines = said.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[0] == "Picture 60 of 1000   60 per minute   16 min left"


def test_on_a_terminal_one_line_is_redrawn(
    time: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = SweepProgress(4, 2, ProgressLine(), lambda: time[0])
    time[0] += 30
    progress.finished()
    drawn = terminal.getvalue()
    assert "\n" not in drawn
    assert drawn.startswith("\r" + "█" * 21 + "░" * 7)
    assert drawn.endswith("Picture 3 of 4   2 per minute   30 s left")
