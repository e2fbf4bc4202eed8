"""What is refused because it would take too much memory, and what is offered instead."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.example_runs import StandInDecoder, make_run
from tests.export.reading import film
from visualizer import export
from visualizer.export import ExportError, bounds
from visualizer.export.animation import write_apng
from visualizer.export.options import ExportOptions, FormatKey

HOLDING = ("gif", "apng")
STREAMING = ("webp", "mp4", "webm", "frames")


def long_film(**options: Any) -> Any:
    run = make_run(900, pictures=False, decoder=StandInDecoder())
    return film(run, **options)


@pytest.mark.parametrize("key", HOLDING)
def test_what_would_take_too_much_memory_is_refused_with_the_alternatives(key: str) -> None:
    bounds.check_bound(long_film(format=key, size="1"))
    with pytest.raises(ExportError) as refused:
        bounds.check_bound(long_film(format=key, size="1080p"))
    told = str(refused.value)
    assert re.search(
        r"Choose every \d+(nd|rd|th) step, a smaller size, or WebP, MP4, WebM or", told
    )


def test_the_words_name_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bounds, "MAX_HELD_BYTES", 10 * 2**20)
    run = make_run(30)
    with pytest.raises(ExportError) as refused:
        export.write(run, tmp_path / "run.apng")
    assert str(refused.value) == (
        "31 frames of 512 × 512 pixels would take 34.5 MB of memory, and Animation (APNG) may take "
        "10.5 MB. Choose every 4th step, a smaller size, or WebP, MP4, WebM or a folder of "
        "pictures, which hold one frame at a time."
    )
    assert list(tmp_path.iterdir()) == []
    fourth = ExportOptions(format="apng", steps="every", every=4)
    export.write(run, tmp_path / "run.apng", fourth)
    with pytest.raises(ExportError, match="Choose every 10th step"):
        export.write(make_run(90), tmp_path / "b.apng", ExportOptions(steps="every", every=2))


@pytest.mark.parametrize("key", STREAMING)
def test_what_streams_holds_nothing(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_HELD_BYTES", 1)
    shown = long_film(format=key)
    assert bounds.held_bytes(shown) == 0
    bounds.check_bound(shown)


def test_no_frame_is_left_out_silently() -> None:
    for key in (*HOLDING, *STREAMING):
        assert len(long_film(format=key, size="1").shots) == 901


def test_nothing_is_made_before_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_HELD_BYTES", 1)
    decoder = StandInDecoder()
    shown = film(make_run(900, pictures=False, decoder=decoder), format="apng")
    _ = shown.size
    before = decoder.calls
    file = io.BytesIO()
    with pytest.raises(ExportError, match="of memory"):
        write_apng(shown, file, lambda done, total: None)
    assert decoder.calls == before
    assert file.getvalue() == b""


@pytest.mark.parametrize("key", ["webp", "mp4", "webm", "gif"])
def test_sides_that_a_format_cannot_have_are_refused(
    key: FormatKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bounds.LARGEST_SIDES, key, 500)
    with pytest.raises(ExportError, match=r"at most 500 pixels a side, and this is 512 × 512\."):
        bounds.check_bound(film(make_run(1), format=key))


def test_numbers_are_said_as_people_say_them() -> None:
    found = [bounds._ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 111)]
    assert found == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "111th"]
    assert all(re.fullmatch(r"\d+\w\w", each) for each in found)
