"""What a page shows that is no run, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.export.reading import frames_of
from visualizer import export
from visualizer.diffusion.arrays import Picture
from visualizer.export.errors import ExportError
from visualizer.export.exhibit import MOST, Exhibit, ExhibitPlan
from visualizer.export.film import film_of
from visualizer.export.options import ExportOptions


def exhibit(count: int = 5) -> Exhibit:
    rng = np.random.default_rng(3)
    frames = tuple(rng.integers(0, 256, (24, 40, 3), dtype=np.uint8) for _ in range(count))
    return Exhibit("A swiss roll", frames, tuple(f"second {k}" for k in range(count)))


def test_an_animation_shows_its_frames_as_they_are(tmp_path: Path) -> None:
    shown = exhibit()
    options = ExportOptions(format="apng", size="1", captions=())
    export.write(shown, tmp_path / "a.apng", options=options)
    with Image.open(tmp_path / "a.apng") as image:
        assert getattr(image, "n_frames", 1) == 5
        for k, frame in enumerate(shown.frames):
            image.seek(k)
            assert np.array_equal(np.asarray(image.convert("RGB")), frame)


def test_its_own_words_are_the_captions() -> None:
    options = ExportOptions(format="gif", size="4", captions=("prompt", "step", "seed", "noise"))
    film = film_of(exhibit(), options)
    bare = film_of(exhibit(), ExportOptions(format="gif", size="4", captions=()))
    assert film.size[1] > bare.size[1]
    assert not np.array_equal(np.asarray(film.frame(0)), np.asarray(film.frame(1)))
    assert film.reel.step_words(3) == "second 3"


def test_some_of_the_frames_evenly_spaced() -> None:
    film = film_of(exhibit(9), ExportOptions(format="gif", steps="noise", count=3))
    assert [shot.moment for shot in film.shots] == [0, 4, 8]


def test_the_last_frame_is_the_picture(tmp_path: Path) -> None:
    shown = exhibit()
    options = ExportOptions(format="picture", size="1", captions=())
    export.write(shown, tmp_path / "a.png", options=options)
    with Image.open(tmp_path / "a.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shown.frames[-1])


def test_a_gif_is_read_by_others(tmp_path: Path) -> None:
    export.write(exhibit(), tmp_path / "a.gif", options=ExportOptions(format="gif"))
    assert len(frames_of(tmp_path / "a.gif")) == 5


@pytest.mark.parametrize("kind", ["sheet", "page", "raw", "run"])
def test_what_only_runs_become_is_refused(kind: str, tmp_path: Path) -> None:
    name = {"sheet": "a.pdf", "page": "a.html", "raw": "a.npz", "run": "a.denoise"}[kind]
    with pytest.raises(ExportError, match="shows no run"):
        export.write(exhibit(), tmp_path / name, options=ExportOptions(format=kind))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "captions"),
    [
        ((), ()),
        ((np.zeros((4, 4, 3), np.uint8),), ()),
        ((np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)), ("", "")),
        ((np.zeros((4, 4, 3), np.float32),), ("",)),
        ((np.zeros((4, 4), np.uint8),), ("",)),
        ((np.zeros((4, MOST + 1, 3), np.uint8),), ("",)),
    ],
)
def test_an_exhibit_is_as_it_promises(
    frames: tuple[Picture, ...], captions: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"[Ff]rames"):
        Exhibit("Rings", frames, captions)


def test_a_plan_becomes_an_exhibit_while_it_is_wanted() -> None:
    frames = exhibit(3).frames
    plan = ExhibitPlan("Rings", (40, 24), ("a", "b", "c"), frames.__getitem__, 70)
    painted = plan.painted()
    assert painted is not None
    assert painted.frames == frames
    assert (painted.title, painted.captions, painted.milliseconds) == ("Rings", plan.captions, 70)
    answers = iter((True, False))
    assert plan.painted(lambda: next(answers)) is None
    with pytest.raises(ValueError, match="not"):
        ExhibitPlan("Rings", (24, 40), ("a",), frames.__getitem__).painted()
