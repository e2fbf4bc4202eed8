"""The index of drawings: what is kept of every drawing that the built-in model was trained on.

All of them are too many to ship, but each can be drawn again from its number alone. To find
the ones that are most like a picture it is enough to know roughly where each stands: 48 numbers of
a byte for its latent, and 48 for what a judge of pictures sees in it. The few that come out nearest
are then drawn again and measured exactly (``nearest``).

Distances are root mean squares of differences, every channel in units of its own standard
deviation over all drawings: 0 is the same, two that have nothing to do with each other stand about
√2 apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderTiny

    from visualizer.training.evaluation.judge import Judge

By = Literal["latents", "features"]
WAYS: tuple[By, ...] = get_args(By)
"""Two ways of being alike: in the numbers that the model itself works on, and in what a judge that
was trained to name things in drawings sees before it names them."""
COMPONENTS = 48
SAMPLE = 256
"""So many drawings, drawn by lot, tell how far apart drawings usually are."""
PERCENTILES = 101
INDEX_FILE, JUDGE_FILE = "index.safetensors", "judge.safetensors"

_CHUNK = 2048
_AT_ONCE = 128
_LEAST_STD = 1e-4  # of a channel that says the same of every drawing
_PARTS = ("codes", "scale", "basis", "mean", "std", "pairs", "neighbors", "copies")


class DrawingsError(ValueError):
    """The list of drawings cannot be used; the text is a sentence saying why."""


@dataclass(frozen=True, eq=False)
class Way:
    """Where all drawings stand in one way of being alike.

    Attributes:
        codes: (N, 48) int8; ``codes * scale`` are coordinates on the 48 directions along which
            drawings differ most (principal components).
        scale: (48,).
        basis: (48, D) those directions, of length 1.
        mean: (D,) what is usual at each place.
        std: (C,) of each channel; D is C times the places.
        pairs: the 0th … 100th percentile of the distance of two drawings taken by lot.
        neighbors: the same of the distance from a drawing to the nearest other one.
        copies: the same of the distance from a drawing to itself, sent through the autoencoder: so
            far would a picture stand that is a drawing learned by heart.
    """

    codes: NDArray[np.int8]
    scale: FloatArray
    basis: FloatArray
    mean: FloatArray
    std: FloatArray
    pairs: FloatArray
    neighbors: FloatArray
    copies: FloatArray

    def standardized(self, values: NDArray[np.floating]) -> FloatArray:
        """(N, C, h, w) as (N, D), such that lengths of differences are distances."""
        return _standardized(values, self.mean, self.std)

    def coordinates(self) -> FloatArray:
        """(N, 48) where the drawings stand, as exactly as a byte tells it."""
        return np.asarray(self.codes * self.scale, np.float32)


@dataclass(frozen=True, eq=False)
class DrawingIndex:
    """All drawings, in both ways.

    Attributes:
        seed: drawing i is ``draw_scene(seed, i)``.
        count: how many there are.
        weights_hash: of the model that was trained on them.
    """

    seed: int
    count: int
    weights_hash: str
    ways: dict[By, Way]


def load_index(path: Path) -> DrawingIndex:
    """Read an index file.

    Raises:
        DrawingsError: when it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            said = file.metadata() or {}
            ways = {by: _read_way(file, by) for by in WAYS}
        return DrawingIndex(int(said["seed"]), int(said["count"]), said["weights_hash"], ways)
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise DrawingsError(
            f"The program's own file '{path.name}' cannot be read: install the program again."
        ) from error


def _read_way(file: Any, by: By) -> Way:
    found = {name: file.get_tensor(f"{by}_{name}") for name in _PARTS}
    codes = found.pop("codes").astype(np.int8, copy=False)
    return Way(codes, **{name: np.asarray(some, np.float32) for name, some in found.items()})


def features_of(judge: Judge, pictures: NDArray[np.uint8]) -> FloatArray:
    """(N, FEATURES, 1, 1): what the judge sees in pictures (N, H, W, 3) before naming."""
    return judge.features(pictures)[:, :, None, None]


def latents_of(vae: AutoencoderTiny, pictures: NDArray[np.uint8]) -> FloatArray:
    """Unscaled latents (N, C, h, w) of pictures (N, H, W, 3), in single precision."""
    import torch

    from visualizer.training.autoencoder import to_tensor

    with torch.no_grad():
        device = str(next(vae.parameters()).device)
        x: torch.Tensor = vae.encoder(to_tensor(np.array(pictures), device).to(vae.dtype))
    return np.asarray(x.float().cpu().numpy(), np.float32)


# --- building ---------------------------------------------------------------------------------


def build_index(
    model_folder: Path,
    judge: Path,
    out: Path,
    *,
    count: int,
    seed: int,
    latents: NDArray[np.float16] | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Write index and judge of drawings into the folder ``out``; the path of the index.

    All drawings are drawn again, a few at a time.

    Args:
        model_folder: the model that was trained on the drawings.
        judge: as ``load_judge`` reads it.
        count: of drawings.
        seed: of theirs.
        latents: (N, C, h, w), unscaled, of the same drawings; encoded here when None.
    """
    from safetensors.numpy import save

    from visualizer.diffusion.atomic import replacing
    from visualizer.diffusion.model import Model
    from visualizer.training.evaluation.fidelity import sent_through
    from visualizer.training.evaluation.judge import load_judge, save_judge
    from visualizer.training.world.composition import draw_scene

    model, eyes = Model.open(model_folder, device="cpu"), load_judge(judge)
    vae = model.pipeline.vae
    if latents is None:
        say("encoding the drawings")
        latents = _in_chunks(seed, count, lambda some: latents_of(vae, some), say)
    say("looking at the drawings")
    features = _in_chunks(seed, count, lambda some: features_of(eyes, some), say)
    sample = _sample(count)
    copies = sent_through(vae, np.stack([draw_scene(seed, int(i))[0] for i in sample]))
    packed: dict[str, NDArray[np.generic]] = {}
    for by, values, copied in (
        ("latents", latents, np.concatenate([latents_of(vae, one[None]) for one in copies])),
        ("features", features, features_of(eyes, copies)),
    ):
        say(f"sorting the {by}")
        for name, part in _parts_of(values, sample, copied).items():
            packed[f"{by}_{name}"] = np.ascontiguousarray(part)  # safetensors minds no strides
    said = {
        "seed": str(seed),
        "count": str(count),
        "weights_hash": model.identity.weights_hash,
    }
    out.mkdir(parents=True, exist_ok=True)
    save_judge(eyes, out / JUDGE_FILE)
    with replacing(out / INDEX_FILE) as file:
        file.write(save(packed, said))
    return out / INDEX_FILE


def _in_chunks(
    seed: int,
    count: int,
    look: Callable[[NDArray[np.uint8]], FloatArray],
    say: Callable[[str], None],
) -> NDArray[np.float16]:
    from visualizer.training.cores import done_in_order
    from visualizer.training.dataset import scenes

    parts = [(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]
    found: NDArray[np.float16] | None = None
    done = 0
    for drawn in done_in_order(partial(scenes, seed), parts):
        some = look(drawn).astype(np.float16)
        if found is None:
            found = np.empty((count, *some.shape[1:]), np.float16)
        found[done : done + len(some)] = some
        done += len(some)
        if done % (100 * _AT_ONCE) == 0:
            say(f"{done} of {count}")
    assert found is not None
    return found


def _sample(count: int) -> NDArray[np.int64]:
    return np.sort(np.random.default_rng(SAMPLE).choice(count, min(SAMPLE, count), replace=False))


def _parts_of(
    values: NDArray[np.float16], sample: NDArray[np.int64], copied: FloatArray
) -> dict[str, NDArray[np.generic]]:
    """What is kept of drawings (N, C, h, w): the parts of a ``Way``."""
    mean, std = _usual(values)
    basis = _directions(values, mean, std)
    coordinates = np.concatenate([some @ basis.T for some in _standard_chunks(values, mean, std)])
    scale = np.maximum(np.abs(coordinates).max(0), _LEAST_STD) / 127
    chosen = _standardized(values[sample], mean, std)
    apart = _distances(chosen, chosen)[np.triu_indices(len(sample), 1)]
    copies = np.linalg.norm(_standardized(copied, mean, std) - chosen, axis=1)
    share = np.linspace(0, 100, PERCENTILES)
    return {
        "codes": (coordinates / scale).round().astype(np.int8),
        "scale": scale.astype(np.float32),
        "basis": basis.astype(np.float16),
        "mean": mean,
        "std": std,
        "pairs": np.percentile(apart, share).astype(np.float32),
        "neighbors": np.percentile(
            _nearest_others(values, mean, std, sample, chosen), share
        ).astype(np.float32),
        "copies": np.percentile(copies, share).astype(np.float32),
    }


def _usual(values: NDArray[np.float16]) -> tuple[FloatArray, FloatArray]:
    """The mean at every place (D,), and the standard deviation of every channel (C,) around it."""
    channels = values.shape[1]
    total = np.zeros(values[0].size)
    for some in _chunks(values):
        total += some.sum(0, dtype=np.float64)
    mean = (total / len(values)).astype(np.float32)
    squares = np.zeros(values[0].size)
    for some in _chunks(values):
        squares += np.square(some - mean).sum(0, dtype=np.float64)
    variance = (squares / len(values)).reshape(channels, -1).mean(1)
    return mean, np.sqrt(np.maximum(variance, _LEAST_STD**2)).astype(np.float32)


def _directions(values: NDArray[np.float16], mean: FloatArray, std: FloatArray) -> FloatArray:
    """(48, D): along which the drawings differ most, by the eigenvectors of their covariance."""
    size = values[0].size
    if len(values) < size:  # of few drawings the singular vectors are the same and cost less
        _, _, vectors = np.linalg.svd(
            np.concatenate(list(_standard_chunks(values, mean, std))), full_matrices=False
        )
        basis = vectors[:COMPONENTS]
    else:
        covariance = np.zeros((size, size), np.float32)
        for some in _standard_chunks(values, mean, std):
            covariance += some.T @ some
        _, columns = np.linalg.eigh(covariance / len(values))  # the largest come last
        basis = columns[:, ::-1][:, :COMPONENTS].T
    # an eigenvector has no sign of its own: the largest entry is made positive
    largest = np.take_along_axis(basis, np.abs(basis).argmax(1)[:, None], 1)
    return np.asarray(basis * np.sign(largest), np.float32)


def _nearest_others(
    values: NDArray[np.float16],
    mean: FloatArray,
    std: FloatArray,
    sample: NDArray[np.int64],
    chosen: FloatArray,
) -> FloatArray:
    """(len(sample),): how far each drawing of the sample is from the nearest other of all."""
    nearest = np.full(len(sample), np.inf, np.float32)
    start = 0
    for some in _standard_chunks(values, mean, std):
        apart = _distances(chosen, some)
        own = (sample >= start) & (sample < start + len(some))
        apart[own, sample[own] - start] = np.inf
        nearest = np.minimum(nearest, apart.min(1))
        start += len(some)
    return nearest


def _distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """(len(a), len(b)): the lengths of all differences."""
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float32)


def _standardized(values: NDArray[np.floating], mean: FloatArray, std: FloatArray) -> FloatArray:
    flat = values.reshape(len(values), -1).astype(np.float32) - mean
    by_channel = flat.reshape(len(values), len(std), -1) / std[:, None]
    return np.asarray(by_channel.reshape(flat.shape) / np.sqrt(flat.shape[1]), np.float32)


def _standard_chunks(
    values: NDArray[np.float16], mean: FloatArray, std: FloatArray
) -> Iterator[FloatArray]:
    for start in range(0, len(values), _CHUNK):
        yield _standardized(values[start : start + _CHUNK], mean, std)


def _chunks(values: NDArray[np.float16]) -> Iterator[FloatArray]:
    for start in range(0, len(values), _CHUNK):
        some = values[start : start + _CHUNK]
        yield some.reshape(len(some), -1).astype(np.float32)
