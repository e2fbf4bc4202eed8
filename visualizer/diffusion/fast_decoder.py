"""Latents to pictures at once: affine maps fitted to a model's own decoder.

They take a latent position and its neighbors to its whole patch of pixels, so a decode is
one matrix product. They are fitted over all noise levels: a decode of static is static there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.atomic import replacing
from visualizer.diffusion.step import Step
from visualizer.diffusion.views import View, view_latents, view_noise_share

FIT_VERSION = 4
"""Part of a kept fast decoder's name: to be raised when the way of fitting changes."""
FIT_NOISE_SHARES = (0.0, 0.03, 0.15, 0.4, 0.7, 0.9, 1.0)
"""Variance shares of noise at which a fast decoder is fitted."""
_ONE_THREAD = 200_000  # multiplications; OpenBLAS begins to share them out at 262,144
_FIT_SIZE = 128  # pixels; a position's patch does not depend on the size of the picture
_FIT_POSITIONS = 16  # a side, at the least: fewer would not determine the maps
_FIT_PICTURES = 6
_LARGEST = 1e6  # of a latent's numbers: beyond, products would overflow
_SEEN_UP_TO = ((9, 10), (5, 32), (1, 2**31))
"""(how many positions are seen, up to how many channels): more takes too long, and is more than
the examples settle."""
_RIDGE = 1e-4  # of the mean square of the inputs: what the examples leave open stays small


def shipped_name(weights_hash: str) -> str:
    """What the file of a fast decoder is called that comes along with a model."""
    return f"fast-decoder-{FIT_VERSION}-{weights_hash[:24]}.safetensors"


@dataclass(frozen=True, eq=False)
class FastDecoder:
    """Affine maps from a latent position, seen with its neighbors, to its patch of pixels.

    A VAE shows a clean latent and a noisy one differently, so there is a map for each of several
    shares of noise, and in between they are mixed. numpy only, any thread.

    Attributes:
        maps: (K, n·C+1, 3·f·f) float32; the last row is the constant. n is 9 when the eight
            neighbors are seen, 5 with those at the sides, 1 when the position alone is.
        shares: K rising variance shares of noise at which the maps were fitted.
        factor: f, how many pixels one latent position is wide.
    """

    maps: FloatArray
    shares: tuple[float, ...]
    factor: int

    def show(self, step: Step, view: View) -> Picture:
        """The view "noisy", "denoised" or "noise" of a step, at once: (H, W, 3) uint8.

        Raises:
            LookupError: when the view is empty at this step.
        """
        latents = step.layout.spatial(view_latents(step, view))
        if step.layout.arrangement == "pixels":
            return as_pixels(latents)
        picture = self.decode(latents, view_noise_share(step, view))
        size = step.layout.picture_size
        return picture if size is None else resized_and_cropped(picture, size)

    def decode(self, latents: FloatArray, noise_share: float = 0.0) -> Picture:
        """(C, h, w) float32 at the model's scale ► (f·h, f·w, 3) uint8.

        Args:
            noise_share: how much of the latent's variance is noise, 0 … 1.
        """
        c, h, w = latents.shape
        f = self.factor
        x = latents.astype(np.float32, copy=False)
        if not np.abs(x).max(initial=0) <= _LARGEST:  # also where it is not a number
            x = np.clip(np.nan_to_num(x), -_LARGEST, _LARGEST)
        matrix = self._map_at(noise_share)
        seen = (len(matrix) - 1) // c
        pixels = _product(_neighborhoods(x, seen), matrix[:-1])
        pixels += matrix[-1]
        np.clip(pixels, 0, 255, out=pixels)
        patches = pixels.astype(np.uint8).reshape(h, w, f, f, 3)
        picture = patches.transpose(0, 2, 1, 3, 4).reshape(h * f, w * f, 3)
        return read_only(np.ascontiguousarray(picture))

    def _map_at(self, noise_share: float) -> FloatArray:
        place = float(np.interp(noise_share, self.shares, range(len(self.shares))))
        below = min(int(place), len(self.shares) - 1)
        above = min(below + 1, len(self.shares) - 1)
        if above == below or place == below:
            return np.asarray(self.maps[below])
        part = np.float32(place - below)
        return np.asarray((1 - part) * self.maps[below] + part * self.maps[above])

    @classmethod
    def fit(cls, examples: Mapping[float, list[tuple[FloatArray, Picture]]]) -> FastDecoder:
        """The maps that fit latents (C, h, w) and their exact pictures (f·h, f·w, 3) best.

        Args:
            examples: by share of noise, rising.
        """
        first_latents, first_picture = next(iter(examples.values()))[0]
        factor = first_picture.shape[0] // first_latents.shape[1]
        maps = [_fit_map(pairs, factor) for pairs in examples.values()]
        return cls(read_only(np.stack(maps)), tuple(examples), factor)

    def save(self, path: Path) -> None:
        """Keep it in a cache folder, so that the next start need not fit again."""
        from safetensors.numpy import save

        path.parent.mkdir(parents=True, exist_ok=True)
        values = {
            "maps": self.maps,
            "shares": np.array(self.shares),
            "factor": np.array([self.factor]),
        }
        with replacing(path) as file:
            file.write(save(values))

    @classmethod
    def load(cls, path: Path) -> FastDecoder | None:
        """Read a kept one; None when there is none that can be read."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            values = load_file(path)
            maps, shares = values["maps"], tuple(map(float, values["shares"]))
            factor = int(values["factor"][0])
        except (OSError, KeyError, IndexError, TypeError, SafetensorError):
            return None
        fits = maps.ndim == 3 and len(maps) == len(shares) > 0 and maps.shape[1] > 1
        if not fits or maps.shape[2] != 3 * factor**2:
            return None
        return cls(read_only(maps), shares, factor)


def as_pixels(x: FloatArray) -> Picture:
    """Numbers that are a picture themselves, (3, H, W), −1 … 1 ► (H, W, 3) uint8."""
    values = np.clip(np.nan_to_num(x) * np.float32(127.5) + np.float32(127.5), 0, 255)
    return read_only(np.ascontiguousarray(values.round().astype(np.uint8).transpose(1, 2, 0)))


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    """a @ b on this thread alone.

    numpy's BLAS gives large products to threads of its own, which then spin for a while and take
    the processors from the sampler's: a run was three times slower. Small products it does not.
    """
    rows = max(1, _ONE_THREAD // b.size)
    product = np.empty((len(a), b.shape[1]), dtype=np.float32)
    for i in range(0, len(a), rows):
        np.matmul(a[i : i + rows], b, out=product[i : i + rows])
    return product


_OFFSETS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""(down, right) of the positions that are seen: the first 1, 5 or 9 of them."""


def _neighborhoods(latents: FloatArray, seen: int) -> FloatArray:
    """(C, h, w) ► (h·w, seen·C): every position with its neighbors, or alone."""
    c, h, w = latents.shape
    if seen == 1:
        return latents.reshape(c, h * w).T
    framed = np.empty((c, h + 2, w + 2), dtype=np.float32)
    framed[:, 1:-1, 1:-1] = latents  # beyond the border a position is its own neighbor
    framed[:, 0, 1:-1], framed[:, -1, 1:-1] = latents[:, 0], latents[:, -1]
    framed[:, :, 0], framed[:, :, -1] = framed[:, :, 1], framed[:, :, -2]
    around = np.empty((seen, c, h, w), dtype=np.float32)
    for place, (down, right) in zip(around, _OFFSETS, strict=False):
        place[:] = framed[:, 1 + down : 1 + down + h, 1 + right : 1 + right + w]
    return around.reshape(seen * c, h * w).T


def _fit_map(pairs: list[tuple[FloatArray, Picture]], factor: int) -> FloatArray:
    """Ridge regression (Hoerl & Kennard 1970) from neighborhoods to patches of pixels."""
    channels = len(pairs[0][0])
    seen = next(n for n, most in _SEEN_UP_TO if channels <= most)
    inputs, targets = [], []
    for latents, picture in pairs:
        _, h, w = latents.shape
        around = _neighborhoods(np.nan_to_num(latents), seen)
        inputs.append(np.hstack([around, np.ones((h * w, 1))]))
        patches = picture.reshape(h, factor, w, factor, 3).transpose(0, 2, 1, 3, 4)
        targets.append(patches.reshape(h * w, -1).astype(np.float64))
    X, Y = np.concatenate(inputs), np.concatenate(targets)
    products = X.T @ X
    penalty = np.full(len(products), _RIDGE * np.trace(products) / len(products))
    penalty[-1] = 0  # the constant is free
    solution = np.linalg.solve(products + np.diag(penalty), X.T @ Y)
    solution[-1] += 0.5  # the conversion to uint8 truncates
    return np.asarray(solution, dtype=np.float32)


class FastDecoderFit:
    """A fast decoder in the making: one exact decode a time, so that nobody waits for it.

    Args:
        encode: a picture (H, W, 3) ► its latent (C, h, w).
        decode: the exact decode of one latent, (C, h, w) ► (H, W, 3).
    """

    def __init__(
        self, encode: Callable[[Picture], FloatArray], decode: Callable[[FloatArray], Picture]
    ) -> None:
        self._encode, self._decode = encode, decode
        self._random = np.random.default_rng(0)  # torch's global generator stays untouched
        self._size = _FIT_SIZE
        self._clean: list[FloatArray] = []
        self._examples: dict[float, list[tuple[FloatArray, Picture]]] = {
            share: [] for share in FIT_NOISE_SHARES
        }
        self._done = 0

    @property
    def finished(self) -> bool:
        """Whether every example is there."""
        return self._done == _FIT_PICTURES * len(FIT_NOISE_SHARES)

    @property
    def usable(self) -> bool:
        """Whether there is an example at every share of noise, enough for a first decoder."""
        return self._done >= len(FIT_NOISE_SHARES)

    def advance(self) -> None:
        """Make one more example: a decode, and an encoding before the first of each picture."""
        number, place = divmod(self._done, len(FIT_NOISE_SHARES))
        if number == len(self._clean):
            self._clean.append(self._next_latent())
        z, share = self._clean[number], FIT_NOISE_SHARES[place]
        eps = self._random.standard_normal(z.shape)
        noisy = (np.sqrt(1 - share) * z + np.sqrt(share) * eps).astype(np.float32)
        self._examples[share].append((noisy, self._decode(noisy)))
        self._done += 1

    def decoder(self) -> FastDecoder:
        """The maps that the examples so far determine."""
        return FastDecoder.fit(self._examples)

    def _next_latent(self) -> FloatArray:
        z = self._encode(dead_leaves(self._random, self._size))
        positions = min(z.shape[1:])
        if positions < _FIT_POSITIONS:
            self._size = self._size * _FIT_POSITIONS // positions
            z = self._encode(dead_leaves(self._random, self._size))
        return z


def resized_and_cropped(picture: Picture, size: tuple[int, int]) -> Picture:
    """Cover a size (width, height) and cut off what stands out, as the pipelines do it."""
    from PIL import Image

    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    factor = max(size[0] / width, size[1] / height)
    covering = (max(size[0], int(width * factor)), max(size[1], int(height * factor)))
    image = Image.fromarray(picture).resize(covering, Image.Resampling.BILINEAR)
    left, top = (covering[0] - size[0]) // 2, (covering[1] - size[1]) // 2
    cropped = image.crop((left, top, left + size[0], top + size[1]))
    return read_only(np.asarray(cropped).copy())


def dead_leaves(random: np.random.Generator, size: int) -> Picture:
    """Overlapping shaded discs: the simplest picture with the statistics of photographs."""
    y, x = np.mgrid[0:size, 0:size] / size
    picture: NDArray[np.float64] = np.empty((size, size, 3))
    picture[:] = random.uniform(0, 255, 3)
    for _ in range(60):
        radius = 0.04 + 0.3 * random.random() ** 3
        cx, cy = random.uniform(-0.1, 1.1, 2)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < radius**2
        shade = 1 + 0.3 * ((x - cx) * random.uniform(-1, 1) + (y - cy)) / radius
        picture[inside] = (shade[..., None] * random.uniform(0, 255, 3))[inside]
    return np.clip(picture, 0, 255).astype(np.uint8)
