"""The program as a person starts it: a window, a model, an end; and what goes wrong on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import FakeModel
from visualizer import app
from visualizer.session import crash_log
from visualizer.session import session as session_module
from visualizer.settings import Settings
from visualizer.ui.window import MainWindow

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _fake_model(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_model(folder: str | None, say: Callable[[str], None]) -> FakeModel:
        say("Opening …")
        return FakeModel()

    monkeypatch.setattr(session_module, "open_real_model", open_model)


def the_window() -> MainWindow:
    (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
    return window


def run_until(done: Callable[[MainWindow], bool], path: str | None = None, **seen: Any) -> int:
    """Run the program; close its window when ``done``, or when it takes far too long."""
    timer = QTimer()
    timer.setInterval(5)
    rounds = 0

    def look() -> None:
        nonlocal rounds
        rounds += 1
        window = the_window()
        if done(window) or rounds > 4000:
            timer.stop()
            seen.get("at_end", lambda window: None)(window)
            window.close()

    timer.timeout.connect(look)
    timer.start()
    code = app.run(path)
    for window in [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]:
        window.deleteLater()
    assert rounds <= 4000, "the program did not get there"
    return code


def test_it_starts_gets_its_model_and_ends_without_a_trace(
    capfd: pytest.CaptureFixture[str],
) -> None:
    threads = set(threading.enumerate())
    hooks = sys.excepthook, threading.excepthook
    code = run_until(lambda window: window.session.facts is not None)
    assert code == 0
    assert set(threading.enumerate()) == threads
    assert (sys.excepthook, threading.excepthook) == hooks
    assert Settings.load().path.exists()
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert not crash_log.crash_log_path().exists()


def test_a_file_from_the_command_line_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "run.denoise"
    make_run(5).save(path)
    shown: list[int] = []
    run_until(
        lambda window: window.session.current is not None,
        str(path),
        at_end=lambda window: shown.append(len(window.session.current)),
    )
    assert shown == [6]


def test_a_crash_in_a_slot_leaves_the_window_and_says_where_it_is_written() -> None:
    failures: list[Any] = []

    def crash() -> None:
        the_window().session.failed.connect(failures.append)
        raise ZeroDivisionError("a slot with a mistake")

    QTimer.singleShot(50, crash)
    still_there: list[bool] = []
    run_until(
        lambda window: bool(failures),
        at_end=lambda window: still_there.append(window.isVisible()),
    )
    assert still_there == [True]
    assert str(crash_log.crash_log_path()) in failures[0].detail
    assert "a slot with a mistake" in crash_log.crash_log_path().read_text(encoding="utf-8")


def run_program(
    code: str, tmp_path: Path, timeout: float = 200, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DENOISING_VISUALIZER_HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_a_normal_start_prints_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    ended = run_program(
        "import sys; from visualizer import app; sys.exit(app.run())",
        tmp_path,
        DENOISING_VISUALIZER_TRACE=str(trace),
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    moments = json.loads(trace.read_text())
    assert moments["window"] < moments["plot"] < moments["ready"]
    assert not (tmp_path / "log" / "crash.log").exists()


def test_the_first_frame_waits_for_no_heavy_library(tmp_path: Path) -> None:
    heavy = "('numpy', 'pyqtgraph', 'superqt', 'PIL', 'torch', 'multiprocessing')"
    ended = run_program(
        "import sys; import visualizer.app\n"
        "from visualizer.session.session import Session\n"
        "from visualizer.settings import Settings\n"
        "application = visualizer.app._application([])\n"
        "window = visualizer.app.MainWindow(Session(), Settings())\n"
        f"print([name for name in {heavy} if name in sys.modules])",
        tmp_path,
    )
    assert ended.stdout == "[]\n", ended.stderr


def test_an_import_that_hangs_does_not_abort_the_end(tmp_path: Path) -> None:
    ended = run_program(
        "import sys, threading\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from visualizer import app\n"
        "from visualizer.session import session\n"
        "session.CLOSE_SECONDS = 0.2\n"
        "hang = threading.Event()\n"
        "session.open_real_model = lambda folder, say: (say('Loading …'), hang.wait())\n"
        "app.Session.model_loading\n"
        "def close():\n"
        "    if any(t.name == 'diffusion' for t in threading.enumerate()):\n"
        "        QApplication.closeAllWindows()\n"
        "    else:\n"
        "        QTimer.singleShot(20, close)\n"
        "QTimer.singleShot(0, close)\n"
        "sys.exit(app.run())",
        tmp_path,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
