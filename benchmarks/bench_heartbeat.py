"""How late a 5 ms heartbeat of the window is while the model loads, and while it samples.

The real window with the real session; without a display it draws offscreen. Lateness is how much
longer than 5 ms it took from one beat to the next. Each load is a process of its own, because
Python imports once. For the loads there is a second figure that other programs on the machine do
not disturb: the most processor time the loading thread used between two beats, which bounds how
long it can have kept the interpreter's lock to itself.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.session.session import Session

BEAT_MS = 5
LOADS = 7
RUNS = 12
LONGEST_S = 300


def main() -> None:
    """Measure loads, each in its own process, then sampling."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["DENOISING_VISUALIZER_HOME"] = home
        measure = "from benchmarks.bench_heartbeat import load; load()"
        loads = [_child(measure) for _ in range(LOADS)]
        sampling = _child("from benchmarks.bench_heartbeat import sample; sample()")
    worst = statistics.median(found["worst"] for found in loads)
    p99 = statistics.median(found["p99"] for found in loads)
    held = statistics.median(found["held"] for found in loads)
    print(f"heartbeat while the model loads, worst: {worst:.0f} ms (target ≤ 50 ms)")
    print(f"heartbeat while the model loads, p99: {p99:.1f} ms")
    print(f"processor time of the loading thread between two beats, worst: {held:.0f} ms")
    print(f"heartbeat while sampling, p99: {sampling['p99']:.1f} ms (target ≤ 8 ms)")
    print(f"heartbeat while sampling, worst: {sampling['worst']:.1f} ms (target ≤ 33 ms)")


def _child(code: str) -> dict[str, float]:
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=LONGEST_S
    ).stdout
    found: dict[str, float] = json.loads(output)
    return found


class Heartbeat:
    """Beats on the GUI thread, and notes how late, while it is asked to."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.late: list[float] = []
        self.held: list[float] = []
        self._last = 0.0
        self._used = 0.0
        self._clock: int | None = None
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """From now on."""
        for thread in threading.enumerate():
            if (
                thread.name == "diffusion"
                and thread.ident
                and hasattr(time, "pthread_getcpuclockid")
            ):
                self._clock = time.pthread_getcpuclockid(thread.ident)
        self._last, self._used = time.perf_counter(), self._processor_time()
        self._timer.start()

    def stop(self) -> None:
        """Up to now."""
        self._timer.stop()

    def found(self) -> dict[str, float]:
        """p99 and worst lateness, and the worker's processor time between beats; milliseconds."""
        late = sorted(self.late)
        return {
            "p99": late[int(len(late) * 0.99)] * 1000,
            "worst": late[-1] * 1000,
            "held": max(self.held) * 1000,
        }

    def _beat(self) -> None:
        now, used = time.perf_counter(), self._processor_time()
        self.late.append(max(now - self._last - BEAT_MS / 1000, 0.0))
        self.held.append(used - self._used)
        self._last, self._used = now, used

    def _processor_time(self) -> float:
        return 0.0 if self._clock is None else time.clock_gettime(self._clock)


def load() -> None:
    """One load of the built-in model behind the real window."""
    heart: list[Heartbeat] = []

    def begin(session: Session, end: Callable[[], object]) -> None:
        heart.append(Heartbeat())

        def loading(_sentence: str) -> None:
            session.model_loading.disconnect(loading)
            heart[0].start()

        def ready(_facts: object) -> None:
            heart[0].stop()
            print(json.dumps(heart[0].found()), flush=True)  # the end waits for what still works
            end()

        session.model_loading.connect(loading)
        session.model_ready.connect(ready)

    with_window(begin)


def sample() -> None:
    """Run after run of 30 guided steps behind the real window."""
    heart: list[Heartbeat] = []

    def begin(session: Session, end: Callable[[], object]) -> None:
        from PySide6.QtCore import QTimer

        from visualizer.diffusion.request import SamplingRequest

        heart.append(Heartbeat())
        done = 0

        def generate() -> None:
            request = SamplingRequest("a red car at sunset", seed=done, steps=30, guidance_scale=3)
            session.generate(request)

        def finished(_timeline: object) -> None:
            nonlocal done
            heart[0].stop()
            done += 1
            if done == RUNS:
                print(json.dumps(heart[0].found()), flush=True)
            # the exact pictures are made meanwhile; a second press would come too soon
            QTimer.singleShot(700, generate if done < RUNS else end)

        session.run_started.connect(lambda _timeline: heart[0].start())
        session.run_finished.connect(finished)
        session.model_ready.connect(lambda _facts: QTimer.singleShot(1500, generate))

    with_window(begin)


def with_window(begin: Callable[[Session, Callable[[], object]], None]) -> None:
    """The real program, in which ``begin`` hears of everything and can end it."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from visualizer import app
    from visualizer.ui.window import MainWindow

    def look() -> None:
        (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
        begin(window.session, window.close)

    QApplication([])
    QTimer.singleShot(0, look)
    app.run()


if __name__ == "__main__":
    main()
