"""What an export costs the window, and how much memory it takes, on the very path of the window.

The real window with the real session; without a display it draws offscreen. A 5 ms heartbeat on
its thread tells how late the window is while a run of the built-in model is exported to one format
after the other, enlarged to 512². Then 1000 frames of 1024² go to an MP4. Counted is what the
window's process takes more than just before, and all that the encoding process takes, which did
not exist before; libraries that both have loaded are counted in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.bench_heartbeat import Heartbeat, with_window

if TYPE_CHECKING:
    from visualizer.export.options import FormatKey
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline

FORMATS: tuple[FormatKey, ...] = ("webp", "gif", "mp4", "page", "frames")
ROUNDS = 3
FRAMES, SIDE = 1000, 1024
LOOK_SECONDS = 0.05
LONGEST_S = 1200
MB = 10**6


def main() -> None:
    """Measure both, each in a process of its own."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["DENOISING_VISUALIZER_HOME"] = home
        late, _ = _child("heartbeat")
        taken, encoding = _child("memory")
    names = ", ".join(FORMATS)
    print(f"heartbeat while exporting ({names}), p99: {late['p99']:.1f} ms (target ≤ 8 ms)")
    print(f"heartbeat while exporting, worst: {late['worst']:.1f} ms")
    print(
        f"peak memory above before, {FRAMES} frames of {SIDE}² to MP4: "
        f"{(taken['window'] + encoding) / MB:.0f} MB (target ≤ 300 MB)"
    )
    print(f"of that in the window's own process: {taken['window'] / MB:.0f} MB")
    print(f"the film of {FRAMES} frames: {taken['bytes'] / MB:.0f} MB in {taken['seconds']:.0f} s")


def _child(name: str) -> tuple[dict[str, float], int]:
    """What a function of this file prints, and the most that the processes it started took."""
    code = f"from benchmarks.bench_export_window import {name}; {name}()"
    command = [sys.executable, "-c", code]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        _Watch(process.pid) as watch,
    ):
        output, _ = process.communicate(timeout=LONGEST_S)
    if process.returncode != 0:
        raise SystemExit(f"{name} ended with {process.returncode}")
    found: dict[str, float] = json.loads(output)
    return found, sum(watch.peaks.values())


class _Watch:
    """Looks again and again how much the processes take that a process has started."""

    def __init__(self, pid: int) -> None:
        self.peaks: dict[int, int] = {}
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            with contextlib.suppress(psutil.Error):
                for child in self._process.children(recursive=True):
                    with contextlib.suppress(psutil.Error, OSError):
                        self.peaks[child.pid] = max(self.peaks.get(child.pid, 0), peak(child.pid))


def peak(pid: int) -> int:
    """The highest resident memory of a process so far, where the system says; else the present."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(psutil.Process(pid).memory_info().rss)


# --- In the window's process ----------------------------------------------------------------------


def heartbeat() -> None:
    """Beat while a run is exported to every format, round after round."""
    from visualizer.export.options import ExportOptions

    folder = tempfile.TemporaryDirectory()
    left = [key for key in FORMATS for _ in range(ROUNDS)]

    def begin(session: Session, end: Callable[[], object]) -> None:
        from PySide6.QtCore import QTimer

        from visualizer.diffusion.request import SamplingRequest

        heart = Heartbeat()
        made: list[Timeline] = []

        def sampled(timeline: Timeline) -> None:
            made.append(timeline)
            QTimer.singleShot(6000, following)  # the exact pictures of all steps are made meanwhile

        def following() -> None:
            if not left:
                print(json.dumps(heart.found()), flush=True)
                folder.cleanup()
                end()
                return
            options = ExportOptions(format=left.pop())
            heart.start()
            name = f"{len(left)}{options.kind.suffix}"
            session.exports.start(made[0], str(Path(folder.name, name)), options)

        def written(_path: str) -> None:
            heart.stop()
            QTimer.singleShot(50, following)

        def generate() -> None:
            session.generate(SamplingRequest("a red car at sunset", steps=30, guidance_scale=3))

        session.run_finished.connect(sampled)
        session.exports.exported.connect(written)
        session.exports.failed.connect(_give_up)
        session.model_ready.connect(lambda _facts: QTimer.singleShot(1500, generate))

    with_window(begin)


def memory() -> None:
    """Export a long film of large frames and tell how much this process took meanwhile."""
    from benchmarks.made_runs import noisy_run
    from visualizer.export.options import ExportOptions
    from visualizer.session.timeline import Timeline, points_of

    run = noisy_run(FRAMES, SIDE, kept=False)
    folder = tempfile.TemporaryDirectory()
    film = Path(folder.name, "film.mp4")

    def begin(session: Session, end: Callable[[], object]) -> None:
        from PySide6.QtCore import QTimer

        timeline = Timeline.of(run, points_of(run, thumbnails=False), lazy=True)
        began = [0.0, 0.0]

        def start() -> None:
            began[:] = time.perf_counter(), psutil.Process().memory_info().rss
            _forget_peak()
            session.exports.start(timeline, str(film), ExportOptions(format="mp4", size="1"))

        def written(_path: str) -> None:
            found = {
                "window": max(0, peak(os.getpid()) - int(began[1])),
                "seconds": time.perf_counter() - began[0],
                "bytes": film.stat().st_size,
            }
            print(json.dumps(found), flush=True)
            folder.cleanup()
            end()

        session.exports.exported.connect(written)
        session.exports.failed.connect(_give_up)
        session.model_ready.connect(lambda _facts: QTimer.singleShot(1500, start))

    with_window(begin)


def _forget_peak() -> None:
    """Let the system count the peak of this process from now on, where it can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _give_up(failure: object) -> None:
    print(failure, file=sys.stderr, flush=True)
    os._exit(1)


if __name__ == "__main__":
    main()
