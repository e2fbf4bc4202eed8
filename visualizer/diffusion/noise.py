"""Noise levels: how much of a latent is picture and how much is noise, in every scale in use."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Space = Literal["vp", "ve", "flow"]


@dataclass(frozen=True)
class NoiseLevel:
    """A latent at this level is ``x = signal · x₀ + noise · ε`` with ε ~ N(0, I).

    Three scales of the same thing (see docs/theory.md):

    - ``vp``, variance preserving (Ho et al. 2020, eq. 4): signal = √ᾱ, noise = √(1−ᾱ);
    - ``ve``, variance exploding (Karras et al. 2022): signal = 1, noise = σ;
    - ``flow``, flow matching (Lipman et al. 2023): signal = 1−σ, noise = σ.
    """

    space: Space
    signal: float
    noise: float

    @classmethod
    def from_alpha_bar(cls, alpha_bar: float) -> NoiseLevel:
        """The VP level of ᾱ in [0, 1]."""
        alpha_bar = min(max(alpha_bar, 0.0), 1.0)
        return cls("vp", math.sqrt(alpha_bar), math.sqrt(1.0 - alpha_bar))

    @classmethod
    def from_sigma(cls, sigma: float, space: Space) -> NoiseLevel:
        """The level of σ as samplers store it: noise/signal for vp and ve, noise for flow."""
        if space == "flow":
            return cls("flow", 1.0 - sigma, sigma)
        if space == "ve":
            return cls("ve", 1.0, sigma)
        signal = 1.0 / math.sqrt(1.0 + sigma * sigma)
        return cls("vp", signal, sigma * signal)

    @property
    def scale(self) -> float:
        """√(signal² + noise²): dividing x by it brings it to unit scale."""
        return math.hypot(self.signal, self.noise)

    @property
    def sigma(self) -> float:
        """σ = noise / signal, the VE equivalent (Karras et al. 2022); inf at pure noise."""
        return self.noise / self.signal if self.signal > 0 else math.inf

    @property
    def alpha_bar(self) -> float:
        """ᾱ = signal² / (signal² + noise²), the variance share of the picture, 0 … 1."""
        return self.signal**2 / (self.signal**2 + self.noise**2)

    @property
    def noise_share(self) -> float:
        """1 − ᾱ, the variance share of the noise, 0 … 1; picture and noise make 1."""
        return self.noise**2 / (self.signal**2 + self.noise**2)

    @property
    def log_snr(self) -> float:
        """λ = ln(signal² / noise²); −inf at pure noise, +inf when clean."""
        if self.noise <= 0:
            return math.inf
        return 2 * math.log(self.signal / self.noise) if self.signal > 0 else -math.inf

    def with_noise(self, noise: float) -> NoiseLevel:
        """The same signal with another amount of noise (used for measured noise)."""
        return replace(self, noise=noise)
