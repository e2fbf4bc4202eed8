"""Start the Denoising Visualizer from a fresh checkout, or test it, with one command.

    python3 packaging/dev.py run          [FILE or other arguments of the program]
    python3 packaging/dev.py test         [arguments of pytest]
    python3 packaging/dev.py bench        [names of benchmarks]
    python3 packaging/dev.py screenshots  [arguments of packaging/screenshots.py]
    python3 packaging/dev.py rebuild      [arguments of packaging/rebuild.py]

On Windows: py packaging\\dev.py run

The first start makes the folder .venv and installs what the program needs into it; later starts go
straight on. It needs Python 3.11 to 3.14 and nothing else.

    --torch-index URL   look for PyTorch at this address too, for example for the much smaller
                        builds without CUDA on Linux (the address is on pytorch.org)
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import checks
from environment import Environment, wait_for
from machine import Interpreter, Stop, ensure_libraries, needed_libraries, why_unsupported

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("run", "test", "bench", "screenshots", "rebuild")
INTERRUPTED = 130  # what a shell reports for Ctrl+C


class Wish(NamedTuple):
    """What was asked for on the command line."""

    command: str
    arguments: list[str]  # handed on as they are
    torch_index: str | None = None

    @property
    def needs_tools(self) -> bool:
        """Whether the tools of development are needed, not only the program."""
        return self.command in ("test", "bench")


def main(argv: list[str]) -> int:
    """Install what is missing, then hand over to the command; its exit code."""
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if argv else 2
    try:
        wish = read_arguments(argv)
        problem = why_unsupported(Interpreter.running())
        if problem:
            raise Stop(problem)
        ensure_libraries(needed_libraries(wish.command, wish.arguments))
        environment = Environment(ROOT)
        environment.ensure(tools=wish.needs_tools, torch_index=wish.torch_index)
        return hand_over(wish, str(environment.python))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from here.", file=sys.stderr)
        return INTERRUPTED


def read_arguments(argv: list[str]) -> Wish:
    """Take out what is meant for this file; all else belongs to the command.

    Raises:
        Stop: when the command is unknown, or the address after --torch-index is missing.
    """
    rest: list[str] = []
    torch_index = None
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--torch-index":
            torch_index = next(words, "")
        elif word.startswith("--torch-index="):
            torch_index = word.partition("=")[2]
        else:
            rest.append(word)
    if torch_index == "":
        raise Stop("--torch-index needs the address of a package index after it.")
    if not rest or rest[0] not in COMMANDS:
        unknown = f"'{rest[0]}' is not a command of dev.py" if rest else "A command is missing"
        raise Stop(f"{unknown}: use one of {', '.join(COMMANDS)}.")
    return Wish(rest[0], rest[1:], torch_index)


def hand_over(wish: Wish, python: str) -> int:
    """Run the command in the environment; on POSIX, what is run replaces this process."""
    if wish.command == "test":
        return checks.run_all(python, str(ROOT), wish.arguments)
    if wish.command == "bench":
        os.chdir(ROOT)
        program = ["-m", "benchmarks"]
    elif wish.command in ("screenshots", "rebuild"):
        program = [str(ROOT / "packaging" / f"{wish.command}.py")]
    else:
        # The person's own folder stays the current one, for the files they name, but -P keeps a
        # module in it from being taken for one of the program's.
        program = ["-P", "-m", "visualizer"]
    command = [python, *program, *wish.arguments]
    if sys.platform != "win32":  # there, exec would give the console back at once
        sys.stdout.flush()
        os.execv(python, command)
    return wait_for(subprocess.Popen(command))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
