"""How soon after its process starts the program shows its window, its plot, and can generate.

The real program is started again and again on a warm disk, with a folder of its own for what it
keeps. Without a display it draws offscreen. The second figure of each kind is the processor time
spent until then, all threads together: what a machine that is busy otherwise cannot change.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STARTS = 7
FIGURES = (
    ("window", "window on screen after process start", "≤ 0.5 s"),
    ("plot", "noise plot in it", "≤ 1 s"),
    ("ready", "ready to generate", "≤ 7 s"),
)


def main() -> None:
    """Start the program ``STARTS`` times, after once to warm the disk up."""
    with tempfile.TemporaryDirectory() as home:
        start_once(Path(home))
        starts = [start_once(Path(home)) for _ in range(STARTS)]
    for key, name, target in FIGURES:
        seconds = statistics.median(start[key][0] for start in starts)
        worst = max(start[key][0] for start in starts)
        processor = statistics.median(start[key][1] for start in starts)
        print(f"{name}: {seconds:.2f} s, worst {worst:.2f} s (target {target})")
        print(f"processor time until '{key}': {processor:.2f} s")


def start_once(home: Path) -> dict[str, tuple[float, float]]:
    """The moments of one start: seconds since its process was started, and processor seconds."""
    trace = home / "trace.json"
    environment = {
        **os.environ,
        "DENOISING_VISUALIZER_HOME": str(home),
        "DENOISING_VISUALIZER_TRACE": str(trace),
    }
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(environment):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "visualizer"], env=environment, check=True, timeout=300)
    moments = json.loads(trace.read_text(encoding="utf-8"))
    return {name: (moment - began, used) for name, (moment, used) in moments.items()}


if __name__ == "__main__":
    main()
