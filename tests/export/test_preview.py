"""What a frame will look like, against the file that is then written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.example_runs import make_run
from tests.export.reading import far, film, frames_of, video_of
from visualizer import export
from visualizer.export import ExportError
from visualizer.export.options import ExportOptions
from visualizer.export.palette import shared_palette
from visualizer.export.preview import preview


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("run.gif", {}),
        ("run.gif", {"colors": 8, "dither": "ordered"}),
        ("run.gif", {"colors": 8, "dither": "none", "palette": "shared"}),
        ("run.apng", {}),
        ("run.webp", {"lossless": True}),
    ],
)
def test_a_preview_is_the_frame_itself(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    run = make_run(6)
    options = {**options, "format": name.partition(".")[2]}
    export.write(run, tmp_path / name, ExportOptions(**options))
    shown = film(run, **options)
    for k, frame in enumerate(frames_of(tmp_path / name)):
        assert np.array_equal(np.asarray(preview(shown, k)), frame), k


def test_a_webp_shows_what_it_leaves_out(tmp_path: Path) -> None:
    run = make_run(6)
    options = ExportOptions(quality=5)
    export.write(run, tmp_path / "run.webp", options)
    shown = film(run, quality=5)
    frame, meant = frames_of(tmp_path / "run.webp")[0], np.asarray(shown.frame(0))
    told = np.asarray(preview(shown, 0))
    assert far(told, frame) < 0.3 * far(meant, frame)


@pytest.mark.parametrize(
    "options", [{"format": "mp4"}, {"format": "webm"}, {"format": "webm", "codec": "av1"}]
)
def test_a_video_is_shown_as_its_encoder_leaves_it(tmp_path: Path, options: dict[str, Any]) -> None:
    run = make_run(2, size=129)  # odd sides become even in the file, not in what is shown
    path = tmp_path / f"run.{options['format']}"
    told = {}
    for quality in (1, 90):
        export.write(run, path, ExportOptions(quality=quality, size="1", **options))
        shown = film(run, quality=quality, size="1", **options)
        frame, meant = video_of(path)[0][0][:129, :129], np.asarray(shown.frame(0))
        told[quality] = np.asarray(preview(shown, 0))
        assert told[quality].shape == (129, 129, 3)
        assert far(told[quality], frame) < 0.35 * far(meant, frame)
        assert abs(told[quality].mean() - frame.mean()) < 2
    assert far(told[1], told[90]) > 5


def test_a_video_is_not_shown_without_what_encodes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for key in ("mp4", "webm"):
        with pytest.raises(ExportError, match='Videos need the package "av"'):
            preview(film(make_run(2), format=key), 0)


def test_the_final_picture_is_shown_as_it_will_be() -> None:
    run = make_run(6)
    shown = film(run, format="picture")
    assert np.array_equal(np.asarray(preview(shown, 0)), run.picture(6))


def test_the_shared_palette_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(film: Any) -> Any:
        made.append(1)
        return shared_palette(film)

    monkeypatch.setattr("visualizer.export.palette.shared_palette", counted)
    shown = film(make_run(6), format="gif", palette="shared")
    for k in range(5):
        preview(shown, k)
    assert len(made) == 1
    preview(film(make_run(6), format="gif", palette="shared"), 0)
    assert len(made) == 2
