"""What is made from the built-in model's weights, and how: the steps of ``rebuild``, in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import model_figures
from machine import Stop

MODEL = "assets/builtin-model"
WEIGHTS = (f"{MODEL}/**/*.safetensors",)
SETTINGS = (
    f"{MODEL}/recommended.json",
    f"{MODEL}/scheduler/*.json",
    f"{MODEL}/vocabulary.json",
)
PREPARED = "assets/prepared/ferrari.denoise"
FAST_DECODER = "assets/prepared/fast-decoder-*.safetensors"
EARLY = "assets/training-checkpoints"
DRAWINGS = "assets/training-drawings"
LISTED = 48_000
"""So many of the training's drawings are in the list that ships: more would double its size."""
PHOTOGRAPHS = "benchmarks/photographs"
ASKED = ("--count", 250, "--pairs", 150, "--varied", 12)
"""So many prompts are measured: 710 and 96 pictures more, half an hour on two cores."""
BY_HAND = (
    "assets/lessons/*.md",
    "docs/builtin-model.md, all but the table",
    "docs/beside-the-picture.md",
    "docs/comparisons.md",
    "docs/figures.md",
    "docs/words.md",
)
"""What tells numbers of the weights in sentences; `python -m benchmarks lessons` measures most."""
SHEETS = {
    "plain": "docs/images/built-in-model.webp",
    "pairs": "docs/images/built-in-model-pairs.webp",
}
"""By the name of the questions: where the first hundred pictures are shown, wrong or right."""
PICTURES = (
    "compare-dark.png",
    "compare-light.png",
    "ferrari.webp",
    "lessons-dark.png",
    "physics-dark.png",
    "window-dark.png",
    "window-light.png",
    "window-mid-run.png",
    "words-dark.png",
)


class Places(NamedTuple):
    """Where a step finds and puts things.

    Attributes:
        root: of the checkout.
        workdir: the folder of the training, with its drawings and what else is kept from it.
        key: a name for the weights, for what is kept of them alone.
    """

    root: Path
    workdir: Path
    key: str


class Step(NamedTuple):
    """Something that is made from the weights.

    Attributes:
        about: what it is, for a person.
        reads: patterns below the root: of the files that decide what comes out.
        makes: patterns of the files that come out.
    """

    name: str
    about: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    work: Callable[[Places], None]


def prepared_run(places: Places) -> None:
    """The run that the window shows while the model loads."""
    from visualizer import EXAMPLE_PROMPT
    from visualizer.commands.run import EXAMPLE_SEED

    out = places.root / PREPARED
    out.parent.mkdir(parents=True, exist_ok=True)
    _visualizer(
        places, "run", EXAMPLE_PROMPT, "--seed", EXAMPLE_SEED, "--device", "cpu", "--out", out
    )


def fast_decoder(places: Places) -> None:
    """What shows latents at once, so that the first run of a new installation need not wait."""
    from visualizer.diffusion import Model
    from visualizer.diffusion.fast_decoder import shipped_name

    model = Model.open(places.root / MODEL, device="cpu")
    fit = model.begin_fast_decoder()
    while not fit.finished:
        fit.advance()
    made = (places.root / PREPARED).with_name(shipped_name(model.identity.weights_hash))
    fit.decoder().save(made)
    for old in places.root.glob(FAST_DECODER):
        if old != made:
            old.unlink()


def early_weights(places: Places) -> None:
    """What the training kept on its way, eight bits a weight.

    A training that was gone on with (``train --from``) keeps none: those of its start stay.

    Raises:
        Stop: when it kept nothing in this workdir.
    """
    from visualizer.training.checkpoints import save_checkpoint
    from visualizer.training.denoiser import (
        KEPT_AT,
        averaged_denoiser,
        kept_path,
        shown_pictures,
    )

    checkpoint = places.workdir / "denoiser.pt"
    kept = {share: kept_path(checkpoint, share) for share in KEPT_AT}
    if not checkpoint.exists() and any(places.workdir.glob("further-*.pt")):
        print("The model was trained further: the early weights of its start stay.")
        return
    _ask_for((checkpoint, *kept.values()), places.workdir)
    pictures = shown_pictures(checkpoint)
    for share, path in kept.items():
        denoiser = averaged_denoiser(path)
        print(save_checkpoint(denoiser, places.root / EARLY, share, round(share * pictures)))


def figures(places: Places) -> None:
    """How well prompts are followed, measured, and written into the page on the model."""
    folder = _evaluation(places)
    if not (folder / "figures.json").exists():
        files = ("--judge", _judge(places), "--photographs", places.root / PHOTOGRAPHS)
        _visualizer(places, "evaluate", *ASKED, *files, "--output", folder)
    measured = model_figures.read(folder / "figures.json")
    model_figures.write_into(places.root / model_figures.PAGE, measured)
    for name, shipped in SHEETS.items():
        _save_smaller(folder / f"sheet-{name}.png", places.root / shipped)


def drawings_index(places: Places) -> None:
    """Where each drawing of the training stands, and the judge that looks at them."""
    from visualizer.training import nearest
    from visualizer.training.model_card import read_course

    count = min(LISTED, read_course(places.root / MODEL).scenes)
    words = ("--judge", _judge(places), "--count", count, "--output", places.root / DRAWINGS)
    if nearest.main([str(word) for word in words]):
        raise Stop("The list of drawings could not be made.")


def screenshots(places: Places) -> None:
    """The pictures of the window and the animation, for README and docs."""
    _python(places, places.root / "packaging" / "screenshots.py")


STEPS = (
    Step("prepared", "the run on the first screen", WEIGHTS + SETTINGS, (PREPARED,), prepared_run),
    Step("fast-decoder", "the quick previews", WEIGHTS, (FAST_DECODER,), fast_decoder),
    Step(
        "early-weights",
        "the weights early in the training, for the page Train",
        WEIGHTS,
        tuple(f"{EARLY}/after-{share}.safetensors" for share in ("0.01", "0.05", "0.2")),
        early_weights,
    ),
    Step(
        "figures",
        "the measured figures in the docs",
        WEIGHTS + SETTINGS,
        (model_figures.PAGE, *SHEETS.values()),
        figures,
    ),
    Step(
        "drawings",
        "the list of the training's drawings",
        (*WEIGHTS, f"{MODEL}/training.json"),
        (f"{DRAWINGS}/index.safetensors", f"{DRAWINGS}/judge.safetensors"),
        drawings_index,
    ),
    Step(
        "screenshots",
        "the pictures of README and docs",
        (*WEIGHTS, *SETTINGS, PREPARED),
        tuple(f"docs/images/{name}" for name in PICTURES),
        screenshots,
    ),
)


def _judge(places: Places) -> Path:
    """It has learned from drawings alone, so it serves whatever the weights."""
    from visualizer.training.evaluation import judge_training

    path = places.workdir / "judge.safetensors"
    if not path.exists():  # begun before, it goes on
        words = ("--output", path, "--workdir", places.workdir / "judge")
        judge_training.main([str(word) for word in words])
    return path


def _evaluation(places: Places) -> Path:
    """What is measured of these weights, and of no others."""
    return places.workdir / f"evaluation-{places.key}"


def _save_smaller(sheet: Path, shipped: Path) -> None:
    from PIL import Image

    shipped.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(sheet) as image:
        image.save(shipped, quality=80, method=6)


def _ask_for(paths: Iterable[Path], workdir: Path) -> None:
    for path in paths:
        if not path.exists():
            raise Stop(
                f"{path.name} is not in {workdir}. Name the folder that the training worked in "
                "with --workdir; a training keeps its early weights there."
            )


def _visualizer(places: Places, *arguments: object) -> None:
    _python(places, "-m", "visualizer", *arguments)


def _python(places: Places, *arguments: object) -> None:
    """Run a program of ours beside this one; what it prints is seen.

    Raises:
        Stop: when it failed.
    """
    words = [str(argument) for argument in arguments]
    if subprocess.run([sys.executable, *words], cwd=places.root, check=False).returncode:
        raise Stop(f"This did not work, as it says above: {' '.join(words)}")
