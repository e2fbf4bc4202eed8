"""How many frames a second the Physics page paints with 2,000 particles, arrows and paths.

The real window, 1280 × 800, shows a learned flow; the playhead goes on by one moment, and the next
move waits until the picture, the timeline and the panel have been painted. Drawn offscreen, and
also through X where Xvfb is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FRAMES, ROUNDS = 120, 5
_LONGEST_S = 900


def main() -> None:
    """Measure on each platform, in a process of its own."""
    code = "from benchmarks.bench_physics import measure; measure()"
    ways = {"offscreen": [sys.executable, "-c", code]}
    if shutil.which("xvfb-run"):
        xvfb = ["xvfb-run", "-a", "-s", "-screen 0 1920x1200x24"]
        ways["xcb"] = [*xvfb, sys.executable, "-c", code]
    for platform, command in ways.items():
        output = subprocess.run(
            command,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_LONGEST_S,
            env={**os.environ, "QT_QPA_PLATFORM": platform},
        ).stdout
        found = json.loads(output.splitlines()[-1])
        for kind in ("plain", "everything"):
            what = "2,000 particles" + (", arrows and paths" if kind == "everything" else "")
            each = found[kind]
            print(
                f"{what}, {platform}: {each['fps']:.0f} frames a second, "
                f"{each['cpu']:.1f} ms of processor time each (target ≥ 60)"
            )


def measure() -> None:
    """Print what one platform gives, as JSON."""
    from PySide6.QtWidgets import QApplication

    from visualizer.session.session import Session
    from visualizer.settings import Settings
    from visualizer.ui import theme
    from visualizer.ui.physics.physics_page import PhysicsPage
    from visualizer.ui.window import MainWindow

    app = QApplication([])
    theme.apply(app, theme.DARK)
    with tempfile.TemporaryDirectory() as folder:
        session = Session(data_folder=Path(folder))
        window = MainWindow(session, Settings(folder=Path(folder)))
        window.resize(1280, 800)
        window.show()
        window.show_page("physics")
        page = window.pages["physics"]
        assert isinstance(page, PhysicsPage)
        page.lab.learn(steps=10)
        page.go("ode")
        while not page.lab.learned or page.lab.learning:
            app.processEvents()
            time.sleep(0.005)
        page.lab.close()
        found = {"plain": _painted(app, page)}
        page.transport.arrows.setChecked(True)
        page.transport.paths.setChecked(True)
        found["everything"] = _painted(app, page)
        print(json.dumps(found))
        window.close()


def _painted(app: object, page: object) -> dict[str, float]:
    """The median of a few rounds: another program may take the processor for a while."""
    from PySide6.QtWidgets import QApplication

    from visualizer.ui.physics.physics_page import PhysicsPage

    assert isinstance(app, QApplication)
    assert isinstance(page, PhysicsPage)
    rates, costs = [], []
    for _ in range(ROUNDS):
        page.playhead.seek(0)
        app.processEvents()
        before = page.view.painted
        began, used = time.perf_counter(), time.process_time()
        for _ in range(FRAMES):
            page.playhead.step(2)
            app.processEvents()
        rates.append(FRAMES / (time.perf_counter() - began))
        costs.append(1000 * (time.process_time() - used) / FRAMES)
        painted = page.view.painted - before
        if painted < FRAMES:
            raise RuntimeError(f"Only {painted} of {FRAMES} frames were painted.")
    return {"fps": statistics.median(rates), "cpu": statistics.median(costs)}


if __name__ == "__main__":
    main()
