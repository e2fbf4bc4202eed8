"""Settings that must be in place before any test module is imported."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator

import pytest

HOME = "DENOISING_VISUALIZER_HOME"

# No window may open, and Qt reads this once, when its first application object is made.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Nothing may be fetched while testing: a test that needs the network is a wrong test.
os.environ["HF_HUB_OFFLINE"] = "1"
# Small tensors gain nothing from more threads, and threads that wait for each other make tests
# many times slower on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell that starts the tests in the background has Ctrl+C ignored, also by what they test.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# What a person keeps on this computer is out of reach, also for fixtures that outlive one test.
os.environ[HOME] = tempfile.mkdtemp(prefix="denoising-visualizer-tests-")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-families",
        action="store_true",
        help="test every text-to-image family of diffusers, not only a few representatives",
    )


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts with no settings, no history and no crash log."""
    monkeypatch.setenv(HOME, str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Fail when an encoding process outlives the window that started it."""
    yield
    until = time.monotonic() + 10
    while (left := multiprocessing.active_children()) and time.monotonic() < until:
        left[0].join(0.05)
    assert left == []


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ[HOME], ignore_errors=True)
