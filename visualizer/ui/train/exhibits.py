"""What the Train page shows, as frames to export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visualizer.training.lab_subjects import BATCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visualizer.diffusion.arrays import Picture
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.session.checkpoint_lab import CheckpointLab
    from visualizer.session.train_lab import TrainLab
    from visualizer.session.training_example import TrainingExample

_GROUND = 24
_GAP = 8
_CURVE = 64
_LINE = (90, 169, 230)


def of_lab(lab: TrainLab) -> ExhibitPlan | None:
    """One frame for each time it painted: its pictures side by side, and the loss so far."""
    import numpy as np

    from visualizer.export.exhibit import ExhibitPlan

    if not lab.samples:
        return None
    samples, losses = tuple(lab.samples), np.asarray(lab.losses, dtype=np.float64)

    def paint(n: int) -> Picture:
        return _with_loss(row(samples[n].painted), losses, samples[n].steps)

    width, height = _row_size(samples[0].painted)
    return ExhibitPlan(
        "A small network learns to paint",
        (width, height + _CURVE + _GAP),
        tuple(_lab_caption(losses, each.steps, each.pictures) for each in samples),
        paint,
        milliseconds=400,
    )


def of_strip(lab: CheckpointLab) -> ExhibitPlan | None:
    """One frame for each time of the training that is painted."""
    from visualizer.export.exhibit import ExhibitPlan

    if not lab.strip:
        return None
    painted = [lab.strip[n] for n in sorted(lab.strip)]
    height, width, _ = painted[0].picture.shape
    return ExhibitPlan(
        "Four ages of one training",
        (width, height),
        tuple(f"after {p.share:.0%} · {p.pictures:,} pictures shown" for p in painted),
        lambda n: painted[n].picture,
        milliseconds=1000,
    )


def of_example(example: TrainingExample) -> ExhibitPlan | None:
    """One frame: picture, static, both together, and what the model made of it."""
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.ui.train.example_part import error_picture

    found = example.example
    if found is None:
        return None
    pictures = (
        found.clean,
        found.noise,
        found.noisy,
        found.guessed_noise,
        error_picture(found.error, found.clean),
        found.guess,
    )
    words = f"“{found.caption}” · t = {found.question.timestep} · loss {found.noise_loss:.4f}"
    size = _row_size(pictures)
    return ExhibitPlan("One training example", size, (words,), lambda _n: row(pictures))


def row(pictures: tuple[Picture, ...]) -> Picture:
    """Pictures of one size side by side on a dark ground, with gaps."""
    import numpy as np

    height = pictures[0].shape[0]
    gap = np.full((height, _GAP, 3), _GROUND, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    joined: Picture = np.concatenate(parts, axis=1)
    return joined


def _row_size(pictures: tuple[Picture, ...]) -> tuple[int, int]:
    """Width and height of a ``row``."""
    height, width, _ = pictures[0].shape
    return len(pictures) * (width + _GAP) - _GAP, height


def _with_loss(picture: Picture, losses: NDArray[Any], steps: int) -> Picture:
    """The picture above the mean loss of each column's steps, up to now."""
    import numpy as np

    width = picture.shape[1]
    plot = np.full((_CURVE + _GAP, width, 3), _GROUND, np.uint8)
    edges = np.linspace(0, len(losses), width + 1).astype(int)
    before: int | None = None
    for x in range(width):
        first, last = edges[x], max(edges[x + 1], edges[x] + 1)
        if first >= steps:
            break
        loss = float(losses[max(first - BATCH, 0) : last].mean())
        loss = loss if loss < 1 else 1.0  # also where it is no number any more
        y = _GAP + round((1 - loss) * (_CURVE - 2))
        low, high = sorted((y, y if before is None else before))
        plot[low : high + 2, x] = _LINE
        before = y
    joined: Picture = np.concatenate([picture, plot], axis=0)
    return joined


def _lab_caption(losses: NDArray[Any], steps: int, pictures: int) -> str:
    if not steps:
        return "nothing learned yet"
    loss = losses[max(steps - 100, 0) : steps].mean()
    return f"{pictures:,} pictures shown · loss {loss:.3f}"
