"""What is said of a file before it is written."""

from __future__ import annotations

import subprocess
import sys

from visualizer.export.estimate import Estimate
from visualizer.export.estimate_words import estimate_words, film_words


def estimate(**values: float) -> Estimate:
    known = {"bytes": 2_149_000, "seconds": 2.2, "frames": 31, "width": 512, "height": 512}
    return Estimate(**{**known, "film_seconds": 5.4, "held_bytes": 0, **values})  # type: ignore[arg-type]


def test_an_estimate_is_one_line() -> None:
    assert estimate_words(estimate()) == (
        "About 2.1 MB  ·  512 × 512  ·  31 frames, 5.4 s  ·  ready in about 2 s"
    )
    still = estimate(frames=1, film_seconds=0, seconds=0.2)
    assert estimate_words(still) == ("About 2.1 MB  ·  512 × 512  ·  ready in less than a second")
    numbers = estimate(frames=1, film_seconds=0, width=0, height=0, seconds=200, bytes=999_900)
    assert estimate_words(numbers) == "About 1 MB  ·  ready in about 3 min"


def test_what_is_known_at_once() -> None:
    assert film_words([100, 100, 1800], (512, 384)) == "512 × 384  ·  3 frames, 2.0 s"
    assert film_words([0], (512, 384)) == "512 × 384"


def test_the_window_may_say_it_before_numpy_is_there() -> None:
    code = (
        "import sys, visualizer.export.estimate_words;"
        "assert not {'torch', 'numpy', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
