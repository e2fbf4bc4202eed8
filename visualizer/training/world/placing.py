"""Where things stand in a picture, and how large they are. Numbers only, nothing is painted."""

from __future__ import annotations

import random
from dataclasses import dataclass

from visualizer.training.world.brush import UNITS
from visualizer.training.world.inventory import KINDS
from visualizer.training.world.places.view import Ground
from visualizer.training.world.subjects import Subject
from visualizer.training.world.things.kind import Kind

MARGIN = 4.0
SCALES = {"small": (0.56, 0.7), "middle": (0.86, 1.08), "big": (1.26, 1.55)}
"""Units of the picture for one of a thing; the three can be told apart."""
STRIPS = {"left": (0.0, 0.18), "center": (0.42, 0.58), "right": (0.82, 1.0)}
"""Where a single thing stands in the room that it has, 0 far left … 1 far right."""


@dataclass(frozen=True)
class Stand:
    """Where one thing is painted.

    Attributes:
        kind: of it.
        x: of the middle of its foot.
        lift: how far back it stands: 0 at the front of the ground … 1 at its back. For what flies,
            how high, 0 low … 1 high.
        scale: units of the picture for one of its own.
    """

    kind: Kind
    x: float
    lift: float
    scale: float

    @property
    def half_width(self) -> float:
        """In units of the picture."""
        return self.scale * self.kind.half_width

    @property
    def height(self) -> float:
        """In units of the picture."""
        return self.scale * self.kind.height

    def foot(self, ground: Ground, horizon: float) -> float:
        """The y of its foot in the picture that has this ground."""
        if self.kind.flies:
            highest = self.height + MARGIN
            lowest = max(horizon + 22.0, highest)
            return lowest + (highest - lowest) * self.lift
        near, far = ground.near, ground.far
        if self.kind.swims and ground.water is not None:
            far, near = ground.water[0] + 6, ground.water[1] - 2
        foot = near + (far - near) * self.lift
        return min(max(foot, self.height + MARGIN), UNITS - MARGIN)


def placed(subject: Subject, rng: random.Random) -> tuple[Stand, ...]:
    """A stand for each thing of a subject, whole in the picture, in the order of the subject."""
    kinds = [KINDS[thing.object] for thing in subject.things]
    if not kinds:
        return ()
    if len(kinds) == 1:
        return (_alone(kinds[0], subject.size or "middle", subject.side or "center", rng),)
    if subject.relation == "left":
        return _side_by_side(kinds[0], kinds[1], rng)
    return _one_before_other(kinds[0], kinds[1], rng)


def _fitting(kind: Kind, scale: float) -> float:
    """At most so large that a thing is whole in the picture."""
    room = UNITS - 2 * MARGIN
    return min(scale * kind.scale, 0.86 * room / kind.height, room / (2 * kind.half_width))


def _alone(kind: Kind, size: str, side: str, rng: random.Random) -> Stand:
    scale = _fitting(kind, rng.uniform(*SCALES[size]))
    low = MARGIN + scale * kind.half_width
    x = low + (UNITS - 2 * low) * rng.uniform(*STRIPS[side])
    if kind.flies:
        return Stand(kind, x, rng.uniform(0.1, 1.0), scale)
    middle = {"small": 0.72, "middle": 0.4, "big": 0.1}[size]
    return Stand(kind, x, min(max(middle + rng.uniform(-0.22, 0.22), 0), 1), scale)


def _side_by_side(first: Kind, second: Kind, rng: random.Random) -> tuple[Stand, Stand]:
    """The first left of the second, with room between them."""
    scales = [_fitting(kind, rng.uniform(0.62, 0.95)) for kind in (first, second)]
    gap = rng.uniform(4, 14)
    widths = [2 * s * kind.half_width for s, kind in zip(scales, (first, second), strict=True)]
    too_wide = (sum(widths) + gap) / (UNITS - 2 * MARGIN)
    if too_wide > 1:
        scales = [s / too_wide for s in scales]
        widths = [w / too_wide for w in widths]
    slack = max(UNITS - 2 * MARGIN - sum(widths) - gap, 0)
    cuts = sorted((rng.random(), rng.random()))
    left = MARGIN + slack * cuts[0] + widths[0] / 2
    right = UNITS - MARGIN - slack * (1 - cuts[1]) - widths[1] / 2
    lift = rng.uniform(0.15, 0.55)
    return tuple(  # type: ignore[return-value]
        Stand(kind, x, _lift(kind, lift, rng), scale)
        for kind, x, scale in zip((first, second), (left, right), scales, strict=True)
    )


def _lift(kind: Kind, lift: float, rng: random.Random) -> float:
    return rng.uniform(0.25, 1.0) if kind.flies else lift + rng.uniform(-0.1, 0.1)


def _one_before_other(first: Kind, second: Kind, rng: random.Random) -> tuple[Stand, Stand]:
    """The first nearer than the second, hiding part of it, never more than half."""
    front = _fitting(first, rng.uniform(0.66, 0.9))
    back = _fitting(second, rng.uniform(0.78, 1.05))
    if front * first.height > 0.8 * back * second.height:  # it would hide too much
        front = max(0.8 * back * second.height / first.height, 0.56 * first.scale)
    a, b = front * first.half_width, back * second.half_width
    # outlines are narrower than their boxes: about a tenth of the thing behind is hidden
    mixed = first.flies != second.flies  # one in the air, one on the ground
    hidden = (rng.uniform(1.5, 1.9) if mixed else rng.uniform(1.0, 1.5)) * min(a, b)
    apart = (a + b - hidden) * rng.choice((-1, 1))
    reach = max(a, b - apart) + max(a, b + apart)
    too_wide = reach / (UNITS - 2 * MARGIN)
    if too_wide > 1:
        front, back, a, b, apart = (v / too_wide for v in (front, back, a, b, apart))
    low = MARGIN + max(a, b - apart)
    high = UNITS - MARGIN - max(a, b + apart)
    x = rng.uniform(min(low, high), max(low, high))
    lift = rng.uniform(0.45, 0.7)
    flying = rng.uniform(0.3, 0.75)
    before = Stand(first, x, flying - 0.1 if first.flies else lift - 0.26, front)
    behind = Stand(second, x + apart, flying if second.flies else lift, back)
    if mixed:  # low and far enough to overlap
        before = Stand(first, x, 0.0 if first.flies else rng.uniform(0.55, 0.8), front)
        behind = Stand(second, x + apart, 0.0 if second.flies else rng.uniform(0.6, 0.85), back)
    return before, behind
