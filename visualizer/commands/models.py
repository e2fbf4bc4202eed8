"""Models at the command line: which there are, and downloading one after asking."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.progress_line import ProgressLine

if TYPE_CHECKING:
    from visualizer.diffusion.download_plan import DownloadPlan
    from visualizer.diffusion.found_models import FoundModel

MEGABYTE = 1_000_000


def add_arguments(models: argparse.ArgumentParser, download: argparse.ArgumentParser) -> None:
    """Tell the two parsers their options."""
    models.add_argument(
        "folders",
        type=Path,
        nargs="*",
        metavar="FOLDER",
        help="also look here; the Hugging Face cache and the folders added in the window are "
        "always searched",
    )
    download.add_argument("repository", metavar="OWNER/NAME", help="the model's name on the hub")
    download.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="PART",
        help="leave out a part that a checkpoint of yours has, for example transformer or unet",
    )
    download.add_argument("--yes", action="store_true", help="do not ask before downloading")


def models(options: argparse.Namespace) -> int:
    """``denoising-visualizer models``: one line a model, and a second one for what is wrong."""
    from visualizer.diffusion.found_models import find_models
    from visualizer.settings import Settings

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    folders = [*options.folders, *map(Path, Settings.load().model_folders)]
    status = 0
    for folder in options.folders:
        if not folder.is_dir():
            ProgressLine().say(f"error: There is no folder '{folder}'.")
            status = 2
    for model in find_models(folders):
        print(_line(model))
        if model.problem:
            print(f"    cannot be opened: {model.problem}")
        elif model.path:
            print(f"    {model.path}")
    return status


def download(options: argparse.Namespace) -> int:
    """``denoising-visualizer download``: tell size and license, ask, download.

    Ctrl+C stops it; the same command goes on from there.
    """
    from visualizer.diffusion.download_process import Download, DownloadError

    line = ProgressLine()
    process = Download()
    try:
        plan = process.describe(options.repository, options.without)
        if plan is None:
            return 130
        for text in _about(plan):
            print(text, flush=True)
        if plan.problem:
            line.say(f"error: {plan.problem}")
            return 2
        if not (options.yes or _agrees()):
            line.say("Nothing was downloaded.")
            return 0
        line.start()
        folder = process.fetch(
            plan,
            lambda done, total: line.show("Megabytes", done // MEGABYTE, total // MEGABYTE),
        )
    except KeyboardInterrupt:
        line.clear()
        line.say("Stopped. The same command goes on from here.")
        return 130
    except DownloadError as error:
        line.clear()
        line.say(f"error: {error}")
        return 1
    line.clear()
    print(folder, flush=True)
    return 0


def _line(model: FoundModel) -> str:
    from visualizer.byte_words import in_words

    facts = [
        model.family or model.pipeline_class or "unknown kind",
        in_words(model.bytes),
        model.license or "license unknown",
        f"needs about {in_words(model.memory_bytes)} of memory" if model.memory_bytes else "",
    ]
    return f"{model.name}: {', '.join(fact for fact in facts if fact)}"


def _about(plan: DownloadPlan) -> list[str]:
    from visualizer.byte_words import in_words

    lines = [
        f"{plan.repository}: {plan.family}",
        f"license: {plan.license or 'none is named'}",
        f"size: {in_words(plan.bytes)} in {len(plan.files)} files",
    ]
    if plan.bytes_here:
        lines.append(f"here already: {in_words(plan.bytes_here)}")
    return lines


def _agrees() -> bool:
    """Ask at the terminal; where nobody can answer, nothing is downloaded."""
    if sys.stdin is None or not sys.stdin.isatty():
        ProgressLine().say("Say --yes to download it.")
        return False
    return input("Download it? [y/N] ").strip().lower() in ("y", "yes")
