"""The x axis that filmstrip and noise plot share, and the few ticks that a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.session.timeline import Stage

LEFT, RIGHT = 64, 48
"""Room beside the axis: for the words of the y axis, and for half a thumbnail."""
_FEWER = 1.5
"""So many fewer points are shown, to have the first one among them."""


@dataclass(frozen=True)
class StepAxis:
    """Points 0 … total−1, spread evenly over a widget of ``width`` pixels."""

    width: int
    total: int

    @property
    def first(self) -> float:
        """Where point 0 stands."""
        return float(LEFT)

    @property
    def last(self) -> float:
        """Where the last point stands."""
        return float(max(self.width - RIGHT, LEFT + 1))

    @property
    def spacing(self) -> float:
        """Pixels from one point to the next."""
        return (self.last - self.first) / max(self.total - 1, 1)

    def x(self, k: float) -> float:
        """Where point k stands, in pixels from the left edge of the widget."""
        return self.first + k * self.spacing

    def nearest(self, x: float) -> int:
        """The point nearest to x; a point of the axis even when x lies beyond it."""
        k = round((x - self.first) / self.spacing)
        return min(max(k, 0), max(self.total - 1, 0))

    def shown(self, need: float) -> list[int]:
        """Points that fit when each needs ``need`` pixels: the last one and every n-th before it.

        The first one is among them where steps can be counted so without leaving out many.
        """
        last = self.total - 1
        if last < 1:
            return list(range(self.total))
        stride = max(1, -int(-need // self.spacing))
        if last <= stride:
            return [0, last] if last == stride else [last]
        even = (n for n in range(stride, int(stride * _FEWER) + 1) if last % n == 0)
        stride = next(even, stride)
        return list(range(last % stride, last + 1, stride))

    def ticks(self, room: float = 72.0) -> list[int]:
        """Round step numbers at least ``room`` pixels apart; always with both ends."""
        last = self.total - 1
        if last < 1:
            return list(range(self.total))
        step = next(s for s in _round_numbers() if s * self.spacing >= room or s >= last)
        inner = [k for k in range(step, last, step) if (last - k) * self.spacing >= room * 0.6]
        return [0, *inner, last]

    def labels(self, stages: Sequence[Stage] = (), room: float = 72.0) -> list[tuple[int, str]]:
        """What is written below the axis, where: step numbers. Of several stages each begins with
        its name and counts for itself."""
        if len(stages) < 2:
            return [(k, f"step {k}" if k == 0 else str(k)) for k in self.ticks(room)]
        found: list[tuple[int, str]] = []
        for stage in stages:
            steps = stage.last - stage.first
            # its end stands beside the beginning of the next one: only the last has room for it
            ends = [steps] if stage is stages[-1] and steps * self.spacing >= room else []
            step = next(s for s in _round_numbers() if s * self.spacing >= room or s >= steps)
            inner = [k for k in range(step, steps, step) if (steps - k) * self.spacing >= room]
            found.append((stage.first, stage.name or "then"))
            found += [(stage.first + k, str(k)) for k in (*inner, *ends)]
        return found


def _round_numbers() -> list[int]:
    return [m * 10**e for e in range(6) for m in (1, 2, 5)]
