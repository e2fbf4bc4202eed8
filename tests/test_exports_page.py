"""What docs/exports.md says must be so: its options, its bounds, and the course it builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.commands.export_arguments import FLAGS
from visualizer.export.bounds import LARGEST_SIDES, MAX_HELD_BYTES
from visualizer.export.options import CHOICES, FORMATS, RANGES
from visualizer.export.page_contents import MOST_PIXELS
from visualizer.export.page_pictures import MAX_PIXELS
from visualizer.metadata.reading import read

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
(COURSE,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SHORT_COURSE = COURSE.replace("--seeds 1-2", "--seeds 1").replace(" at sunset\\na blue boat", "")
"""With one of the four runs: each takes several commands, and each of those seconds to start."""


def test_every_option_is_in_the_table_with_its_choices() -> None:
    rows = re.findall(r"^\| (`--.*) \|.*\|$", PAGE, re.MULTILINE)
    assert {flag.option for flag in FLAGS} <= set(re.findall(r"--[a-z-]+", " ".join(rows)))
    for flag in FLAGS:
        (row,) = [row for row in rows if re.search(rf"{flag.option}\b(?!-)", row)]
        for choice in CHOICES.get(flag.field, ()):
            assert f"`{choice}`" in row
    for field in ("fps", "hold", "quality", "colors"):
        assert f"{RANGES[field][0]:g} to {RANGES[field][1]:g}" in PAGE


def test_every_ending_is_named_at_the_command_line() -> None:
    told = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    endings = {suffix for kind in FORMATS.values() for suffix in kind.suffixes}
    for suffix in endings - {".jpeg", ".htm"}:
        assert f"`{suffix}`" in told


def test_bounds_are_those_of_the_code() -> None:
    assert "may take 512 MiB; what would take more is refused" in PAGE
    assert MAX_HELD_BYTES == 512 * 2**20
    names = {"webp": "WebP", "gif": "GIF", "mp4": "MP4, WebM", "webm": "MP4, WebM"}
    for key, side in LARGEST_SIDES.items():
        assert f"| {names[key]} | {side:,} pixels a side" in PAGE
    assert f"{MAX_PIXELS // 10**6} million pixels" in PAGE
    assert f"{MOST_PIXELS // 10**6:,} million in a size" in PAGE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
@pytest.mark.timeout(600)
def test_the_course_is_built_by_its_script(tmp_path: Path) -> None:
    programs, work = tmp_path / "bin", tmp_path / "course"
    programs.mkdir()
    work.mkdir()
    program = programs / "denoising-visualizer"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m visualizer "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    sh = shutil.which("sh")
    assert sh is not None
    done = subprocess.run(
        [sh, "-c", SHORT_COURSE],
        cwd=work,
        env={
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Note:" not in done.stderr, done.stderr
    runs = ["cat", *(path.stem for path in (work / "seeds").glob("*.denoise"))]
    assert SHORT_COURSE != COURSE
    assert len(runs) == 1 + 1
    written = {f"{run}{ending}" for run in runs for ending in (".mp4", ".webp", ".html")}
    written |= {f"{run}-sheet.pdf" for run in runs}
    written |= {"all-seeds.html", "all-seeds.webp", "forward.webp", "pull-of-the-prompt"}
    kept = {"prompts.txt", "cat.denoise", "cat.json", "seeds"}
    assert {path.name for path in work.iterdir()} == written | kept
    for name in ("cat.mp4", "forward.webp", "cat.html"):
        remembered = read(work / name)
        assert remembered is not None
        assert remembered.request is not None
        assert remembered.request.prompt == "a yellow cat in the snow"
