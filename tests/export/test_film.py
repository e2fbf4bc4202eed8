"""What a film shows: which moments, for how long, how large, on what."""

from __future__ import annotations

import weakref
from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.example_runs import SIZE, StandInDecoder, make_picture, make_run
from tests.export.grids import four_seeds, make_grid
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import VIEWS, View
from visualizer.export import ExportError
from visualizer.export.colors import READABLE, VISIBLE, contrast, look_of
from visualizer.export.film import FULL_HD, Film, film_of
from visualizer.export.needed import shown
from visualizer.export.options import ExportOptions, Size
from visualizer.export.shots import evenly_by_noise, shots_of

ALL_CAPTIONS = ("prompt", "seed", "step", "noise")
SIZES: tuple[Size, ...] = get_args(Size)


def film(what: Trajectory | Comparison, **values: Any) -> Film:
    return film_of(what, ExportOptions(**values))


def moments(found: Film) -> list[int]:
    return [shot.moment for shot in found.shots]


def pixels(image: Image.Image) -> Picture:
    return np.asarray(image)


def shares_of(count: int) -> list[float]:
    return [1 - k / max(count - 1, 1) for k in range(count)]


# --- Which moments --------------------------------------------------------------------------------


@st.composite
def choices(draw: st.DrawFn) -> tuple[list[int], list[float], ExportOptions]:
    """Moments with pictures of a reel, its shares of noise, and any options about them."""
    count = draw(st.integers(1, 60))
    shares = draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    if draw(st.booleans()):
        shares = sorted(shares, reverse=True)
    shown = draw(st.lists(st.sampled_from(range(count)), min_size=1, unique=True))
    options = ExportOptions(
        steps=draw(st.sampled_from(["all", "every", "noise"])),
        every=draw(st.integers(1, 70)),
        count=draw(st.integers(2, 70)),
        fps=draw(st.none() | st.floats(0.5, 50)),
        hold=draw(st.floats(0, 30)),
        direction=draw(st.sampled_from(["forward", "back", "boomerang"])),
    )
    return sorted(shown), shares, options


@given(choices())
def test_the_first_and_the_last_moment_are_always_shown(
    chosen: tuple[list[int], list[float], ExportOptions],
) -> None:
    shown, shares, options = chosen
    found = [shot.moment for shot in shots_of(shown, shares, options)]
    assert set(found) <= set(shown)
    assert {shown[0], shown[-1]} <= set(found)
    begins = shown[-1] if options.direction == "back" else shown[0]
    assert found[0] == begins
    # not even where it begins again does a frame follow itself
    assert all(a != b for a, b in pairwise(found))
    if len(found) > 1:
        assert found[-1] != found[0]
    once = found if options.direction != "boomerang" else found[: found.index(shown[-1]) + 1]
    ordered = sorted(once, reverse=options.direction == "back")
    assert once == ordered


@given(choices())
def test_a_boomerang_comes_back_the_way_it_went(
    chosen: tuple[list[int], list[float], ExportOptions],
) -> None:
    shown, shares, options = chosen
    there = [s.moment for s in shots_of(shown, shares, replace(options, direction="forward"))]
    back = [s.moment for s in shots_of(shown, shares, replace(options, direction="back"))]
    both = [s.moment for s in shots_of(shown, shares, replace(options, direction="boomerang"))]
    assert back == there[::-1]
    assert both == there + there[1:-1][::-1]


@given(choices())
def test_it_takes_as_long_as_asked(chosen: tuple[list[int], list[float], ExportOptions]) -> None:
    shown, shares, options = chosen
    shots = shots_of(shown, shares, options)
    turn = shots.index(next(s for s in shots if s.moment == shown[-1]))
    held = turn if options.direction == "boomerang" else len(shots) - 1
    others = [shot.milliseconds for k, shot in enumerate(shots) if k != held]
    assert shots[held].milliseconds >= round(1000 * options.hold)
    assert all(time > 0 for time in others)
    if options.fps is None:
        assert all(40 <= time <= 125 for time in others)
    else:
        assert all(abs(time - 1000 / options.fps) <= 1 for time in others)
        # rounding does not add up
        assert abs(sum(others) - len(others) * 1000 / options.fps) <= 2


def test_a_film_takes_about_four_seconds_unless_told_otherwise() -> None:
    assert film(make_run(60), hold=0).seconds == pytest.approx(4, abs=0.4)
    assert film(make_run(30), hold=0, fps=10).seconds == pytest.approx(3.1)
    assert film(make_run(30), hold=2, fps=10).seconds == pytest.approx(5.0)


def test_every_fifth_step_and_the_last() -> None:
    assert moments(film(make_run(12), steps="every", every=5)) == [0, 5, 10, 12]
    assert moments(film(make_run(10), steps="every", every=5)) == [0, 5, 10]
    assert moments(film(make_run(3), steps="every", every=100)) == [0, 3]


def test_steps_are_evenly_spaced_by_noise() -> None:
    run = make_run(100)
    shares = [step.noise_level.noise_share for step in run.steps]
    found = moments(film(run, steps="noise", count=11))
    assert [shares[k] for k in found] == pytest.approx([1 - i / 10 for i in range(11)], abs=0.01)
    # the same steps spaced evenly by number lie elsewhere
    assert found != [10 * i for i in range(11)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.integers(2, 90))
def test_as_many_steps_as_asked_for(shares: list[float], count: int) -> None:
    every = list(range(len(shares)))
    found = evenly_by_noise(every, shares, count)
    assert len(found) == min(count, len(every))
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (0, every[-1])


def test_the_noise_of_a_second_stage_counts_as_way_too() -> None:
    shares = [1.0, 0.5, 0.0, 1.0, 0.5, 0.0]
    assert evenly_by_noise(list(range(6)), shares, 4) == [0, 2, 3, 5]


# --- What is shown --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guided() -> Trajectory:
    """A run that has something to show in every view."""
    from visualizer.diffusion.step import Guidance

    run = make_run(4, decoder=StandInDecoder())
    steps = tuple(
        step
        if step.prediction is None
        else replace(step, guidance=Guidance(step.prediction * 0.5, weight=3.0))
        for step in run.steps
    )
    return replace(run, steps=steps)


@pytest.mark.parametrize("view", VIEWS)
def test_moments_in_which_a_view_is_empty_are_left_out(guided: Trajectory, view: View) -> None:
    found = film(guided, view=view, size="1", pixels="square")
    expected = [k for k in range(5) if guided.has_view(k, view)]
    assert moments(found) == expected
    assert len(expected) >= 4
    for shot, image in zip(found.shots, found.frames(lambda done, total: None), strict=True):
        assert np.array_equal(pixels(image), guided.picture(shot.moment, view))


def test_what_a_change_is_made_of_may_be_stored() -> None:
    run = make_run(6)  # no decoder
    assert moments(film(run, view="change")) == [1, 2, 3, 4, 5, 6]
    kept = {k: p for k, p in run.pictures.items() if k != (3, "noisy")}
    assert moments(film(replace(run, pictures=kept), view="change")) == [1, 2, 5, 6]
    assert moments(film(replace(run, pictures={}), view="channels")) == list(range(7))


def test_the_pictures_that_are_needed_come_in_the_order_of_the_film() -> None:
    found = film(make_run(4), direction="back", view="denoised")
    assert shown(found) == [(k, "denoised") for k in (4, 3, 2, 1, 0)]
    there_and_back = film(make_run(4), direction="boomerang", steps="every", every=2)
    assert shown(there_and_back) == [(0, "noisy"), (2, "noisy"), (4, "noisy")]
    assert shown(film(make_run(4), content="plot")) == []


def test_whatever_cannot_be_shown_is_refused_with_a_sentence() -> None:
    run, grid = make_run(4), four_seeds(2, size=16)
    refused: list[tuple[Trajectory | Comparison, dict[str, Any], str]] = [
        (make_run(4, stop_after=0), {}, "before its first step"),
        (make_run(4, stop_after=2, pictures=False), {}, "with its model"),
        (run, {"view": "noise"}, "no pictures of the view “Predicted noise”"),
        (run, {"view": "guidance"}, "no pictures of the view “Prompt's pull”"),
        (make_run(0), {"content": "plot"}, "two noise levels"),
        (make_run(0), {"content": "both"}, "two noise levels"),
        (make_run(4, stop_after=0), {"content": "plot"}, "before its first step"),
        (run, {"subject": "difference"}, "single run"),
        (grid, {"subject": "forward"}, "choose one of these runs"),
        (run, {"subject": "forward"}, "is made by the model"),
        (make_run(4, stop_after=0), {"subject": "forward"}, "no picture that noise could destroy"),
        (Comparison(()), {}, "Make some first"),
        (make_grid(make_run(3, stop_after=0), None), {"content": "plot"}, "None of these runs"),
        (make_grid(run, make_run(3, stop_after=1)), {"view": "unprompted"}, "“Without prompt”"),
    ]
    for what, values, sentence in refused:
        with pytest.raises(ExportError, match=sentence) as caught:
            film(what, **values)
        assert str(caught.value).endswith(".")


def test_a_forward_process_goes_from_the_picture_to_static() -> None:
    run = make_run(4, decoder=StandInDecoder())
    found = film(run, subject="forward", captions=ALL_CAPTIONS, content="both")
    assert moments(found) == [0, 1, 2, 3, 4]
    shares = found.reel.shares
    assert list(shares) == sorted(shares)
    assert shares[0] < 0.01 < 0.99 < shares[-1]
    assert "forward process" in found.reel.facts
    assert found.frame(4).size == found.size
    again = film(found.reel.lanes[0].run or run, subject="forward")
    assert list(again.reel.shares) == list(shares), "a forward process was destroyed once more"


def test_a_stopped_run_is_shown_as_far_as_it_came() -> None:
    run = make_run(8, stop_after=4)
    found = film(run, content="both")
    assert moments(found) == [0, 1, 2, 3]
    assert len(found.reel.shares) == 9, "the plan is drawn to its end"


# --- How large ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "size", "expected"),
    [
        ((128, 128), "auto", (512, 512)),
        ((512, 512), "auto", (512, 512)),
        ((100, 700), "auto", (600, 4200)),
        ((1024, 576), "auto", (1024, 576)),
        ((128, 128), "1", (128, 128)),
        ((100, 60), "2", (200, 120)),
        ((100, 60), "4", (400, 240)),
        ((1024, 576), "1080p", (1920, 1080)),
        ((128, 128), "1080p", (1080, 1080)),
        ((3000, 1000), "1080p", (1920, 640)),
    ],
)
def test_sizes(own: tuple[int, int], size: Size, expected: tuple[int, int]) -> None:
    picture = np.zeros((own[1], own[0], 3), dtype=np.uint8)
    run = make_run(1, final=picture, pictures={(0, "noisy"): picture})
    found = film(run, size=size)
    assert found.size == expected
    assert found.frame(0).size == expected


@settings(max_examples=40, deadline=None)
@given(
    st.integers(8, 700),
    st.integers(8, 700),
    st.sampled_from(["picture", "plot", "both"]),
    st.sampled_from(["smooth", "square"]),
    st.sampled_from(["below", "above", "over"]),
    st.sets(st.sampled_from(ALL_CAPTIONS)),
)
def test_all_of_a_frame_fits_a_screen_of_1080_lines(
    width: int, height: int, content: Any, enlarged: Any, place: Any, captions: set[str]
) -> None:
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    run = make_run(1, prompt="a red Ferrari " * 30, final=picture, pictures={(0, "noisy"): picture})
    values = {"content": content, "pixels": enlarged, "caption_place": place}
    found = film(run, size="1080p", captions=tuple(captions), **values)
    assert found.size[0] <= FULL_HD[0]
    assert found.size[1] <= FULL_HD[1]
    if enlarged == "smooth" and min(width, height) > 200:
        # and nothing much larger would have
        assert found.size[0] > 0.97 * FULL_HD[0] or found.size[1] > 0.95 * FULL_HD[1]
    assert found.frame(0).size == found.size


@pytest.mark.parametrize("size", SIZES)
def test_every_frame_of_a_grid_is_as_large(size: Size) -> None:
    grid = make_grid(
        make_run(3, seed=1), None, make_run(5, seed=2), replace(make_run(2), final=None)
    )
    found = film(grid, size=size, captions=ALL_CAPTIONS, content="both")
    sizes = {image.size for image in found.frames(lambda done, total: None)}
    assert sizes == {found.size}


def test_square_pixels_are_exact() -> None:
    run = make_run(2)
    for size, factor in (("2", 2), ("4", 4), ("auto", 512 // SIZE), ("1080p", 1080 // SIZE)):
        found = film(run, size=size, pixels="square")
        enlarged = run.picture(1).repeat(factor, axis=0).repeat(factor, axis=1)
        assert np.array_equal(pixels(found.frame(1)), enlarged), size
    smooth = film(run, size="4").frame(1)
    assert len(np.unique(pixels(smooth)[:4, :4].reshape(-1, 3), axis=0)) > 1


def test_the_lanes_of_a_grid_are_enlarged_from_their_own_pixels() -> None:
    grid = four_seeds(2, size=32)
    found = film(grid, size="4", pixels="square")
    image = pixels(found.frame(1))
    for lane in grid.lanes:
        assert lane.run is not None
        enlarged = lane.run.picture(1).repeat(4, axis=0).repeat(4, axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(image[:, :, 0], (128, 128))
        assert (windows[:, :, 0, 0] == enlarged[0, 0, 0]).any()
        hits = np.argwhere((windows[..., ::64, ::64] == enlarged[::64, ::64, 0]).all(axis=(2, 3)))
        assert any(
            np.array_equal(image[y : y + 128, x : x + 128], enlarged) for y, x in hits.tolist()
        )


def test_the_numbers_of_a_latent_stay_squares() -> None:
    run = make_run(2)
    found = film(run, view="channels", size="4")
    enlarged = run.picture(1, "channels").repeat(4, axis=0).repeat(4, axis=1)
    assert np.array_equal(pixels(found.frame(1)), enlarged)


# --- On what --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("background", "color"),
    [("dark", (20, 22, 27)), ("light", (246, 246, 243)), ("#FF8800", (255, 136, 0))],
)
def test_the_background_has_its_color(background: str, color: tuple[int, int, int]) -> None:
    run = make_run(2, size=64)
    found = pixels(film(run, background=background, captions=("seed",), content="both").frame(1))
    assert tuple(found[-1, -1]) == color
    grid = pixels(film(four_seeds(1, size=64), background=background).frame(0))
    assert tuple(grid[0, 0]) == color


@given(st.integers(0, 0xFFFFFF))
def test_words_can_be_read_on_any_background(number: int) -> None:
    look = look_of(f"#{number:06x}")
    assert contrast(look.text, look.ground) >= READABLE
    assert contrast(look.quiet, look.ground) >= READABLE
    assert contrast(look.accent, look.ground) >= VISIBLE
    assert contrast(look.second, look.ground) >= VISIBLE


# --- How it is made -------------------------------------------------------------------------------


def test_nothing_is_decoded_before_it_is_looked_at() -> None:
    decoder = StandInDecoder()
    run = make_run(20, pictures=False, decoder=decoder)
    found = film(run, captions=ALL_CAPTIONS, content="both", size="1")
    assert len(found.shots) == 21
    assert shown(found)
    assert found.size
    assert decoder.calls == 0
    list(film(run, content="plot").frames(lambda done, total: None))
    assert decoder.calls == 0
    frames = found.frames(lambda done, total: None)
    next(frames)
    next(frames)
    assert decoder.calls == 2


def test_no_earlier_frame_is_held() -> None:
    found = film(make_run(8), captions=ALL_CAPTIONS, content="both")
    made: list[weakref.ref[Image.Image]] = []
    most = 0

    def held(done: int, total: int) -> None:
        nonlocal most
        most = max(most, sum(each() is not None for each in made))

    for image in found.frames(held):
        made.append(weakref.ref(image))
        del image
    assert len(made) == 9
    assert most == 0, "an earlier frame is held while the next one is made"


def test_a_frame_can_be_changed_without_changing_another() -> None:
    for values in ({}, {"captions": ALL_CAPTIONS, "content": "both"}):
        found = film(make_run(3), **values)
        before = pixels(found.frame(1)).copy()
        found.frame(1).paste("#ffffff", (0, 0, 40, 40))
        assert np.array_equal(pixels(found.frame(1)), before)


def test_progress_is_told_and_may_end_it() -> None:
    found = film(make_run(5))
    told: list[tuple[int, int]] = []
    list(found.frames(lambda done, total: told.append((done, total))))
    assert told == [(k, 6) for k in range(1, 7)]

    def end(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(found.frames(end))


def test_a_plain_frame_is_the_picture_itself() -> None:
    run = make_run(2, final=make_picture(0, size=600), pictures={})
    assert np.array_equal(pixels(film(run).frame(0)), run.picture(2))
