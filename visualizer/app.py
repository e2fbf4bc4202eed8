"""The composition root of the window: who is made, in which order, and why in this one.

1. **Qt and our own widgets** are imported, nothing else: they take an eighth of a second. numpy,
   pyqtgraph and torch, which take seconds together, wait until there is something to look at.
2. **The nets are spread**: from here on an error that nobody caught goes to the crash log and is
   shown in the window, and what libraries print goes to a file.
3. **The settings are read**, the theme is put on, the session is made. It has no thread yet.
4. **The window is shown** and paints its first frame.
5. **Then the session starts.** One thread reads the prepared run, or the file that was asked for,
   so that dragging works within the first second, and the noise plot is built. As soon as that is
   there, the other thread, the worker, imports torch and diffusers, opens the model, and owns it
   from then on.
6. **Closing** hides the window at once, saves the settings, stops what runs, and waits at most ten
   seconds for what cannot be stopped, such as an import.

With the environment variable ``DENOISING_VISUALIZER_TRACE`` naming a file, the moments of this
start are written there as JSON, each as seconds of ``time.monotonic()`` and of this process's own
processor time, and the program ends when the model is ready: ``benchmarks/bench_startup.py`` reads
them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from visualizer import __version__
from visualizer.assets import asset_path
from visualizer.session.collector import Collector
from visualizer.session.last_net import LastNet
from visualizer.session.session import Session
from visualizer.settings import Settings
from visualizer.ui.files import may_remember
from visualizer.ui.window import MainWindow, wear

NAME = "Denoising Visualizer"
TRACE_VARIABLE = "DENOISING_VISUALIZER_TRACE"
# Read by the libraries when they are imported. Nothing here ever goes online.
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "DIFFUSERS_VERBOSITY": "error",
}


def run(path: str | None = None, argv: Sequence[str] = ()) -> int:
    """Show the window until it is closed.

    Args:
        path: a run file to open, or a picture whose settings are wanted; None shows the prepared
            run.
        argv: further arguments for Qt (``-style``, ``-platform``).

    Returns:
        The exit status.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _give_streams()
    application = _application(argv)
    net = LastNet()
    net.spread()
    collector = Collector()
    # Ctrl+C in the terminal ends the program as closing the window does
    former = signal.signal(signal.SIGINT, lambda *_: application.closeAllWindows())
    settings = Settings.load()
    session = Session()
    wear(settings.theme)
    window = MainWindow(session, settings)
    net.caught.connect(session.failed, Qt.ConnectionType.QueuedConnection)
    session.model_ready.connect(collector.settle)
    trace = _trace(window, session)
    first_frame = FirstFrame(window)
    picture = path if path is not None and may_remember(path) else None
    run_file = path if picture is None else None
    plot_ready = window.denoise.timeline_view.plot_ready
    first_frame.painted.connect(lambda: session.start(settings.model_folder, run_file, plot_ready))
    if picture is not None:
        first_frame.painted.connect(lambda: window.open(picture))
    window.show()
    first_frame.watch()
    try:
        code = application.exec()
    finally:
        ended = session.close()
        collector.close()
        net.fold()
        signal.signal(signal.SIGINT, former)
    if trace is not None:
        trace.write()
    if not ended:
        # An import hangs (a dead network drive, say). Python would wait for its lock at the end,
        # and torch's threads would abort the process.
        _leave(code)
    return code


class FirstFrame(QObject):
    """Tells when a window has painted itself for the first time."""

    painted = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._told = False

    def watch(self) -> None:
        """Begin to wait, once the window is shown."""
        handle = self._window.windowHandle()
        if handle is None or handle.isExposed():
            self._tell_soon()
        else:
            handle.installEventFilter(self)
            # a window that starts minimized, or on another desktop, is exposed much later
            QTimer.singleShot(1000, self, self._tell)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window is painted as soon as this event has been dealt with."""
        if event.type() == QEvent.Type.Expose:
            watched.removeEventFilter(self)
            self._tell_soon()
        return False

    def _tell_soon(self) -> None:
        QTimer.singleShot(0, self, self._tell)

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.painted.emit()


def _application(argv: Sequence[str]) -> QApplication:
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication([NAME, *argv])
    application.setApplicationName("denoising-visualizer")
    application.setApplicationDisplayName(NAME)
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("denoising-visualizer")
    with contextlib.suppress(FileNotFoundError):  # no reason not to start
        application.setWindowIcon(QIcon(str(asset_path("icons", "denoising-visualizer.svg"))))
    return application


def _give_streams() -> None:
    """On Windows a program without a console has no streams, and libraries that print crash."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


class Trace:
    """The moments of a start, for the benchmark."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._moments: dict[str, tuple[float, float]] = {}

    def mark(self, name: str) -> None:
        """It happened now; only the first time counts."""
        import time

        self._moments.setdefault(name, (time.monotonic(), time.process_time()))

    def write(self) -> None:
        """Leave the moments in the file."""
        import json

        with open(self._file, "w", encoding="utf-8") as file:
            json.dump(self._moments, file)


def _trace(window: MainWindow, session: Session) -> Trace | None:
    file = os.environ.get(TRACE_VARIABLE)
    if not file:
        return None
    trace = Trace(file)

    def ready() -> None:
        trace.mark("ready")
        QTimer.singleShot(0, window.close)

    frame = FirstFrame(window)
    frame.painted.connect(lambda: trace.mark("window"))
    QTimer.singleShot(0, frame, frame.watch)
    # the plot is painted once the events that stand behind its making have been dealt with
    plot_ready = window.denoise.timeline_view.plot_ready
    plot_ready.connect(lambda: QTimer.singleShot(0, lambda: trace.mark("plot")))
    session.opened.connect(lambda: QTimer.singleShot(0, lambda: trace.mark("prepared run")))
    session.model_ready.connect(ready)
    return trace
