"""A whole picture: sky, place, things with their shadows and reflections, weather.

Scene i of a seed depends on the two numbers alone, so any training picture can be drawn again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from visualizer.training.architecture import PICTURE_SIZE as SIZE
from visualizer.training.world.brush import UNITS, Brush, around, down
from visualizer.training.world.inventory import PLACES
from visualizer.training.world.light import Light
from visualizer.training.world.places.view import Ground, View
from visualizer.training.world.placing import Stand, placed
from visualizer.training.world.sky import paint_sky, paint_weather
from visualizer.training.world.subjects import Subject, scene_subject
from visualizer.training.world.things.kind import Look


def draw_scene(seed: int, index: int, size: int = SIZE) -> tuple[NDArray[np.uint8], Subject]:
    """Scene `index` of `seed`: the picture (size, size, 3) and what it shows."""
    subject, rng = scene_subject(seed, index)
    return draw_subject(subject, rng, size), subject


def draw_subject(subject: Subject, rng: random.Random, size: int = SIZE) -> NDArray[np.uint8]:
    """One picture (size, size, 3) of a subject; everything else about it is left to `rng`."""
    return _Picture(subject, rng, size).drawn(range(len(subject.things)))


def draw_without_things(
    subject: Subject, rng: random.Random, size: int = SIZE
) -> NDArray[np.uint8]:
    """What ``draw_subject`` draws with the same `rng`, but for the things and their shadows."""
    return _Picture(subject, rng, size).drawn(())


def thing_masks(
    subject: Subject, rng: random.Random, size: int = SIZE, *, hidden: bool = False
) -> list[NDArray[np.bool_]]:
    """For each thing, which pixels (size, size) of the picture with the same `rng` it covers.

    Args:
        hidden: count also what is behind another thing.
    """
    return _Picture(subject, rng, size).masks(hidden=hidden)


@dataclass(frozen=True)
class _Placed:
    """A thing that has been painted on a transparent picture."""

    stand: Stand
    foot: float
    image: QImage
    afloat: bool


class _Picture:
    """One picture. Place, things and weather have generators of their own."""

    def __init__(self, subject: Subject, rng: random.Random, size: int) -> None:
        self.subject, self.size = subject, size
        self.of_place = random.Random(rng.getrandbits(64))
        self.of_things = [random.Random(rng.getrandbits(64)) for _ in subject.things]
        self.of_weather = random.Random(rng.getrandbits(64))
        u = rng.uniform
        warmth = (u(0.94, 1.05), u(0.95, 1.03), u(0.94, 1.05))
        self.light = Light(subject.time, rng.choice((-1, 1)), u(0, 1), warmth)
        self.horizon = u(110, 165)
        self.stands = placed(subject, rng)

    def drawn(self, shown: tuple[int, ...] | range) -> NDArray[np.uint8]:
        image = QImage(self.size, self.size, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.scale(self.size / UNITS, self.size / UNITS)
        brush = Brush(painter)
        ground = self._land(brush)
        things = [self._thing(k, ground) for k in range(len(self.stands))]
        for k in sorted(shown, key=lambda k: self._depth(things[k])):
            _put(brush, things[k], self.light, ground)
        if ground.front is not None:
            ground.front(brush)
        paint_weather(brush, self._view(self.of_weather))
        painter.end()
        return picture_of(image)

    def masks(self, *, hidden: bool) -> list[NDArray[np.bool_]]:
        image = QImage(self.size, self.size, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.scale(self.size / UNITS, self.size / UNITS)
        ground = self._land(Brush(painter))
        painter.end()
        things = [self._thing(k, ground) for k in range(len(self.stands))]
        covered = [_alpha(thing.image) > 127 for thing in things]
        if hidden:
            return covered
        order = sorted(range(len(things)), key=lambda k: self._depth(things[k]))
        for place, k in enumerate(order):
            for other in order[place + 1 :]:
                covered[k] = covered[k] & ~covered[other]
        return covered

    def _depth(self, thing: _Placed) -> float:
        """What is nearer is painted later; of two things one before the other, the first."""
        if self.subject.relation == "front":
            return float(thing.stand is self.stands[0])
        return thing.foot

    def _view(self, rng: random.Random) -> View:
        return View(self.light, self.horizon, rng, tuple(stand.x for stand in self.stands))

    def _land(self, brush: Brush) -> Ground:
        view = self._view(self.of_place)
        paint_sky(brush, view)
        return PLACES[self.subject.place](brush, view)

    def _thing(self, k: int, ground: Ground) -> _Placed:
        stand, thing, rng = self.stands[k], self.subject.things[k], self.of_things[k]
        foot = stand.foot(ground, self.horizon)
        image = QImage(self.size, self.size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        painter.scale(self.size / UNITS, self.size / UNITS)
        brush = Brush(painter)
        mirror = rng.random() < 0.5
        light = self.light.mirrored() if mirror else self.light
        with brush.moved(stand.x, foot, stand.scale, mirror=mirror):
            stand.kind.paint(brush, Look(thing.color, light, rng, self.subject.place))
        painter.end()
        afloat = stand.kind.swims and ground.water is not None
        return _Placed(stand, foot, image, afloat)


def _put(brush: Brush, thing: _Placed, light: Light, ground: Ground) -> None:
    """Paint a thing, on the ground that it stands on."""
    mirroring = 0.42 if thing.afloat else 0.5 * ground.wet
    if not thing.stand.kind.flies:
        if mirroring:
            _reflection(brush, thing, mirroring)
        if not thing.afloat:
            _cast_shadow(brush, thing, light)
            _contact(brush, thing, light)
    _image(brush, thing.image)


def _image(brush: Brush, image: QImage, transform: QTransform | None = None) -> None:
    """Paint a picture of the whole picture's size, perhaps moved (in units)."""
    brush.p.save()
    brush.p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if transform is not None:
        brush.p.setTransform(transform, True)
    brush.p.scale(UNITS / image.width(), UNITS / image.height())
    brush.p.drawImage(QPointF(0, 0), image)
    brush.p.restore()


def _contact(brush: Brush, thing: _Placed, light: Light) -> None:
    """The soft dark line where a thing meets the ground, as wide as its foot."""
    left, right = _foot_of(thing)
    width = 0.62 * (right - left) + 2
    dark = QColor(0, 0, 0, 110 if light.time != "fog" else 60)
    clear = QColor(0, 0, 0, 0)
    brush.p.save()
    brush.p.translate((left + right) / 2, thing.foot)
    brush.p.scale(1, min(0.13, 6 / width))
    brush.oval(0, 0, width, width, around(0, 0, width, dark, dark, clear))
    brush.p.restore()


def _foot_of(thing: _Placed) -> tuple[float, float]:
    """From where to where it touches the ground."""
    unit = thing.image.width() / UNITS
    lowest = slice(int((thing.foot - 5) * unit), int(thing.foot * unit) + 1)
    touched = np.flatnonzero((_alpha(thing.image)[lowest] > 127).any(axis=0))
    if not len(touched):
        return thing.stand.x - 1, thing.stand.x + 1
    return touched[0] / unit, (touched[-1] + 1) / unit


def _cast_shadow(brush: Brush, thing: _Placed, light: Light) -> None:
    """Its outline, laid on the ground away from the sun; the lower the sun, the longer."""
    strength = 0.42 * light.hour.sunshine
    if strength < 0.1:
        return
    outline = _washed(thing, QColor(8, 10, 30), 0.0, strength)
    lean = -light.side * (1.1 - 0.6 * light.height)
    length = 0.32 - 0.14 * light.height
    foot = thing.foot
    # a point h above the foot is laid h·length below it and h·lean aside
    laid = QTransform(1, 0, -lean, -length, lean * foot, foot + length * foot)
    _image(brush, outline, laid)


def _reflection(brush: Brush, thing: _Placed, strength: float) -> None:
    """Upside down under the foot, fading with the distance."""
    squash = 0.8
    flipped = QTransform(1, 0, 0, -squash, 0, thing.foot * (1 + squash))
    _image(brush, _washed(thing, None, 0.0, strength), flipped)


def _washed(thing: _Placed, color: QColor | None, at_top: float, at_foot: float) -> QImage:
    """A copy in one color, or its own, that is solid at the foot and fades towards the top."""
    image = thing.image.copy()
    painter = QPainter(image)
    painter.scale(image.width() / UNITS, image.height() / UNITS)
    brush = Brush(painter)
    if color is not None:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        brush.box(0, 0, UNITS, UNITS, color)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    top = thing.foot - thing.stand.height
    faded = down(
        top, thing.foot, QColor(0, 0, 0, round(255 * at_top)), QColor(0, 0, 0, round(255 * at_foot))
    )
    brush.box(0, 0, UNITS, UNITS, faded)
    painter.end()
    return image


def _alpha(image: QImage) -> NDArray[np.uint8]:
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), 3].copy()


def picture_of(image: QImage) -> NDArray[np.uint8]:
    """A 32-bit QImage as an array (height, width, 3)."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), 2::-1].copy()
