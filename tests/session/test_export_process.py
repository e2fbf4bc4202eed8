"""What is exported crosses to another process piece by piece, and pictures when it asks."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import StandInDecoder, make_run
from tests.export.grids import make_grid
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import View
from visualizer.export.options import ExportOptions
from visualizer.session.export_crossing import pieces_of, received, runs_of
from visualizer.session.export_pictures import MOST_AHEAD, PictureStore, RunPictures
from visualizer.session.export_process import ExportFailed, ExportProcess, StopTalk

Key = tuple[int, int, View]


def crossed(what: Trajectory | Comparison, *, whole: bool = True) -> tuple[Any, int]:
    """What arrives on the other side, with the pictures of this one, and in how many pieces."""
    keys = [list(run.pictures) for run in runs_of(what)]
    pieces = list(pieces_of(what, keys, whole=whole))
    left = iter(pieces)
    originals = runs_of(what)

    def pictures_of(number: int, keys: Sequence[tuple[int, View]]) -> Any:
        return {key: originals[number].pictures[key] for key in keys}

    return received(lambda: next(left), pictures_of), len(pieces)


def test_a_run_arrives_with_all_its_numbers_and_without_its_decoder() -> None:
    run = make_run(4, decoder=StandInDecoder())
    arrived, _ = crossed(run)
    assert isinstance(arrived, Trajectory)
    assert arrived.decoder is None
    assert arrived.request == run.request
    for mine, theirs in zip(arrived.steps, run.steps, strict=True):
        assert np.array_equal(mine.latents, theirs.latents)
    assert set(arrived.pictures) == set(run.pictures)


def test_a_lean_run_knows_its_levels_views_and_measured_noise() -> None:
    run = make_run(5)
    arrived, _ = crossed(run, whole=False)
    for k, (mine, theirs) in enumerate(zip(arrived.steps, run.steps, strict=True)):
        assert mine.latents.size == 0
        assert mine.noise_level == theirs.noise_level
        assert arrived.measured_noise(k) == pytest.approx(run.measured_noise(k))
        for view in ("noisy", "noise", "change", "unprompted"):
            assert arrived.has_view(k, view) == run.has_view(k, view)


def test_what_branches_share_goes_over_once_and_is_shared_again() -> None:
    parent = make_run(6, seed=1)
    own = make_run(6, seed=2)
    branch = replace(parent, steps=parent.steps[:4] + own.steps[4:])
    grid = make_grid(parent, None, branch, title="Two", position=0.25, alignment="step")
    arrived, pieces = crossed(grid)
    assert isinstance(arrived, Comparison)
    assert (arrived.title, arrived.position, arrived.alignment) == ("Two", 0.25, "step")
    first, failed, last = arrived.lanes
    assert failed.run is None
    assert failed.failure == grid.lanes[1].failure
    assert first.run is not None
    assert last.run is not None
    assert [a is b for a, b in zip(first.run.steps, last.run.steps, strict=True)] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
    assert pieces == 1 + (7 + 3) + 2  # the comparison, the steps, and an end to each run


# --- Pictures -------------------------------------------------------------------------------------


class Answering:
    """The window's side of a picture store, on a thread: answers what is asked for."""

    def __init__(self, run: Trajectory, *, exact: bool = True) -> None:
        self.asked: list[list[Key]] = []
        self.exact = exact
        self._run = run
        self._ours, self.theirs = Pipe()
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        try:
            while True:
                _, keys = self._ours.recv()
                self.asked.append(keys)
                for key in keys:
                    picture = self._run.pictures.get(key[1:])
                    if picture is None:
                        self._ours.send(("missing", key))
                        continue
                    self._ours.send(("picture", key, picture.shape, self.exact))
                    self._ours.send_bytes(np.ascontiguousarray(picture).data.cast("B"))
        except EOFError:
            return

    def end(self) -> None:
        self.theirs.close()
        self._thread.join(10)
        self._ours.close()


@pytest.fixture
def answering() -> Iterator[Callable[..., Answering]]:
    made: list[Answering] = []

    def make(run: Trajectory, **options: Any) -> Answering:
        made.append(Answering(run, **options))
        return made[-1]

    yield make
    for each in made:
        each.end()


def unexpected(message: tuple[Any, ...]) -> None:
    raise AssertionError(message)


def test_pictures_are_asked_for_when_needed_and_some_ahead(
    answering: Callable[..., Answering],
) -> None:
    run = make_run(40)
    window = answering(run)
    store = PictureStore(window.theirs, unexpected)
    pictures = RunPictures(store, 0, list(run.pictures))
    assert window.asked == []
    store.expect([(0, k, "noisy") for k in range(41)])
    for k in range(41):
        assert np.array_equal(pictures[k, "noisy"], run.pictures[k, "noisy"])
        so_far = [key for keys in window.asked for key in keys]
        assert len(so_far) == len(set(so_far))
        assert len(so_far) <= k + 1 + MOST_AHEAD
    assert np.array_equal(pictures[0, "noisy"], run.pictures[0, "noisy"])
    assert (3, "denoised") in pictures
    assert (99, "noisy") not in pictures
    assert pictures.get((99, "noisy")) is None


def test_a_bounded_number_of_pictures_is_kept(
    answering: Callable[..., Answering], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(60)
    window = answering(run)
    one = run.pictures[0, "noisy"].nbytes
    monkeypatch.setattr("visualizer.session.export_pictures.KEPT_BYTES", 20 * one)
    store = PictureStore(window.theirs, unexpected)
    pictures = RunPictures(store, 0, list(run.pictures))
    for k in range(61):
        assert pictures[k, "noisy"] is not None
        assert store.kept_bytes <= 20 * one


def test_a_preview_is_asked_for_again(answering: Callable[..., Answering]) -> None:
    run = make_run(2)
    window = answering(run, exact=False)
    store = PictureStore(window.theirs, unexpected)
    pictures = RunPictures(store, 0, list(run.pictures))
    assert pictures[1, "noisy"] is not None
    assert store.gave_preview()
    assert not store.gave_preview()
    window.exact = True
    assert pictures[1, "noisy"] is not None
    assert not store.gave_preview()
    assert pictures[1, "noisy"] is not None
    assert len(window.asked) == 2


def test_a_picture_that_cannot_be_had_is_a_key_error(answering: Callable[..., Answering]) -> None:
    run = make_run(2)
    store = PictureStore(answering(run).theirs, unexpected)
    pictures = RunPictures(store, 0, [(0, "noise")])
    with pytest.raises(KeyError):
        pictures[0, "noise"]


# --- The process ----------------------------------------------------------------------------------


class Talk:
    """A process that was handed a run, and what it said."""

    begun: ClassVar[list[tuple[ExportProcess, threading.Thread]]] = []
    """Those that talk on a thread of their own."""

    def __init__(
        self,
        what: Trajectory | Comparison,
        *,
        ask: Any = None,
        keys: Any = None,
        whole: bool = False,
        until: str = "ended",
    ) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.pictures: list[Picture] = []
        self._until = until
        keys = keys or [list(run.pictures) for run in runs_of(what)]
        self.process = ExportProcess(what, keys, ask or self._refuse, self._hear, whole=whole)
        self.ended: bool | None = None
        self.error: BaseException | None = None

    @staticmethod
    def _refuse(keys: Sequence[Key], answer: Callable[[Sequence[Any]], None]) -> None:
        answer([(key, None, True) for key in keys])

    def _hear(self, message: tuple[Any, ...], picture: Picture | None) -> None:
        self.said.append(message)
        if picture is not None:
            self.pictures.append(picture)
        if message[0] == self._until:
            raise StopTalk

    def run(self) -> Talk:
        self.ended = self.process.talk()
        return self

    def start(self) -> threading.Thread:
        def talk() -> None:
            try:
                self.run()
            except ExportFailed as error:
                self.error = error

        thread = threading.Thread(target=talk)
        thread.start()
        self.begun.append((self.process, thread))
        return thread

    def names(self) -> list[str]:
        return [message[0] for message in self.said]


@pytest.fixture(autouse=True)
def _no_talk_goes_on() -> Iterator[None]:
    """End what a test that failed has left, so that no other test meets it."""
    yield
    while Talk.begun:
        process, thread = Talk.begun.pop()
        if thread.is_alive():
            process.call_off(at_once=True)
            thread.join(20)


def test_a_file_is_written_by_the_other_process(tmp_path: Path) -> None:
    run = make_run(6)
    talk = Talk(run)
    talk.process.post("write", str(tmp_path / "run.gif"), ExportOptions(format="gif", size="1"))
    assert talk.run().ended
    assert talk.said[-1] == ("ended", "")
    assert ("progress", 7, 7) in talk.said
    with Image.open(tmp_path / "run.gif") as image:
        assert getattr(image, "n_frames", 1) == 7
        assert image.size == (32, 32)
    assert os.listdir(tmp_path) == ["run.gif"]


def test_what_goes_wrong_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    talk = Talk(make_run(2))
    talk.process.post("write", str(tmp_path / "no" / "a.gif"), ExportOptions(format="gif"))
    talk.run()
    assert "folder does not exist" in talk.said[-1][1]
    assert os.listdir(tmp_path) == []


def waited(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("name", ["run.gif", "run.webp", "run.mp4", "run.html"])
def test_an_export_that_is_called_off_leaves_nothing(
    tmp_path: Path, name: str, at_once: bool
) -> None:
    run = replace(make_run(6), pictures={})
    answers: list[Callable[[Sequence[Any]], None]] = []

    def ask(keys: Sequence[Key], answer: Callable[[Sequence[Any]], None]) -> None:
        stored = make_run(6).pictures
        first = [key for key in keys if key[1] < 3]  # the others never come
        answer([(key, stored[key[1:]], True) for key in first])
        answers.append(answer)

    talk = Talk(run, ask=ask, keys=[list(make_run(6).pictures)])
    from visualizer.export.options import for_path

    path = tmp_path / name
    talk.process.post("write", str(path), for_path(path))
    thread = talk.start()
    waited(lambda: len(answers) >= 2)
    talk.process.call_off(at_once=at_once)
    thread.join(20)
    assert not thread.is_alive()
    assert talk.ended is False
    assert os.listdir(tmp_path) == []


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    started = threading.Event()

    def ask(keys: Sequence[Key], answer: Callable[[Sequence[Any]], None]) -> None:
        started.set()

    run = make_run(4)
    talk = Talk(replace(run, pictures={}), ask=ask, keys=[list(run.pictures)])
    talk.process.post("write", str(tmp_path / "a.gif"), ExportOptions(format="gif"))
    thread = talk.start()
    assert started.wait(30)
    (child,) = multiprocessing.active_children()
    child.kill()
    thread.join(20)
    assert isinstance(talk.error, ExportFailed)


def test_a_preview_says_what_will_be_and_shows_the_frames_of_the_file(tmp_path: Path) -> None:
    run = make_run(6)
    options = ExportOptions(format="apng", size="2", pixels="square")
    talk = Talk(run, until="estimate")
    talk.process.post("film", options, (1000, 1000))
    talk.process.post("frame", 6)
    talk.run()
    assert talk.names()[0] == "film"
    _, milliseconds, size = talk.said[0]
    assert len(milliseconds) == 7
    assert size == (64, 64)
    assert ("shown", 6, True) in talk.said
    writing = Talk(run)
    writing.process.post("write", str(tmp_path / "a.apng"), options)
    writing.run()
    with Image.open(tmp_path / "a.apng") as image:
        image.seek(6)
        assert np.array_equal(np.asarray(image.convert("RGB")), talk.pictures[0])
    size_of_file = (tmp_path / "a.apng").stat().st_size
    estimate = talk.said[-1][1]
    assert estimate.frames == 7
    assert 0.5 < estimate.bytes / size_of_file < 2


def test_a_preview_fits_its_room_and_takes_other_options() -> None:
    run = make_run(4)
    talk = Talk(run, until="refused")
    talk.process.post("film", ExportOptions(format="webp", size="4"), (40, 1000))
    talk.process.post("frame", 0)
    thread = talk.start()
    waited(lambda: "estimate" in talk.names())
    talk.process.post("film", ExportOptions(format="webp", size="1", view="denoised"), (100, 100))
    talk.process.post("frame", 2)
    waited(lambda: ("shown", 2, True) in talk.said)
    talk.process.post("film", ExportOptions(view="guidance"), (100, 100))
    thread.join(30)
    assert not thread.is_alive()
    first, second = talk.pictures
    assert first.shape == (40, 40, 3)
    assert second.shape == (32, 32, 3)
    assert talk.names()[-1] == "refused"


def big_run() -> Trajectory:
    """A run whose pictures are larger than what a pipe holds."""
    return make_run(3, size=700)


def test_neither_side_waits_for_the_other_to_read() -> None:
    run = big_run()
    answers: list[tuple[list[Key], Callable[[Sequence[Any]], None]]] = []

    def ask(keys: Sequence[Key], answer: Callable[[Sequence[Any]], None]) -> None:
        answers.append((list(keys), answer))

    talk = Talk(replace(run, pictures={}), ask=ask, keys=[list(run.pictures)], until="never")
    options = ExportOptions(format="apng", size="1")
    talk.process.post("film", options, (2000, 2000))
    talk.process.post("frame", 0)
    thread = talk.start()
    waited(lambda: answers)
    late = answers[:]
    # another film, of which the last frame is there: both sides have much to send at once
    talk.process.post("film", replace(options, size="2"), (2000, 2000))
    for keys, answer in late * 5:
        answer([(key, run.pictures[key[1:]], True) for key in keys])
    for _ in range(5):
        talk.process.post("frame", 3)
        talk.process.post("frame", 3)
    answered = len(late)

    def shown() -> bool:
        nonlocal answered
        for keys, answer in answers[answered:]:  # what of it was not asked for at first
            answered += 1
            answer([(key, run.pictures[key[1:]], True) for key in keys])
        return ("shown", 3, True) in talk.said

    waited(shown)
    talk.process.call_off()
    thread.join(20)
    assert not thread.is_alive()


def test_options_that_change_while_a_film_is_found_are_not_lost() -> None:
    stopped = make_run(8, stop_after=5)  # its size is found from a picture
    answers: list[tuple[list[Key], Callable[[Sequence[Any]], None]]] = []

    def ask(keys: Sequence[Key], answer: Callable[[Sequence[Any]], None]) -> None:
        answers.append((list(keys), answer))

    bare = replace(stopped, pictures={})
    talk = Talk(bare, ask=ask, keys=[list(stopped.pictures)], until="never")
    talk.process.post("film", ExportOptions(format="webp", size="1"), (500, 500))
    thread = talk.start()
    waited(lambda: answers)
    few = ExportOptions(format="webp", size="1", steps="every", every=4)
    talk.process.post("film", few, (500, 500))
    talk.process.post("frame", 0)

    def answer_all() -> bool:
        while answers:
            keys, answer = answers.pop()
            answer([(key, stopped.pictures[key[1:]], True) for key in keys])
        return ("shown", 0, True) in talk.said

    waited(answer_all)
    films = [message for message in talk.said if message[0] == "film"]
    assert len(films[-1][1]) == 2
    talk.process.call_off()
    thread.join(20)
    assert not thread.is_alive()
