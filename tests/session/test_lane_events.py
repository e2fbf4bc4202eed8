"""What a lane that failed leaves behind."""

from __future__ import annotations

from typing import Any

from tests.example_runs import make_run
from visualizer.session import crash_log
from visualizer.session.lane_events import LaneEnded, LaneReporter
from visualizer.session.timeline import Point


def test_an_error_of_the_program_is_written_down_where_it_happened() -> None:
    sent: list[Any] = []
    run = make_run(2)
    reporter = LaneReporter(
        (run.request,), run.model, lambda step, _seconds: Point(step, 0.0, 0.0), sent.append
    )
    try:
        raise ZeroDivisionError("nobody expected this")
    except ZeroDivisionError as error:
        reporter.unexpected(error)
    reporter.failed(0, "This is an error in the program.", None)
    written = crash_log.crash_log_path().read_text(encoding="utf-8")
    assert "nobody expected this" in written
    assert "test_lane_events.py" in written
    (ended,) = sent
    assert isinstance(ended, LaneEnded)
    assert ended.failure is not None
    assert ended.failure.detail == "This is an error in the program."
