"""The beginning of the built-in model's own training, made again for the lesson on it.

`python -m visualizer.training.retrace --output FOLDER` trains a denoiser from nothing on the
latents of the finished autoencoder, with the seed, the pictures, the batches and the learning rate
of the training that the model comes from, and leaves it after a fifth. The weights after 1, 5 and
20 % of the pictures are what `checkpoints` writes; the whole training is the model itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def retrace(workdir: Path, model: Path, output: Path) -> None:
    """Train up to the last of KEPT_AT, and write the checkpoints to `output`; resumable.

    Raises:
        FileNotFoundError: for a model whose folder does not tell its course.
    """
    from diffusers import AutoencoderTiny

    from visualizer.training.autoencoder import encode_drawings
    from visualizer.training.checkpoints import save_checkpoint
    from visualizer.training.denoiser import (
        KEPT_AT,
        LatentFile,
        averaged_denoiser,
        kept_path,
        train_denoiser,
    )
    from visualizer.training.model_card import read_course

    vae = AutoencoderTiny.from_pretrained(model / "vae").eval()
    course = read_course(model)
    path = workdir / f"latents-{course.scenes}.npy"
    if not path.exists():
        encode_drawings(vae, course.seed, course.scenes, path)
    latents = LatentFile(path, course.seed, float(vae.config.scaling_factor))
    checkpoint = workdir / "denoiser.pt"
    train_denoiser(latents, checkpoint, 1.0, pictures=course.shown, until=max(KEPT_AT))
    for share in KEPT_AT:
        denoiser = averaged_denoiser(kept_path(checkpoint, share))
        save_checkpoint(denoiser, output, share, round(share * course.shown))


def main() -> None:
    """Read the options and retrace."""
    from visualizer.assets import asset_path

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workdir", type=Path, default=Path(".train"))
    parser.add_argument("--output", type=Path, default=Path("training-checkpoints"))
    parser.add_argument("--model", type=Path, default=asset_path("builtin-model"))
    args = parser.parse_args()
    retrace(args.workdir, args.model, args.output)


if __name__ == "__main__":
    main()
