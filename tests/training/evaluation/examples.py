"""Made-up subjects, and figures as ``evaluate`` writes them."""

from __future__ import annotations

from typing import Any

from visualizer.training.evaluation.prompts import ALL
from visualizer.training.world.subjects import Subject, Thing

CAR, CAT = Thing("car", "red"), Thing("cat", "white")
ALONE = Subject((CAR,), "road", "sunset", None, "big", "left")
TWO = Subject((CAT, CAR), "beach", "day", "front")

_COUNT = {"share": 0.995, "right": 199, "of": 200, "low": 0.9722, "high": 0.9991}
FIGURES: dict[str, Any] = {
    "weights_hash": "w" * 64,
    "settings": {"steps": 30, "guidance_scale": 5.0, "sampler": None},
    "seed": 1000,
    "torch": "2.13.0",
    "sets": {"plain": "one thing"},
    "accuracy": {"plain": {"object": _COUNT, ALL: _COUNT}},
    "judge": {"drawings": {"place": _COUNT}},
    "variety": {"features": 0.9, "pixels": 0.8, "prompts": 24, "seeds": 8},
    "frechet": {"ratio": 2.5, "made": 5.0, "drawn": 2.0, "count": 1300},
    "psnr": {"scenes": {"mean": 30.12, "count": 256}},
    "static": {
        "decoded": {"neighbors": 0.1, "deviation": 50.0, "blocks": 1.2},
        "white_noise": {"neighbors": 0.0, "deviation": 50.0, "blocks": 1.0},
        "count": 32,
    },
    "speed": {"seconds": {"30": 1.9, "8": 0.5}, "device": "CPU, 2 threads"},
}
