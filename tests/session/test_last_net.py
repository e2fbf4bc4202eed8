"""The last net and the crash log, and errors as sentences."""

from __future__ import annotations

import errno
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from PySide6.QtCore import qWarning
from pytestqt.qtbot import QtBot

from visualizer.diffusion.request import RequestError
from visualizer.session import crash_log
from visualizer.session.failure import Failure, describe
from visualizer.session.last_net import LIBRARY_LOG, LastNet


@pytest.fixture
def net(qtbot: QtBot) -> Iterator[LastNet]:
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning
    made = LastNet()
    made.spread()
    yield made
    made.fold()
    after = sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning
    assert after == hooks


def raise_here(number: int = 0) -> None:
    raise ZeroDivisionError(f"odd {number}")


def caught(error_number: int) -> tuple[type[BaseException], BaseException, object]:
    try:
        raise_here(error_number)
    except ZeroDivisionError as error:
        return type(error), error, error.__traceback__
    raise AssertionError


def test_an_error_in_a_slot_is_written_down_and_told_once(net: LastNet) -> None:
    told: list[Failure] = []
    net.caught.connect(told.append)
    for number in range(5):
        sys.excepthook(*caught(number))  # type: ignore[arg-type]
    assert len(told) == 1
    assert str(crash_log.crash_log_path()) in told[0].detail
    log = crash_log.crash_log_path().read_text(encoding="utf-8")
    assert log.count("ZeroDivisionError: odd") == 1
    assert "raise_here" in log


def test_an_error_on_a_thread_is_told_too(net: LastNet, qtbot: QtBot) -> None:
    thread = threading.Thread(target=raise_here, name="somewhere")
    with qtbot.waitSignal(net.caught):
        thread.start()
    thread.join()
    assert "on somewhere" in crash_log.crash_log_path().read_text(encoding="utf-8")


def test_what_libraries_and_qt_warn_of_goes_to_a_file(
    net: LastNet, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("some.library").warning("a library's advice")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("a deprecated call", DeprecationWarning, stacklevel=1)
    qWarning("a complaint of Qt")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    log = crash_log.crash_log_path().with_name(LIBRARY_LOG).read_text(encoding="utf-8")
    for text in ("a library's advice", "a deprecated call", "a complaint of Qt"):
        assert text in log


def test_a_long_crash_log_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_log, "MAX_BYTES", 300)
    for _ in range(6):
        path = crash_log.write("x" * 100, "a test")
    assert path is not None
    assert path.stat().st_size < 600
    assert path.with_name("crash.old.log").exists()


def test_a_log_that_cannot_be_written_is_no_second_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DENOISING_VISUALIZER_HOME", "/dev/null/nowhere")
    assert crash_log.write("text", "a test") is None
    assert "You can go on working." in describe(KeyError("x"), "It failed.").detail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RequestError("The seed must be whole."), "The seed must be whole."),
        (OSError(errno.ENOSPC, "x", "/a/b"), "The disk is full."),
        (PermissionError(errno.EACCES, "x", "/a/b"), "may not be written"),
        (FileNotFoundError(errno.ENOENT, "x", "/a/b"), "does not exist"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 3 TB"), "not enough memory"),
        (KeyError("x"), "crash.log"),
    ],
)
def test_errors_are_sentences(error: Exception, words: str) -> None:
    failure = describe(error, "It failed.")
    assert failure.title == "It failed."
    assert words in failure.detail
