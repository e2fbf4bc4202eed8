"""The judge: a small network that has learned from drawings alone to say what is in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from visualizer.diffusion.arrays import FloatArray
from visualizer.training.evaluation.verdict import RELATIONS, Seen
from visualizer.training.world.subjects import (
    COLORS,
    OBJECTS,
    PLACES,
    SIDES,
    SIZES,
    TIMES,
    Thing,
)

SIDE = 128
"""It looks at pictures of so many pixels; larger ones are averaged down."""
FEATURES = 256
"""So many numbers are left of a picture before anything in it is named."""
WHAT = 160  # of them, which tell nothing of where
ABSENT = len(COLORS)
HEADS = {"place": PLACES, "time": TIMES, "relation": RELATIONS, "size": SIZES, "side": SIDES}
_AT_ONCE = 32


class _Block(nn.Sequential):
    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
        )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_Block(width, width), _Block(width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = x + self.body(x)
        return y


class Judge(nn.Module):
    """Pictures (B, 3, 128, 128) in −1…1 to scores.

    What there is, is found anywhere: of each detector only its strongest answer on the last grid of
    8 × 8 counts. Where it stands (left, in front) is read from that grid place by place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Block(3, 24, 2),
            _Block(24, 48, 2),
            _Block(48, 96, 2),
            _Residual(96),
            _Block(96, 128, 2),
            _Residual(128),
        )
        self.what = nn.Sequential(
            nn.Conv2d(128, WHAT, 1, bias=False), nn.BatchNorm2d(WHAT), nn.AdaptiveMaxPool2d(1)
        )
        self.where = nn.Sequential(
            nn.Conv2d(128, 16, 1), nn.Flatten(), nn.Linear(16 * 8 * 8, FEATURES - WHAT)
        )
        self.things = nn.Linear(FEATURES, len(OBJECTS) * (len(COLORS) + 1))
        with torch.no_grad():  # most objects are in no picture: that need not be learned first
            self.things.bias.view(len(OBJECTS), -1)[:, ABSENT] += 4
        self.heads = nn.ModuleDict(
            {name: nn.Linear(FEATURES, len(values)) for name, values in HEADS.items()}
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def before_naming(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 256): what is seen before it is named."""
        grid = self.body(x)
        return torch.cat([self.what(grid).flatten(1), self.where(grid)], 1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Scores: "things" (B, 12, 11), of each object the ten colors and absent; and HEADS."""
        seen = F.relu(self.before_naming(x))
        scores = {name: head(seen) for name, head in self.heads.items()}
        return scores | {"things": self.things(seen).view(len(x), len(OBJECTS), -1)}

    @torch.no_grad()
    def features(self, pictures: NDArray[np.uint8]) -> FloatArray:
        """(N, FEATURES): what is seen in pictures (N, H, H, 3), H = k · SIDE, before naming."""
        self.eval()
        parts = [self.before_naming(x).numpy() for x in _in_parts(pictures)]
        return np.concatenate(parts) if parts else np.empty((0, FEATURES), np.float32)

    @torch.no_grad()
    def verdicts(self, pictures: NDArray[np.uint8]) -> list[Seen]:
        """What it sees in pictures (N, H, H, 3), H a multiple of SIDE."""
        self.eval()
        return [seen for x in _in_parts(pictures) for seen in _named(self(x))]


def to_tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """Pictures (N, H, H, 3) of bytes as (N, 3, SIDE, SIDE) in −1…1.

    Raises:
        ValueError: when H is not a multiple of SIDE.
    """
    height, width = pictures.shape[1:3]
    if height != width or height % SIDE:
        raise ValueError(f"The judge looks at squares of {SIDE} pixels, not at {width} × {height}.")
    return as_seen_by_judge(torch.from_numpy(np.array(pictures)))


def as_seen_by_judge(pictures: torch.Tensor) -> torch.Tensor:
    """Bytes (N, H, H, 3) as (N, 3, SIDE, SIDE) in −1…1, on the device where they are."""
    x = pictures.permute(0, 3, 1, 2).float().div(127.5).sub(1)
    x = F.avg_pool2d(x, pictures.shape[1] // SIDE)
    return x.contiguous(memory_format=torch.channels_last)


def load_judge(path: Path) -> Judge:
    """The judge of a safetensors file, in either precision.

    Raises:
        ValueError: when the file holds no such judge, a sentence.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    judge = Judge()
    try:
        weights = {name: value.float() for name, value in load_file(path).items()}
        judge.load_state_dict(weights)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ValueError(
            f"'{path.name}' holds no judge that this version of the program can use."
        ) from error
    return judge.eval()


def save_judge(judge: Judge, path: Path) -> None:
    """Write the judge to a safetensors file, in half precision."""
    from safetensors.torch import save

    from visualizer.diffusion.atomic import replacing

    path.parent.mkdir(parents=True, exist_ok=True)
    weights = {k: w.half().contiguous() for k, w in judge.state_dict().items() if w.ndim}
    weights |= {k: w for k, w in judge.state_dict().items() if not w.ndim}  # counts of batches
    with replacing(path) as file:
        file.write(save(weights))


def _in_parts(pictures: NDArray[np.uint8]) -> list[torch.Tensor]:
    starts = range(0, len(pictures), _AT_ONCE)
    return [to_tensor(pictures[start : start + _AT_ONCE]) for start in starts]


def _named(scores: dict[str, torch.Tensor]) -> list[Seen]:
    colors = scores["things"].argmax(2).tolist()
    best = {name: scores[name].argmax(1).tolist() for name in HEADS}
    seen: list[Seen] = []
    for k, row in enumerate(colors):
        things = frozenset(
            Thing(object_, COLORS[color])
            for object_, color in zip(OBJECTS, row, strict=True)
            if color != ABSENT
        )
        alone, two = len(things) == 1, len(things) == 2
        seen.append(
            Seen(
                things,
                PLACES[best["place"][k]],
                TIMES[best["time"][k]],
                RELATIONS[best["relation"][k]] if two else None,
                SIZES[best["size"][k]] if alone else None,
                SIDES[best["side"][k]] if alone else None,
            )
        )
    return seen
