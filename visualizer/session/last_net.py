"""The last net: whatever nobody caught goes to the crash log, and the person hears where."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import (
    QCoreApplication,
    QMessageLogContext,
    QObject,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

from visualizer.folders import log_folder
from visualizer.session import crash_log
from visualizer.session.failure import Failure, unexpected

TITLE = "Something in the program went wrong."
LIBRARY_LOG = "libraries.log"
_QT_LEVELS = {
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class LastNet(QObject):
    """Hangs under the whole program from ``spread`` to ``fold``.

    An error is told once for each place in the code: one in a paint event comes back with every
    frame.
    """

    caught = Signal(object)
    """Failure. Emitted on the thread of the error; connected slots run on theirs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seen: set[tuple[str, str, int]] = set()
        self._undo: list[Callable[[], object]] = []

    def spread(self) -> None:
        """Catch from now on."""
        former = sys.excepthook, sys.unraisablehook, threading.excepthook
        sys.excepthook = self._on_exception
        sys.unraisablehook = self._on_unraisable
        threading.excepthook = self._on_thread_exception

        def restore() -> None:
            sys.excepthook, sys.unraisablehook, threading.excepthook = former

        qt_handler = qInstallMessageHandler(_log_qt_message)
        self._undo += [restore, lambda: qInstallMessageHandler(qt_handler), *_log_to_file()]

    def fold(self) -> None:
        """Give every hook back."""
        while self._undo:
            self._undo.pop()()

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):  # Ctrl+C in the terminal
            application = QCoreApplication.instance()
            if application is not None:
                application.quit()
            return
        self._tell(error.with_traceback(trace), "in the window")

    def _on_unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_value is not None:
            self._tell(unraisable.exc_value, f"in {unraisable.object!r}"[:200])

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        thread = arguments.thread.name if arguments.thread else "a thread"
        if arguments.exc_value is not None:
            self._tell(arguments.exc_value, f"on {thread}")

    def _tell(self, error: BaseException, where: str) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1] if frames else None
        place = (
            type(error).__name__,
            last.filename if last else "",
            (last.lineno or 0) if last else 0,
        )
        if place in self._seen:
            return
        self._seen.add(place)
        failure: Failure = unexpected(crash_log.record(error, where), error, TITLE)
        self.caught.emit(failure)


def _log_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = _QT_LEVELS.get(kind)
    if level is not None:
        category = getattr(context, "category", None) or "default"
        logging.getLogger(f"qt.{category}").log(level, "%s", message)


def _log_to_file() -> list[Callable[[], object]]:
    """What libraries warn of goes to a file; a normal start prints nothing. Returns the undo."""
    folder = log_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        from logging.handlers import RotatingFileHandler

        handler: logging.Handler = RotatingFileHandler(
            folder / LIBRARY_LOG,
            maxBytes=500_000,
            backupCount=1,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    root = logging.getLogger()
    root.addHandler(handler)
    show = warnings.showwarning
    logging.captureWarnings(True)

    def restore() -> None:
        logging.captureWarnings(False)
        warnings.showwarning = show
        root.removeHandler(handler)
        handler.close()

    return [restore]
