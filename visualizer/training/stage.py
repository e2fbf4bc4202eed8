"""One stage of training against the clock: its schedule, its checkpoints, its progress line.

A stage is given minutes, not steps: a slow machine trains on fewer pictures and still ends with
a small learning rate. What was spent is kept in the checkpoint, so an interrupted stage goes on
where its last checkpoint stands.

Beside the checkpoints, `log.jsonl` keeps the course of all stages of a folder: a line of JSON a
report, with `stage`, `samples` (pictures shown so far), `spent` (seconds), `loss` (the mean since
the last report) and `rate` (of learning).
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

CHECKPOINT_SECONDS = 240.0
REPORT_SECONDS = 10.0
LOG = "log.jsonl"


class Stage:
    """The clock and the keeper of one stage.

    `parts` are the things with `state_dict` and `load_state_dict` that a checkpoint holds. Only
    `now` is read for the time, so that tests can turn the clock.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        minutes: float,
        parts: dict[str, Any],
        say: Callable[[str], None] = print,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.path = path
        self.budget = max(60.0 * minutes, 1e-9)
        self.parts = parts
        self.step = 0
        self.samples = 0
        self.spent = 0.0
        self.quiet = False  # another process speaks and writes for all
        self._say = say
        self._now = now
        self._last_tick = self._last_save = self._last_report = now()
        self._samples_then = 0
        self._loss: float | None = None  # smoothed, to be read
        self._losses: torch.Tensor | float = 0.0  # their sum since the last report
        self._steps_then = 0
        self._rate = 0.0

    @property
    def fraction(self) -> float:
        """How much of the stage is done, 0…1."""
        return min(self.spent / self.budget, 1.0)

    @property
    def finished(self) -> bool:
        """Whether what it was given is spent."""
        return self.fraction >= 1

    def learning_rate(self, peak: float, warm_up: float = 0.02) -> float:
        """Up to `peak` along a line, then down along a cosine to a hundredth of it."""
        if self.fraction < warm_up:
            self._rate = peak * max(self.fraction / warm_up, 0.02)
        else:
            along = (self.fraction - warm_up) / (1 - warm_up)
            self._rate = peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * along)))
        return self._rate

    def start(self) -> None:
        """Start the clock again: what was done since the last tick is not counted."""
        self._last_tick = self._last_save = self._last_report = self._now()

    def tick(self, samples: int, loss: torch.Tensor | float) -> None:
        """One training step is done; now and then this reports and saves."""
        moment = self._now()
        self.spent += moment - self._last_tick
        self._last_tick = moment
        self.step += 1
        self.samples += samples
        if self.quiet:
            return
        self._losses = self._losses + loss  # a tensor is added where it is: nothing waits for it
        if moment - self._last_report >= REPORT_SECONDS or self.finished:
            mean = float(self._losses) / (self.step - self._steps_then)
            self._report(mean, moment)
            self._log(mean)
            self._losses, self._steps_then = 0.0, self.step
        if moment - self._last_save >= CHECKPOINT_SECONDS or self.finished:
            self.save()
            self._last_save = moment

    def _report(self, loss: float, moment: float) -> None:
        self._loss = loss if self._loss is None else 0.8 * self._loss + 0.2 * loss
        rate = (self.samples - self._samples_then) / max(moment - self._last_report, 1e-9)
        self._last_report, self._samples_then = moment, self.samples
        left = max(self.budget - self.spent, 0)
        self._say(
            f"{self.name}: step {self.step}, {self.samples} pictures, {rate:.0f}/s, "
            f"loss {self._loss:.4f}, {int(left // 60)} min {int(left % 60):02d} s left"
        )

    def _log(self, loss: float) -> None:
        """One more point of the curves."""
        course = {
            "stage": self.name,
            "samples": self.samples,
            "spent": round(self.spent, 1),
            "loss": round(loss, 5),
            "rate": self._rate,
        }
        log = self.path.with_name(LOG)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(course) + "\n")

    def _forget_log(self) -> None:
        """Take back what was logged after the checkpoint: it is trained again."""
        log = self.path.with_name(LOG)
        if self.quiet or not log.exists():
            return
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not self._is_later(line)]
        if kept != lines:
            part = log.with_name(log.name + ".part")
            part.write_text("".join(kept), encoding="utf-8")
            part.replace(log)

    def _is_later(self, line: str) -> bool:
        try:
            course = json.loads(line)
        except ValueError:  # half a line is left of an interruption
            return True
        return bool(course["stage"] == self.name and course["samples"] > self.samples)

    def save(self) -> None:
        """Write a checkpoint; an interruption leaves the old one whole."""
        clock = {"step": self.step, "samples": self.samples, "spent": self.spent}
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        save_atomically({"clock": clock, "parts": parts}, self.path)

    def resume(self) -> bool:
        """Continue from the checkpoint if there is one; a damaged one is refused."""
        import torch

        if not self.path.exists():
            self._forget_log()
            return False
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            for name, part in self.parts.items():
                part.load_state_dict(state["parts"][name])
        except Exception as error:
            raise ValueError(
                f"The checkpoint {self.path} cannot be read ({error}). Delete it to start over."
            ) from error
        clock = state["clock"]
        self.step, self.samples, self.spent = clock["step"], clock["samples"], clock["spent"]
        self._samples_then, self._steps_then = self.samples, self.step
        self._forget_log()
        return True


def save_atomically(state: dict[str, Any], path: Path) -> None:
    """Write next to `path`, flush to the disk, rename."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class Average:
    """The exponential moving average of a module's weights: what is used in the end."""

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        self.module = module
        self.decay = decay
        self.step = 0
        self.weights = [p.detach().clone() for p in module.parameters()]

    def update(self) -> None:
        """Take in the module's present weights; young averages forget faster."""
        import torch

        self.step += 1
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        now = [p.detach() for p in self.module.parameters()]
        torch._foreach_lerp_(self.weights, now, 1 - decay)

    def copy_to(self, module: nn.Module) -> None:
        """Put the averaged weights into a module of the same kind."""
        import torch

        with torch.no_grad():
            for parameter, weight in zip(module.parameters(), self.weights, strict=True):
                parameter.copy_(weight)

    def state_dict(self) -> dict[str, Any]:
        return {"step": self.step, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        for weight, saved in zip(self.weights, state["weights"], strict=True):
            weight.copy_(saved)
