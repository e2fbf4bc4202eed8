"""What is written beside the pictures of a film."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.example_runs import StandInDecoder, make_picture, make_run
from tests.export.grids import four_seeds, make_grid
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import lettering
from visualizer.export.captions import PROMPT_LINES, Captions, spoken_facts
from visualizer.export.colors import DARK
from visualizer.export.film import Film, film_of
from visualizer.export.options import ExportOptions
from visualizer.export.reel import reel_of
from visualizer.export.share_words import noise_words

ALL = ("prompt", "seed", "step", "noise")
SIDE = 256


@pytest.fixture
def run() -> Trajectory:
    return make_run(6, size=SIDE)


def film(what: Any, **values: Any) -> Film:
    return film_of(what, ExportOptions(**{"size": "1", **values}))


def array(image: Image.Image) -> NDArray[np.int16]:
    return np.asarray(image).astype(np.int16)


def inked(strip: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where something is written on an even ground."""
    return np.asarray(np.abs(strip - strip[-1, -1]).max(axis=2) > 60)


def words_of(what: Any, wanted: tuple[str, ...], moment: int) -> list[str]:
    options = ExportOptions()
    return [fact.text(moment) for fact in spoken_facts(reel_of(what, options), wanted)]


# --- What is said ---------------------------------------------------------------------------------


def test_step_and_noise_are_those_of_the_moment(run: Trajectory) -> None:
    share = round(100 * run.steps[2].noise_level.noise_share)
    assert words_of(run, ALL, 2) == ["seed 7", "step 2 of 6", f"{share} % noise"]
    assert words_of(run, ("noise",), 6) == ["0 % noise"]
    assert words_of(run, ("prompt",), 0) == []


def test_a_stopped_run_counts_the_steps_it_was_to_take() -> None:
    assert words_of(make_run(30, stop_after=3), ("step",), 2) == ["step 2 of 30"]


def test_the_steps_of_each_stage_are_counted_for_themselves() -> None:
    run = make_run(7)
    stages = ["prior"] * 3 + ["decoder"] * 5
    steps = tuple(replace(step, stage=name) for step, name in zip(run.steps, stages, strict=True))
    staged = replace(run, steps=steps)
    assert [words_of(staged, ("step",), k)[0] for k in (0, 2, 3, 7)] == [
        "prior, step 0 of 2",
        "prior, step 2 of 2",
        "decoder, step 0 of 4",
        "decoder, step 4 of 4",
    ]


def test_a_forward_process_says_so() -> None:
    run = make_run(4, decoder=StandInDecoder())
    reel = reel_of(run, ExportOptions(subject="forward"))
    assert [fact.text(4) for fact in spoken_facts(reel, ("noise",))] == [
        "forward process",
        "100 % noise",
    ]
    assert spoken_facts(reel, ()) == []


def test_a_grid_says_what_its_lanes_have_in_common() -> None:
    assert words_of(four_seeds(4), ALL, 1)[:2] == ["4 seeds", "step 1 of 4"]
    alike = make_grid(make_run(4), make_run(4))
    assert words_of(alike, ("seed",), 0) == ["seed 7"]
    # lanes of different lengths on the clock of noise have no common step
    different = make_grid(make_run(4, seed=1), make_run(8, seed=2))
    assert words_of(different, ALL, 3)[0] == "2 seeds"
    assert not [words for words in words_of(different, ALL, 3) if "step" in words]


def test_shares_are_rounded_honestly() -> None:
    assert [noise_words(share) for share in (0, 0.001, 0.5, 0.999, 1)] == [
        "0 % noise",
        "< 1 % noise",
        "50 % noise",
        "> 99 % noise",
        "100 % noise",
    ]


# --- Where it is written --------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["below", "above"])
def test_a_strip_stands_beside_the_picture(run: Trajectory, place: Any) -> None:
    found = film(run, captions=ALL, caption_place=place)
    width, height = found.size
    assert width == SIDE
    assert height > SIDE + 30
    strip_height = height - SIDE
    for moment in (0, 3, 6):
        image = array(found.frame(moment))
        picture = image[:SIDE] if place == "below" else image[strip_height:]
        strip = image[SIDE:] if place == "below" else image[:strip_height]
        assert np.array_equal(picture, run.picture(moment)), "the picture was touched"
        assert inked(strip).sum() > 200, "nothing is written"
        edges = np.concatenate([strip[:, :4], strip[:, -4:]], axis=1)
        assert not inked(edges).any(), "the words touch the edge"


def test_words_may_lie_over_the_picture(run: Trajectory) -> None:
    found = film(run, captions=ALL, caption_place="over")
    assert found.size == (SIDE, SIDE)
    image, picture = array(found.frame(0)), run.picture(0).astype(np.int16)
    assert np.array_equal(image[: SIDE // 2], picture[: SIDE // 2])
    # behind the words static is calm enough to read them
    below = slice(-12, None)
    assert image[below].std() < 0.35 * picture[below].std()
    assert image[below].mean() < 90


def test_over_a_grid_the_names_stay_free() -> None:
    grid = four_seeds(2)
    over, bare = film(grid, captions=ALL, caption_place="over"), film(grid)
    assert over.size == bare.size
    same = array(over.frame(1)) == array(bare.frame(1))
    changed = np.flatnonzero(~same.all(axis=(1, 2)))
    names = bare.size[1] - 20  # the last row's
    assert len(changed) > 0
    assert changed.max() < names - 10


def test_without_captions_there_is_no_strip(run: Trajectory) -> None:
    for place in ("below", "above", "over"):
        found = film(run, captions=(), caption_place=place)
        assert found.size == (SIDE, SIDE)
        assert np.array_equal(array(found.frame(2)), run.picture(2))


@pytest.mark.parametrize("which", ALL)
def test_each_caption_can_stand_alone(run: Trajectory, which: str) -> None:
    found = film(run, captions=(which,))
    assert SIDE + 15 < found.size[1] < SIDE + 60
    assert inked(array(found.frame(0))[SIDE:]).any()


def test_only_what_moves_differs_from_frame_to_frame(run: Trajectory) -> None:
    still = film(run, captions=("prompt", "seed"))
    assert np.array_equal(array(still.frame(0))[SIDE:], array(still.frame(5))[SIDE:])
    moving = film(run, captions=("step", "noise"))
    assert not np.array_equal(array(moving.frame(0))[SIDE:], array(moving.frame(5))[SIDE:])


def test_words_do_not_jump_when_numbers_grow() -> None:
    run = make_run(100, size=SIDE, pictures={(0, "noisy"): make_picture(1, size=SIDE)})
    captions = Captions(reel_of(run), ("step", "noise"), 400, DARK, 15, 14)
    begins = []
    for moment in (1, 50, 100):
        image = Image.new("RGB", (400, captions.height), DARK.ground)
        captions.put(image, (0, 0), moment)
        columns: NDArray[np.bool_] = np.asarray(inked(array(image)).any(axis=0))
        gaps = np.flatnonzero(~columns[:-8] & columns[8:])  # where words begin after much room
        begins.append((int(columns.argmax()), int(gaps[-1]) if len(gaps) else -1))
    lefts = {left for left, _ in begins}
    assert max(lefts) - min(lefts) <= 1


# --- Long prompts, small pictures, any script -----------------------------------------------------


def test_a_long_prompt_has_three_lines_and_says_that_it_goes_on() -> None:
    long = make_run(1, prompt="a red Ferrari on a mountain road " * 40, size=SIDE)
    short = make_run(1, prompt="a red Ferrari", size=SIDE)
    heights = [film(run, captions=("prompt",)).size[1] - SIDE for run in (short, long)]
    assert 1.5 * heights[0] < heights[1] < 4 * heights[0]
    lines = lettering.wrapped(long.request.prompt, 14, 200, PROMPT_LINES)
    assert len(lines) == PROMPT_LINES
    assert lines[-1].text.endswith("…")
    assert lines[-1].text.rstrip("…").split()[-1] in long.request.prompt.split(), "a word was cut"


@pytest.mark.parametrize("side", [16, 64, 128])
def test_small_pictures_keep_most_of_themselves(side: int) -> None:
    run = make_run(2, prompt="a red Ferrari on a mountain road " * 9, size=side)
    found = film(run, captions=ALL, caption_place="below")
    assert found.size[0] == 128
    assert found.frame(1).size == found.size
    over = film(run, captions=ALL, caption_place="over")
    assert over.frame(1).size == over.size


@pytest.mark.parametrize(
    "prompt", ["", "سيارة حمراء", "红色跑车, 山路", "🚗 😀", "w" * 5000, "a\n\n\tb", "é" * 9000]
)
def test_any_prompt_is_written(prompt: str) -> None:
    run = make_run(1, prompt=prompt, size=SIDE)
    found = film(run, captions=("prompt",))
    strip = array(found.frame(0))[SIDE:]
    assert inked(strip).any()
    assert not inked(strip[:, -4:]).any()
    assert found.size[1] < SIDE + 120


def test_a_word_of_two_scripts_is_written_in_two_fonts() -> None:
    base = lettering.font_for("latin", 20)
    line = lettering.line_of("ένα,γατί", 20, base)
    assert line.text == "ένα,γατί"
    assert all(not lettering._missing(font, piece) for piece, font in line.pieces)
