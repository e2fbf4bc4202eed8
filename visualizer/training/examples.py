"""What the denoiser learns from: latents of scenes, what is said of them, where things are."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.training.architecture import LATENT_SIZE, REDUCTION
from visualizer.training.cores import done_in_order
from visualizer.training.world.captions import caption
from visualizer.training.world.composition import thing_masks
from visualizer.training.world.subjects import Subject, scene_subject
from visualizer.training.world.vocabulary import build_tokenizer

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

CAPTIONS = 8
"""So many ways to say what a scene shows."""
DROPPED_CAPTIONS = 0.12  # teaches the unconditional prediction (Ho & Salimans 2022)
HARD = {"plane": 1.6, "rocket": 1.6, "boat": 1.3, "castle": 1.3, "cat": 1.8, "dog": 1.8}
"""So many times as often as others are pictures of things shown that are hard to draw…"""
HARD_PAIR = 1.4
"""…and pictures of two things."""
_AT_ONCE = 1000


@dataclass(frozen=True)
class LatentFile:
    """The latents of scenes 0…N−1 of a seed, (N, C, h, w) float16.

    `scaling_factor` times them has variance 1, as in the pipeline that is made in the end.
    """

    path: Path
    scaling_factor: float = 1.0


@dataclass(frozen=True)
class Examples:
    """Latents of scenes, and files with what else is known of the same scenes.

    Attributes:
        latents: of the scenes.
        captions: by ``write_captions``.
        things: by ``write_things``.
        shares: by ``write_shares``.
    """

    latents: LatentFile
    captions: Path
    things: Path
    shares: Path


@dataclass(frozen=True)
class Batch:
    """Some examples, on one device.

    Attributes:
        x0: (B, C, h, w), scaled; of whole pictures or of squares out of them.
        tokens: (B, L).
        things: (B, h, w), how much of each latent position things cover, 0…1.
    """

    x0: torch.Tensor
    tokens: torch.Tensor
    things: torch.Tensor


def write_captions(seed: int, count: int, path: Path) -> None:
    """Caption scenes 0…count−1 of a seed into a file of tokens, (count, CAPTIONS, L) int16."""
    _write(partial(captions, seed), count, path)


def write_things(seed: int, count: int, path: Path) -> None:
    """Tell of scenes 0…count−1 of a seed where things are, in a file (count, h, w) of bytes."""
    _write(partial(things, seed), count, path)


def write_shares(seed: int, count: int, path: Path) -> None:
    """Tell how often each of scenes 0…count−1 of a seed is shown, in a file (count,) float32."""
    _write(partial(shares, seed), count, path)


def _write(work: Callable[[int, int], NDArray[Any]], count: int, path: Path) -> None:
    starts = range(0, count, _AT_ONCE)
    parts = [(start, min(start + _AT_ONCE, count)) for start in starts]
    values = np.concatenate(list(done_in_order(work, parts)))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.save(file, values)
    part.replace(path)


def captions(seed: int, start: int, stop: int) -> NDArray[np.int16]:
    """Tokens of scenes start…stop−1 of a seed, (n, CAPTIONS, L)."""
    texts: list[str] = []
    for index in range(start, stop):
        subject, rng = scene_subject(seed, index)[0], random.Random(f"captions {seed} {index}")
        texts += [caption(subject, rng) for _ in range(CAPTIONS)]
    return tokens_of(_tokenizer(), texts).numpy().astype(np.int16).reshape(-1, CAPTIONS, _length())


def things(seed: int, start: int, stop: int) -> NDArray[np.uint8]:
    """How much of each latent position things cover in scenes start…stop−1, (n, h, w), 0…255."""
    found = np.zeros((stop - start, LATENT_SIZE, LATENT_SIZE), np.uint8)
    for k, index in enumerate(range(start, stop)):
        masks = thing_masks(*scene_subject(seed, index))
        if masks:
            covered = np.logical_or.reduce(masks)
            blocks = covered.reshape(LATENT_SIZE, REDUCTION, LATENT_SIZE, REDUCTION)
            found[k] = np.round(255 * blocks.mean((1, 3)))
    return found


def shares(seed: int, start: int, stop: int) -> NDArray[np.float32]:
    """How often scenes start…stop−1 are shown, (n,), where an easy one has 1."""
    subjects = (scene_subject(seed, index)[0] for index in range(start, stop))
    return np.array([_share(subject) for subject in subjects], np.float32)


def shares_fingerprint() -> str:
    """Tells what is held to be hard, for the name of a file of shares: 8 hexadecimal digits."""
    told = f"{sorted(HARD.items())} {HARD_PAIR}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _share(subject: Subject) -> float:
    hardest = max((HARD.get(thing.object, 1.0) for thing in subject.things), default=1.0)
    return hardest * (HARD_PAIR if len(subject.things) == 2 else 1.0)


def tokens_of(tokenizer: CLIPTokenizer, texts: list[str]) -> torch.Tensor:
    """(N, L), each text filled up to the length that the text encoder reads."""
    tokens: torch.Tensor = tokenizer(
        texts, padding="max_length", truncation=True, return_tensors="pt"
    ).input_ids
    return tokens


@cache
def _tokenizer() -> CLIPTokenizer:
    return build_tokenizer()


def _length() -> int:
    return int(_tokenizer().model_max_length)


class Batches:
    """Latents by lot, each as often as its share says, with one of its captions, or with none.

    On a GPU all of them lie in its memory, and nothing has to be carried there; on a CPU they stay
    on the disk until they are looked at.
    """

    def __init__(self, examples: Examples, batch: int, device: str, key: str) -> None:
        """
        Args:
            key: what the dice are thrown with; the same key, the same batches.
        """
        self.latents = _opened(examples.latents.path).to(device)
        self.tokens = _opened(examples.captions).to(device)
        self.things = _opened(examples.things).to(device)
        self.scaling_factor = examples.latents.scaling_factor
        self.batch = batch
        self.generator = torch.Generator(device)
        self.generator.manual_seed(random.Random(key).getrandbits(40))
        self._nothing = tokens_of(_tokenizer(), [""])[0].to(device)
        often = _opened(examples.shares).to(device=device, dtype=torch.float64)
        self._reach = often.cumsum(0) / often.sum()

    def draw(self) -> Batch:
        """The next whole pictures."""
        return self._drawn(self._scenes(self.batch))

    def draw_details(self, count: int, side: int) -> Batch:
        """Squares of `side` × `side` latent positions, each about some place of a thing.

        Small squares cost little, and things are what is hard to draw (Wang et al. 2023, Patch
        Diffusion). They are true only while the noise lets the rest of the picture be guessed.
        """
        chosen = self._scenes(count)
        there = self.things[chosen].flatten(1).float() + 1e-3  # anywhere, where there is no thing
        # the first of several alarms, which is a draw by weight, and never waits for a GPU
        place = (torch.empty_like(there).exponential_(generator=self.generator) / there).argmin(1)
        width = self.things.shape[-1]
        corners = (self._corner(at, side, width) for at in (place // width, place % width))
        rows, columns = (c[:, None] + torch.arange(side, device=c.device) for c in corners)
        return self._drawn(chosen, (rows[:, :, None], columns[:, None, :]))

    def _drawn(
        self, chosen: torch.Tensor, square: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> Batch:
        x0, things = self.latents[chosen], self.things[chosen]
        if square is not None:
            each = torch.arange(len(chosen), device=chosen.device)[:, None, None]
            things = things[each, *square]
            x0 = x0.permute(0, 2, 3, 1)[each, *square].permute(0, 3, 1, 2)
        tokens = self.tokens[chosen, self._die(len(chosen), CAPTIONS)].long()
        share = torch.rand(len(chosen), 1, generator=self.generator, device=tokens.device)
        tokens = torch.where(share < DROPPED_CAPTIONS, self._nothing, tokens)
        scaled = x0.float() * self.scaling_factor
        scaled = scaled.contiguous(memory_format=torch.channels_last)
        return Batch(scaled, tokens, things.float() / 255)

    def _scenes(self, count: int) -> torch.Tensor:
        """The numbers of random ones, each as often as its share says."""
        thrown = torch.rand(
            count, dtype=torch.float64, generator=self.generator, device=self._reach.device
        )
        return torch.searchsorted(self._reach, thrown, right=True).clamp(max=len(self._reach) - 1)

    def _corner(self, place: torch.Tensor, side: int, width: int) -> torch.Tensor:
        """Where a square begins that has this place in its middle half, or nearer to the picture's
        edge where that is near."""
        return (place - side // 4 - self._die(len(place), side // 2)).clamp(0, width - side)

    def _die(self, count: int, sides: int) -> torch.Tensor:
        device = self.latents.device
        return torch.randint(0, sides, (count,), generator=self.generator, device=device)


def _opened(path: Path) -> torch.Tensor:
    """A file as a tensor that is read from the disk where it is looked at."""
    return torch.from_numpy(np.load(path, mmap_mode="c"))
