"""Animated WebPs: every frame in the file, each a picture of its own, for other programs too."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import StandInDecoder, make_picture, make_run
from tests.export.reading import durations_of, film, frames_of, said_by
from visualizer import export
from visualizer.diffusion.arrays import Picture
from visualizer.export import ExportError, webp_container
from visualizer.export.animation import write_webp
from visualizer.export.options import ExportOptions
from visualizer.export.preview import preview
from visualizer.export.progress import unwatched
from visualizer.export.webp_container import WebpContainer
from visualizer.metadata.reading import read


def still(picture: Picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True)
    return file.getvalue()


def chunks_of(content: bytes) -> list[bytes]:
    found, at = [], 12
    while at < len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        found.append(content[at : at + 4])
        at += 8 + size + size % 2
    assert at == len(content)
    return found


def test_frames_come_out_as_they_went_in(tmp_path: Path) -> None:
    pictures = [make_picture(share, size=35) for share in (1.0, 0.5, 0.0)]
    path = tmp_path / "a.webp"
    with path.open("wb") as file:
        container = WebpContainer(file, (35, 35), b"MM\0*\0\0\0\x08\0\0\0\0\0\0\0")
        for picture, milliseconds in zip(pictures, (1, 70_000, 16_777_215), strict=True):
            container.add(still(picture), milliseconds)
        container.close()
    assert all(np.array_equal(a, b) for a, b in zip(frames_of(path), pictures, strict=True))
    assert durations_of(path) == [1, 70_000, 16_777_215]
    content = path.read_bytes()
    assert chunks_of(content) == [b"VP8X", b"ANIM", b"ANMF", b"ANMF", b"ANMF", b"EXIF"]
    assert int.from_bytes(content[4:8], "little") == len(content) - 8
    assert len(content) % 2 == 0


def test_it_begins_where_the_file_stands() -> None:
    file = io.BytesIO(b"before")
    file.seek(0, io.SEEK_END)
    container = WebpContainer(file, (35, 35))
    container.add(still(make_picture(0.5, size=35)), 40)
    container.close()
    assert file.tell() == len(file.getvalue())
    assert file.getvalue().startswith(b"beforeRIFF")
    with Image.open(io.BytesIO(file.getvalue()[6:])) as image:
        assert image.size == (35, 35)


def test_what_would_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp_container, "MAX_BYTES", 5000)
    with pytest.raises(ExportError, match=r"larger than 4 GB.*Choose fewer steps"):
        write_webp(film(make_run(6)), io.BytesIO(), unwatched)


def test_frames_that_hardly_differ_are_all_there(tmp_path: Path) -> None:
    """Encoders of animations leave such frames out."""
    picture = make_picture(0.05, size=256)
    near = picture.copy()
    near[100, 100] += 1
    pictures = {(k, "noisy"): near if k % 2 else picture for k in range(30)}
    run = make_run(30, pictures=pictures, final=picture)  # type: ignore[arg-type]
    path = tmp_path / "run.webp"
    for options in (ExportOptions(size="1"), ExportOptions(size="1", lossless=True)):
        export.write(run, path, options)
        assert len(frames_of(path)) == 31
        assert durations_of(path) == [125] * 30 + [1500]


def test_equal_frames_are_coded_once_and_shown_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coded: list[int] = []

    def counted(image: Image.Image, options: ExportOptions) -> bytes:
        coded.append(1)
        return still(np.asarray(image))

    monkeypatch.setattr("visualizer.export.animation.webp_frame", counted)
    picture = make_picture(0.5)
    pictures = {(k, "noisy"): picture for k in range(6)}
    run = make_run(6, pictures=pictures, final=make_picture(0.0))  # type: ignore[arg-type]
    export.write(run, tmp_path / "run.webp")
    assert len(frames_of(tmp_path / "run.webp")) == 7
    assert len(coded) == 2


@pytest.mark.parametrize("quality", [1, 60, 85, 100])
@pytest.mark.parametrize("size", ["auto", "1"])
def test_every_frame_is_its_preview_pixel_for_pixel(
    tmp_path: Path, quality: int, size: str
) -> None:
    run = make_run(6)
    options = ExportOptions(quality=quality, size=size)  # type: ignore[arg-type]
    export.write(run, tmp_path / "run.webp", options)
    shown = film(run, quality=quality, size=size)
    for k, frame in enumerate(frames_of(tmp_path / "run.webp")):
        assert np.array_equal(np.asarray(preview(shown, k)), frame), k


def test_memory_does_not_grow_with_the_frames() -> None:
    def peak(steps: int) -> int:
        shown = film(make_run(steps, pictures=False, decoder=StandInDecoder()))
        tracemalloc.start()
        write_webp(shown, _Nowhere(), unwatched)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(60) < peak(12) + 512 * 512


def test_other_programs_see_all_of_it(tmp_path: Path) -> None:
    run = make_run(6)
    path = tmp_path / "run.webp"
    export.write(run, path, ExportOptions(fps=10, hold=1))
    told = said_by("exiftool", "-s", "-n", path)
    facts = dict(line.split(":", 1) for line in told.splitlines())
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    assert float(facts["Duration"]) == pytest.approx(1.6)
    assert (facts["ImageWidth"], facts["ImageHeight"]) == ("512", "512")
    # errors, warnings, minor ones: a tag of ours stands in an odd place
    assert said_by("exiftool", "-s3", "-n", "-validate", path).split() == ["0", "1", "1"]
    found = read(path)
    assert found is not None
    assert found.request == run.request


class _Nowhere(io.BytesIO):
    """A file that keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    def write(self, content: object) -> int:
        size = len(content)  # type: ignore[arg-type]
        self._at += size
        return size

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at
