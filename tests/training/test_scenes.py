"""The drawings that the built-in model learns from."""

from __future__ import annotations

import random

import numpy as np
import pytest

from visualizer.training.scenes import draw_scene, draw_subject
from visualizer.training.subjects import (
    OBJECTS,
    PLACES,
    TIMES,
    Subject,
    choose_held_out_subject,
    held_out_combinations,
    scene_subject,
)
from visualizer.training.textures import draw_texture


def test_scene_depends_on_seed_and_index_alone() -> None:
    first, subject = draw_scene(3, 17)
    draw_scene(3, 16)
    again, same_subject = draw_scene(3, 17)
    other, _ = draw_scene(4, 17)
    assert np.array_equal(first, again)
    assert subject == same_subject == scene_subject(3, 17)[0]
    assert not np.array_equal(first, other)
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("time", TIMES)
def test_every_place_and_time_can_be_drawn(place: str, time: str) -> None:
    for thing in OBJECTS:
        picture = draw_subject(Subject(thing, "red", place, time), random.Random(1))
        empty = draw_subject(Subject(None, None, place, time), random.Random(1))
        assert picture.std() > 10
        assert np.abs(picture.astype(int) - empty).mean() > 1, f"no {thing} to be seen"


def test_the_color_of_an_object_is_to_be_seen() -> None:
    red = draw_subject(Subject("car", "red", "road", "day"), random.Random(2)).astype(int)
    blue = draw_subject(Subject("car", "blue", "road", "day"), random.Random(2)).astype(int)
    changed = np.abs(red - blue).sum(2) > 60
    assert changed.mean() > 0.04
    assert red[changed][:, 0].mean() > blue[changed][:, 0].mean()
    assert red[changed][:, 2].mean() < blue[changed][:, 2].mean()


def test_training_never_shows_what_evaluation_asks_for() -> None:
    held_out = held_out_combinations()
    shown = {scene_subject(1, index)[0] for index in range(4000)}
    assert len(held_out) == 50
    assert not held_out & {(s.object, s.color, s.place) for s in shown}
    asked = choose_held_out_subject(random.Random(5))
    assert (asked.object, asked.color, asked.place) in held_out


def test_textures_are_pictures_and_repeatable() -> None:
    for index in range(8):
        texture = draw_texture(1, index)
        assert texture.shape == (128, 128, 3)
        assert texture.dtype == np.uint8
        assert np.array_equal(texture, draw_texture(1, index))
