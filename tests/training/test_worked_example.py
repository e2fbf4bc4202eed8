"""The worked example: its numbers are the papers', and the model stays as it was."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer.diffusion.model import Model
from visualizer.training.architecture import LATENT_SIZE, PICTURE_SIZE
from visualizer.training.noise_shares import noise_shares, timestep_of
from visualizer.training.worked_example import (
    ExampleError,
    ExampleQuestion,
    caption_of,
    take_step,
    work_example,
)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.builtin(device="cpu")


def fingerprint(model: Model) -> str:
    found = hashlib.sha256()
    for value in model.pipeline.unet.state_dict().values():
        found.update(value.numpy().tobytes())
    return found.hexdigest()


def alpha_bar_of(t: int) -> float:
    """From the schedule's formula, one β after the other."""
    product = 1.0
    for k in range(t + 1):
        beta = (0.00085**0.5 + (0.02**0.5 - 0.00085**0.5) * k / 999) ** 2
        product *= 1 - beta
    return product


@pytest.mark.parametrize("t", [40, 500, 960])
def test_the_two_losses_are_those_of_the_papers(model: Model, t: int) -> None:
    found = work_example(model, ExampleQuestion(12, t, 5))
    alpha_bar = alpha_bar_of(t)
    assert found.noise_share == pytest.approx(1 - alpha_bar, abs=1e-4)
    # ε̂ − ε = √ᾱ (v̂ − v): the one loss is ᾱ times the other
    assert found.noise_loss == pytest.approx(alpha_bar * found.v_loss, rel=2e-3)
    assert found.error.shape == (LATENT_SIZE, LATENT_SIZE)
    assert found.error.mean() == pytest.approx(found.noise_loss, rel=1e-4)
    assert 0 < found.v_loss < 1  # an answer that knows nothing has 1
    for picture in (found.drawn, found.clean, found.noise, found.noisy, found.guess):
        assert picture.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
        assert picture.dtype == np.uint8


def test_little_noise_leaves_the_picture_and_the_same_question_has_the_same_answer(
    model: Model,
) -> None:
    question = ExampleQuestion(12, 5, 5)
    found, again = work_example(model, question), work_example(model, question)
    assert np.array_equal(found.noisy, again.noisy)
    assert found.v_loss == again.v_loss
    away = np.abs(found.guess.astype(int) - found.clean).mean()
    assert away < np.abs(found.noise.astype(int) - found.clean).mean() / 5
    assert found.caption == caption_of(12)


def test_a_step_lowers_the_loss_of_a_copy_alone(model: Model) -> None:
    before = fingerprint(model)
    taken = take_step(model, ExampleQuestion(12, 500, 5))
    assert taken.after < taken.before
    assert taken.length > 0
    assert taken.weights == sum(w.numel() for w in model.pipeline.unet.parameters())
    assert fingerprint(model) == before
    example = work_example(model, ExampleQuestion(12, 500, 5))
    assert taken.before == pytest.approx(example.v_loss, rel=1e-4)


def test_shares_of_noise_are_those_of_the_models_schedule(model: Model) -> None:
    found = 1 - model.pipeline.scheduler.alphas_cumprod.double().numpy()
    assert np.allclose(noise_shares(), found, atol=1e-5)
    for share in (0.1, 0.5, 0.9):
        assert 1 - alpha_bar_of(timestep_of(share)) == pytest.approx(share, abs=0.005)


def test_a_model_that_predicts_something_else_is_not_asked() -> None:
    with pytest.raises(ExampleError, match="not trained to predict v"):
        work_example(Model(tiny_pipeline()), ExampleQuestion(0, 500, 1))
