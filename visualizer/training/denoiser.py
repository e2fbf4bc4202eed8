"""Latents and words: the diffusion model itself (Ho et al. 2020, algorithm 1).

The text encoder is trained together with the denoiser.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from visualizer.training.architecture import SCHEDULE, build_text_encoder, build_unet
from visualizer.training.captured import CapturedStep
from visualizer.training.examples import Batch, Batches, Examples
from visualizer.training.precision import autocast
from visualizer.training.stage import Average, Stage, save_atomically
from visualizer.training.team import Member, train_together
from visualizer.training.world.vocabulary import build_tokenizer

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

PEAK_RATE = 1e-3
ONWARD_RATE = 3e-4
"""The highest learning rate of a denoiser that has learned before."""
THING_WEIGHT = 5.0
"""So many times as much as the scenery counts what things cover…"""
PLACED = 0.08
"""…where the noisy latent holds more than this share of the picture's variance."""
EVEN_SHARE, MIDDLE = 0.25, 0.4
"""Of the timesteps: how many are thrown evenly, and where the others lie, as a logit."""
BATCH = {"cpu": 8, "cuda": 256}  # whole pictures, per process
DETAILS = {"cpu": 24, "cuda": 512}  # squares out of pictures beside them
DETAIL_SIDE = 16
"""Latent positions of such a square, each way: a thing of middle size fits."""
KEPT_AT = (0.01, 0.05, 0.2)
"""After these shares of the training the averaged weights are kept, for the lesson on it."""


def alphas_cumprod() -> torch.Tensor:
    """ᾱ_t of the schedule, (1000,)."""
    from diffusers import DDPMScheduler

    values: torch.Tensor = DDPMScheduler(**SCHEDULE).alphas_cumprod
    return values


def noised(
    x0: torch.Tensor, eps: torch.Tensor, alpha_bar: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """x_t (Ho et al. 2020, eq. 4) and the v that belongs to it (Salimans & Ho 2022)."""
    a, s = alpha_bar.sqrt().view(-1, 1, 1, 1), (1 - alpha_bar).sqrt().view(-1, 1, 1, 1)
    return a * x0 + s * eps, a * eps - s * x0


class Denoiser(nn.Module):
    """Text encoder and U-Net as one thing to train."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        from diffusers.models.attention_processor import AttnProcessor

        super().__init__()
        self.text_encoder: CLIPTextModel = build_text_encoder(tokenizer)
        self.unet: UNet2DConditionModel = build_unet()
        self.unet.set_attn_processor(AttnProcessor())
        self.unet.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor, t: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """v̂ (B, C, h, w) of noisy latents x, timesteps t (B,) and tokens (B, L)."""
        words = self.text_encoder(tokens).last_hidden_state
        v: torch.Tensor = self.unet(x, t, words).sample
        return v


@dataclass(frozen=True)
class Noised:
    """A batch with noise on it, and what is to be said of it; all on one device.

    Attributes:
        x: (B, C, h, w), the noisy latents.
        t: (B,), their timesteps.
        tokens: (B, L).
        v: (B, C, h, w), the target.
        weights: (B, h, w), how much the error counts at each position.
    """

    x: torch.Tensor
    t: torch.Tensor
    tokens: torch.Tensor
    v: torch.Tensor
    weights: torch.Tensor

    def fields(self) -> tuple[torch.Tensor, ...]:
        """All of it, in the order in which it is made again."""
        return self.x, self.t, self.tokens, self.v, self.weights


def with_noise(
    batch: Batch,
    alpha_bars: torch.Tensor,
    generator: torch.Generator | None = None,
    steps: int | None = None,
) -> Noised:
    """Noise at one random timestep a sample; what things cover counts more.

    Things are a tenth of a picture, and the hardest part of it. They count more where the place of
    each can still be seen in the noisy latent. Before that, the network would learn to expect them
    where there are none.

    Args:
        alpha_bars: ᾱ of all timesteps.
        steps: only so many of them, the least noisy ones.
    """
    x0 = batch.x0
    t = timesteps(len(x0), steps or len(alpha_bars), x0.device, generator)
    eps = torch.randn(x0.shape, device=x0.device, generator=generator)
    x, v = noised(x0, eps, alpha_bars[t])
    placed = (alpha_bars[t] > PLACED).float().view(-1, 1, 1)
    return Noised(x, t, batch.tokens, v, 1 + (THING_WEIGHT - 1) * placed * batch.things)


def placed_steps(alpha_bars: torch.Tensor) -> int:
    """How many timesteps, from the first, still show where things are.

    Squares out of pictures are for these alone: they must not teach how a whole picture is laid
    out.
    """
    return int((alpha_bars > PLACED).sum())


def denoising_loss(denoiser: Denoiser, asked: Noised) -> torch.Tensor:
    """The weighted mean squared error of v̂."""
    with autocast(asked.x.device.type):
        prediction = denoiser(asked.x, asked.t, asked.tokens)
    error = (prediction.float() - asked.v).square().mean(1)
    loss: torch.Tensor = (asked.weights * error).mean()
    return loss


def timesteps(
    count: int, steps: int, device: torch.device, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Random timesteps (count,), most of them from the middle (Esser et al. 2024, section 3.1).

    There the shapes are decided; near pure noise there is little to say, near the picture little
    to do.
    """
    dice: dict[str, Any] = {"generator": generator, "device": device}
    even = torch.rand(count, **dice)
    middle = torch.sigmoid(MIDDLE + torch.randn(count, **dice))
    chosen = torch.where(torch.rand(count, **dice) < EVEN_SHARE, even, middle)
    t: torch.Tensor = (chosen * steps).long().clamp(max=steps - 1)
    return t


def add_gradients(denoiser: Denoiser, *tensors: torch.Tensor) -> torch.Tensor:
    """Add the gradients of one step; returns the loss of the whole pictures.

    Args:
        tensors: the fields of whole pictures, then those of squares.
    """
    half = len(tensors) // 2
    loss = denoising_loss(denoiser, Noised(*tensors[:half]))
    loss.backward()  # type: ignore[no-untyped-call]
    denoising_loss(denoiser, Noised(*tensors[half:])).backward()  # type: ignore[no-untyped-call]
    return loss


def train_denoiser(
    examples: Examples,
    checkpoint: Path,
    minutes: float,
    device: str = "cpu",
    seed: int = 0,
    say: Callable[[str], None] = print,
    start: Path | None = None,
) -> Denoiser:
    """Train from nothing, or go on from `checkpoint`; returns the averaged weights.

    Beside `checkpoint`, `kept_path` tells where the weights of KEPT_AT lie, of a training from
    nothing.

    Args:
        start: a model's folder (``start.read_start``) whose denoiser is trained further, at a lower
            learning rate (ONWARD_RATE). Where there is a checkpoint, that goes on instead.
    """
    train_together(_train, device, examples, checkpoint, minutes, device, seed, say, start)
    return averaged_denoiser(checkpoint)


def kept_path(checkpoint: Path, share: float) -> Path:
    """Where the averaged weights after a share of the training are kept, as a checkpoint."""
    return checkpoint.with_name(f"{checkpoint.stem}-after-{share:g}{checkpoint.suffix}")


def averaged_denoiser(checkpoint: Path) -> Denoiser:
    """The averaged weights of a checkpoint, also of one whose training still goes on."""
    denoiser = Denoiser(build_tokenizer())
    average = Average(denoiser)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    average.load_state_dict(state["parts"]["average"])
    average.copy_to(denoiser)
    return denoiser.eval()


def shown_pictures(checkpoint: Path) -> int:
    """How many whole pictures a denoiser had been shown when its checkpoint was written."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return int(state["clock"]["samples"])


def quicken(denoiser: Denoiser) -> None:
    """Let what computes on a GPU be compiled, where there is a compiler; first calls are slow.

    Whole pictures and squares each get kernels of their own: one for all sizes would be slower.
    """
    from diffusers.models.attention_processor import AttnProcessor2_0

    denoiser.unet.set_attn_processor(AttnProcessor2_0())
    if importlib.util.find_spec("triton"):
        denoiser.unet.compile(dynamic=False)


def _train(
    member: Member,
    examples: Examples,
    checkpoint: Path,
    minutes: float,
    device: str,
    seed: int,
    say: Callable[[str], None],
    start: Path | None,
) -> None:
    from visualizer.training.start import learned_before

    torch.manual_seed(seed)
    peak = PEAK_RATE if start is None else ONWARD_RATE
    denoiser = Denoiser(build_tokenizer()) if start is None else learned_before(start)
    denoiser.to(device)
    average = Average(denoiser)
    optimizer = torch.optim.AdamW(
        denoiser.parameters(), peak, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    parts = {"denoiser": denoiser, "average": average, "optimizer": optimizer}
    name = "denoiser" if start is None else "denoiser, further"
    stage = Stage(name, checkpoint, minutes, parts, say)
    member.join(stage)
    if stage.finished:
        return
    key = f"batches {checkpoint.stem} {seed} {member.rank} {stage.step}"
    batches = Batches(examples, BATCH[device], device, key)
    alpha_bars = alphas_cumprod().to(device)
    placed = placed_steps(alpha_bars)

    def drawn() -> list[torch.Tensor]:
        """Whole pictures, and squares out of others."""
        squares = batches.draw_details(DETAILS[device], DETAIL_SIDE)
        whole = with_noise(batches.draw(), alpha_bars, batches.generator)
        details = with_noise(squares, alpha_bars, batches.generator, placed)
        return [*whole.fields(), *details.fields()]

    if device != "cpu":
        quicken(denoiser)
    step = CapturedStep(partial(add_gradients, denoiser), drawn(), list(denoiser.parameters()))
    if device != "cpu" and step.failure:
        say(f"The steps are launched one kernel at a time: {step.failure}")
    stage.start()
    done = False
    while not done:
        loss = step(*drawn())
        member.agree(denoiser, stage)
        done = stage.finished  # asked here, where all members hold the same number
        nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate(peak)
        optimizer.step()
        average.update()
        before = stage.fraction
        stage.tick(batches.batch * member.size, loss)
        for share in KEPT_AT:
            if start is None and before < share <= stage.fraction and not stage.quiet:
                state = {"parts": {"average": average.state_dict()}}
                save_atomically(state, kept_path(checkpoint, share))
    if not stage.quiet:
        stage.save()
