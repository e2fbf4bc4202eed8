"""What the y axis of the noise plot counts: the share of noise, σ, or the log-SNR."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from visualizer.diffusion.noise import NoiseLevel


@dataclass(frozen=True)
class NoiseScale:
    """One way to count noise.

    Attributes:
        key: its name in code and settings.
        label: on the axis; name: in the menu; explained: its tooltip.
        of_level: a level's value, which may be infinite.
        of_share: the same from the variance share of the noise, 0 … 1.
        pure_noise: the value of pure noise; ``clean`` of a clean picture.
        form: a finite value in words, as the readout says it.
        rises: whether the curve climbs from noise to picture.
    """

    key: str
    label: str
    name: str
    explained: str
    of_level: Callable[[NoiseLevel], float]
    of_share: Callable[[float], float]
    pure_noise: float
    clean: float
    form: Callable[[float], str]
    rises: bool = False

    def words(self, value: float) -> str:
        """A value as the readout says it; the two ends have names of their own."""
        if value == self.pure_noise:
            return "pure noise"
        return "clean" if value == self.clean else self.form(value)

    def bounds(self, values: Sequence[float]) -> tuple[float, float]:
        """The range of the axis for these values; infinite ones lie on its edge."""
        if self.key == "share":
            return 0.0, 1.0
        finite = [v for v in values if math.isfinite(v)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if self.key == "sigma":
            low = 0.0
        return (low, high) if high - low > 1e-9 else (low - 0.5, low + 0.5)

    def ticks(self, low: float, high: float) -> list[tuple[float, str]]:
        """Few round values between the bounds, with what is written beside them."""
        if self.key == "share":
            return [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")]
        step = next(s for s in _round_steps((high - low) / 4) if (high - low) / s <= 4.0)
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        return [(i * step, _minus(f"{i * step:g}")) for i in range(first, last + 1)]


def _round_steps(least: float) -> list[float]:
    power = math.floor(math.log10(least))
    return [m * 10.0**e for e in (power, power + 1) for m in (1, 2, 5)]


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _percent(share: float) -> str:
    percent = 100 * share
    if percent < 1 or percent > 99:  # 100 % is said of nothing but pure noise
        return f"{percent:.2g} % noise" if percent < 1 else f"{min(percent, 99.99):.4g} % noise"
    return f"{percent:.0f} % noise"


def _sigma_of_share(share: float) -> float:
    return math.sqrt(share / (1 - share)) if share < 1 else math.inf


def _log_snr_of_share(share: float) -> float:
    if share <= 0:
        return math.inf
    return math.log((1 - share) / share) if share < 1 else -math.inf


SHARE = NoiseScale(
    key="share",
    label="noise",
    name="Share of noise",
    explained="How much of the latent is noise, in percent of its variance",
    of_level=lambda level: level.noise_share,
    of_share=lambda share: share,
    pure_noise=1.0,
    clean=0.0,
    form=_percent,
)
SIGMA = NoiseScale(
    key="sigma",
    label="σ",
    name="σ, noise for one part of picture",
    explained="σ: how strong the noise is for a picture of strength 1",
    of_level=lambda level: level.sigma,
    of_share=_sigma_of_share,
    pure_noise=math.inf,
    clean=0.0,
    form=lambda value: f"σ = {value:.3g}",
)
LOG_SNR = NoiseScale(
    key="log_snr",
    label="log-SNR",
    name="log-SNR, signal to noise",
    explained="The natural logarithm of the ratio of signal to noise; 0 is half and half",
    of_level=lambda level: level.log_snr,
    of_share=_log_snr_of_share,
    pure_noise=-math.inf,
    clean=math.inf,
    form=lambda value: f"log-SNR {_minus(f'{value:.2f}')}",
    rises=True,
)
SCALES = {scale.key: scale for scale in (SHARE, SIGMA, LOG_SNR)}
