"""Run the benchmarks, each in a process of its own, and print what they found as one table.

    python -m benchmarks [NAME ...]

A benchmark is a file ``bench_NAME.py`` with a function ``main() -> None`` that prints lines of the
form ``name: value (target …)``; whatever else it prints is shown as it comes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FIGURE = re.compile(r"(?P<name>[^:]+): (?P<value>.+?)(?: \(target (?P<target>[^()]+)\))?")

Row = tuple[str, str, str]


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all of them; 0 unless one failed to run."""
    there = {file.stem.removeprefix("bench_"): file for file in sorted(FOLDER.glob("bench_*.py"))}
    unknown = [name for name in names if name not in there]
    if unknown:
        print(
            f"No benchmark is called {', '.join(unknown)}; there are: {', '.join(there)}",
            file=sys.stderr,
        )
        return 2
    rows: list[Row] = []
    failed = []
    for name in names or there:
        print(f"--- {name}", flush=True)
        found, code = run_one(there[name].stem)
        rows += found
        if code != 0:
            failed.append(name)
    print(f"\n{as_table(rows)}")
    if failed:
        print(f"\nDid not finish: {', '.join(failed)}")
    return int(bool(failed))


def run_one(module: str) -> tuple[list[Row], int]:
    """Run one benchmark, showing its output; the figures in it and the exit code."""
    # A process of its own: what one benchmark imports or warms up must not help the next.
    command = [sys.executable, "-u", "-c", f"from benchmarks.{module} import main; main()"]
    rows = []
    with subprocess.Popen(
        command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            figure = FIGURE.fullmatch(line.strip())
            if figure:
                rows.append((figure["name"], figure["value"], figure["target"] or ""))
    return rows, process.returncode


def as_table(rows: list[Row]) -> str:
    """The figures as a Markdown table, its columns aligned."""
    whole = [("question", "measured", "target"), *rows]
    widths = [max(len(row[column]) for row in whole) for column in range(3)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in whole
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
