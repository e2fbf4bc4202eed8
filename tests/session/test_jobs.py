"""JobThread: order, errors, the end."""

from __future__ import annotations

import threading

import shiboken6
from PySide6.QtCore import QObject, Signal

from visualizer.session.jobs import JobThread


def test_the_most_urgent_job_is_next() -> None:
    done: list[str] = []
    go = threading.Event()
    jobs = JobThread("test", lambda error: None)
    jobs.post(lambda: (go.wait(5), None)[1])
    jobs.post(lambda: done.append("late"), 5)
    jobs.post(lambda: done.append("first"), 1)
    jobs.post(lambda: done.append("second"), 1)
    go.set()
    jobs.finish()
    assert jobs.join(5)
    assert done == ["first", "second", "late"]


def test_an_error_is_told_and_the_thread_goes_on() -> None:
    errors: list[BaseException] = []
    done: list[int] = []
    jobs = JobThread("test", errors.append)
    jobs.post(lambda: [][0])
    jobs.post(lambda: done.append(1))
    jobs.finish()
    assert jobs.join(5)
    assert [type(error) for error in errors] == [IndexError]
    assert done == [1]


def test_closing_drops_what_waits() -> None:
    done: list[int] = []
    started, go = threading.Event(), threading.Event()

    def first() -> None:
        started.set()
        go.wait(5)
        done.append(1)

    jobs = JobThread("test", lambda error: None)
    jobs.post(first)
    jobs.post(lambda: done.append(2))
    assert started.wait(5)
    jobs.close()
    jobs.post(lambda: done.append(3))
    go.set()
    assert jobs.join(5)
    assert done == [1]


def test_waiting_for_a_job_that_hangs_has_an_end() -> None:
    started, go = threading.Event(), threading.Event()
    jobs = JobThread("test", lambda error: None)

    def hang() -> None:
        started.set()
        go.wait(5)

    jobs.post(hang)
    assert started.wait(5)
    jobs.close()
    assert not jobs.join(0.01)
    go.set()
    assert jobs.join(5)


def test_a_thread_that_was_never_needed_is_never_made() -> None:
    jobs = JobThread("test", lambda error: None)
    jobs.close()
    assert jobs.join(0)


def test_a_job_that_outlasts_the_window_ends_quietly() -> None:
    started, go = threading.Event(), threading.Event()

    class Window(QObject):
        heard = Signal(object)

    window = Window()

    def late() -> None:
        started.set()
        go.wait(5)
        window.heard.emit("the answer")

    jobs = JobThread("test", window.heard.emit)
    jobs.post(late)
    assert started.wait(5)
    jobs.close()
    shiboken6.delete(window)
    go.set()
    assert jobs.join(5)  # pytest fails a test whose thread ends with an error
