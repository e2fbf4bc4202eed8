"""The floors of the code, as the import-linter is told of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_part_of_the_program_stands_on_a_floor() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c["type"] == "layers")
    named = {name for floor in layers for name in re.findall(r"visualizer\.(\w+)", floor)}
    top = (ROOT / "visualizer").iterdir()
    there = {path.stem for path in top if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert named == there - {"__init__"}
