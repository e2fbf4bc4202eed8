"""The drawings that the built-in model learns from."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.textures import draw_texture
from visualizer.training.world.composition import (
    draw_scene,
    draw_subject,
    draw_without_things,
    thing_masks,
)
from visualizer.training.world.subjects import (
    COLORS,
    OBJECTS,
    PLACES,
    RELATIONS,
    SIDES,
    SIZES,
    TIMES,
    Subject,
    Thing,
    choose_held_out_pair,
    choose_held_out_single,
    is_held_out,
    scene_subject,
)

SMALL = 64
"""Pixels of a picture that is only looked at for where its things are."""
SHINING = "lighthouse"
"""Its beam may leave the picture."""


def alone(object_: str, color: str = "red", place: str = "meadow", time: str = "day") -> Subject:
    return Subject((Thing(object_, color),), place, time, None, "middle", "center")


def two(first: str, second: str, relation: str) -> Subject:
    things = Thing(first, "red"), Thing(second, "blue")
    return Subject(things, "meadow", "day", relation)


def middle_of(mask: np.ndarray) -> float:
    """The x of what is covered, 0…1."""
    return float(np.nonzero(mask)[1].mean() / mask.shape[1])


def test_a_scene_depends_on_seed_and_index_alone() -> None:
    first, subject = draw_scene(3, 17)
    draw_scene(3, 16)
    again, same_subject = draw_scene(3, 17)
    other, _ = draw_scene(4, 17)
    assert np.array_equal(first, again)
    assert subject == same_subject == scene_subject(3, 17)[0]
    assert not np.array_equal(first, other)
    assert first.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
    assert first.dtype == np.uint8


def test_every_thing_can_be_drawn_everywhere_at_every_time_in_every_color() -> None:
    seen: set[tuple[str, str]] = set()
    for o, p in product(range(len(OBJECTS)), range(len(PLACES))):
        object_, place = OBJECTS[o], PLACES[p]
        time, color = TIMES[(o + p) % len(TIMES)], COLORS[(o + p) % len(COLORS)]
        subject = alone(object_, color, place, time)
        assert draw_subject(subject, random.Random(o), SMALL).std() > 4, subject
        seen |= {(object_, place), (object_, time), (object_, color), (place, time)}
        seen |= {(place, color)}
    kinds = (
        (OBJECTS, PLACES),
        (OBJECTS, TIMES),
        (OBJECTS, COLORS),
        (PLACES, TIMES),
        (PLACES, COLORS),
    )
    assert seen == {pair for kind in kinds for pair in product(*kind)}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_thing_changes_is_where_its_mask_says(place: str) -> None:
    for k, object_ in enumerate(OBJECTS[PLACES.index(place) % 3 :: 3]):
        subject = alone(object_, "orange", place)
        (mask,) = thing_masks(subject, random.Random(k))
        there = draw_subject(subject, random.Random(k)).astype(int)
        gone = draw_without_things(subject, random.Random(k)).astype(int)
        changed = np.abs(there - gone).max(2) > 12
        assert 0.01 < mask.mean() < 0.6
        assert changed[mask].mean() > 0.85, object_


def test_things_are_whole_in_the_picture_and_most_of_them_is_seen() -> None:
    for index in range(120):
        subject, rng = scene_subject(5, index)
        for thing, mask in zip(subject.things, thing_masks(subject, rng, SMALL), strict=True):
            assert mask.sum() > 12, subject
            border = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
            assert not border or thing.object == SHINING, subject


def test_left_and_right_and_large_and_small_are_what_they_are_called() -> None:
    for k, object_ in enumerate(OBJECTS):
        middles, covered = {}, {}
        for side, size in ((s, z) for s in SIDES for z in SIZES):
            subject = Subject((Thing(object_, "red"),), "field", "day", None, size, side)
            (mask,) = thing_masks(subject, random.Random(k), SMALL)
            middles[side, size], covered[side, size] = middle_of(mask), mask.mean()
        assert middles["left", "small"] < 0.42 < middles["center", "small"] < 0.58
        assert middles["right", "small"] > 0.58
        assert covered["left", "small"] < 0.7 * covered["left", "middle"]
        assert covered["left", "middle"] < covered["left", "big"]


@pytest.mark.parametrize("first", OBJECTS)
def test_the_first_of_two_is_left_of_the_second(first: str) -> None:
    second = OBJECTS[OBJECTS.index(first) - 1]
    for seed in range(2):
        left, right = thing_masks(two(first, second, "left"), random.Random(seed), SMALL)
        assert middle_of(left) < middle_of(right)


def test_the_first_of_two_hides_a_part_of_the_second() -> None:
    hidden = []
    for k, first in enumerate(OBJECTS):
        second = OBJECTS[k - 3]
        subject = two(first, second, "front")
        before, behind = thing_masks(subject, random.Random(k), SMALL)
        _, whole = thing_masks(subject, random.Random(k), SMALL, hidden=True)
        assert before.any()
        assert behind.sum() >= 0.35 * whole.sum(), (first, second)
        hidden.append(float((whole & before).sum() / whole.sum()))
    assert np.mean(hidden) > 0.05


def test_the_color_of_a_thing_is_to_be_seen_at_every_time() -> None:
    for object_, time in product(OBJECTS, TIMES):
        subjects = alone(object_, "red", time=time), alone(object_, "blue", time=time)
        (mask,) = thing_masks(subjects[0], random.Random(2), SMALL)
        red, blue = (
            draw_subject(subject, random.Random(2), SMALL)[mask].astype(int).mean(0)
            for subject in subjects
        )
        assert red[0] > blue[0] + 15, (object_, time)
        assert blue[2] > red[2] + 15, (object_, time)


def test_training_never_shows_what_evaluation_asks_for() -> None:
    shown = [scene_subject(1, index)[0] for index in range(4000)]
    assert not any(is_held_out(subject) for subject in shown)
    pairs = {frozenset(s.things) for s in shown if len(s.things) == 2}
    triples = {(t, s.place) for s in shown for t in s.things}
    rng = random.Random(5)
    for _ in range(100):
        single, pair = choose_held_out_single(rng), choose_held_out_pair(rng)
        assert is_held_out(single)
        assert is_held_out(pair)
        assert (single.things[0], single.place) not in triples
        assert frozenset(pair.things) not in pairs
        assert len(pair.things) == 2
        assert pair.relation in RELATIONS
    assert not is_held_out(alone("car", "red", "road", "sunset"))


def test_every_kind_of_subject_comes_in_training() -> None:
    shown = [scene_subject(2, index)[0] for index in range(2000)]
    assert {len(s.things) for s in shown} == {0, 1, 2}
    assert {t.object for s in shown for t in s.things} == set(OBJECTS)
    assert {t.color for s in shown for t in s.things} == set(COLORS)
    assert {s.place for s in shown} == set(PLACES)
    assert {s.time for s in shown} == set(TIMES)
    assert {s.relation for s in shown} == {None, *RELATIONS}
    assert all(s.things[0].object != s.things[1].object for s in shown if len(s.things) == 2)


def test_textures_are_pictures_and_repeatable() -> None:
    for index in range(4):
        texture = draw_texture(1, index)
        assert texture.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
        assert texture.dtype == np.uint8
        assert np.array_equal(texture, draw_texture(1, index))
