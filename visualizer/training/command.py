"""`denoising-visualizer train`. Importing this loads neither torch nor Qt."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.training import dataset, plan
from visualizer.training.arguments import positive_number, whole_number

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny, StableDiffusionPipeline

    from visualizer.training.examples import LatentFile
    from visualizer.training.model_card import Course
    from visualizer.training.start import Start


CURVES = "training-curves.svg"
"""In the model's folder: how the losses fell."""
FURTHER_CURVES = "training-curves-further.svg"
"""Beside those, when the model was trained further: how they fell then."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    add = parser.add_argument
    add("--output", type=Path, default=Path("trained-model"), help="folder for the finished model")
    add("--workdir", type=Path, default=Path(".train"), help="folder for drawings and checkpoints")
    add(
        "--minutes",
        type=positive_number,
        default=None,
        help="time for the three training stages together, with --from for the denoiser (default: "
        f"{plan.MINUTES['cpu']:g} on a CPU, {plan.MINUTES['cuda']:g} on a GPU)",
    )
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--seed", type=int, default=0)
    add(
        "--scenes",
        type=whole_number,
        default=plan.SCENES,
        help="how many scenes the denoiser learns from (default: %(default)d)",
    )
    add(
        "--from",
        dest="start",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="train the denoiser of this model further; its autoencoder stays",
    )


def train(args: argparse.Namespace) -> int:
    """Draw, train, save. Every part that is already in the workdir is used, not made again."""
    import torch

    from visualizer.training.curves import drawn, read_curves
    from visualizer.training.folder import save_folder
    from visualizer.training.start import StartError, read_start

    workdir: Path = args.workdir
    device = args.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        _say("There is no CUDA device here. Use --device cpu.")
        return 2
    together = args.minutes if args.minutes is not None else plan.MINUTES[device]
    if args.start is None:
        pipeline, course = _from_nothing(args, together, device)
    else:
        try:
            start = read_start(args.start)
        except StartError as error:
            _say(str(error))
            return 2
        pipeline, course = _further(args, start, together, device)
    earlier = None if args.start is None else args.start / CURVES
    kept = earlier.read_bytes() if earlier is not None and earlier.exists() else b""
    save_folder(pipeline, args.output, course)
    curves = drawn(read_curves(workdir / "log.jsonl"))
    (args.output / (FURTHER_CURVES if kept else CURVES)).write_text(curves, encoding="utf-8")
    if kept:
        (args.output / CURVES).write_bytes(kept)
    _say(f"The model is in {args.output}.")
    return 0


def _from_nothing(
    args: argparse.Namespace, minutes: float, device: str
) -> tuple[StableDiffusionPipeline, Course]:
    """All three stages."""
    from visualizer.training.denoiser import shown_pictures, train_denoiser
    from visualizer.training.examples import Examples
    from visualizer.training.folder import assemble
    from visualizer.training.model_card import Course
    from visualizer.training.static import train_static

    workdir: Path = args.workdir
    given = {stage: share * minutes for stage, share in plan.SHARES.items()}
    _say("drawing the scenes")
    data = workdir / "data"
    scenes = dataset.pictures("scene", data, plan.SEED, min(args.scenes, plan.PICTURED_SCENES))
    textures = dataset.pictures("texture", data, plan.SEED, plan.TEXTURES)
    vae = _autoencoder(workdir, scenes, textures, given["autoencoder"], device, args.seed)
    latents = _latents(workdir, vae, args.scenes, device)
    examples = Examples(latents, *_known_of_scenes(workdir, args.scenes))
    checkpoint = workdir / "denoiser.pt"
    denoiser = train_denoiser(examples, checkpoint, given["denoiser"], device, args.seed, _say)
    vae = train_static(
        vae,
        scenes,
        latents.scaling_factor,
        workdir / "decoder.pt",
        given["decoder"],
        device,
        args.seed,
        _say,
    )
    vae.register_to_config(scaling_factor=latents.scaling_factor)
    pipeline = assemble(vae.cpu(), denoiser.text_encoder, denoiser.unet)
    return pipeline, Course(plan.SEED, args.scenes, shown_pictures(checkpoint))


def _further(
    args: argparse.Namespace, start: Start, minutes: float, device: str
) -> tuple[StableDiffusionPipeline, Course]:
    """The denoiser alone, from where it stands in a model's folder."""
    from visualizer.training.denoiser import shown_pictures, train_denoiser
    from visualizer.training.examples import Examples, LatentFile
    from visualizer.training.folder import assemble
    from visualizer.training.model_card import Course

    vae, before = start.autoencoder, start.course
    path = _latents(args.workdir, vae, args.scenes, device).path
    latents = LatentFile(path, float(vae.config.scaling_factor))
    examples = Examples(latents, *_known_of_scenes(args.workdir, args.scenes))
    checkpoint = args.workdir / f"further-{start.key}.pt"
    denoiser = train_denoiser(
        examples, checkpoint, minutes, device, args.seed, _say, start=start.folder
    )
    pipeline = assemble(vae.cpu(), denoiser.text_encoder, denoiser.unet)
    shown = before.shown + shown_pictures(checkpoint)
    return pipeline, Course(plan.SEED, max(before.scenes, args.scenes), shown)


def _autoencoder(
    workdir: Path,
    scenes: Path,
    textures: Path,
    minutes: float,
    device: str,
    seed: int,
) -> AutoencoderTiny:
    """The finished autoencoder of the workdir, or a newly trained one, kept there."""
    from safetensors.torch import load_file, save_file

    from visualizer.training.architecture import build_autoencoder
    from visualizer.training.autoencoder import train_autoencoder

    path = workdir / "autoencoder.safetensors"
    if not path.exists():
        checkpoint = workdir / "autoencoder.pt"
        vae = train_autoencoder(scenes, textures, checkpoint, minutes, device, seed, _say)
        part = path.with_suffix(".part")
        save_file({name: w.cpu().contiguous() for name, w in vae.state_dict().items()}, part)
        part.replace(path)
    vae = build_autoencoder()
    vae.load_state_dict(load_file(path))
    return vae


def _latents(workdir: Path, vae: AutoencoderTiny, scenes: int, device: str) -> LatentFile:
    """All scenes as latents, in a file of the workdir, and the factor that scales them.

    The file is named after the encoder: one that was trained anew makes its own.
    """
    import numpy as np

    from visualizer.training.encoding import encode_drawings, fingerprint
    from visualizer.training.examples import LatentFile

    path = workdir / f"latents-{scenes}-{fingerprint(vae)}.npy"
    if not path.exists():
        _say("encoding the scenes")
        all_drawn = dataset.place_of("scene", workdir / "data", plan.SEED, scenes)
        drawn = dataset.read(all_drawn) if all_drawn.exists() else None
        encode_drawings(vae, plan.SEED, scenes, path, device, _say, drawn)
    some = np.load(path, mmap_mode="r")[:4096].astype(np.float32)
    return LatentFile(path, scaling_factor=1 / float(some.std()))


def _known_of_scenes(workdir: Path, scenes: int) -> tuple[Path, Path, Path]:
    """What is said of all scenes, where their things are, how often each is shown: files.

    That of the captions is named after the words: another one more, and all tokens are others.
    That of how often is named after what is held to be hard.
    """
    from visualizer.training.examples import (
        shares_fingerprint,
        write_captions,
        write_shares,
        write_things,
    )
    from visualizer.training.world.vocabulary import words_fingerprint

    captions = workdir / f"captions-{scenes}-{words_fingerprint()}.npy"
    things = workdir / f"things-{scenes}.npy"
    shares = workdir / f"shares-{scenes}-{shares_fingerprint()}.npy"
    if not captions.exists():
        _say("captioning the scenes")
        write_captions(plan.SEED, scenes, captions)
    if not things.exists():
        _say("looking where the things are")
        write_things(plan.SEED, scenes, things)
    if not shares.exists():
        write_shares(plan.SEED, scenes, shares)
    return captions, things, shares


def _say(message: str) -> None:
    print(message, flush=True)
