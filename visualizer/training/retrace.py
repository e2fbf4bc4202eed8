"""The beginning of the built-in model's own training, made again for the lesson on it.

`python -m visualizer.training.retrace --output FOLDER` trains a denoiser from nothing on the
latents of the finished autoencoder, with the seed, the pictures, the batches and the learning rate
of the training that the model comes from, and leaves it after a fifth. The weights after 1, 5 and
20 % of the pictures are what `checkpoints` writes; the whole training is the model itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from visualizer.training import dataset

PICTURES = 441_600
"""What the denoiser of the built-in model was shown, see docs/builtin-model.md."""


def retrace(workdir: Path, model: Path, output: Path, scenes: int, pictures: int) -> None:
    """Train up to the last of KEPT_AT, and write the checkpoints to `output`; resumable."""
    import numpy as np
    from diffusers import AutoencoderTiny

    from visualizer.training.autoencoder import encode_file
    from visualizer.training.checkpoints import save_checkpoint
    from visualizer.training.denoiser import (
        KEPT_AT,
        LatentFile,
        averaged_denoiser,
        kept_path,
        train_denoiser,
    )

    vae = AutoencoderTiny.from_pretrained(model / "vae").eval()
    path = workdir / "latents.npy"
    if not path.exists():
        drawn = dataset.pictures("scene", workdir / "data", dataset.SEED, scenes)
        encode_file(vae, drawn, path)
    assert len(np.load(path, mmap_mode="r")) == scenes, f"Delete {path}: it is of other scenes."
    latents = LatentFile(path, dataset.SEED, float(vae.config.scaling_factor))
    checkpoint = workdir / "denoiser.pt"
    train_denoiser(latents, checkpoint, 1.0, pictures=pictures, until=max(KEPT_AT))
    for share in KEPT_AT:
        denoiser = averaged_denoiser(kept_path(checkpoint, share))
        save_checkpoint(denoiser, output, share, round(share * pictures))


def main() -> None:
    """Read the options and retrace."""
    from visualizer.assets import asset_path
    from visualizer.training.command import SCENES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workdir", type=Path, default=Path(".train"))
    parser.add_argument("--output", type=Path, default=Path("training-checkpoints"))
    parser.add_argument("--model", type=Path, default=asset_path("builtin-model"))
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    args = parser.parse_args()
    retrace(args.workdir, args.model, args.output, args.scenes, args.pictures)


if __name__ == "__main__":
    main()
