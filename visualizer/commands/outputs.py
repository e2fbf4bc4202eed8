"""The files that a command is asked for with ``--out``: told apart, checked, written, estimated."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.commands.headless import ending_signals
from visualizer.export.errors import ExportError
from visualizer.export.estimate_words import estimate_words
from visualizer.export.options import ExportOptions, for_path
from visualizer.progress_line import ProgressLine

if TYPE_CHECKING:
    from visualizer.diffusion import Trajectory
    from visualizer.diffusion.comparison import Comparison


@dataclass(frozen=True)
class Output:
    """A file, or a folder of pictures, that is to be written.

    Attributes:
        name: as it was given.
        options: how, with the format that the name asks for.
    """

    name: str
    options: ExportOptions

    @property
    def path(self) -> Path:
        """Where it goes."""
        return Path(self.name)

    @property
    def is_run(self) -> bool:
        """Whether it is the run itself."""
        return self.options.format == "run"

    def check(self) -> None:
        """Say before any work whether it could be written.

        Raises:
            ExportError: with a sentence, when it could not.
        """
        from visualizer import export

        export.check(self.path, self.options)


def add_out(parser: argparse.ArgumentParser, *, default: str) -> None:
    """Tell a parser ``--out`` and ``--quiet``."""
    parser.add_argument(
        "--out",
        action="append",
        metavar="FILE",
        help="may be given several times; .webp, .gif, .apng, .mp4 and .webm move; .png is the "
        "final picture, or a sheet of steps when the name contains 'sheet'; .jpg is one of the "
        "two as well, .pdf a sheet; .html is a page for browsers; FOLDER/ is a folder of "
        "pictures; .npz and .safetensors are the numbers; .denoise is the whole run. A file that "
        f"is there already is written over (default: {default})",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")


def outputs_of(
    names: Iterable[str | Path], options: ExportOptions | None = None, *, strict: bool = False
) -> list[Output]:
    """What is to be written, by its names: one that ends with a slash is a folder of pictures.

    Args:
        strict: whether the format of the options was asked for, and no name may ask for another.

    Raises:
        ExportError: for an ending that nothing is written with, or that contradicts the format.
    """
    options = options or ExportOptions()
    outputs = [_output_of(str(name), options) for name in names]
    for output in outputs:
        if strict and output.options.format != options.format:
            raise ExportError(_contradiction(output.name, options))
    return outputs


def _output_of(name: str, options: ExportOptions) -> Output:
    if name.endswith(("/", os.sep)):
        return Output(name, replace(options, format="frames"))
    return Output(name, for_path(Path(name), options))


def _contradiction(name: str, options: ExportOptions) -> str:
    if options.format == "frames":
        place = "a folder, whose name ends with a slash"
    else:
        place = f"a file that ends with {' or '.join(options.kind.suffixes)}"
    return (
        f"'{name}' contradicts --format {options.format}, which is {place}. Change one of the two, "
        "or leave --format out: the name says what is written."
    )


def usual_name(stem: str, options: ExportOptions) -> str:
    """What a file is called when nothing is said."""
    return f"{stem}-steps/" if options.format == "frames" else f"{stem}{options.ending}"


def about_forgetting(outputs: Iterable[Output]) -> Iterator[str]:
    """What somebody should know who wants files that do not tell how they were made."""
    for output in outputs:
        if output.is_run and not output.options.remember:
            yield (
                f"{output.name} is made to be opened again and tells everything, also with "
                "--forget."
            )


def write_all(what: Trajectory | Comparison, outputs: Sequence[Output], *, quiet: bool) -> int:
    """Write every file, also when one of them fails; 1 then."""
    from visualizer import export
    from visualizer.diffusion import Trajectory

    line = ProgressLine(quiet=quiet)
    status = 0
    # the run itself first: it is then safe, and the others need not decode its pictures again
    for output in sorted(outputs, key=lambda each: not each.is_run):
        line.start()
        try:
            with _ending_at_once():
                progress = partial(line.draw, output.path.name)
                export.write(what, output.path, options=output.options, progress=progress)
        except ExportError as error:
            ProgressLine().say(f"error: {error}")
            status = 1
            continue
        finally:
            line.clear()
        if output.is_run and isinstance(what, Trajectory):
            what = Trajectory.open(output.path).with_decoder(what.decoder)
        if not quiet:
            print(output.name, flush=True)
    return status


@contextlib.contextmanager
def _ending_at_once() -> Iterator[None]:
    """Being told to end is as Ctrl+C, which leaves nothing half written."""
    former = {each: signal.signal(each, signal.default_int_handler) for each in ending_signals()}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


def estimate_all(what: Trajectory | Comparison, outputs: Sequence[Output]) -> int:
    """Say of every file what it would be, and write none; 1 when one of them could not be."""
    from visualizer.export.estimate import estimate
    from visualizer.export.film import film_of

    status = 0
    for output in outputs:
        try:
            found = estimate(film_of(what, output.options))
        except ExportError as error:
            ProgressLine().say(f"error: {output.name}: {error}")
            status = 1
        else:
            print(f"{output.name}: {estimate_words(found)}", flush=True)
    return status
