"""From a press on a lesson's "do it" to the first change on the screen, for every one of them.

The real window with the built-in model; without a display it draws offscreen. The buttons of every
lesson are pressed in their order, each when what the last one made has ended, or was stopped. A
change is one of the pixels of the page's own area, or of the fields above it, when the window has
painted; the lessons' panel at the side does not count. Looking takes some hundredths of a second
itself.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from visualizer.lessons.lesson import DoIt
    from visualizer.ui.window import MainWindow

PATIENCE_S = 120.0
LONGEST_RUN_S = 600.0
ENOUGH_S = 10.0
LOOK_MS = 2
REST_MS, STILL_TRIES = 600, 8
"""Between two buttons: also so that none counts as a second press of the last one."""


def main() -> None:
    """Press them all."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["DENOISING_VISUALIZER_HOME"] = home
        waited = _press_all()
    times = sorted(seconds for _, seconds in waited)
    print(f"do it to first visible change, median of {len(times)}: {_ms(statistics.median(times))}")
    print(f"do it to first visible change, worst: {_ms(times[-1])} (target ≤ 1000 ms)")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _press_all() -> list[tuple[str, float]]:
    from PySide6.QtWidgets import QApplication

    from visualizer.lessons.lesson import DoIt
    from visualizer.session.session import Session
    from visualizer.settings import Settings
    from visualizer.ui.window import MainWindow, wear

    QApplication([])
    wear("dark")
    session = Session()
    window = MainWindow(session, Settings())
    window.resize(1280, 800)
    window.show()
    ready: list[object] = []
    session.model_ready.connect(ready.append)
    session.start()
    _wait(lambda: bool(ready), LONGEST_RUN_S)
    window.toggle_lessons()
    panel = window.lessons
    waited = []
    for lesson in panel.library.lessons:
        panel.open(lesson.name)
        for step, content in enumerate(lesson.steps):
            panel.show_step(step)
            doing = [part for part in content.parts if isinstance(part, DoIt)]
            for index, do_it in enumerate(doing):
                still = _rest(window)
                seconds = _press(window, index, do_it)
                name = f"{lesson.name}, {do_it.label}"
                if still:
                    waited.append((name, seconds))
                note = "" if still else "  (does not count: something moved before it was pressed)"
                print(f"{_ms(seconds):>8}  {name}{note}", flush=True)
    window.close()
    return waited


def _press(window: MainWindow, index: int, do_it: DoIt) -> float:
    """How long one button takes."""
    from PySide6.QtCore import QEvent, QObject, Qt
    from PySide6.QtTest import QTest

    view = window.lessons.view
    assert view is not None

    class Painted(QObject):
        """Looks whenever something in the window has asked to be painted."""

        asked = True

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.UpdateRequest:
                self.asked = True
            return False

    before, painted = _seen(window), Painted()
    window.installEventFilter(painted)
    began = time.perf_counter()
    QTest.mouseClick(view.doing[index].button, Qt.MouseButton.LeftButton)

    def changed() -> bool:
        if not painted.asked:
            return False
        painted.asked = False
        return _seen(window) != before

    _wait(changed, PATIENCE_S, do_it.label)
    seconds = time.perf_counter() - began
    window.removeEventFilter(painted)
    return seconds


def _seen(window: MainWindow) -> QImage:
    """The window without the rail and the lessons."""
    left = window.rail.width()
    width = window.width() - left - window.lessons.width()
    return window.grab().toImage().copy(left, 0, width, window.height())


def _rest(window: MainWindow) -> bool:
    """Until nothing is made, and nothing moves any more; whether that is so."""
    end = time.perf_counter() + ENOUGH_S
    _wait(lambda: not window.busy or time.perf_counter() > end, LONGEST_RUN_S)
    if window.busy:  # enough of it was made for the buttons that follow
        window.session.stop()
        _wait(lambda: not window.busy, LONGEST_RUN_S)
    for _ in range(STILL_TRIES):
        for page in window.pages:
            page.playhead.pause()
        before = _seen(window)
        _pass(REST_MS)
        if _seen(window) == before:
            return True
    return False


def _pass(milliseconds: int) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _wait(until: Callable[[], bool], seconds: float, what: str = "") -> None:
    """In an event loop: processing events by hand would keep Python's lock from the worker."""
    from PySide6.QtCore import QEventLoop, QTimer

    end = time.perf_counter() + seconds
    loop, timer = QEventLoop(), QTimer()

    def look() -> None:
        if until() or time.perf_counter() > end:
            timer.stop()
            loop.quit()

    timer.timeout.connect(look)
    timer.start(LOOK_MS)
    loop.exec()
    if time.perf_counter() > end:
        raise SystemExit(f"Nothing came within {seconds:.0f} s. {what}")


if __name__ == "__main__":
    main()
