"""What every command without a window shares: its settings, its model, its sentences."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualizer.progress_line import ProgressLine

if TYPE_CHECKING:
    from visualizer.diffusion import Model, SamplingRequest, Trajectory
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.facts import ModelFacts

# Read by the libraries when they are imported. Nothing here ever goes online.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Refused(Exception):
    """Ends a command with a sentence."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


def add_settings(parser: argparse.ArgumentParser, *, quick: bool = False) -> None:
    """The options that say how and with what to sample, the same for every command that does.

    Args:
        quick: whether ``--quick`` is among them.
    """
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument(
        "--steps", type=whole, help="denoising steps (default: what the model recommends)"
    )
    if quick:
        steps.add_argument(
            "--quick",
            action="store_true",
            help="only the few steps that the model recommends for a hurry",
        )
    add = parser.add_argument
    add("--guidance", type=number, help="how strongly the prompt pulls (default: the model's)")
    add("--sampler", metavar="NAME", help="for example ddim or euler (default: the model's own)")
    add("--size", type=size, metavar="WxH", help="in pixels, for example 512x512")
    add(
        "--model",
        type=Path,
        metavar="PATH",
        help="a diffusers folder or a .safetensors checkpoint (default: the built-in)",
    )
    add("--device", help="cpu, cuda, xpu or mps (default: the best there is)")


def answering(work: Callable[[], int]) -> int:
    """The one place where sentences reach the terminal."""
    from visualizer.diffusion import RequestError, RunFileError
    from visualizer.export import ExportError
    from visualizer.sweeps.errors import SweepError

    try:
        return work()
    except (RequestError, RunFileError, ExportError) as error:
        sentence, status = str(error), 2
    except SweepError as error:
        sentence, status = str(error), 1 if error.began else 2
    except Refused as refused:
        sentence, status = str(refused), refused.status
    ProgressLine().say(f"error: {sentence}")
    return status


def open_model(folder: Path | None, device: str | None) -> Model:
    """The built-in model, or the one in a folder or checkpoint, offline.

    Raises:
        Refused: with a sentence, when it cannot be opened.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")  # advice of libraries to programmers
    from visualizer.diffusion import Model, ModelError

    try:
        return Model.open(folder, device=device) if folder else Model.builtin(device=device)
    except (ModelError, FileNotFoundError) as error:
        raise Refused(str(error)) from error


def opened(path: Path) -> Trajectory | Comparison:
    """What a .denoise file or the folder of a sweep holds."""
    from visualizer.diffusion import Trajectory, comparison_file, runfile
    from visualizer.sweeps.results import is_sweep, open_results

    if is_sweep(path):
        return open_results(path)
    if runfile.kind_of(path) == "comparison":
        return comparison_file.load(path)
    return Trajectory.open(path)


def recommended(request: SamplingRequest, facts: ModelFacts) -> SamplingRequest:
    """The request with the model's own settings where none were given, as in the window."""
    from visualizer.diffusion.request import FrozenMapping

    settings: dict[str, Any] = {
        "steps": facts.steps,
        "guidance_scale": facts.guidance_scale if facts.guidance else None,
        "width": facts.width,
        "height": facts.height,
    }
    missing = {name: value for name, value in settings.items() if getattr(request, name) is None}
    request = replace(request, **missing)
    return replace(request, extra=FrozenMapping(_pictures_in_place(request, facts)))


def quick_steps(facts: ModelFacts) -> int:
    """How many steps ``--quick`` stands for.

    Raises:
        Refused: where the makers of the model say nothing of it.
    """
    if facts.quick_steps is None:
        raise Refused(f"{facts.name} has no quick way of its own: give --steps a number.")
    return facts.quick_steps


def _pictures_in_place(request: SamplingRequest, facts: ModelFacts) -> dict[str, Any]:
    """``extra`` with each picture under its argument's name, cut to the size of the run."""
    from visualizer.diffusion.given_pictures import cover

    extra = dict(request.extra)
    if "" in extra:
        free = [name for name in facts.control if name not in extra]
        if not free:
            raise Refused(f"{facts.name} takes no picture.")
        extra[free[0]] = extra.pop("")
    missing = [name for name in facts.control if extra.get(name) is None]
    if missing and not facts.control_optional:
        raise Refused(f"{facts.name} needs a picture: --picture {missing[0]}=FILE.")
    width, height = request.width or facts.width, request.height or facts.height
    for name in facts.control:
        if name not in missing:
            extra[name] = cover(extra[name], width, height)
    return extra


def notes(request: SamplingRequest, model: Model) -> Iterator[str]:
    """What the person should know before the run."""
    notice = model.plan(request).notice  # refuses here what cannot be sampled
    if notice:
        yield notice
    text = request.prompt
    if request.extra.get("weighting"):
        from visualizer.diffusion import weight_syntax

        text = weight_syntax.read(text).text
    unknown = [word for _, _, word in model.read_prompt(text).unknown]
    if unknown:
        words = ", ".join(f"'{word}'" for word in dict.fromkeys(unknown))
        yield f"This model was never taught {words}."
    if not model.facts.guidance and request.guidance_scale is not None:
        yield "This model works without guidance: --guidance changes nothing."
    if not model.facts.avoid:
        if request.negative_prompt:
            yield "This model reads no avoid text: --avoid changes nothing."
    elif request.negative_prompt and (request.guidance_scale or 0) <= 1:
        yield "The text to avoid is not read where guidance is off (1 or less)."


@contextlib.contextmanager
def stopping(cancelled: threading.Event, line: ProgressLine) -> Iterator[None]:
    """Ctrl+C stops the run within a step; a second one ends the program at once."""

    def stop(number: int, _frame: object) -> None:
        cancelled.set()
        line.say("Stopping …")
        signal.signal(number, signal.default_int_handler)

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, *ending_signals())}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def ending_signals() -> tuple[signal.Signals, ...]:
    """What tells a program to end, also the end of its terminal where that matters to it."""
    found = [signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)  # not on Windows
    if hang_up is not None and signal.getsignal(hang_up) != signal.SIG_IGN:  # as nohup sets it
        found.append(hang_up)
    return tuple(found)


def whole(text: str) -> int:
    """An option that is a whole number."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number") from error


def number(text: str) -> float:
    """An option that is a number."""
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no number") from error


def size(text: str) -> tuple[int, int]:
    """An option such as 512x512: (width, height)."""
    found = re.fullmatch(r"(\d+)\s*[x×X]\s*(\d+)", text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 512x512")
    return int(found[1]), int(found[2])


def count(number: int, noun: str) -> str:
    """ "1 step", "30 steps"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
