"""Accuracies on made-up verdicts, distances against other computations, and kept pictures."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visualizer.training.architecture import LATENT_SIZE, PICTURE_SIZE
from visualizer.training.evaluation import command, generated, measuring, prompts, sheet
from visualizer.training.evaluation.distances import frechet, mean_distance, variety
from visualizer.training.evaluation.fidelity import (
    BLOCK,
    decoded_noise,
    like_static,
    photographs,
    sent_through,
    white_noise,
)
from visualizer.training.evaluation.generated import Generator, Settings, keep, kept
from visualizer.training.evaluation.judge import (
    ABSENT,
    FEATURES,
    HEADS,
    SIDE,
    Judge,
    load_judge,
    save_judge,
)
from visualizer.training.evaluation.judge_training import (
    Truths,
    examined,
    judged_drawing,
    judged_subject,
    judging_loss,
    lessons,
    small,
    spoiled,
)
from visualizer.training.evaluation.prompts import ALL, Asked, held_out_questions, varied_questions
from visualizer.training.evaluation.report import table
from visualizer.training.evaluation.verdict import CHECKS, Count, Seen, as_seen, counted, wrong
from visualizer.training.world import words
from visualizer.training.world.captions import unknown_words
from visualizer.training.world.subjects import (
    COLORS,
    OBJECTS,
    PLACES,
    RELATIONS,
    TIMES,
    Subject,
    Thing,
    choose_any_subject,
    is_held_out,
)

CAR, CAT = Thing("car", "red"), Thing("cat", "white")
ALONE = Subject((CAR,), "road", "sunset", None, "big", "left")
TWO = Subject((CAT, CAR), "beach", "day", "front")


def subjects() -> st.SearchStrategy[Subject]:
    return st.integers(0, 2**32).map(lambda key: choose_any_subject(random.Random(key)))


# --- Verdicts -------------------------------------------------------------------------------------


def test_a_relation_is_told_of_the_thing_that_comes_first_in_the_list() -> None:
    assert as_seen(TWO).relation == "behind", "the car comes first, and the cat is in front of it"
    assert as_seen(replace(TWO, things=(CAR, CAT))).relation == "front"
    assert as_seen(replace(TWO, relation="left")).relation == "right"
    assert as_seen(ALONE).relation is None


@given(subjects())
def test_two_sentences_that_say_the_same_want_the_same(subject: Subject) -> None:
    wanted = as_seen(subject)
    assert wrong(wanted, wanted, list(CHECKS)) == []
    if subject.relation is not None:
        swapped = replace(subject, things=subject.things[::-1])
        assert as_seen(swapped).relation != wanted.relation
        assert wrong(wanted, as_seen(swapped), list(CHECKS)) == ["relation"]


@pytest.mark.parametrize(
    ("seen", "mistaken"),
    [
        (as_seen(TWO), []),
        (
            replace(as_seen(TWO), things=frozenset({CAR}), relation=None),
            ["object", "color", "relation"],
        ),
        (
            replace(as_seen(TWO), things=frozenset({Thing("car", "white"), Thing("cat", "red")})),
            ["color"],  # both colors are there, on the wrong things
        ),
        (replace(as_seen(TWO), things=frozenset({CAR, CAT, Thing("dog", "red")})), ["object"]),
        (replace(as_seen(TWO), place="lake", time="night"), ["place", "time"]),
    ],
)
def test_what_is_wrong_is_named(seen: Seen, mistaken: list[str]) -> None:
    names = ("object", "color", "relation", "place", "time")
    assert wrong(as_seen(TWO), seen, names) == mistaken


def test_attributes_are_counted_alone_and_together() -> None:
    right = as_seen(ALONE)
    seen = [right, replace(right, place="lake"), replace(right, things=frozenset({CAT}))]
    counts = counted([right] * 3, seen, ("object", "color", "place", "time"))
    assert {name: count.right for name, count in counts.items()} == {
        "object": 2,
        "color": 2,
        "place": 2,
        "time": 3,
        "all": 1,
    }
    assert counts["all"].figures()["share"] == pytest.approx(1 / 3, abs=1e-4)


@given(st.integers(1, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share(numbers: tuple[int, int]) -> None:
    count = Count(*numbers)
    low, high = count.interval
    assert 0 <= low <= count.share + 1e-12
    assert count.share - 1e-12 <= high <= 1
    # Wilson's bounds are where the share is 1.96 standard errors away
    for bound in (low, high):
        variance = bound * (1 - bound) / count.of
        assert (count.share - bound) ** 2 == pytest.approx(1.96**2 * variance, rel=1e-6, abs=1e-12)


# --- Prompts --------------------------------------------------------------------------------------


def test_nothing_that_is_asked_for_was_shown_in_training() -> None:
    sets = held_out_questions(40, 20, 7)
    assert [len(one.asked) for one in sets] == [40, 40, 20, 40]
    for one in (*sets, varied_questions(7, 3, 2)):
        for asked in one.asked:
            assert is_held_out(asked.subject)
            assert unknown_words(asked.prompt) == []
    assert sets == held_out_questions(40, 20, 7)
    plain, spoken, pairs, _ = sets
    assert [one.subject for one in plain.asked] == [one.subject for one in spoken.asked]
    assert [one.seed for one in plain.asked] == [one.seed for one in spoken.asked]
    assert plain.asked != spoken.asked
    assert all(len(one.subject.things) == 2 for one in pairs.asked)
    assert plain.asked[3].wanted == as_seen(plain.asked[3].subject)


def test_sizes_and_sides_are_said() -> None:
    sized = held_out_questions(30, 1, 3)[-1]
    for one in sized.asked:
        assert one.subject.size in ("small", "big")
        assert words.SIZES[one.subject.size][0] in one.prompt
        assert words.SIDES[one.subject.side or ""][0] in one.prompt


def test_every_prompt_comes_under_several_seeds() -> None:
    varied = varied_questions(7, 3, 4).asked
    assert [len({one.prompt for one in varied[k : k + 4]}) for k in (0, 4, 8)] == [1, 1, 1]
    assert len({one.seed for one in varied}) == len(varied)
    assert len(varied[8].subject.things) == 2


def test_what_a_plain_prompt_leaves_open_is_left_to_chance() -> None:
    rng = random.Random(0)
    drawn = [prompts.as_drawn(ALONE, rng) for _ in range(40)]
    assert {one.size for one in drawn} == {"small", "middle", "big"}
    assert {one.side for one in drawn} == {"left", "center", "right"}
    assert all(replace(one, size="big", side="left") == ALONE for one in drawn)
    assert prompts.as_drawn(TWO, rng) == TWO


# --- Distances ------------------------------------------------------------------------------------


def test_the_frechet_distance_of_one_number_is_what_the_formula_says() -> None:
    chance = np.random.default_rng(0)
    a, b = chance.normal(0, 1, (4000, 1)), chance.normal(3, 2, (4000, 1))
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)  # the first one imports scipy
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(3, 40))
def test_the_frechet_distance_agrees_with_scipys_matrix_root(seed: int, size: int, n: int) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    chance = np.random.default_rng(seed)
    mixing = chance.normal(size=(size, size))
    a = chance.normal(size=(size + n, size)) @ mixing
    b = 1.5 * chance.normal(size=(size + 2 * n, size)) + chance.normal(size=size)
    ca, cb = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = np.real(linalg.sqrtm(ca @ cb))
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(ca + cb - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert frechet(b, a) == pytest.approx(frechet(a, b), rel=1e-7, abs=1e-8)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a + 2, b + 2) == pytest.approx(frechet(a, b), rel=1e-6, abs=1e-6)


def test_distances_need_two_pictures() -> None:
    with pytest.raises(ValueError, match="two pictures"):
        frechet(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="two pictures"):
        mean_distance(np.zeros((1, 3)))


def test_variety_is_measured_in_units_of_the_drawn_ones() -> None:
    pictures = np.zeros((4, 2, 2, 3), np.uint8)
    pictures[1] = 10  # of the first prompt's pair one is 10 lighter everywhere
    pictures[3] = 30
    assert mean_distance(pictures[:2]) == pytest.approx(10)
    drawn = np.zeros_like(pictures)
    drawn[1::2] = 40
    assert variety(pictures, drawn, 2) == pytest.approx((10 + 30) / 2 / 40)
    three = np.array([[0.0, 0.0], [3.0, 3.0], [6.0, 6.0]])
    assert mean_distance(three) == pytest.approx((3 + 3 + 6) / 3)


# --- What needs no words --------------------------------------------------------------------------


def test_white_noise_is_like_static_and_blocks_are_not() -> None:
    white = like_static(white_noise(40, (8, 128, 128, 3)))
    assert white["neighbors"] == pytest.approx(0, abs=0.01)
    assert white["blocks"] == pytest.approx(1, abs=0.1)
    assert white["deviation"] == pytest.approx(40, rel=0.02)
    glass = white_noise(40, (8, 8, 8, 3)).repeat(BLOCK, 1).repeat(BLOCK, 2)
    found = like_static(glass)
    assert found["blocks"] == pytest.approx(BLOCK, rel=0.02)
    assert found["neighbors"] > 0.8


class Enlarging:
    """Stands for an autoencoder: halves a picture, and enlarges what is to be decoded."""

    device, dtype = torch.device("cpu"), torch.float32
    config = argparse.Namespace(latent_channels=3, scaling_factor=2.0)

    def encoder(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(x, 2)

    def decoder(self, z: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(z, size=(PICTURE_SIZE, PICTURE_SIZE))


def test_pictures_are_sent_through_in_bytes() -> None:
    flat = np.arange(2 * 3, dtype=np.uint8).reshape(2, 1, 1, 3) * 40
    pictures = flat.repeat(PICTURE_SIZE, 1).repeat(PICTURE_SIZE, 2)
    assert np.array_equal(sent_through(Enlarging(), pictures), pictures)


def test_a_decoder_that_shows_its_latents_is_no_static() -> None:
    config = argparse.Namespace(sample_size=LATENT_SIZE)
    unet = argparse.Namespace(config=config)
    pictures = decoded_noise(argparse.Namespace(vae=Enlarging(), unet=unet), 4)
    assert pictures.shape == (4, PICTURE_SIZE, PICTURE_SIZE, 3)
    found = like_static(pictures)
    assert found["blocks"] == pytest.approx(BLOCK, rel=0.02)
    assert found["deviation"] == pytest.approx(127.5 / 2, rel=0.1)


def test_photographs_are_made_square(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "red").save(tmp_path / "b.jpg")
    Image.new("L", (90, 120), 7).save(tmp_path / "a.png")
    (tmp_path / "CREDITS.md").write_text("who made them")
    found = photographs(tmp_path)
    assert list(found) == ["a", "b"]
    assert {picture.shape for picture in found.values()} == {(PICTURE_SIZE, PICTURE_SIZE, 3)}
    assert (found["a"] == 7).all()


def test_the_photographs_that_ship_are_ten_and_credited() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "photographs"
    found = photographs(folder)
    assert len(found) == 10
    credits_ = (folder / "CREDITS.md").read_text(encoding="utf-8")
    assert all(f"`{name}.jpg`" in credits_ for name in found)
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            assert image.size == (256, 256)


# --- Pictures that are kept -----------------------------------------------------------------------


def asked(count: int) -> list[Asked]:
    return [Asked(f"a red car {k}", ALONE, k) for k in range(count)]


def test_kept_pictures_come_back_for_the_same_prompts_and_seeds_only(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "plain-00000.npz"
    some = asked(3)
    drawn = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    assert kept(path, some) is None
    keep(path, some, drawn)
    found = kept(path, some)
    assert found is not None
    assert np.array_equal(found, drawn)
    assert kept(path, some[:2]) is None
    assert kept(path, [*some[:2], replace(some[2], seed=9)]) is None
    path.write_bytes(path.read_bytes()[:-40])
    assert kept(path, some) is None, "a damaged file is made again"


class FakePipeline:
    """Draws every picture in the grey of its seed."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.scheduler = object()

    def set_progress_bar_config(self, **_: Any) -> None:
        pass

    def __call__(self, texts: list[str], **said: Any) -> Any:
        self.batches.append(len(texts))
        greys = [generator.initial_seed() for generator in said["generator"]]
        return argparse.Namespace(images=[Image.new("RGB", (8, 8), (g, g, g)) for g in greys])


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    monkeypatch.setattr(
        "visualizer.diffusion.samplers.fresh_scheduler", lambda own, *_args, **_named: own
    )
    identity = argparse.Namespace(weights_hash="w" * 64)
    return argparse.Namespace(pipeline=FakePipeline(), identity=identity, device="cpu")


def test_pictures_are_made_once(tmp_path: Path, fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "CHUNK", 10)
    said: list[str] = []
    chosen = Settings(30, 5.0)
    made = Generator(fake, chosen, tmp_path, said.append).pictures("plain", asked(13))
    assert [int(picture[0, 0, 0]) for picture in made] == [*range(13)]
    assert fake.pipeline.batches == [8, 2, 3]
    assert len(said) == 2
    again = Generator(fake, chosen, tmp_path, said.append).pictures("plain", asked(13))
    assert np.array_equal(again, made)
    assert len(fake.pipeline.batches) == 3
    fake.identity.weights_hash = "x" * 64  # of other weights nothing is there yet
    Generator(fake, chosen, tmp_path, said.append).pictures("plain", asked(3))
    assert fake.pipeline.batches == [8, 2, 3, 3]


# --- The judge ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> Any:
    return np.stack([judged_drawing(1, k) for k in range(4)])


def test_small_drawings_are_averages(drawn: Any) -> None:
    reduced = small(drawn[0])
    assert reduced.shape == (SIDE, SIDE, 3)
    assert reduced[5, 7, 1] == round(float(drawn[0][10:12, 14:16, 1].mean()))


def test_the_judge_gives_a_verdict_on_every_picture(drawn: Any) -> None:
    judge = Judge()
    verdicts = judge.verdicts(drawn)
    assert len(verdicts) == 4
    for seen in verdicts:
        assert seen.place in PLACES
        assert seen.time in TIMES
        assert (seen.relation is not None) == (len(seen.things) == 2)
        assert (seen.size is not None) == (len(seen.things) == 1)
    assert judge.features(drawn).shape == (4, FEATURES)
    lowered = judge.features(np.stack([small(one) for one in drawn]))
    assert np.allclose(judge.features(drawn), lowered, atol=0.05)
    with pytest.raises(ValueError, match="squares of 128"):
        judge.verdicts(np.zeros((1, 100, 100, 3), np.uint8))


def test_a_verdict_is_read_from_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [as_seen(TWO), as_seen(ALONE), as_seen(Subject((), "lake", "fog"))]
    truths = Truths.of(wanted)
    assert truths.things[2].eq(ABSENT).all()
    scores = {
        name: torch.nn.functional.one_hot(truth.clamp(min=0), len(HEADS[name])).float()
        for name, truth in truths.others.items()
    }
    scores["things"] = torch.nn.functional.one_hot(truths.things, ABSENT + 1).float()
    judge = Judge()
    monkeypatch.setattr(judge, "forward", lambda x: scores)
    assert judge.verdicts(np.zeros((3, SIDE, SIDE, 3), np.uint8)) == wanted
    sure = {name: 40 * some for name, some in scores.items()}
    assert judging_loss(sure, truths).item() == pytest.approx(0, abs=1e-5)
    assert judging_loss(scores, truths).item() > 1


def test_what_a_drawing_does_not_show_is_not_learned() -> None:
    truths = Truths.of([as_seen(ALONE)])
    scores = {name: torch.zeros(1, len(HEADS[name]), requires_grad=True) for name in HEADS}
    scores["things"] = torch.zeros(1, len(OBJECTS), len(COLORS) + 1, requires_grad=True)
    judging_loss(scores, truths).backward()  # type: ignore[no-untyped-call]
    assert scores["relation"].grad is not None
    assert not scores["relation"].grad.any()
    assert scores["size"].grad is not None
    assert scores["size"].grad.any()


def test_the_judge_learns(drawn: Any) -> None:
    torch.manual_seed(0)
    judge = Judge().train()
    x = spoiled(torch.from_numpy(np.stack([small(one) for one in drawn])).permute(0, 3, 1, 2) / 128)
    assert x.shape == (4, 3, SIDE, SIDE)
    truths = Truths.of([as_seen(judged_subject(1, k)[0]) for k in range(4)])
    optimizer = torch.optim.AdamW(judge.parameters(), 2e-3)
    losses = []
    for _ in range(6):
        loss = judging_loss(judge(x), truths)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_its_lessons_show_everything_and_nothing() -> None:
    shown = [judged_subject(3, k)[0] for k in range(400)]
    assert {len(subject.things) for subject in shown} == {0, 1, 2}
    assert {subject.relation for subject in shown} == {None, *RELATIONS}
    assert any(is_held_out(subject) for subject in shown), "it has to know them all"


def test_lessons_are_drawn_once(tmp_path: Path) -> None:
    path = lessons(tmp_path, 1, 3)
    written = np.load(path)
    assert np.array_equal(written[2], small(judged_drawing(1, 2)))
    before = path.stat().st_mtime_ns
    assert lessons(tmp_path, 1, 3).stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_judge_is_examined_on_what_a_drawing_shows() -> None:
    shown: list[Any] = []
    counts = examined(Judge(), 6, 4, lambda drawn: shown.append(drawn) or drawn)  # type: ignore[func-returns-value]
    assert shown[0].shape == (6, 256, 256, 3)
    seen = [judged_subject(4, k)[0] for k in range(6)]
    assert counts["place"].of == 6
    assert counts["relation"].of == sum(len(subject.things) == 2 for subject in seen)
    assert counts["size"].of == sum(len(subject.things) == 1 for subject in seen)


def test_the_judge_is_kept_in_half_precision(tmp_path: Path, drawn: Any) -> None:
    judge = Judge()
    path = tmp_path / "made" / "judge.safetensors"
    save_judge(judge, path)
    assert path.stat().st_size < 2.2 * sum(p.numel() for p in judge.parameters())
    again = load_judge(path)
    assert np.allclose(again.features(drawn), judge.features(drawn), atol=0.02)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="holds no judge"):
        load_judge(path)


# --- Sheet, table, command ------------------------------------------------------------------------


def test_the_sheet_names_what_is_wrong_in_red() -> None:
    pictures = [np.full((256, 256, 3), shade, np.uint8) for shade in (10, 90, 200)]
    made = np.asarray(sheet.contact_sheet(pictures, ["a", "b", "c"], ["", "no thing", ""], 2))
    tile, label = sheet.TILE + sheet.GAP, made.shape[0] // 2 - sheet.TILE
    assert made.shape[1] == 2 * tile + sheet.GAP
    assert made[sheet.GAP + 5, sheet.GAP + 5].tolist() == [10] * 3
    assert made[sheet.GAP + 5, tile + sheet.GAP + 5].tolist() == [90] * 3
    below = made[sheet.GAP + sheet.TILE : sheet.TILE + label]
    red = (below[..., 0] > 200) & (below[..., 1] < 80)
    assert red[:, tile:].any()
    assert not red[:, : tile - sheet.GAP].any()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (as_seen(TWO), ""),
        (replace(as_seen(TWO), relation="left"), "car left of cat"),
        (replace(as_seen(TWO), time="fog", place="snow"), "snow; fog"),
        (replace(as_seen(TWO), things=frozenset(), relation=None), "no thing"),
        (
            replace(as_seen(TWO), things=frozenset({CAT, replace(CAR, color="pink")})),
            "pink car, white cat",
        ),
    ],
)
def test_a_fault_says_what_is_seen(seen: Seen, said: str) -> None:
    assert sheet.fault(as_seen(TWO), seen, ("object", "color", "relation", "place", "time")) == said


def test_sheets_show_the_first_pictures_and_the_wrong_ones(tmp_path: Path) -> None:
    (pairs,) = [one for one in held_out_questions(1, 3, 5) if one.name == "pairs"]
    pictures = np.zeros((3, 256, 256, 3), np.uint8)
    seen = [one.wanted for one in pairs.asked]
    judge: Any = argparse.Namespace(verdicts=lambda _: seen)
    figures = measuring.accuracy(pairs, pictures, judge, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["sheet-pairs.png"]
    assert {one["right"] for one in figures.values()} == {3}
    seen[1] = replace(seen[1], relation="left" if seen[1].relation != "left" else "right")
    figures = measuring.accuracy(pairs, pictures, judge, tmp_path)
    assert (tmp_path / "sheet-pairs-wrong.png").exists()
    rights = {name: one["right"] for name, one in figures.items()}
    assert rights == {
        "object": 3,
        "color": 3,
        "relation": 2,
        "place": 3,
        "time": 3,
        "objects, colors and relation": 2,
        ALL: 2,
    }
    seen[1] = pairs.asked[1].wanted
    measuring.accuracy(pairs, pictures, judge, tmp_path)
    assert not (tmp_path / "sheet-pairs-wrong.png").exists(), "of an earlier model"


def test_the_distance_of_drawings_to_drawings_is_about_that_of_others() -> None:
    sets = held_out_questions(12, 6, 5)
    made = {one.name: measuring.drawings(one.asked, "others") for one in sets}
    torch.manual_seed(0)
    figures = measuring.frechet_figures(sets, made, Judge())
    assert figures["count"] == 30
    assert figures["ratio"] == pytest.approx(1, abs=0.5)


def test_the_table_has_a_row_for_every_figure() -> None:
    count = Count(99, 100).figures()
    figures = {
        "sets": {"plain": "one thing"},
        "accuracy": {"plain": {"object": count, ALL: count}},
        "judge": {"drawings": {"place": count}},
        "variety": {"features": 0.9, "pixels": 0.8, "prompts": 24, "seeds": 8},
        "frechet": {"ratio": 2.5, "made": 5.0, "drawn": 2.0, "count": 1300},
        "psnr": {"scenes": {"mean": 30.04, "count": 256}},
        "static": {
            "decoded": {"neighbors": 0.1, "deviation": 50.0, "blocks": 1.2},
            "white_noise": {"neighbors": 0.0, "deviation": 50.0, "blocks": 1.0},
            "count": 32,
        },
        "speed": {"seconds": {"30": 1.9, "8": 0.5}, "device": "CPU, 2 threads"},
    }
    lines = table(figures).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 2 + 3 + 3 + 1 + 3 + 2
    assert any("99.0 %" in line and "99/100" in line and "object" in line for line in lines)
    assert any("30.0 dB" in line for line in lines)


def evaluate_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser


def test_the_command_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys, visualizer.training.evaluation.command\n"
        "print([m for m in ('torch', 'PySide6', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_defaults_ask_enough() -> None:
    args = evaluate_parser().parse_args([])
    assert (args.count, args.pairs) == (500, 300)
    with pytest.raises(SystemExit):
        evaluate_parser().parse_args(["--count", "0"])


def test_a_folder_that_holds_no_model_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = evaluate_parser().parse_args(["--model", str(tmp_path), "--output", str(tmp_path / "o")])
    assert command.evaluate(args) == 2
    assert "model_index.json" in capsys.readouterr().out
    assert not (tmp_path / "o").exists()
