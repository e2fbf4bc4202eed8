"""Mixture: the exact answer that a network can only learn, for a shape made of Gaussian dots."""

from __future__ import annotations

import numpy as np

from visualizer.physics.shapes import Points


def exact_denoise(centers: Points, width: float, x: Points, alpha: float) -> Points:
    """x̂₀ = E[x₀ | x_t] where x₀ is one of the centers with Gaussian fuzz around it.

    Every center keeps a Gaussian of variance ᾱ·width² + 1 − ᾱ on its way into noise; Bayes tells
    which of them x_t came from, and a product of two Gaussians where in it.

    Args:
        centers: (centers, 2), all as likely.
        width: the standard deviation of the fuzz.
        x: (points, 2) at the level ``alpha``.
    """
    root, variance = np.sqrt(alpha), alpha * width**2 + 1 - alpha
    c, at = centers.astype(np.float64), x.astype(np.float64)
    away = ((at[:, None, :] - root * c[None, :, :]) ** 2).sum(axis=2) / (2 * variance)
    weight = np.exp(away.min(axis=1, keepdims=True) - away)
    weight /= weight.sum(axis=1, keepdims=True)
    center = weight @ c
    x0 = center + root * width**2 / variance * (at - root * center)
    return np.asarray(x0, dtype=np.float32)


def log_density(centers: Points, width: float, x: Points, alpha: float) -> Points:
    """log p_t(x) of the same mixture: the score is its gradient. (points,) float64."""
    root, variance = np.sqrt(alpha), alpha * width**2 + 1 - alpha
    c, at = centers.astype(np.float64), x.astype(np.float64)
    away = -((at[:, None, :] - root * c[None, :, :]) ** 2).sum(axis=2) / (2 * variance)
    most = away.max(axis=1)
    total = most + np.log(np.exp(away - most[:, None]).mean(axis=1))
    return np.asarray(total - np.log(2 * np.pi * variance))
