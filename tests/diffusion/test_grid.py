"""Grids: what people type becomes requests, or a sentence."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.diffusion import grid, sampler_table
from visualizer.diffusion.grid import FIELDS, MAX_LANES, Axis, Cell, Grid, axes_of, read_values
from visualizer.diffusion.request import MAX_SEED, RequestError, SamplingRequest

quick = settings(max_examples=60, deadline=None)
BASE = SamplingRequest(prompt="a cat", seed=3, steps=5)


# --- Lists as people type them --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [
        ("seed", "1-4, 7, 9", (1, 2, 3, 4, 7, 9)),
        ("seed", "1 – 4\n\n# later\n7;7 9", (1, 2, 3, 4, 7, 9)),
        ("seed", "9-7", (9, 8, 7)),
        ("seed", "0..2", (0, 1, 2)),
        ("seed", "\ufeff5", (5,)),
        ("seed", f"{MAX_SEED}", (MAX_SEED,)),
        ("steps", "10,20 , 30,", (10, 20, 30)),
        ("guidance_scale", "1, 2.5\n7.5 1.0", (1.0, 2.5, 7.5)),
        ("guidance_scale", "1-3", (1.0, 2.0, 3.0)),
        (
            "prompt",
            "a red car, old\n\n  a boat  \n# no\na red car, old",
            ("a red car, old", "a boat"),
        ),
        ("prompt", "a car | a boat|", ("a car", "a boat")),
        ("prompt", "a car # 5", ("a car # 5",)),
        ("negative_prompt", "fog\n(none)", ("fog", None)),
        ("sampler", "own, DPM++ 2M Karras\nEULER, euler", (None, "dpmpp_2m_karras", "euler")),
    ],
)
def test_a_list_is_read(field: str, text: str, values: tuple[object, ...]) -> None:
    assert read_values(field, text) == values


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("seed", "", "list of seeds is empty"),
        ("prompt", "# all\n\n | ", "list of prompts is empty"),
        ("seed", "one", "'one' is not a whole number"),
        ("seed", "1.5", "'1.5' is not a whole number"),
        ("seed", "1-2-3", "'1-2-3' is not a whole number"),
        ("seed", "-1", "between 0 and 4294967295"),
        ("seed", f"5 {MAX_SEED + 1}", "between 0 and 4294967295"),
        ("seed", f"0-{MAX_SEED}", "too many seeds"),
        ("seed", "0-99999 100001-199999", "too many seeds"),
        ("seed", "9" * 5000, "not a whole number"),
        ("steps", "0", "between 1 and"),
        ("guidance_scale", "nan", "between 0 and 1000"),
        ("guidance_scale", "1e999", "between 0 and 1000"),
        ("guidance_scale", "strong", "'strong' is not a number"),
        ("sampler", "zip", "no sampler 'zip'"),
        ("prompt", "a\0b", "no text"),
        ("width", "8", "cannot be spread over 'width'"),
    ],
)
def test_what_is_no_list_gets_a_sentence(field: str, text: str, words: str) -> None:
    with pytest.raises(RequestError, match=words) as refused:
        read_values(field, text)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 200


seeds = st.integers(0, MAX_SEED)


@quick
@given(values=st.lists(seeds, min_size=1, max_size=20), gap=st.sampled_from([", ", "\n", " ", ";"]))
def test_numbers_come_back_once_and_in_order(values: list[int], gap: str) -> None:
    assert read_values("seed", gap.join(map(str, values))) == tuple(dict.fromkeys(values))


@quick
@given(first=st.integers(0, 500), last=st.integers(0, 500))
def test_a_range_is_every_number_of_it(first: int, last: int) -> None:
    found = read_values("seed", f"{first}-{last}")
    assert sorted(found) == list(range(min(first, last), max(first, last) + 1))
    assert (found[0], found[-1]) == (first, last)


lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=30)


@quick
@given(texts=st.lists(lines, max_size=8))
def test_prompts_are_the_lines_that_say_something(texts: list[str]) -> None:
    wanted = [text.removeprefix("\ufeff") if i == 0 else text for i, text in enumerate(texts)]
    wanted = [text.strip() for text in wanted]
    wanted = [text for text in wanted if text and not text.startswith("#")]
    parts = [part.strip() for text in wanted for part in text.split("|") if part.strip()]
    if parts:
        assert read_values("prompt", "\n".join(texts)) == tuple(dict.fromkeys(parts))
    else:
        with pytest.raises(RequestError, match="empty"):
            read_values("prompt", "\n".join(texts))


@quick
@given(field=st.sampled_from(list(FIELDS)), text=st.text(max_size=60))
def test_any_text_gives_values_that_make_requests_or_a_sentence(field: str, text: str) -> None:
    with contextlib.suppress(RequestError):  # and nothing else
        values = read_values(field, text)
        assert len(set(values)) == len(values) > 0
        made = Grid(BASE, Axis(field, values)).cells
        assert [getattr(cell.request, field) for cell in made] == list(values)


def test_every_sampler_of_the_table_can_be_named() -> None:
    for row in (*sampler_table.DIFFUSION, *sampler_table.FLOW, *sampler_table.EDM):
        assert read_values("sampler", row.label) == (row.key,)


# --- Cells ----------------------------------------------------------------------------------------


def test_the_cells_stand_row_by_row_and_differ_in_nothing_else() -> None:
    made = Grid(BASE, Axis("seed", (1, 2)), Axis("guidance_scale", (1.0, 4.5))).cells
    assert [(c.row, c.column) for c in made] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert made[1].request == SamplingRequest("a cat", seed=2, steps=5, guidance_scale=1.0)
    assert made[2].label == "seed 1 · guidance 4.5"


def test_a_single_row_has_no_name() -> None:
    made = Grid(BASE, Axis("steps", (1, 30)))
    assert [c.label for c in made.cells] == ["1 step", "30 steps"]
    assert made.row_labels == ()
    assert made.column_labels == ("1 step", "30 steps")


def test_two_axes_of_one_field_are_refused() -> None:
    with pytest.raises(RequestError, match="cannot both be seeds"):
        Grid(BASE, Axis("seed", (1,)), Axis("seed", (2,)))


def test_repetitions_are_dropped_and_nothing_is_refused() -> None:
    assert Axis("seed", (4, 4, 2, 4)).values == (4, 2)
    with pytest.raises(RequestError, match="is empty"):
        Axis("seed", ())


def test_a_value_out_of_range_is_said_by_the_request() -> None:
    with pytest.raises(RequestError, match="seed must lie between"):
        Grid(BASE, Axis("seed", (1, -5))).check()


def test_too_many_lanes_are_counted_and_the_limits_named() -> None:
    made = Grid(BASE, Axis("seed", tuple(range(13))), Axis("steps", (1, 2, 3, 4, 5)))
    with pytest.raises(RequestError) as refused:
        made.check()
    assert str(refused.value).startswith("65 pictures are too many: 16 fit.")
    with pytest.raises(RequestError, match="65 pictures are too many: 64 fit"):
        made.check(MAX_LANES)
    Grid(BASE, Axis("seed", tuple(range(16)))).check()


# --- Labels ---------------------------------------------------------------------------------------


def test_texts_that_begin_alike_are_told_by_where_they_part() -> None:
    labels = Axis(
        "prompt",
        (
            "a red Ferrari on a mountain road at sunset",
            "a red Ferrari on a mountain road at night",
            "a boat",
        ),
    ).labels
    assert labels == ("… at sunset", "… at night", "a boat")


def test_what_the_model_itself_takes_has_a_name() -> None:
    assert Axis("sampler", (None, "euler_a")).labels == ("the model's own sampler", "Euler a")
    assert Axis("guidance_scale", (None, 5.0)).labels == ("the model's own guidance", "guidance 5")
    assert Axis("negative_prompt", (None, "fog")).labels == ("avoid nothing", "avoid fog")


@quick
@given(texts=st.lists(st.text(max_size=80), min_size=1, max_size=12, unique=True))
def test_labels_are_short_and_never_the_same(texts: list[str]) -> None:
    labels = grid.short_texts(texts)
    assert len(set(labels)) == len(texts)
    assert max(len(label) for label in labels) <= grid.LABEL_LENGTH + 6


@quick
@given(
    shared=st.lists(st.sampled_from(["a", "red", "car", "road"]), max_size=25),
    ends=st.lists(st.lists(st.sampled_from(["x", "y", "z"]), max_size=25), max_size=8),
)
def test_labels_of_prompts_that_share_words_are_never_the_same(
    shared: list[str], ends: list[list[str]]
) -> None:
    prompts = tuple(dict.fromkeys([" ".join([*shared, *end]) for end in ends]))
    labels = grid.short_texts(prompts)
    assert len(set(labels)) == len(prompts)
    assert all(len(label) <= grid.LABEL_LENGTH + 6 for label in labels)


# --- And back -------------------------------------------------------------------------------------

AXES = st.one_of(
    st.builds(Axis, st.just("seed"), st.lists(st.integers(0, 9), min_size=2, unique=True)),
    st.builds(
        Axis, st.just("prompt"), st.lists(st.text("ab", max_size=3), min_size=2, unique=True)
    ),
    st.builds(Axis, st.just("guidance_scale"), st.just((1.0, 7.5))),
    st.builds(Axis, st.just("sampler"), st.just((None, "ddim"))),
)


@quick
@given(AXES, st.none() | AXES, st.randoms())
def test_the_axes_of_a_grid_are_told_from_its_requests(
    columns: Axis, rows: Axis | None, random: Random
) -> None:
    if rows is not None and rows.field == columns.field:
        rows = None
    cells = list(Grid(BASE, columns, rows))
    random.shuffle(cells)
    assert axes_of(cells) == (columns, rows)
    if rows is not None:
        assert axes_of(cells[1:]) != (columns, rows), "a place is empty"
        upright = [replace(cell, column=0) for cell in cells if cell.column == 0]
        found = axes_of(upright)
        if rows.field == "seed":
            assert found is None
        else:
            assert found == (Axis("seed", (upright[0].request.seed,)), rows)


def test_of_what_is_no_grid_no_axes_are_told() -> None:
    def placed(*requests: SamplingRequest) -> list[Cell]:
        return [Cell(request, 0, i, str(i)) for i, request in enumerate(requests)]

    assert axes_of([]) is None
    assert axes_of(placed(BASE, BASE)) is None
    assert axes_of(placed(BASE, replace(BASE, width=64, seed=4))) is None
    both = placed(BASE, replace(BASE, seed=4), replace(BASE, prompt="a dog"))
    assert axes_of(both) is None, "seed and prompt change along one axis"
    diagonal = [Cell(replace(BASE, seed=i), i, i, "") for i in range(2)]
    assert axes_of(diagonal) is None
    gap = [Cell(replace(BASE, seed=i), 0, i, "") for i in (2, 5)]
    assert axes_of(gap) == (Axis("seed", (2, 5)), None), "a lane was removed"
