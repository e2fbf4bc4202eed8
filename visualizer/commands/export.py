"""``denoising-visualizer export``: a run, a comparison or a sweep, as files that people share."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.commands import headless
from visualizer.commands.export_arguments import (
    add_export_arguments,
    export_options,
    format_was_given,
)
from visualizer.commands.outputs import (
    about_forgetting,
    add_out,
    estimate_all,
    outputs_of,
    usual_name,
    write_all,
)
from visualizer.diffusion.lane_letters import lane_numbers, letter_of
from visualizer.progress_line import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visualizer.diffusion import Trajectory
    from visualizer.diffusion.comparison import CompareLane, Comparison


def add_arguments(export: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    add = export.add_argument
    add("path", type=Path, metavar="PATH", help="a .denoise file, or the folder of a sweep")
    add_out(export, default="the name of PATH, here, with the ending of the format")
    add(
        "--model",
        type=Path,
        metavar="MODEL",
        help="the model that made it, for pictures that are not in the file (default: the "
        "built-in, where that one made it; else what is stored is shown)",
    )
    add("--device", help="cpu, cuda, xpu or mps (default: the best there is)")
    add("--estimate", action="store_true", help="say how large the files would be; write none")
    add_export_arguments(export, several=True)


def export(options: argparse.Namespace) -> int:
    """``denoising-visualizer export``: write every ``--out``."""
    return headless.answering(lambda: _export(options))


def _export(options: argparse.Namespace) -> int:
    from visualizer.commands.missing_pictures import check_shown, with_model

    chosen = export_options(options)
    names = options.out or [usual_name(options.path.resolve().stem, chosen)]
    outputs = outputs_of(names, chosen, strict=format_was_given(options))
    if not options.estimate:
        for output in outputs:
            output.check()
    what = headless.opened(options.path)
    if options.lane is not None:
        what = _run(what, options.lane)
    if chosen.pair is not None:
        a, b = (_index(_lanes(what), number) for number in chosen.pair)
        outputs = [replace(each, options=replace(each.options, pair=(a, b))) for each in outputs]
    check_shown(what, outputs)
    line = ProgressLine(quiet=options.quiet)
    for note in about_forgetting(outputs):
        line.say(f"Note: {note}")
    what = with_model(what, outputs, options.model, options.device, line)
    if options.estimate:
        return estimate_all(what, outputs)
    return write_all(what, outputs, quiet=options.quiet)


def _run(what: Trajectory | Comparison, number: int) -> Trajectory:
    """One run of a comparison, by the number of its letter."""
    lanes = _lanes(what)
    lane = lanes[_index(lanes, number)]
    if lane.run is None or not lane.run.steps:
        raise headless.Refused(f"Run {letter_of(number)} has no step. {lane.failure}".strip())
    return lane.run


def _lanes(what: Trajectory | Comparison) -> tuple[CompareLane, ...]:
    from visualizer.diffusion import Trajectory

    if isinstance(what, Trajectory):
        raise headless.Refused("--lane and --pair are for comparisons and sweeps; this is one run.")
    return what.lanes


def _index(lanes: Sequence[CompareLane], number: int) -> int:
    """Where the lane with this number stands."""
    numbers = lane_numbers(lanes)
    if number not in numbers:
        there = ", ".join(map(letter_of, numbers)) or "none"
        raise headless.Refused(f"There is no run {letter_of(number)} in it. There are: {there}.")
    return numbers.index(number)
