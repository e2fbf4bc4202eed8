"""What a network learns: the noise of a cloud, the same for one seed, and for as long as wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tests.physics.mixture import exact_denoise
from visualizer.physics.entropy import differential_entropy
from visualizer.physics.field import Field
from visualizer.physics.flow import Flow, Way, noise_in, score
from visualizer.physics.learning import lesson
from visualizer.physics.levels import alphas_cumprod
from visualizer.physics.network import Denoiser, train
from visualizer.physics.progress import Progress
from visualizer.physics.shapes import Points, Shape

RINGS = Shape("rings")


def noise(count: int) -> Points:
    return np.random.default_rng(3).standard_normal((count, 2), dtype=np.float32)


def taken(steps: int, way: Way = "ode", enough_at: int = 10**6) -> list[Any]:
    done = 0

    def enough() -> bool:
        return done >= enough_at

    news: list[Any] = []
    alphas = alphas_cumprod(61)
    for each in lesson(
        RINGS, noise(100), alphas, 5, watched=lambda: way, enough=enough, steps=steps
    ):
        if isinstance(each, Progress):
            done = each.steps
        if each is not None:
            news.append(each)
    return news


def test_an_untaught_network_moves_no_dot() -> None:
    net = Denoiser(torch.Generator().manual_seed(1))
    x = noise(20)
    np.testing.assert_allclose(noise_in(x, net.denoise(x, 0.3), 0.3), np.sqrt(0.7) * x, atol=1e-5)


def test_it_learns_the_exact_answer_of_a_few_dots() -> None:
    centers: Points = np.array([[-1.2, 0.0], [1.2, 0.4]], dtype=np.float32)
    random = np.random.default_rng(4)
    points = centers[random.integers(0, 2, 4000)]
    points = (points + 0.2 * random.standard_normal(points.shape)).astype(np.float32)
    *_, (net, progress) = train(points, 7, 200)
    assert progress.steps == 200
    assert progress.seconds > 0
    for alpha in (0.2, 0.5, 0.8):
        x = (np.sqrt(alpha) * points[:200] + np.sqrt(1 - alpha) * noise(200)).astype(np.float32)
        wanted = score(x, exact_denoise(centers, 0.2, x, alpha), alpha)
        found = score(x, net.denoise(x, alpha), alpha)
        error = ((found - wanted) ** 2).mean() / (wanted**2).mean()
        assert error < 0.15


def test_a_lesson_shows_drafts_then_both_ways_and_the_arrows() -> None:
    news = taken(30)
    assert sum(isinstance(each, Progress) for each in news) == 30
    flows = [each for each in news if isinstance(each, Flow)]
    assert [(flow.way, flow.draft) for flow in flows] == [
        ("ode", True),
        ("ode", True),
        ("ode", False),
        ("sde", False),
    ]
    assert all(flow.frames.shape == (61, 100, 2) for flow in flows)
    (field,) = (each for each in news if isinstance(each, Field))
    assert np.isfinite(field.arrows).all()
    np.testing.assert_array_equal(field.at(int(field.levels[1])), field.arrows[1])
    between = field.at(int(field.levels[1]) + 3)
    np.testing.assert_allclose(between, (field.arrows[1] + field.arrows[2]) / 2, atol=1e-4)
    assert differential_entropy(flows[-1].frames[-1]) > 2


def test_the_same_seed_learns_the_same() -> None:
    one, two = taken(12), taken(12)
    for a, b in zip(one, two, strict=True):
        if isinstance(a, Flow):
            np.testing.assert_array_equal(a.frames, b.frames)
        elif isinstance(a, Progress):
            assert (a.steps, a.loss) == (b.steps, b.loss)


def test_it_ends_when_somebody_has_seen_enough_and_drafts_only_what_is_looked_at() -> None:
    news = taken(2000, "forward", enough_at=25)
    assert sum(isinstance(each, Progress) for each in news) == 25
    flows = [each for each in news if isinstance(each, Flow)]
    assert [(flow.way, flow.draft) for flow in flows] == [("ode", False), ("sde", False)]
