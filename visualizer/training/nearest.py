"""Not fetched from memory: the drawings of its training that a picture is most like.

Someone who sees a fine picture may think that the model has it lying somewhere. Here the drawings
that the built-in model was trained on are searched for the nearest ones, in two ways (see
``drawing_index``), so that everyone sees what it knew and that this picture is not among it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.training.drawing_index import (
    INDEX_FILE,
    WAYS,
    By,
    DrawingIndex,
    Way,
    build_index,
    features_of,
    latents_of,
)

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny

    from visualizer.training.evaluation.judge import Judge

CANDIDATES = 64
"""So many that come out nearest by their 48 numbers are drawn again and measured exactly."""
COUNT = 6
_ABOUT = 1.15
AT_ONCE = 2
"""So many are drawn and measured in one go: a window asks for the next ones in between."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawing that the model was trained on.

    Attributes:
        index: its number.
        caption: the plainest of the captions it was shown with.
        picture: (H, W, 3), drawn again.
        distance: from the picture that was asked about, in units of ``drawing_index``.
        by: in which way it is near.
    """

    index: int
    caption: str
    picture: Picture
    distance: float
    by: By


@dataclass(frozen=True)
class Scale:
    """What a distance means, in one way of being alike.

    Attributes:
        copy: how far a drawing learned by heart would usually be, for the autoencoder's sake.
        neighbors: how far a drawing usually is from the nearest other one.
        closest: the least of these; of the drawings that were looked at none has one nearer.
        pairs: how far two drawings taken by lot usually are.
    """

    copy: float
    neighbors: float
    closest: float
    pairs: float

    @classmethod
    def of(cls, way: Way) -> Scale:
        """Medians, and the least."""
        middle = len(way.pairs) // 2
        return cls(
            float(way.copies[middle]),
            float(way.neighbors[middle]),
            float(way.neighbors[0]),
            float(way.pairs[middle]),
        )


@dataclass(frozen=True, eq=False)
class Neighbors:
    """What was found for a picture.

    Attributes:
        drawings: by way, the nearest first.
        scales: by way.
        count: how many drawings were searched.
        sentence: what that says, for a person.
    """

    drawings: dict[By, tuple[Drawing, ...]]
    scales: dict[By, Scale]
    count: int
    sentence: str


def nearest_drawings(
    index: DrawingIndex,
    vae: AutoencoderTiny,
    judge: Judge,
    picture: Picture,
    latent: FloatArray | None = None,
    count: int = COUNT,
) -> Neighbors:
    """The drawings nearest to a picture, measured exactly.

    Args:
        picture: (H, W, 3).
        latent: unscaled, (C, h, w), of that picture; encoded here when None.
    """
    *_, found = search(index, vae, judge, picture, latent, count)
    assert found is not None
    return found


def search(
    index: DrawingIndex,
    vae: AutoencoderTiny,
    judge: Judge,
    picture: Picture,
    latent: FloatArray | None = None,
    count: int = COUNT,
) -> Iterator[Neighbors | None]:
    """The same in small pieces of work; None until the last, which is the answer."""
    from visualizer.training.world.captions import plain_caption
    from visualizer.training.world.composition import draw_scene

    asked: dict[By, FloatArray] = {
        "latents": latents_of(vae, picture[None]) if latent is None else latent[None],
        "features": features_of(judge, picture[None]),
    }
    drawings: dict[By, tuple[Drawing, ...]] = {}
    for by in WAYS:
        way = index.ways[by]
        here = way.standardized(asked[by])[0]
        measured: list[Drawing] = []
        candidates = _candidates(way, here)
        for start in range(0, len(candidates), AT_ONCE):
            yield None
            some = [int(i) for i in candidates[start : start + AT_ONCE]]
            drawn = [draw_scene(index.seed, i) for i in some]
            pictures = np.stack([each for each, _ in drawn])
            values = latents_of(vae, pictures) if by == "latents" else features_of(judge, pictures)
            apart = np.linalg.norm(way.standardized(values) - here, axis=1)
            measured += [
                Drawing(i, plain_caption(subject), read_only(each), float(far), by)
                for i, (each, subject), far in zip(some, drawn, apart, strict=True)
            ]
        measured.sort(key=lambda drawing: drawing.distance)
        drawings[by] = tuple(measured[:count])
    scales = {by: Scale.of(index.ways[by]) for by in WAYS}
    nearest = {by: drawings[by][0].distance for by in WAYS}
    yield Neighbors(drawings, scales, index.count, sentence(nearest, scales, index.count))


def _candidates(way: Way, here: FloatArray) -> NDArray[np.int64]:
    """Numbers of the drawings that come out nearest by 48 numbers, the nearest first."""
    apart = np.square(way.coordinates() - way.basis @ here).sum(1)
    some = min(CANDIDATES, len(apart))
    nearest = np.argpartition(apart, some - 1)[:some]
    return np.asarray(nearest[np.argsort(apart[nearest], kind="stable")], np.int64)


def sentence(nearest: dict[By, float], scales: dict[By, Scale], count: int) -> str:
    """What the distance to the nearest drawing says, for a person; measured in the latent."""
    distance, scale = nearest["latents"], scales["latents"]
    many = f"{count:,}".replace(",", "\u202f")
    if distance <= max(2 * scale.copy, scale.closest / 2):
        return (
            f"This picture is one of the {many} drawings, learned by heart: it stands "
            f"{distance:.2f} away, and a copy would stand at about {scale.copy:.2f}."
        )
    if distance < scale.closest:
        return (
            f"No copy, but close: the nearest of the {many} drawings stands {distance:.2f} away, "
            f"nearer than drawings stand to each other ({scale.closest:.2f} and more)."
        )
    if distance < scale.neighbors / _ABOUT:
        against = "nearer than a drawing usually stands to the one most like it"
    elif distance <= scale.neighbors * _ABOUT:
        against = "about as far as a drawing usually stands from the one most like it"
    else:
        against = "further than a drawing usually stands from the one most like it"
    return (
        f"None of the {many} drawings is this picture: the nearest stands {distance:.2f} away, "
        f"{against} ({scale.neighbors:.2f}). A copy would stand at about {scale.copy:.2f}."
    )


def main(arguments: list[str] | None = None) -> int:
    """Build the index of drawings: ``python -m visualizer.training.nearest``."""
    from visualizer.assets import asset_path
    from visualizer.training.model_card import read_course

    parser = argparse.ArgumentParser(description=main.__doc__)
    add = parser.add_argument
    add("--model", type=Path, default=None, help="model folder (default: the built-in model)")
    add("--judge", type=Path, required=True, help="judge.safetensors")
    add("--latents", type=Path, default=None, help=".npy, float16 (N, C, h, w), unscaled")
    add("--count", type=int, default=None, help="only the first so many drawings")
    add("--output", type=Path, default=Path("training-drawings"), help="folder for the two files")
    args = parser.parse_args(arguments)
    folder = args.model or asset_path("builtin-model")
    try:
        course = read_course(folder)
    except ValueError as error:
        print(error)
        return 2
    count = args.count or course.scenes
    latents = None if args.latents is None else np.load(args.latents, mmap_mode="r")[:count]
    if latents is not None and len(latents) != count:
        print(f"There are {count} drawings, but {len(latents)} latents.")
        return 2
    path = build_index(
        folder, args.judge, args.output, count=count, seed=course.seed, latents=latents
    )
    print(f"{path.parent / INDEX_FILE}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
