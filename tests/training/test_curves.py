"""A training's log as curves."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from visualizer.training.curves import POINTS, drawn, read_curves


def log(path: Path, stages: dict[str, list[float]]) -> Path:
    lines = [
        json.dumps({"stage": stage, "samples": 10 * (k + 1), "spent": k, "loss": loss, "rate": 0.1})
        for stage, losses in stages.items()
        for k, loss in enumerate(losses)
    ]
    file = path / "log.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_short_log_is_told_as_it_is(tmp_path: Path) -> None:
    (curve,) = read_curves(log(tmp_path, {"denoiser": [0.5, 0.25]}))
    assert (curve.stage, curve.shown, curve.losses) == ("denoiser", (10, 20), (0.5, 0.25))


def test_a_long_log_is_thinned_to_means_up_to_its_end(tmp_path: Path) -> None:
    losses = [1 / (k + 1) for k in range(1000)]
    (curve,) = read_curves(log(tmp_path, {"denoiser": losses}))
    assert len(curve.shown) <= POINTS
    assert curve.shown[-1] == 10_000
    assert curve.losses[0] == pytest.approx(sum(losses[:9]) / 9)


def test_every_stage_has_its_panel_with_the_loss_where_it_belongs(tmp_path: Path) -> None:
    curves = read_curves(log(tmp_path, {"one & two": [1.0, 0.5, 0.25], "denoiser": [0.3, 0.3]}))
    root = ElementTree.fromstring(drawn(curves))
    name = "{http://www.w3.org/2000/svg}"
    lines = [line.attrib["points"].split() for line in root.iter(f"{name}polyline")]
    assert [len(points) for points in lines] == [3, 2]
    heights = [float(point.split(",")[1]) for point in lines[0]]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1])  # halved, and again
    assert heights[0] < heights[2]
    assert "one & two" in [text.text for text in root.iter(f"{name}text")]
