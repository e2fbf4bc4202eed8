"""A small denoiser that is trained from nothing while one watches.

It works on the latents of drawn scenes, as the built-in model does, and its pictures come out of
the built-in model's autoencoder; everything else it learns here. So that minutes are enough, it is
shown four subjects only, and told which of the four by a number instead of words.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from visualizer.assets import asset_path
from visualizer.training.architecture import LATENT_CHANNELS, LATENT_SIZE
from visualizer.training.denoiser import alphas_cumprod, noised
from visualizer.training.lab_subjects import BATCH, SUBJECTS, TIMES
from visualizer.training.world.composition import draw_subject
from visualizer.training.world.subjects import Subject, Thing

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny

    from visualizer.diffusion.arrays import Picture

DRAWINGS: Final = 500
"""How many pictures there are to learn from; more than that are hardly needed for four subjects."""
_FIRST, _MORE = 64, 1  # drawings before the first step, and beside each one until all are there
_DROPPED = 0.1  # teaches the unconditional prediction (Ho & Salimans 2022)
GUIDANCE = 2.0
SAMPLE_STEPS = 12
_WIDE, _DEEP, _MARKS = 32, 128, 128
_FOLD = max(LATENT_SIZE // 16, 1)  # so many positions a side are seen as one: finer costs minutes
_UNTOLD = len(SUBJECTS)  # the number that says nothing


class SmallDenoiser(nn.Module):
    """v̂ (B, C, h, w) of noisy latents, timesteps (B,) and subjects (B,): 1.1 M weights.

    A block at 16 × 16 positions, three at 8 × 8, and back, with one way around.
    """

    def __init__(self) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(_MARKS, _MARKS), nn.SiLU(), nn.Linear(_MARKS, _MARKS))
        self.subject = nn.Embedding(len(SUBJECTS) + 1, _MARKS)
        self.come = nn.Conv2d(LATENT_CHANNELS * _FOLD**2, _WIDE, 3, padding=1)
        self.first = _Block(_WIDE)
        self.down = nn.Conv2d(_WIDE, _DEEP, 2, stride=2)
        self.middle = nn.ModuleList(_Block(_DEEP) for _ in range(3))
        self.up = nn.ConvTranspose2d(_DEEP, _WIDE, 2, stride=2)
        self.last = _Block(_WIDE)
        self.go = nn.Conv2d(_WIDE, LATENT_CHANNELS * _FOLD**2, 3, padding=1)

    def forward(self, x: torch.Tensor, t: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        """The prediction; ``len(SUBJECTS)`` as the subject tells it nothing."""
        marks = F.silu(self.time(_waves(t)) + self.subject(subject))
        fine = self.first(self.come(F.pixel_unshuffle(x, _FOLD)), marks)
        coarse = self.down(fine)
        for block in self.middle:
            coarse = block(coarse, marks)
        v = self.go(self.last(fine + self.up(coarse), marks))
        return F.pixel_shuffle(v, _FOLD)


class _Block(nn.Module):
    """Two convolutions beside a way around; time and subject scale and shift what they see."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.marks = nn.Linear(_MARKS, 2 * channels)
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.two.weight)

    def forward(self, x: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
        scale, shift = self.marks(marks)[:, :, None, None].chunk(2, 1)
        inner = F.silu(self.one(self.norm(x) * (1 + scale) + shift))
        changed: torch.Tensor = x + self.two(inner)
        return changed


def _waves(t: torch.Tensor) -> torch.Tensor:
    """Timesteps as waves of many lengths (Vaswani et al. 2017), (B, 128)."""
    lengths = torch.exp(-math.log(10_000) * torch.arange(_MARKS // 2) / (_MARKS // 2))
    angles = t.float()[:, None] * lengths
    return torch.cat([angles.sin(), angles.cos()], 1)


class Drawings:
    """The pictures to learn from: drawn, and seen through the autoencoder, a few at a time."""

    def __init__(self, autoencoder: AutoencoderTiny, seed: int) -> None:
        self._autoencoder, self._seed = autoencoder, seed
        self._latents = torch.empty(DRAWINGS, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)
        self._subjects = torch.arange(DRAWINGS) % len(SUBJECTS)
        self.count = 0

    @torch.no_grad()
    def add(self, count: int) -> None:
        """Draw so many more, if not all are there."""
        indices = range(self.count, min(self.count + count, DRAWINGS))
        if not indices:
            return
        pictures = np.stack([draw(self._seed, index) for index in indices])
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        scaling = self._autoencoder.config.scaling_factor
        self._latents[indices.start : indices.stop] = self._autoencoder.encode(x).latents * scaling
        self.count = indices.stop

    def choose(self, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """x0 (B, C, h, w) and subjects (B,)."""
        chosen = torch.randint(0, self.count, (BATCH,), generator=generator)
        return self._latents[chosen], self._subjects[chosen]


def draw(seed: int, index: int) -> Picture:
    """Drawing `index` of a lab's seed, (H, W, 3); its subject is `index` modulo four."""
    rng = random.Random(f"lab {seed} {index}")
    one = SUBJECTS[index % len(SUBJECTS)]
    thing, time = Thing(one.object, one.color), rng.choice(TIMES)
    return draw_subject(Subject((thing,), one.place, time, size="big", side="center"), rng)


@dataclass(frozen=True)
class Done:
    """What a line of the loop has left, for whoever watches.

    Attributes:
        name: the line, as in ``training_loop.LOOP``.
        words: tells what came of it; to be asked before the next line is done.
    """

    name: str
    words: Callable[[], str]


class LiveLab:
    """One training. Everything but the time it takes follows from seed and learning rates.

    Attributes:
        learning_rate: of the next step; may be changed at any time.
        losses: one for each step.
        weights: how many it learns.
    """

    def __init__(self, autoencoder: AutoencoderTiny, seed: int, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.losses: list[float] = []
        self.drawings = Drawings(autoencoder, seed)
        self._autoencoder = autoencoder
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.denoiser = SmallDenoiser()
            self.average = SmallDenoiser()
        self.average.load_state_dict(self.denoiser.state_dict())
        self._averages: list[torch.Tensor] = [*self.average.parameters()]
        self._weights: list[torch.Tensor] = [*self.denoiser.parameters()]
        self._optimizer = torch.optim.AdamW(
            self.denoiser.parameters(), learning_rate, betas=(0.9, 0.99), fused=True
        )
        self.weights = sum(weight.numel() for weight in self.denoiser.parameters())
        self._alpha_bars = alphas_cumprod()
        self._generator = torch.Generator().manual_seed(seed)
        start = torch.Generator().manual_seed(seed + 1)
        shape = (len(SUBJECTS), LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)
        self._start = torch.randn(shape, generator=start)

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.losses)

    @property
    def pictures(self) -> int:
        """How many pictures it was shown, one more than once."""
        return self.steps * BATCH

    def prepare(self) -> bool:
        """Draw a few pictures; whether there are enough to begin."""
        if self.drawings.count < _FIRST:
            self.drawings.add(_MORE)
        return self.drawings.count >= _FIRST

    def step(self) -> float:
        """One mini-batch. Returns its loss."""
        for _ in self.lines():
            pass
        return self.losses[-1]

    def lines(self) -> Iterator[Done]:
        """One mini-batch, line by line: each line is done when it comes out.

        A step that is left half-way, before its last lines, leaves the weights as they were.
        """
        self.drawings.add(_MORE)
        yield Done("loop", lambda: f"round {self.steps + 1:,}")
        x0, subject = self.drawings.choose(self._generator)
        kept = torch.rand(BATCH, generator=self._generator) >= _DROPPED
        subject = torch.where(kept, subject, _UNTOLD)
        shape = " × ".join(map(str, x0.shape[1:]))
        yield Done("picture", lambda: f"{BATCH} drawings, {shape} numbers each")
        t = torch.randint(0, len(self._alpha_bars), (BATCH,), generator=self._generator)
        yield Done("time", lambda: f"t = {', '.join(map(str, t[:4].tolist()))} …")
        eps = torch.randn(x0.shape, generator=self._generator)
        yield Done("noise", lambda: f"mean {eps.mean():.2f}, deviation {eps.std():.2f}")
        alpha_bar = self._alpha_bars[t]
        x, v = noised(x0, eps, alpha_bar)
        shares = (1 - alpha_bar[:2]).tolist()
        yield Done("noisy", lambda: "noise {:.0%}, {:.0%} … of them".format(*shares))
        yield Done("target", lambda: f"deviation {v.std():.2f}")
        v_hat = self.denoiser(x, t, subject)
        yield Done("predict", lambda: f"deviation {v_hat.detach().std():.2f}")
        loss = F.mse_loss(v_hat, v)
        yield Done("loss", lambda: f"{loss.item():.4f}")
        self._optimizer.zero_grad(set_to_none=True)
        yield Done("clear", lambda: "every direction is 0")
        loss.backward()  # type: ignore[no-untyped-call]
        length = nn.utils.clip_grad_norm_(self.denoiser.parameters(), 1.0)
        yield Done("backward", lambda: f"a direction {length.item():.2f} long, cut to 1 at most")
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate
        self._optimizer.step()
        self.losses.append(loss.item())
        rate = self.learning_rate
        yield Done("step", lambda: f"each of {self.weights:,} weights by about {rate:g} at most")
        self._follow()
        yield Done("average", lambda: f"{self.pictures:,} pictures shown so far")

    @torch.no_grad()
    def _follow(self) -> None:
        """The average forgets slowly, but not before it knows anything."""
        share = 1 - min(0.995, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(self._averages, self._weights, share)

    @torch.no_grad()
    def sampling(self) -> Iterator[Picture | None]:
        """The averaged denoiser paints one picture a subject, always from the same static.

        DDIM (Song et al. 2021, eq. 12, η = 0) in 12 steps, guided. In small pieces: None after
        each of them, and the pictures (H, W, 3) at the end, one a piece.
        """
        x, count = self._start, len(SUBJECTS)
        told = torch.arange(count)
        subjects = torch.cat([told, torch.full_like(told, _UNTOLD)])
        times = [round(t) for t in np.linspace(len(self._alpha_bars) - 1, 0, SAMPLE_STEPS + 1)]
        for now, after in pairwise(times):
            t = torch.full((2 * count,), now)
            conditional, free = self.average(torch.cat([x, x]), t, subjects).chunk(2)
            v = free + GUIDANCE * (conditional - free)
            a, s = self._alpha_bars[now].sqrt(), (1 - self._alpha_bars[now]).sqrt()
            x0, eps = a * x - s * v, s * x + a * v
            x = self._alpha_bars[after].sqrt() * x0 + (1 - self._alpha_bars[after]).sqrt() * eps
            yield None
        for latent in x0:
            yield _shown(self._autoencoder, latent)


@torch.no_grad()
def _shown(autoencoder: AutoencoderTiny, latent: torch.Tensor) -> Picture:
    """The picture of a latent (C, h, w) of variance 1."""
    decoded = autoencoder.decode(latent[None] / autoencoder.config.scaling_factor).sample[0]
    bytes_ = ((decoded.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return np.ascontiguousarray(bytes_.permute(1, 2, 0).numpy())


def open_autoencoder(folder: Path | None = None) -> AutoencoderTiny:
    """The autoencoder of the built-in model, in single precision, laid out as it is quickest."""
    from diffusers import AutoencoderTiny

    vae = folder or asset_path("builtin-model") / "vae"
    opened: AutoencoderTiny = AutoencoderTiny.from_pretrained(
        vae, torch_dtype=torch.float32, local_files_only=True
    )
    opened.to(memory_format=torch.channels_last)
    return opened.eval().requires_grad_(False)
