"""The test command: every check in order, whatever the ones before it said, then the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO, NamedTuple


class Check(NamedTuple):
    """One program of the test command, as arguments to the environment's Python."""

    name: str
    arguments: tuple[str, ...]


# import-linter has no module to run with -m.
LINT_IMPORTS = """
import sys
from importlinter.cli import lint_imports_command
sys.exit(lint_imports_command(["--no-logo"]))
"""

CHECKS = (
    Check("ruff check", ("-m", "ruff", "check")),
    Check("ruff format", ("-m", "ruff", "format", "--check")),
    Check("mypy", ("-m", "mypy")),
    Check("import-linter", ("-c", LINT_IMPORTS)),
)


MOST_WORKERS = 4
"""Each holds torch and a model: about 1.5 GB of memory."""


def run_all(python: str, folder: str, pytest_arguments: list[str]) -> int:
    """Run the checks and the tests in ``folder``; 0 if all of them passed, else 1.

    What pytest makes of the tests is said again in the last line, after a summary of the checks.
    """
    outcomes = []
    for check in CHECKS:
        _announce(check.name)
        code = subprocess.run([python, *check.arguments], cwd=folder, check=False).returncode
        outcomes.append((check.name, code))
    _announce("pytest")
    code, verdict = _run_pytest(python, folder, pytest_arguments)
    outcomes.append(("pytest", code))
    _announce("summary")
    for name, code in outcomes:
        print(f"{'passed' if code == 0 else 'FAILED'}  {name}", flush=True)
    sys.stdout.buffer.write(verdict + b"\n")
    sys.stdout.flush()
    return int(any(code != 0 for _, code in outcomes))


def _run_pytest(python: str, folder: str, arguments: list[str]) -> tuple[int, bytes]:
    """Run pytest, showing what it prints as it comes; its exit code and its last line."""
    in_color = ["--color=yes"] if sys.stdout.isatty() else []
    with subprocess.Popen(
        [python, "-m", "pytest", *in_color, *arguments, *side_by_side(arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        verdict = copy(process.stdout, sys.stdout.buffer)
    return process.returncode, verdict


def side_by_side(arguments: list[str]) -> list[str]:
    """What spreads the files of tests over the processors, unless the person says otherwise."""
    alone = any(a.startswith(("-n", "--numprocesses", "--pdb", "--dist")) for a in arguments)
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    return [] if alone or workers < 2 else ["-n", str(workers), "--dist", "loadfile"]


def copy(source: IO[bytes], target: IO[bytes]) -> bytes:
    """Copy as it comes, also a row of dots without an end yet; the last line that had text."""
    line = last = b""
    while True:
        piece = os.read(source.fileno(), 65536)
        if not piece:
            return line if line.strip() else last
        target.write(piece)
        target.flush()
        *whole, line = (line + piece).split(b"\n")
        last = next((text for text in reversed(whole) if text.strip()), last)


def _announce(name: str) -> None:
    print(f"\n--- {name}", flush=True)
