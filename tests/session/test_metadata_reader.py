"""What a picture remembers, read beside the window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pytestqt.qtbot import QtBot

from visualizer.metadata import reading
from visualizer.session.metadata_reader import MetadataReader, ReadResult

TEXT = "a red car\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512"


@pytest.fixture
def reader(qtbot: QtBot) -> Iterator[MetadataReader]:
    made = MetadataReader()
    yield made
    made.close()
    assert made.join(10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    info = PngInfo()
    info.add_text("parameters", TEXT)
    path = tmp_path / "car.png"
    Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(path, pnginfo=info)
    return path


def result_of(qtbot: QtBot, reader: MetadataReader, source: Path | bytes) -> ReadResult:
    with qtbot.waitSignal(reader.finished) as told:
        reader.read(source)
    assert told.args is not None
    found: ReadResult = told.args[0]
    assert found.source == source
    return found


def test_a_file_or_its_content_is_read(qtbot: QtBot, reader: MetadataReader, path: Path) -> None:
    for source in (path, path.read_bytes()):
        found = result_of(qtbot, reader, source)
        assert found.failure is None
        assert found.remembered is not None
        assert found.remembered.request is not None
        assert found.remembered.request.prompt == "a red car"
        assert found.remembered.request.seed == 5


def test_a_picture_without_a_memory(qtbot: QtBot, reader: MetadataReader, tmp_path: Path) -> None:
    path = tmp_path / "plain.png"
    Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(path)
    assert result_of(qtbot, reader, path) == ReadResult(path)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"\0\1\2\3" * 20])
def test_what_is_no_picture_gets_a_sentence(
    qtbot: QtBot, reader: MetadataReader, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    found = result_of(qtbot, reader, path)
    assert found.remembered is None
    assert found.failure is not None
    assert found.failure.title == "The picture could not be read."
    assert found.failure.detail.endswith(".")
    assert "error in the program" not in found.failure.detail


def test_a_file_that_is_not_there(qtbot: QtBot, reader: MetadataReader, tmp_path: Path) -> None:
    found = result_of(qtbot, reader, tmp_path / "gone.png")
    assert found.failure is not None
    assert "gone.png" in found.failure.detail


def test_of_pictures_that_wait_only_the_last_is_read(
    qtbot: QtBot, reader: MetadataReader, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun, read = threading.Event(), threading.Event(), []

    def slowly(source: object) -> None:
        read.append(source)
        begun.set()
        assert gate.wait(10)

    monkeypatch.setattr(reading, "read", slowly)
    reader.read(path)
    assert begun.wait(10)
    others = [path.with_name(f"{k}.png") for k in range(3)]
    for other in others:
        reader.read(other)
    with qtbot.waitSignals([reader.finished] * 2):
        gate.set()
    assert read == [path, others[-1]]
