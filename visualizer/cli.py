"""The command ``denoising-visualizer``: the window, and all of it that makes sense without one.

Nothing is imported here before it is known what is wanted: the window is then on screen at once,
and everything else works without Qt.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Work = Callable[[argparse.Namespace], int]

COMMANDS = (
    "run",
    "export",
    "sweep",
    "info",
    "inspect",
    "models",
    "download",
    "lessons",
    "train",
    "evaluate",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Returns:
        0 done; 1 something failed on the way; 2 the request makes no sense; 130 stopped by Ctrl+C.
    """
    _make_printable()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _dispatch(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # a reader that has gone is noticed here, not at the very end
        return status
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    except BrokenPipeError:  # what was reading our output has ended
        sys.stdout = None
        return 1
    except Exception as error:  # noqa: BLE001
        return _confess(error, "command line")


def window_main() -> int:
    """The same without a terminal: errors are shown in the window."""
    try:
        return _window(sys.argv[1] if len(sys.argv) > 1 else None)
    except Exception as error:  # noqa: BLE001
        return _confess(error, "start of the window")


def say(text: str) -> None:
    """A line for the person at the terminal, if there is one."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        return _window(None)
    if arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
        return _open_file(arguments)
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # --help, --version, or a mistake that argparse has told
        return end.code if isinstance(end.code, int) else 2
    if options.command is None:
        return _window(None)
    work: Work = options.work
    return work(options)


def _open_file(arguments: list[str]) -> int:
    from pathlib import Path

    path = Path(arguments[0])
    if len(arguments) > 1:
        say("error: Only one file can be opened at a time.")
        return 2
    if not path.exists():
        say(
            f"error: There is no file '{arguments[0]}', and no command of that name "
            f"({', '.join(COMMANDS)})."
        )
        return 2
    return _window(str(path))


def _window(path: str | None) -> int:
    from visualizer.display import has_display

    if not has_display():
        from visualizer.commands import run

        return run.without_window(path)
    from visualizer import app

    return app.run(path)


def _parser() -> argparse.ArgumentParser:
    import argparse

    from visualizer import __version__
    from visualizer.commands import export, info, inspect, lessons, models, run, sweep
    from visualizer.training import command as training
    from visualizer.training.evaluation import command as evaluation

    parser = argparse.ArgumentParser(
        prog="denoising-visualizer",
        usage="%(prog)s [FILE]\n       %(prog)s COMMAND …",
        description="Watch static become a picture. Without a command the window opens.",
        epilog="'%(prog)s COMMAND --help' tells the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", prog=parser.prog
    )

    def add(name: str, work: Work, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about)
        command.set_defaults(work=work)
        return command

    run.add_arguments(add("run", run.run, "make a picture without a window, and write it to files"))
    export.add_arguments(
        add("export", export.export, "write a run, a comparison or a sweep to files")
    )
    sweep.add_arguments(add("sweep", sweep.sweep, "make every prompt of a file under many seeds"))
    info.add_arguments(add("info", info.info, "tell what is in a run file or a model folder"))
    inspect.add_arguments(
        add("inspect", inspect.inspect, "tell how a picture or another file was made")
    )
    models.add_arguments(
        add("models", models.models, "list the models on this computer"),
        add("download", models.download, "download a model from the Hugging Face hub"),
    )
    lessons.add_arguments(add("lessons", lessons.lessons, "list the lessons, or check one"))
    training.add_arguments(
        add("train", training.train, "train the built-in model again, from nothing or further")
    )
    evaluation.add_arguments(
        add("evaluate", evaluation.evaluate, "measure how well a model follows its prompts")
    )
    return parser


def _make_printable() -> None:
    """What a terminal cannot show is printed as "?" instead of ending the program."""
    import contextlib

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _confess(error: Exception, where: str) -> int:
    """An error nobody expected: a sentence for the person, the details to the crash log."""
    from visualizer.session import crash_log

    log = crash_log.record(error, where)
    say(f"error: Something unexpected went wrong: {type(error).__name__}: {error}")
    if log is not None:
        say(f"The details are in {log}")
    return 1
