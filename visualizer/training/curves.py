"""The loss of every stage over the pictures it was shown, as one small drawing (SVG)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

POINTS = 120
"""So many of a curve are drawn at most; each is the mean of those that fall together."""
WIDTH, HEIGHT = 280, 200
LEFT, RIGHT, ABOVE, BELOW = 52, 12, 34, 34
INK, LINE = "#808890", "#e0662c"  # both are seen on white and on black


@dataclass(frozen=True)
class Curve:
    """What a stage's log tells.

    Attributes:
        stage: its name.
        shown: how many pictures it had been shown at each point, rising.
        losses: the mean loss since the point before.
    """

    stage: str
    shown: tuple[int, ...]
    losses: tuple[float, ...]


def read_curves(log: Path) -> list[Curve]:
    """The curves of a training's ``log.jsonl``, in the order in which the stages began.

    A loss that is no number above 0 is left out.
    """
    points: dict[str, list[tuple[int, float]]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if not 0 < entry["loss"] < math.inf:  # nothing that a power of two could tell
            continue
        points.setdefault(entry["stage"], []).append((entry["samples"], entry["loss"]))
    return [_thinned(stage, some) for stage, some in points.items()]


def _thinned(stage: str, points: Sequence[tuple[int, float]]) -> Curve:
    size = -(-len(points) // POINTS)
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return Curve(
        stage,
        tuple(part[-1][0] for part in parts),
        tuple(sum(loss for _, loss in part) / len(part) for part in parts),
    )


def drawn(curves: Sequence[Curve]) -> str:
    """One panel a curve, side by side; the loss runs over powers of two."""
    panels = [
        f'<g transform="translate({k * WIDTH} 0)">{_panel(curve)}</g>'
        for k, curve in enumerate(curves)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(curves)} {HEIGHT}" '
        f'width="{WIDTH * len(curves)}" height="{HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="11">\n' + "\n".join(panels) + "\n</svg>\n"
    )


def _panel(curve: Curve) -> str:
    low = math.floor(math.log2(min(curve.losses)))
    high = max(math.ceil(math.log2(max(curve.losses))), low + 1)
    right, foot = WIDTH - RIGHT, HEIGHT - BELOW

    def x(shown: float) -> float:
        return LEFT + (right - LEFT) * shown / curve.shown[-1]

    def y(power: float) -> float:
        return foot + (ABOVE - foot) * (power - low) / (high - low)

    parts = [f'<text x="{LEFT}" y="18" fill="{INK}" font-weight="600">{escape(curve.stage)}</text>']
    for power in range(low, high + 1, max(1, (high - low) // 4)):
        at = y(power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{right}" stroke="{INK}" stroke-opacity="0.25"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" fill="{INK}" text-anchor="end">'
            f"{2.0**power:.3g}</text>"
        )
    for share in (0, 0.5, 1):
        shown = share * curve.shown[-1]
        parts.append(
            f'<text x="{x(shown):.1f}" y="{foot + 16}" fill="{INK}" '
            f'text-anchor="{("start", "middle", "end")[round(2 * share)]}">{shown:,.0f}</text>'
        )
    line = " ".join(
        f"{x(shown):.1f},{y(math.log2(loss)):.1f}"
        for shown, loss in zip(curve.shown, curve.losses, strict=True)
    )
    parts.append(f'<polyline points="{line}" fill="none" stroke="{LINE}" stroke-width="1.5"/>')
    parts.append(f'<text x="{right}" y="18" fill="{INK}" text-anchor="end">loss by pictures</text>')
    return "".join(parts)
