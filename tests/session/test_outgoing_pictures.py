"""Pictures for other programs: made beside the window, kept in a bounded folder that goes."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.request import SamplingRequest
from visualizer.metadata.note import LaneNote, Note
from visualizer.metadata.reading import read
from visualizer.session.outgoing_pictures import OutgoingPictures
from visualizer.session.temporary_files import TemporaryFiles

PICTURE = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)


def note() -> Note:
    return Note((LaneNote(SamplingRequest("a red car", seed=5, steps=4)),))


def held(gate: threading.Event) -> Callable[[], Picture]:
    """Gives the picture when the gate opens."""

    def picture() -> Picture:
        assert gate.wait(10)
        return PICTURE

    return picture


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "taken"


@pytest.fixture
def pictures(qtbot: QtBot, root: Path) -> Iterator[OutgoingPictures]:
    made = OutgoingPictures(TemporaryFiles(root))
    yield made
    made.close()
    assert made.join(10)


def test_a_picture_is_there_at_once_and_its_content_follows(pictures: OutgoingPictures) -> None:
    gate = threading.Event()
    outgoing = pictures.offer(held(gate), "car.png", note)
    assert not outgoing.made
    gate.set()
    with Image.open(io.BytesIO(outgoing.png())) as image:
        np.testing.assert_array_equal(np.asarray(image), PICTURE)
    remembered = read(io.BytesIO(outgoing.png()))
    assert remembered is not None
    assert remembered.request == SamplingRequest("a red car", seed=5, steps=4)
    assert outgoing.path() is None  # no file was asked for


def test_a_picture_that_is_to_remember_nothing_does_not(pictures: OutgoingPictures) -> None:
    outgoing = pictures.offer(lambda: PICTURE, "car.png", None)
    assert read(io.BytesIO(outgoing.png())) is None


def test_a_file_has_the_name_that_was_wanted_and_goes_with_the_program(
    pictures: OutgoingPictures, root: Path
) -> None:
    outgoing = pictures.offer(lambda: PICTURE, "a-car.png", note, as_file=True)
    again = pictures.offer(lambda: PICTURE, "a-car.png", note, as_file=True)
    path, other = outgoing.path(), again.path()
    assert path is not None
    assert other is not None
    assert path.name == other.name == "a-car.png"
    assert path != other
    assert path.read_bytes() == outgoing.png()
    pictures.close()
    assert pictures.join(10)
    assert not root.exists()
    late = pictures.offer(lambda: PICTURE, "late.png", note)
    assert late.png() == b""


def test_what_fails_is_told_and_nobody_waits(qtbot: QtBot, pictures: OutgoingPictures) -> None:
    def fail() -> Picture:
        raise MemoryError

    with qtbot.waitSignal(pictures.failed) as told:
        outgoing = pictures.offer(fail, "car.png", note)
    assert outgoing.png() == b""
    assert outgoing.picture() is None
    assert told.args is not None
    assert told.args[0].title == "The picture could not be copied."


def test_nobody_waits_for_what_could_not_be_made_before_the_end(qtbot: QtBot, root: Path) -> None:
    pictures, gate = OutgoingPictures(TemporaryFiles(root)), threading.Event()
    under_way = pictures.offer(held(gate), "car.png", note)
    behind = pictures.offer(lambda: PICTURE, "boat.png", note, as_file=True)
    pictures.close()
    assert not pictures.join(0.05)
    assert under_way.made
    assert behind.made
    assert (behind.picture(), behind.png(), behind.path()) == (None, b"", None)
    gate.set()
    assert pictures.join(10)
    assert behind.png() == b"", "it was not made after all"


def test_what_was_asked_for_before_the_end_is_made(
    qtbot: QtBot, root: Path, tmp_path: Path
) -> None:
    pictures, gate = OutgoingPictures(TemporaryFiles(root)), threading.Event()
    path = tmp_path / "car.png"
    pictures.offer(held(gate), "car.png", note)
    pictures.save(lambda: PICTURE, note, str(path))
    copied = pictures.offer(lambda: PICTURE, "car.png", note)
    pictures.close()
    gate.set()
    assert pictures.join(10)
    assert path.read_bytes() == copied.png()


def test_a_folder_that_cannot_be_made_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("in the way")
    pictures = OutgoingPictures(TemporaryFiles(tmp_path / "taken"))
    with qtbot.waitSignal(pictures.failed) as told:
        outgoing = pictures.offer(lambda: PICTURE, "car.png", note, as_file=True)
    assert outgoing.path() is None
    assert told.args is not None
    assert "taken" in told.args[0].detail
    pictures.close()
    assert pictures.join(10)


def test_saving_replaces_a_file_as_a_whole(
    qtbot: QtBot, pictures: OutgoingPictures, tmp_path: Path
) -> None:
    path = tmp_path / "car 🚗.png"
    path.write_text("old")
    with qtbot.waitSignal(pictures.saved):
        pictures.save(lambda: PICTURE, note, str(path))
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), PICTURE)
    with qtbot.waitSignal(pictures.failed) as told:
        pictures.save(lambda: PICTURE, note, str(tmp_path / "nowhere" / "car.png"))
    assert told.args is not None
    assert told.args[0].title == "The picture could not be saved."
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_old_files_go_when_there_are_too_many_or_they_are_too_large(root: Path) -> None:
    files = TemporaryFiles(root, max_files=3, max_bytes=1000)
    places = []
    for _ in range(5):
        places.append(files.place_for("a.png"))
        places[-1].write_bytes(b"x" * 10)
    assert [place.exists() for place in places] == [False, False, True, True, True]
    large = files.place_for("large.gif")
    large.write_bytes(b"x" * 5000)
    last = files.place_for("b.png")
    last.write_bytes(b"x")
    assert not large.exists()
    assert last.exists()
    files.close()
    assert not root.exists()


def test_what_a_crash_left_behind_is_removed_and_what_others_use_is_not(root: Path) -> None:
    other = TemporaryFiles(root)
    used = other.place_for("used.png")
    used.write_bytes(b"x")
    crash = (
        "import os, sys; from pathlib import Path\n"
        "from visualizer.session.temporary_files import TemporaryFiles\n"
        "files = TemporaryFiles(Path(sys.argv[1])); place = files.place_for('left.png')\n"
        "place.write_bytes(b'x'); print(place, flush=True); os._exit(1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", crash, str(root)], capture_output=True, text=True, check=False
    )
    left = Path(done.stdout.strip())
    assert left.name == "left.png"
    assert left.exists()
    mine = TemporaryFiles(root)
    place = mine.place_for("mine.png")
    assert place.parent.is_dir()
    assert not left.exists()
    assert used.exists()
    mine.close()
    assert used.exists()
    other.close()
    assert not root.exists()
