"""What the program does without a window: sample a prompt, write files, tell what is in one."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualizer import EXAMPLE_PROMPT
from visualizer.progress_line import ProgressLine

if TYPE_CHECKING:
    from visualizer.diffusion import Model, SamplingRequest, Trajectory
    from visualizer.diffusion.comparison import CompareLane, Comparison
    from visualizer.diffusion.facts import ModelFacts

EXAMPLE_SEED = 7
FOLDER = "denoising-visualizer-pictures"
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


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The options that say how and with what to sample, the same for every command that does."""
    add = parser.add_argument
    add("--steps", type=whole, help="denoising steps (default: what the model recommends)")
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


def add_arguments(run: argparse.ArgumentParser, info: argparse.ArgumentParser) -> None:
    """Tell the two parsers their options."""
    add = run.add_argument
    add("prompt", metavar="PROMPT", help="what the picture shows")
    add("--avoid", metavar="TEXT", help="what to steer away from")
    add("--seed", type=whole, default=0, help="0 to 4294967295 (default: %(default)s)")
    add_settings(run)
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
    add(
        "--out",
        type=Path,
        action="append",
        metavar="FILE",
        help="may be given several times; .png is the final picture, or a sheet of steps when the "
        "name contains 'sheet'; .webp, .gif, .apng and .mp4 move; .html is a page for browsers; "
        ".denoise is the whole run (default: a .png named after the prompt)",
    )
    add("--quiet", action="store_true", help="say nothing but errors")
    info.add_argument("path", type=Path, metavar="PATH", help="a .denoise file or a model folder")


# --- Commands -------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """``denoising-visualizer run``: sample, then write every ``--out``."""
    return answering(lambda: _run(options))


def info(options: argparse.Namespace) -> int:
    """``denoising-visualizer info``: a run file or a model folder in a few lines."""
    return answering(lambda: _info(options.path))


def without_window(path: str | None) -> int:
    """What a start without a display does: the main job, into files.

    Args:
        path: a run file somebody wanted to open; None samples the example prompt.
    """
    return answering(lambda: _without_window(path))


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
    outs = options.out or [Path(f"{_slug(request.prompt)}-{request.seed}.png")]
    return _sample_and_write(request, outs, options.model, options.device, quiet=options.quiet)


def _extra(options: argparse.Namespace) -> dict[str, Any]:
    """Further arguments of the pipeline's call; pictures without a name stand under ""."""
    found: dict[str, Any] = {"weighting": True} if options.weights else {}
    for name, value in options.set:
        if not name:
            raise Refused(f"--set wants NAME=VALUE, not '{value}'.")
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
                raise Refused(f"{error}") from error
    return found


def _info(path: Path) -> int:
    from visualizer.sweeps.results import is_sweep

    if path.suffix == ".safetensors" or (path.is_dir() and not is_sweep(path)):
        lines = _about_model(open_model(path, None).facts)
    else:
        from visualizer.diffusion import Trajectory

        found = _opened(path)
        lines = _about_run(found) if isinstance(found, Trajectory) else _about_comparison(found)
    width = max(len(name) for name, _ in lines) + 2
    for name, text in lines:
        print(f"{name:<{width}}{text}")
    return 0


def _without_window(path: str | None) -> int:
    from visualizer.diffusion import SamplingRequest

    say = ProgressLine().say
    say("There is no display here, so no window can open.")
    folder = _folder_for_pictures()
    names = ("final.png", "sheet.png", "steps.webp")
    if path is not None:
        say(f"Writing the pictures of {path} to {folder} instead.")
        return _write_all(_opened(Path(path)), [folder / name for name in names], quiet=False)
    say(f'Sampling "{EXAMPLE_PROMPT}" and writing it to {folder} instead.')
    request = SamplingRequest(prompt=EXAMPLE_PROMPT, seed=EXAMPLE_SEED)
    outs = [folder / name for name in (*names, "ferrari.denoise")]
    status = _sample_and_write(request, outs, None, None, quiet=False)
    say('For a prompt of your own: denoising-visualizer run "PROMPT" --out picture.png')
    return status


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


# --- Sampling -------------------------------------------------------------------------------------


def _sample_and_write(
    request: SamplingRequest,
    outs: Sequence[Path],
    folder: Path | None,
    device: str | None,
    *,
    quiet: bool,
) -> int:
    from visualizer import export

    for out in outs:  # before the long run, not after it
        export.check(out)
    line = ProgressLine(quiet=quiet)
    line.say("Loading the model …")
    model = open_model(folder, device)
    request = recommended(request, model.facts)
    for note in notes(request, model):
        line.say(f"Note: {note}")
    trajectory = _sample(model, request, line)
    if trajectory.cancelled:
        where = f"step {len(trajectory.steps) - 1} of {len(trajectory.planned) - 1}"
        before = "Stopped before the first step: there is nothing to keep."
        line.say(trajectory.notice or (f"Stopped at {where}." if trajectory.steps else before))
        kept = [out for out in outs if out.suffix.lower() == ".denoise" and trajectory.steps]
        failed = _write_all(trajectory, kept, quiet=quiet)
        return 1 if trajectory.notice or failed else 130
    line.say(f"{_count(len(trajectory.steps) - 1, 'step')} in {trajectory.seconds:.1f} s")
    return _write_all(trajectory, outs, quiet=quiet)


def _sample(model: Model, request: SamplingRequest, line: ProgressLine) -> Trajectory:
    from visualizer.diffusion import ModelError, sample

    total = len(model.plan(request).timesteps)
    cancelled = threading.Event()
    line.start()
    with stopping(cancelled, line):
        try:
            return sample(
                model,
                request,
                on_step=lambda step: line.show("Step", step.index, total),
                cancelled=cancelled,
            )
        except ModelError as error:
            raise Refused(str(error), 1) from error
        finally:
            line.clear()


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

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


# --- Writing --------------------------------------------------------------------------------------


def _write_all(what: Trajectory | Comparison, outs: Sequence[Path], *, quiet: bool) -> int:
    """Write every file, also when one of them fails; 1 then."""
    from visualizer import export
    from visualizer.diffusion import Trajectory

    line = ProgressLine(quiet=quiet)
    status = 0
    # the run itself first: it is then safe, and the others need not decode its pictures again
    for out in sorted(outs, key=lambda out: out.suffix.lower() != ".denoise"):
        line.start()
        try:
            export.write(what, out, partial(line.draw, out.name))
        except export.ExportError as error:
            line.clear()
            ProgressLine().say(f"error: {error}")
            status = 1
            continue
        line.clear()
        if out.suffix.lower() == ".denoise" and isinstance(what, Trajectory):
            what = Trajectory.open(out).with_decoder(what.decoder)
        if not quiet:
            print(out, flush=True)
    return status


def _opened(path: Path) -> Trajectory | Comparison:
    """What a .denoise file or the folder of a sweep holds."""
    from visualizer.diffusion import Trajectory, comparison_file, runfile
    from visualizer.sweeps.results import is_sweep, open_results

    if is_sweep(path):
        return open_results(path)
    if runfile.kind_of(path) == "comparison":
        return comparison_file.load(path)
    return Trajectory.open(path)


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
    raise Refused("There is no folder here that may be written to.", 1)


def _slug(prompt: str) -> str:
    """A file name that tells the prompt."""
    return re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:60].strip("-") or "picture"


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


def _given(text: str) -> tuple[str, str]:
    """NAME=VALUE, or a value alone."""
    name, separator, value = text.partition("=")
    return (name, value) if separator and name.isidentifier() else ("", text)


def size(text: str) -> tuple[int, int]:
    """An option such as 512x512: (width, height)."""
    found = re.fullmatch(r"(\d+)\s*[x×X]\s*(\d+)", text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 512x512")
    return int(found[1]), int(found[2])


# --- Telling --------------------------------------------------------------------------------------


def _about_run(run: Trajectory) -> list[tuple[str, str]]:
    request, model = run.request, run.model
    done, planned = max(0, len(run.steps) - 1), max(0, len(run.planned) - 1)
    lines = [("prompt", request.prompt or "(none)")]
    if request.negative_prompt:
        lines.append(("avoid", request.negative_prompt))
    lines.append(("seed", str(request.seed)))
    lines.append(("steps", f"stopped at {done} of {planned}" if run.cancelled else str(done)))
    if request.guidance_scale is not None:
        lines.append(("guidance", f"{request.guidance_scale:g}"))
    lines.append(("sampler", run.sampler or "the model's own"))
    if run.final is not None:
        lines.append(("size", f"{run.final.shape[1]} × {run.final.shape[0]} pixels"))
    versions = ", ".join(f"{name} {version}" for name, version in model.versions.items())
    lines += [
        ("model", f"{model.name} ({model.pipeline_class}, weights {model.weights_hash[:12]})"),
        ("made on", f"{model.device}, {model.dtype}, {_count(model.threads, 'thread')}"),
        ("made with", versions),
        ("took", f"{run.seconds:.1f} s"),
        ("pictures", f"{len(run.pictures) + (run.final is not None)} in the file"),
    ]
    if run.notice:
        lines.append(("notice", run.notice))
    return [(name, text) for name, text in lines if text]


def _about_comparison(comparison: Comparison) -> list[tuple[str, str]]:
    from visualizer.export.reel import reel_of

    lanes = comparison.lanes
    lines = [("comparison", comparison.title or f"{_count(len(lanes), 'run')} side by side")]
    if lanes:
        lines.append(("in common", ", ".join(reel_of(comparison).facts[1:])))
    lines += [
        ("columns", ", ".join(comparison.column_labels)),
        ("rows", ", ".join(comparison.row_labels)),
        ("measured", comparison.summary),
    ]
    for number, lane in enumerate(lanes, start=1):
        lines.append((f"run {number}", f"{lane.label or lane.request.prompt}: {_state(lane)}"))
    return [(name, text) for name, text in lines if text]


def _state(lane: CompareLane) -> str:
    """How far a run of a comparison came."""
    if lane.run is None or not lane.run.steps:
        return lane.failure or "not made"
    done = len(lane.run.steps) - 1
    if lane.run.cancelled:
        stopped = f"stopped at step {done} of {len(lane.run.planned) - 1}"
        return f"{stopped}. {lane.failure}" if lane.failure else stopped
    return _count(done, "step")


def _about_model(facts: ModelFacts) -> list[tuple[str, str]]:
    lines = [
        ("model", f"{facts.name} ({facts.pipeline_class}, weights {facts.weights_hash[:12]})"),
        ("family", facts.family),
        ("license", facts.license),
        ("device", facts.device_label),
        ("memory", facts.memory_note),
        ("pictures", ", ".join(facts.control)),
        ("sizes", ", ".join(f"{w} × {h}" for w, h in facts.sizes)),
        ("steps", str(facts.steps)),
        ("guidance", f"{facts.guidance_scale:g}" if facts.guidance else "not used"),
        ("samplers", ", ".join([f"{facts.own_sampler} (own)", *(s.key for s in facts.samplers)])),
    ]
    if facts.vocabulary is not None:
        known = facts.vocabulary
        lines.append(("knows", ", ".join((*known.objects, *known.colors, *known.places))))
    lines += [("not shown", sentence) for sentence in facts.cannot_show]
    return [(name, text) for name, text in lines if text]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
