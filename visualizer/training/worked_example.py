"""One training example under the magnifier: what the model was asked, and how wrong it was."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import denoised_and_noise
from visualizer.training.denoiser import noised
from visualizer.training.plan import SEED
from visualizer.training.world.captions import caption
from visualizer.training.world.composition import draw_scene
from visualizer.training.world.subjects import scene_subject

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.model import Model

STEP_RATE: Final = 1e-4
"""How far the weights of the copy are moved: the optimizer's first step moves each by this."""


class ExampleError(ValueError):
    """A model cannot be asked as its training did: a sentence why."""


@dataclass(frozen=True)
class ExampleQuestion:
    """What dice decide of one example of the training.

    Attributes:
        scene: of the training pictures, 0…``plan.SCENES`` − 1.
        timestep: 0 … 999.
        noise_seed: of ε.
    """

    scene: int
    timestep: int
    noise_seed: int


@dataclass(frozen=True)
class WorkedExample:
    """One row of a mini-batch. Pictures are (H, W, 3) uint8.

    Attributes:
        caption: what the model is told.
        noise_share: 1 − ᾱ_t.
        drawn, clean: the drawing, and what the autoencoder keeps of it.
        noise, noisy: decodes of ε and of x_t.
        guess, guessed_noise: decodes of x̂₀ and ε̂, both implied by the model's answer v̂.
        error: (ε̂ − ε)², the mean over the channels, (rows, columns).
        noise_loss: its mean over all numbers (Ho et al. 2020, eq. 14).
        v_loss: the mean of (v̂ − v)² (Salimans & Ho 2022). The training counted things more in it:
            ``denoiser.with_noise``.
    """

    question: ExampleQuestion
    caption: str
    noise_share: float
    drawn: Picture
    clean: Picture
    noise: Picture
    noisy: Picture
    guess: Picture
    guessed_noise: Picture
    error: FloatArray
    noise_loss: float
    v_loss: float


@dataclass(frozen=True)
class StepTaken:
    """What one step on this very example does to a copy of the denoiser.

    Attributes:
        length: of the gradient of the v-loss over all its weights.
        weights: how many there are.
        before, after: the v-loss on this example.
    """

    length: float
    weights: int
    before: float
    after: float


def caption_of(scene: int) -> str:
    """One of the captions that a training scene can have; always the same one here."""
    return caption(scene_subject(SEED, scene)[0], random.Random(f"example {scene}"))


@torch.no_grad()
def work_example(model: Model, question: ExampleQuestion) -> WorkedExample:
    """Ask the built-in model as its training did.

    Raises:
        ExampleError: for a model that does not predict v.
    """
    x0, x, v, words = _asked(model, question)
    t = torch.tensor([question.timestep], device=x.device)
    v_hat = model.pipeline.unet(x, t, words).sample
    level = NoiseLevel.from_alpha_bar(float(_alpha_bars(model)[question.timestep]))
    x_ = _plain(x)
    guess, guessed = denoised_and_noise(x_, _plain(v_hat), level, "v_prediction")
    eps = _noise(x0, question.noise_seed).cpu().numpy()
    squared = (guessed - eps) ** 2
    return WorkedExample(
        question=question,
        caption=caption_of(question.scene),
        noise_share=level.noise_share,
        drawn=draw_scene(SEED, question.scene)[0],
        clean=model.decode(_plain(x0)[0]),
        noise=model.decode(eps[0]),
        noisy=model.decode(x_[0]),
        guess=model.decode(guess[0].astype(np.float32)),
        guessed_noise=model.decode(guessed[0].astype(np.float32)),
        error=read_only(squared[0].mean(0).astype(np.float32)),
        noise_loss=float(squared.mean()),
        v_loss=float(((v_hat - v).float() ** 2).mean()),
    )


def take_step(model: Model, question: ExampleQuestion) -> StepTaken:
    """loss.backward() and optimizer.step() on a copy of the denoiser; the model stays as it is."""
    with torch.no_grad():
        _, x, v, words = _asked(model, question)
    denoiser = copy.deepcopy(model.pipeline.unet).requires_grad_(True)
    t = torch.tensor([question.timestep], device=x.device)
    optimizer = torch.optim.AdamW(denoiser.parameters(), STEP_RATE, weight_decay=0.0)
    with torch.enable_grad():
        loss = ((denoiser(x, t, words).sample - v) ** 2).mean()
        loss.backward()
    weights = [w for w in denoiser.parameters() if w.grad is not None]
    squares = torch.stack([w.grad.square().sum() for w in weights if w.grad is not None])
    optimizer.step()
    with torch.no_grad():
        after = ((denoiser(x, t, words).sample - v) ** 2).mean()
    return StepTaken(
        float(squares.sum().sqrt()), sum(w.numel() for w in weights), loss.item(), after.item()
    )


def _asked(
    model: Model, question: ExampleQuestion
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """x0, x_t and v (1, C, h, w), and the words' vectors (1, L, features)."""
    pipeline: Any = model.pipeline
    if pipeline.scheduler.config.prediction_type != "v_prediction":
        raise ExampleError(
            "This model was not trained to predict v, so it cannot be asked as the built-in one is."
        )
    drawn = torch.from_numpy(draw_scene(SEED, question.scene)[0])
    x = drawn.permute(2, 0, 1)[None].to(pipeline.vae.device, pipeline.vae.dtype) / 127.5 - 1
    x0 = pipeline.vae.encode(x).latents * pipeline.vae.config.scaling_factor
    tokens = pipeline.tokenizer(
        [caption_of(question.scene)], padding="max_length", truncation=True, return_tensors="pt"
    ).input_ids.to(pipeline.text_encoder.device)
    words = pipeline.text_encoder(tokens).last_hidden_state
    alpha_bar = _alpha_bars(model)[[question.timestep]].to(x0.device)
    noisy, v = noised(x0.float(), _noise(x0, question.noise_seed), alpha_bar)
    unet = pipeline.unet
    return x0, noisy.to(unet.dtype), v.to(unet.dtype), words.to(unet.dtype)


def _noise(x0: torch.Tensor, seed: int) -> torch.Tensor:
    return torch.randn(x0.shape, generator=torch.Generator().manual_seed(seed)).to(x0.device)


def _plain(x: torch.Tensor) -> FloatArray:
    return x.float().cpu().numpy()


def _alpha_bars(model: Model) -> torch.Tensor:
    values: torch.Tensor = model.pipeline.scheduler.alphas_cumprod
    return values
