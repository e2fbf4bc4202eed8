"""What the Train page shows, as frames to export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.training.lab_subjects import BATCH

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.export.exhibit import Exhibit
    from visualizer.session.checkpoint_lab import CheckpointLab
    from visualizer.session.train_lab import TrainLab
    from visualizer.session.training_example import TrainingExample

_GROUND = 24
_GAP = 8
_CURVE = 64
_LINE = (90, 169, 230)


def of_lab(lab: TrainLab) -> Exhibit | None:
    """One frame for each time it painted: its pictures side by side, and the loss so far."""
    from visualizer.export.exhibit import Exhibit

    if not lab.samples:
        return None
    most = len(lab.losses)
    return Exhibit(
        "A small network learns to paint",
        tuple(_with_loss(row(each.painted), lab.losses, each.steps, most) for each in lab.samples),
        tuple(_lab_caption(lab, each.steps, each.pictures) for each in lab.samples),
        milliseconds=400,
    )


def of_strip(lab: CheckpointLab) -> Exhibit | None:
    """One frame for each time of the training that is painted."""
    from visualizer.export.exhibit import Exhibit

    if not lab.strip:
        return None
    painted = [lab.strip[n] for n in sorted(lab.strip)]
    return Exhibit(
        "The built-in model as it learned",
        tuple(each.picture for each in painted),
        tuple(f"after {p.share:.0%} · {p.pictures:,} pictures shown" for p in painted),
        milliseconds=1000,
    )


def of_example(example: TrainingExample) -> Exhibit | None:
    """One frame: picture, static, both together, and what the model made of it."""
    from visualizer.export.exhibit import Exhibit
    from visualizer.ui.train.example_part import error_picture

    found = example.example
    if found is None:
        return None
    pictures = (
        found.clean,
        found.noise,
        found.noisy,
        found.guessed_noise,
        error_picture(found.error),
        found.guess,
    )
    words = f"“{found.caption}” · t = {found.question.timestep} · loss {found.noise_loss:.4f}"
    return Exhibit("One training example", (row(pictures),), (words,))


def row(pictures: tuple[Picture, ...]) -> Picture:
    """Pictures of one size side by side on a dark ground, with gaps."""
    import numpy as np

    height = pictures[0].shape[0]
    gap = np.full((height, _GAP, 3), _GROUND, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    joined: Picture = np.concatenate(parts, axis=1)
    return joined


def _with_loss(picture: Picture, losses: list[float], steps: int, most: int) -> Picture:
    """The picture above the mean loss of each column's steps, up to now."""
    import numpy as np

    width = picture.shape[1]
    plot = np.full((_CURVE + _GAP, width, 3), _GROUND, np.uint8)
    edges = np.linspace(0, most, width + 1).astype(int)
    before: int | None = None
    for x in range(width):
        first, last = edges[x], max(edges[x + 1], edges[x] + 1)
        if first >= steps:
            break
        loss = float(np.mean(losses[max(first - BATCH, 0) : last]))
        loss = loss if loss < 1 else 1.0  # also where it is no number any more
        y = _GAP + round((1 - loss) * (_CURVE - 2))
        low, high = sorted((y, y if before is None else before))
        plot[low : high + 2, x] = _LINE
        before = y
    joined: Picture = np.concatenate([picture, plot], axis=0)
    return joined


def _lab_caption(lab: TrainLab, steps: int, pictures: int) -> str:
    import numpy as np

    if not steps:
        return "nothing learned yet"
    loss = np.mean(lab.losses[max(steps - 100, 0) : steps])
    return f"{pictures:,} pictures shown · loss {loss:.3f}"
