"""What the README says must be so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builtin_sizes import HEIGHT, STEPS, WIDTH

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_python_example_runs_as_it_stands(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    checks = (
        f"\nassert run.final.shape == {(HEIGHT, WIDTH, 3)} and len(run.steps) == {STEPS + 1}"
        "\nimport sys; assert 'PySide6' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", example + checks], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ferrari.denoise").is_file()
    assert len(done.stdout.splitlines()) == STEPS + 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    missing = [x for x in links if "://" not in x and not (page.parent / x).exists()]
    assert missing == []


def test_every_folder_on_the_map_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:visualizer|assets|tests|benchmarks|packaging)[\w./]*/)`", text)
    assert len(named) > 8
    assert [x for x in named if not (ROOT / x).is_dir()] == []


def test_commands_of_the_readme_are_understood() -> None:
    import dev  # packaging/dev.py

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"packaging/dev\.py (\w+)", text)
    assert {"run", "test"} <= set(commands)
    assert [dev.read_arguments([command]).command for command in commands] == commands
