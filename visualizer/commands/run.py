"""``denoising-visualizer run``, and what a start without a display does: a prompt, into files."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualizer import EXAMPLE_PROMPT
from visualizer.commands import headless, inspect
from visualizer.commands.export_arguments import (
    add_export_arguments,
    export_options,
    format_was_given,
)
from visualizer.commands.headless import add_settings, count, opened, whole
from visualizer.commands.outputs import (
    Output,
    about_forgetting,
    add_out,
    outputs_of,
    usual_name,
    write_all,
)
from visualizer.progress_line import ProgressLine
from visualizer.time_words import duration

if TYPE_CHECKING:
    from visualizer.diffusion import Model, SamplingRequest, Trajectory

EXAMPLE_SEED = 7
FOLDER = "denoising-visualizer-pictures"


def add_arguments(run: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    add = run.add_argument
    add("prompt", metavar="PROMPT", help="what the picture shows")
    add("--avoid", metavar="TEXT", help="what to steer away from")
    add("--seed", type=whole, default=0, help="0 to 4294967295 (default: %(default)s)")
    add_settings(run, quick=True)
    add("--weights", action="store_true", help="read weights in the prompt, as in '(red)1.4 car'")
    add(
        "--picture",
        type=_given,
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help="a picture that the model wants, such as a control image",
    )
    add(
        "--set",
        type=_given,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a further argument of the pipeline's call, as JSON",
    )
    add_out(run, default="a .png named after the prompt")
    add_export_arguments(run, several=False)


def run(options: argparse.Namespace) -> int:
    """``denoising-visualizer run``: sample, then write every ``--out``."""
    return headless.answering(lambda: _run(options))


def without_window(path: str | None) -> int:
    """What a start without a display does: the main job, into files.

    Args:
        path: what somebody wanted to open: of a run its pictures are written, of a picture it is
            told how it was made. None samples the example prompt.
    """
    return headless.answering(lambda: _without_window(path))


def _run(options: argparse.Namespace) -> int:
    from visualizer.diffusion import SamplingRequest
    from visualizer.diffusion.request import FrozenMapping

    width, height = options.size or (None, None)
    request = SamplingRequest(
        prompt=options.prompt,
        negative_prompt=options.avoid or None,
        seed=options.seed,
        steps=options.steps,
        guidance_scale=options.guidance,
        sampler=options.sampler,
        width=width,
        height=height,
        extra=FrozenMapping(_extra(options)),
    )
    chosen, strict = export_options(options), format_was_given(options)
    usual = chosen if strict else replace(chosen, format="picture")
    names = options.out or [usual_name(f"{_slug(request.prompt)}-{request.seed}", usual)]
    outputs = outputs_of(names, chosen, strict=strict)
    return _sample_and_write(
        request,
        outputs,
        options.model,
        options.device,
        quiet=options.quiet,
        in_a_hurry=options.quick,
    )


def _extra(options: argparse.Namespace) -> dict[str, Any]:
    """Further arguments of the pipeline's call; pictures without a name stand under ""."""
    found: dict[str, Any] = {"weighting": True} if options.weights else {}
    for name, value in options.set:
        if not name:
            raise headless.Refused(f"--set wants NAME=VALUE, not '{value}'.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value  # a word needs no quotation marks
    if options.picture:
        from visualizer.diffusion.given_pictures import GivenPictureError, read_picture

        for name, value in options.picture:
            try:
                found[name] = read_picture(Path(value))
            except (GivenPictureError, OSError) as error:
                raise headless.Refused(f"{error}") from error
    return found


def _without_window(path: str | None) -> int:
    from visualizer.diffusion import SamplingRequest

    say = ProgressLine().say
    say("There is no display here, so no window can open.")
    if path is not None and not _is_run(Path(path)):
        say(f"This is what {path} tells of how it was made:")
        return inspect.inspect(argparse.Namespace(files=[Path(path)], json=False))
    folder = _folder_for_pictures()
    names = ("final.png", "sheet.png", "steps.webp")
    if path is not None:
        say(f"Writing the pictures of {path} to {folder} instead.")
        outputs = outputs_of(folder / name for name in names)
        return write_all(opened(Path(path)), outputs, quiet=False)
    say(f'Sampling "{EXAMPLE_PROMPT}" and writing it to {folder} instead.')
    request = SamplingRequest(prompt=EXAMPLE_PROMPT, seed=EXAMPLE_SEED)
    outputs = outputs_of(folder / name for name in (*names, "ferrari.denoise"))
    status = _sample_and_write(request, outputs, None, None, quiet=False)
    say('For a prompt of your own: denoising-visualizer run "PROMPT" --out picture.png')
    return status


def _is_run(path: Path) -> bool:
    """Whether it is a run, a comparison or a sweep, and not a picture that remembers one."""
    return path.is_dir() or path.suffix.lower() == ".denoise"


def _sample_and_write(
    request: SamplingRequest,
    outputs: Sequence[Output],
    folder: Path | None,
    device: str | None,
    *,
    quiet: bool,
    in_a_hurry: bool = False,
) -> int:
    from visualizer.commands.missing_pictures import Keeping

    for output in outputs:  # before the long run, not after it
        output.check()
    line = ProgressLine(quiet=quiet)
    line.say("Loading the model …")
    model = headless.open_model(folder, device)
    if in_a_hurry:
        request = replace(request, steps=headless.quick_steps(model.facts))
    request = headless.recommended(request, model.facts)
    for note in (*about_forgetting(outputs), *headless.notes(request, model)):
        line.say(f"Note: {note}")
    trajectory = _sample(model, request, line).with_decoder(Keeping(model))
    if trajectory.cancelled:
        where = f"step {len(trajectory.steps) - 1} of {len(trajectory.planned) - 1}"
        before = "Stopped before the first step: there is nothing to keep."
        line.say(trajectory.notice or (f"Stopped at {where}." if trajectory.steps else before))
        kept = [output for output in outputs if output.is_run and trajectory.steps]
        if kept:
            names = " and ".join(output.name for output in kept)
            line.say(f"Writing {names} with its pictures … Ctrl+C ends that at once, without it.")
        failed = write_all(trajectory, kept, quiet=quiet)
        return 1 if trajectory.notice or failed else 130
    line.say(f"{count(len(trajectory.steps) - 1, 'step')} in {duration(trajectory.seconds)}")
    return write_all(trajectory, outputs, quiet=quiet)


def _sample(model: Model, request: SamplingRequest, line: ProgressLine) -> Trajectory:
    from visualizer.diffusion import ModelError, sample

    total = len(model.plan(request).timesteps)
    cancelled = threading.Event()
    line.start()
    with headless.stopping(cancelled, line):
        try:
            return sample(
                model,
                request,
                on_step=lambda step: line.show("Step", step.index, total),
                cancelled=cancelled,
            )
        except ModelError as error:
            raise headless.Refused(str(error), 1) from error
        finally:
            line.clear()


def _folder_for_pictures() -> Path:
    """A folder of our own where we are, or else among the person's pictures."""
    import platformdirs

    places = (Path.cwd(), platformdirs.user_pictures_path(), Path.home())
    for place in places:
        folder = place / FOLDER
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    raise headless.Refused("There is no folder here that may be written to.", 1)


def _slug(prompt: str) -> str:
    """A file name that tells the prompt."""
    return re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:60].strip("-") or "picture"


def _given(text: str) -> tuple[str, str]:
    """NAME=VALUE, or a value alone."""
    name, separator, value = text.partition("=")
    return (name, value) if separator and name.isidentifier() else ("", text)
