"""The training loop as the window shows it: a dozen lines, and what each of them is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LoopLine:
    """One line of the loop.

    Attributes:
        name: what the programs that run it call it.
        code: as it is read in the window; ``{c}`` is what the denoiser is told of the picture.
        about: what it does, one sentence.
    """

    name: str
    code: str
    about: str


LOOP: Final = (
    LoopLine("loop", "while True:", "The same lines again and again, each time with other dice."),
    LoopLine(
        "picture",
        "  x0, {c} = choose_pictures()",
        "Take pictures, and what they show; of about one in ten that is kept back.",
    ),
    LoopLine("time", "  t = randint(0, 1000)", "Throw a die for how much noise there will be."),
    LoopLine("noise", "  eps = randn_like(x0)", "Draw fresh static, as large as the picture."),
    LoopLine(
        "noisy",
        "  x = signal[t]*x0 + noise[t]*eps",
        "Mix picture and static, the later the time the more static: signal is √ᾱ, noise is √(1−ᾱ) "
        "(Ho et al. 2020, eq. 4).",
    ),
    LoopLine(
        "target",
        "  v = signal[t]*eps - noise[t]*x0",
        "What should be answered: the noise, in a mixture that is learned well at every time "
        "(Salimans & Ho 2022).",
    ),
    LoopLine(
        "predict",
        "  v_hat = denoiser(x, t, {c})",
        "The denoiser sees only the noisy picture, the time and what it shows, and answers.",
    ),
    LoopLine("loss", "  loss = mean((v_hat - v)**2)", "How wrong is it? Squared, and averaged."),
    LoopLine("clear", "  optimizer.zero_grad()", "Forget what the last round has measured."),
    LoopLine(
        "backward",
        "  loss.backward()",
        "In which direction would each weight lower the error? What is too long is cut.",
    ),
    LoopLine("step", "  optimizer.step()", "Move every weight a very small way in it."),
    LoopLine("average", "  average.update()", "Keep a calmer copy, the mean of the last rounds."),
)
"""Ho et al. 2020, algorithm 1, with v for ε and an average of the weights."""
