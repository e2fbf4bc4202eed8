"""Sweeps at the command line: every prompt under every seed, into a folder."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.progress_line import ProgressLine
from visualizer.time_words import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from visualizer.diffusion import Model, SamplingRequest
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.trajectory import ModelIdentity
    from visualizer.sweeps.folder import SweepFolder
    from visualizer.sweeps.manifest import PlannedRun
    from visualizer.sweeps.progress import SweepProgress

AT_ONCE = 8
MAX_AT_ONCE = 256
MAX_WORKERS = 4096


def add_arguments(sweep: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    from visualizer.commands.headless import add_settings

    add = sweep.add_argument
    add(
        "--prompts", type=Path, required=True, metavar="FILE", help="a text file, one prompt a line"
    )
    add("--seeds", required=True, metavar="LIST", help="for example 0-255 or 1,5,9")
    add("--out", type=Path, required=True, metavar="FOLDER", help="where the runs go")
    add("--avoid", metavar="TEXT", help="what to steer away from")
    add_settings(sweep)
    add(
        "--batch",
        type=_between("pictures", MAX_AT_ONCE),
        default=AT_ONCE,
        metavar="N",
        help="pictures sampled together, memory permitting (default: %(default)s)",
    )
    add(
        "--pictures",
        choices=("few", "final", "all"),
        default="few",
        help="what the files show without the model: the final picture and four more moments, "
        "the final one alone, or every step (default: %(default)s)",
    )
    add(
        "--ray",
        metavar="ADDRESS",
        help="spread the sweep over a Ray cluster: auto, or HOST:PORT",
    )
    add(
        "--workers",
        type=_between("workers", MAX_WORKERS),
        metavar="N",
        help="workers of the cluster at most (default: one for every GPU, or every CPU)",
    )
    add("--quiet", action="store_true", help="say nothing but errors")


def sweep(options: argparse.Namespace) -> int:
    """``denoising-visualizer sweep``: what is not in the folder yet is made.

    Ctrl+C stops it; the same command goes on from there.
    """
    from visualizer.commands.headless import answering

    return answering(lambda: _sweep(options))


def _sweep(options: argparse.Namespace) -> int:
    from visualizer.commands.headless import Refused
    from visualizer.diffusion import SamplingRequest
    from visualizer.diffusion.grid import read_values
    from visualizer.sweeps.folder import SweepFolder
    from visualizer.sweeps.manifest import check_size
    from visualizer.sweeps.prompt_file import read_prompts

    line = ProgressLine(quiet=options.quiet)
    if options.workers and options.ray is None:
        raise Refused("--workers is for clusters: name one with --ray.")
    file = read_prompts(options.prompts)
    seeds = read_values("seed", options.seeds)
    check_size(len(file.prompts), len(seeds))
    for note in file.notes:
        line.say(f"Note: {note}")
    width, height = options.size or (None, None)
    base = SamplingRequest(
        prompt="",
        negative_prompt=options.avoid or None,
        steps=options.steps,
        guidance_scale=options.guidance,
        sampler=options.sampler,
        width=width,
        height=height,
    )
    with ExitStack() as stack:
        folder = stack.enter_context(SweepFolder(options.out))
        sitting = _Sitting(options, folder, file.prompts, seeds, base, line, stack)
        status = sitting.here() if options.ray is None else sitting.on_cluster()
    if status in (0, 1) and not options.quiet:
        print(options.out, flush=True)
    return status


class _Sitting:
    """One call of the command."""

    def __init__(
        self,
        options: argparse.Namespace,
        folder: SweepFolder,
        prompts: Sequence[str],
        seeds: Sequence[int],
        base: SamplingRequest,
        line: ProgressLine,
        stack: ExitStack,
    ) -> None:
        self._options, self._folder, self._line = options, folder, line
        self._prompts, self._seeds, self._base = tuple(prompts), tuple(seeds), base
        self._cancelled = threading.Event()
        self._stack = stack

    def here(self) -> int:
        """Make the runs on this machine."""
        from visualizer.commands.headless import notes, open_model, recommended
        from visualizer.sweeps.here import make_here

        self._line.say("Loading the model …")
        model = open_model(self._options.model, self._options.device)
        _refuse_pictures(model.facts)
        self._base = recommended(self._base, model.facts)
        for note in (*notes(self._base, model), *_about_prompts(self._prompts, model)):
            self._line.say(f"Note: {note}")
        # refuses here, before anything is made, what cannot be sampled
        model.plan(replace(self._base, prompt=self._prompts[0], seed=self._seeds[0]))

        def make(runs: Sequence[PlannedRun], progress: SweepProgress) -> None:
            make_here(
                model,
                self._folder,
                runs,
                pictures=self._options.pictures,
                at_once=self._options.batch,
                progress=progress,
                cancelled=self._cancelled,
                unexpected=_write_down,
            )

        return self._make(model.identity, make)

    def on_cluster(self) -> int:
        """Have the runs made by the workers of a Ray cluster."""
        from visualizer.commands.headless import ENVIRONMENT, recommended, stopping
        from visualizer.sweeps.cluster import Cluster

        most = -(-len(self._prompts) * len(self._seeds) // self._options.batch)
        cluster = Cluster(
            self._options.ray,
            model=self._options.model,
            device=self._options.device,
            workers=min(self._options.workers or most, most),
            environment=ENVIRONMENT,
            line=self._line,
            cancelled=self._cancelled,
        )
        with stopping(self._cancelled, self._line):
            self._stack.enter_context(cluster)
        if self._cancelled.is_set():
            self._line.say("Stopped.")
            return 130
        _refuse_pictures(cluster.facts)
        self._base = recommended(self._base, cluster.facts)
        cluster.check(replace(self._base, prompt=self._prompts[0], seed=self._seeds[0]))

        def make(runs: Sequence[PlannedRun], progress: SweepProgress) -> None:
            cluster.make(
                self._folder,
                runs,
                pictures=self._options.pictures,
                at_once=self._options.batch,
                progress=progress,
            )

        return self._make(cluster.identity, make)

    def _make(
        self,
        identity: ModelIdentity,
        make: Callable[[Sequence[PlannedRun], SweepProgress], None],
    ) -> int:
        """Make what is missing, and tell how it went."""
        from visualizer.commands.headless import stopping
        from visualizer.sweeps.manifest import Manifest
        from visualizer.sweeps.progress import SweepProgress

        wanted = Manifest(self._base, identity, self._prompts, self._seeds, self._options.pictures)
        _, missing = self._folder.begin(wanted)
        total = len(self._prompts) * len(self._seeds)
        done = total - len(missing)
        if done:
            self._line.say(f"{done} of {total} runs are there already.")
        progress = SweepProgress(total, done, self._line)
        try:
            with stopping(self._cancelled, self._line):
                make(missing, progress)
        finally:
            self._line.clear()
        return self._told(progress, len(missing))

    def _told(self, progress: SweepProgress, missing: int) -> int:
        from visualizer.sweeps.folder import FAILURES

        place = self._folder.path
        if self._cancelled.is_set() and progress.done + progress.failed < progress.total:
            self._line.say(
                f"Stopped: {progress.done} of {progress.total} runs are in {place}. The same "
                "command goes on from there."
            )
            return 130
        if pace := progress.per_minute:
            made = missing - progress.failed
            seconds = 60 * missing / pace
            self._line.say(f"{made} runs in {duration(seconds)}, {pace:.3g} per minute.")
        if progress.failed:
            ProgressLine().say(
                f"error: {progress.failed} of {progress.total} runs could not be made; "
                f"{place / FAILURES} tells why. The same command tries them again."
            )
            return 1
        return 0


def _write_down(error: Exception) -> None:
    from visualizer.session import crash_log

    crash_log.record(error, "sweep")


def _refuse_pictures(facts: ModelFacts) -> None:
    """Sweeps are spread over words and seeds, and have no picture to give."""
    from visualizer.commands.headless import Refused

    if facts.control and not facts.control_optional:
        raise Refused(
            f"{facts.name} needs a picture beside the prompt, and a sweep gives none. Choose "
            "another model, or make its runs one by one with the command 'run'."
        )


def _about_prompts(prompts: Iterable[str], model: Model) -> Iterable[str]:
    """What the person should know of the prompts before hours of work."""
    readings = [model.read_prompt(prompt) for prompt in prompts]
    cut = sum(reading.cut is not None for reading in readings)
    if cut:
        many = "One prompt is" if cut == 1 else f"{cut} prompts are"
        yield f"{many} longer than this model reads."
    unknown = dict.fromkeys(word for reading in readings for _, _, word in reading.unknown)
    if unknown:
        words = [f"'{word}'" for word in unknown]
        more = f" and {len(words) - 8} more" if len(words) > 8 else ""
        yield f"This model was never taught {', '.join(words[:8])}{more}."


def _between(noun: str, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        from visualizer.commands.headless import whole

        value = whole(text)
        if not 1 <= value <= most:
            raise argparse.ArgumentTypeError(f"must lie between 1 and {most} {noun}")
        return value

    return read
