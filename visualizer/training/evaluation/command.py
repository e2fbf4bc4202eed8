"""`denoising-visualizer evaluate`. Importing this loads neither torch nor Qt."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualizer.training.arguments import whole_number
from visualizer.training.evaluation.prompts import SEEDS_EACH, VARIED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visualizer.training.evaluation.generated import Generator
    from visualizer.training.evaluation.judge import Judge


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    add = parser.add_argument
    add("--model", type=Path, default=None, help="model folder (default: the built-in model)")
    add(
        "--count",
        type=whole_number,
        default=500,
        help="prompts with one thing (default: %(default)d)",
    )
    add(
        "--pairs",
        type=whole_number,
        default=300,
        help="prompts with two things (default: %(default)d)",
    )
    add(
        "--varied",
        type=whole_number,
        default=VARIED,
        help=f"prompts made under {SEEDS_EACH} seeds each (default: %(default)d)",
    )
    add("--seed", type=int, default=1000, help="seed of the first picture (default: %(default)d)")
    add(
        "--steps", type=whole_number, default=None, help="steps a picture (default: as recommended)"
    )
    add("--guidance", type=float, default=None, help="guidance (default: as recommended)")
    add("--sampler", default=None, help="a sampler of `run --sampler` (default: the model's own)")
    add("--judge", type=Path, default=None, help="judge.safetensors (default: the one that ships)")
    add("--photographs", type=Path, default=None, help="folder of photographs for the autoencoder")
    add("--device", default="cpu", help="where pictures are made (default: %(default)s)")
    add("--output", type=Path, default=Path("evaluation"), help="folder for figures and sheets")


def evaluate(args: argparse.Namespace) -> int:
    """Ask a model for what it was never shown, look at what it makes, and count.

    What was made before by the same weights with the same settings is not made again.
    """
    from visualizer.diffusion.model import Model
    from visualizer.diffusion.model_folder import ModelError
    from visualizer.diffusion.request import RequestError
    from visualizer.training.evaluation.fidelity import photographs
    from visualizer.training.evaluation.generated import Generator, Settings
    from visualizer.training.evaluation.judge import load_judge

    output: Path = args.output
    try:
        given = {} if args.photographs is None else photographs(args.photographs)
        folder = args.model or _shipped("builtin-model")
        if not (folder / "model_index.json").exists():
            raise ValueError(f"{folder} is not a model folder: it has no model_index.json.")
        judge = load_judge(args.judge or _shipped("training-drawings", "judge.safetensors"))
        model = Model.open(folder, device=args.device)
        settings = Settings(
            args.steps or model.facts.steps,
            model.facts.guidance_scale if args.guidance is None else args.guidance,
            args.sampler,
        )
        generator = Generator(model, settings, output / "pictures", _say)
    except (FileNotFoundError, ModelError, RequestError, ValueError) as error:
        _say(str(error))
        return 2
    _write(_measured(args, generator, judge, given), output)
    return 0


def _measured(
    args: argparse.Namespace,
    generator: Generator,
    judge: Judge,
    given: dict[str, NDArray[np.uint8]],
) -> dict[str, Any]:
    import torch

    from visualizer.training.evaluation import measuring
    from visualizer.training.evaluation.fidelity import faithfulness, static_figures
    from visualizer.training.evaluation.prompts import held_out_questions, varied_questions

    output: Path = args.output
    output.mkdir(parents=True, exist_ok=True)
    sets = held_out_questions(args.count, args.pairs, args.seed)
    varied = varied_questions(args.seed, args.varied)
    made = {one.name: generator.pictures(one.name, one.asked) for one in (*sets, varied)}
    _say("looking at the pictures")
    model = generator.model
    return {
        "weights_hash": model.identity.weights_hash,
        "settings": vars(generator.settings),
        "seed": args.seed,
        "torch": torch.__version__.split("+")[0],
        "sets": {one.name: one.about for one in sets},
        "accuracy": {
            one.name: measuring.accuracy(one, made[one.name], judge, output) for one in sets
        },
        "judge": measuring.judge_figures(judge, model.pipeline.vae),
        "variety": measuring.variety_figures(varied, made[varied.name], judge, output),
        "frechet": measuring.frechet_figures(sets, made, judge),
        "psnr": faithfulness(model.pipeline.vae, given),
        "static": static_figures(model.pipeline),
        "speed": measuring.speed(generator, sets[0].asked[0]),
    }


def _write(figures: dict[str, Any], output: Path) -> None:
    from visualizer.training.evaluation.report import table

    text = json.dumps(figures, indent=1, ensure_ascii=False)
    (output / "figures.json").write_text(text + "\n", encoding="utf-8")
    written = table(figures)
    (output / "figures.md").write_text(written + "\n", encoding="utf-8")
    _say(written)


def _shipped(*parts: str) -> Path:
    from visualizer.assets import asset_path

    return asset_path(*parts)


def _say(message: str) -> None:
    print(message, flush=True)
