"""MP4 and WebM: what plays, for how long, in which colors, and what happens without PyAV."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.example_runs import make_picture, make_run
from tests.export.reading import far, film, said_by, video_of
from visualizer import export
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError
from visualizer.export.options import ExportOptions
from visualizer.export.video import standing
from visualizer.metadata.reading import read

KINDS: list[tuple[str, dict[str, Any], str]] = [
    ("run.mp4", {}, "h264"),
    ("run.webm", {}, "vp9"),
    ("run.webm", {"codec": "av1"}, "av1"),
]


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


def even_picture(color: tuple[int, int, int]) -> Picture:
    return np.full((64, 64, 3), color, np.uint8)


@pytest.mark.parametrize(("name", "options", "codec"), KINDS)
def test_a_video_plays(
    tmp_path: Path, run: Trajectory, name: str, options: dict[str, Any], codec: str
) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / name
    export.write(run, path, ExportOptions(**options), lambda *counts: told.append(counts))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.pix_fmt, stream.width, stream.height) == ("yuv420p", 512, 512)
        # the name of the decoder is another one than that of the codec
        assert codec in stream.codec_context.codec.canonical_name
    pictures, times = video_of(path)
    assert times == [k / 8 for k in range(7 + 11)]  # the last one stands for 1.5 s
    for shown, k in ((pictures[0], 0), (pictures[-1], 6)):
        small = np.asarray(Image.fromarray(shown).reduce(16))
        assert far(small, run.picture(k)) < (20 if k == 0 else 5)  # color is halved
    # the last frame is shown twelve times, and all is told once more before the file is in place
    assert told == [(k, 7) for k in range(1, 8)] + [(7, 7)] * 12


@pytest.mark.parametrize(("name", "options", "codec"), KINDS)
def test_colors_are_those_of_the_picture(
    tmp_path: Path, name: str, options: dict[str, Any], codec: str
) -> None:
    for color in ((255, 0, 0), (0, 200, 60), (20, 22, 27), (255, 255, 255)):
        run = make_run(1, pictures={(0, "noisy"): even_picture(color)}, final=even_picture(color))
        export.write(run, tmp_path / name, ExportOptions(quality=95, **options))
        with av.open(str(tmp_path / name)) as container:
            context = container.streams.video[0].codec_context
            tags = context.color_primaries, context.color_trc, context.colorspace
            assert tags == (1, 1, 1)
            assert context.color_range == 1
            frame = next(container.decode(video=0))
            shown = frame.reformat(
                format="rgb24", src_colorspace="ITU709", src_color_range="MPEG"
            ).to_ndarray()
        assert np.abs(shown[32, 32].astype(int) - color).max() <= 4, color


@pytest.mark.parametrize(("name", "options", "codec"), KINDS)
def test_a_video_remembers_or_forgets(
    tmp_path: Path, run: Trajectory, name: str, options: dict[str, Any], codec: str
) -> None:
    path = tmp_path / name
    export.write(run, path, ExportOptions(**options))
    found = read(path)
    assert found is not None
    assert found.request == run.request
    with av.open(str(path)) as container:
        tags = {key.lower(): text for key, text in container.metadata.items()}
    assert tags["title"] == run.request.prompt
    assert tags["comment"].startswith(run.request.prompt)
    export.write(run, path, ExportOptions(remember=False, **options))
    assert b"Ferrari" not in path.read_bytes()


@pytest.mark.parametrize(("name", "options", "codec"), KINDS)
def test_ffprobe_sees_frames_time_and_colors(
    tmp_path: Path, run: Trajectory, name: str, options: dict[str, Any], codec: str
) -> None:
    path = tmp_path / name
    export.write(run, path, ExportOptions(fps=10, hold=2.05, **options))
    arguments = ("-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json")
    told = json.loads(said_by("ffprobe", *arguments, path))
    stream = told["streams"][0]
    assert stream["codec_name"] == codec
    assert int(stream["nb_read_frames"]) == 6 + 20
    assert float(told["format"]["duration"]) == pytest.approx(0.1 * 6 + 2.05, abs=0.002)
    assert (stream["color_space"], stream["color_range"]) == ("bt709", "tv")


def test_a_player_can_begin_before_all_of_an_mp4_is_there(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "run.mp4")
    content = (tmp_path / "run.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_frames_that_stand_longer_are_shown_several_times(run: Trajectory) -> None:
    assert standing(film(run, fps=10, hold=0.25)) == [[100]] * 6 + [[125, 125]]
    assert standing(film(run, fps=10, hold=0)) == [[100]] * 7
    there_and_back = standing(film(run, fps=10, hold=0.3, direction="boomerang"))
    assert there_and_back == [[100]] * 6 + [[100] * 3] + [[100]] * 5
    uneven = standing(film(run, fps=24, hold=1))
    assert sum(map(sum, uneven)) == 1000 * film(run, fps=24, hold=1).seconds


def test_odd_sides_become_even(tmp_path: Path) -> None:
    odd = make_picture(0.5, size=513)
    run = make_run(1, final=odd, pictures={(0, "noisy"): odd})
    for name in ("run.mp4", "run.webm"):
        export.write(run, tmp_path / name)
        assert video_of(tmp_path / name)[0][0].shape == (514, 514, 3)


def test_without_pyav_a_sentence_says_what_to_install(
    tmp_path: Path, run: Trajectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for name in ("run.mp4", "run.webm"):
        with pytest.raises(ExportError) as refused:
            export.write(run, tmp_path / name)
        assert str(refused.value) == (
            'Videos need the package "av": pip install "denoising-visualizer[video]". '
            "WebP and GIF work without it."
        )
        with pytest.raises(ExportError, match='need the package "av"'):
            export.check(tmp_path / name)
    export.write(run, tmp_path / "run.webp")
    assert [path.name for path in tmp_path.iterdir()] == ["run.webp"]
