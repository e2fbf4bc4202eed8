"""How large a file will be and how long it takes, told before it is written.

Some frames, from static to the picture, are encoded as the file will have them; those between are
about as large as their neighbors.
"""

from __future__ import annotations

import copy
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visualizer.diffusion.stored_pictures import STORED_VIEWS, chosen_steps, pack
from visualizer.diffusion.stored_steps import step_tensors
from visualizer.export import page, picture, raw, sequence, sheet, writers
from visualizer.export.bounds import check_bound, held_bytes
from visualizer.export.progress import unwatched
from visualizer.export.shots import Shot

if TYPE_CHECKING:
    from collections.abc import Callable

    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.film import Film

PATIENCE = 0.3
"""Seconds: no further frame is tried after that, if both ends and the middle have been."""
PLACES = (0.0, 1.0, 0.5, 0.25, 0.75)
"""Where frames are tried, in this order: shares of the way through the film."""
LEAST_PLACES = 3
VIDEO_PIXELS = 32 * 512 * 512
"""Of all frames of a video that are encoded to tell what it takes: a short one is told exactly."""
LEAST_LENGTH, MOST_FRAMES = 3, 96
"""Frames of one stretch of a longer video, and of all of them."""
REPEATS = 16
"""So often a frame is shown again before it is taken for granted what every further time adds."""
DISK = 400 * 2**20
"""Bytes a second that numbers are written with; no disk of today is much slower."""


@dataclass(frozen=True)
class Estimate:
    """What is to be expected of a file.

    Attributes:
        bytes: its size.
        seconds: how long it takes to write it, once its pictures are there.
        frames: how many it shows; 1 of what does not move.
        width, height: of a frame, pixels; 0 where there are none.
        film_seconds: how long the film takes; 0 of what does not move.
        held_bytes: what its frames take in memory at most; 0 where one at a time is held.
    """

    bytes: int
    seconds: float
    frames: int
    width: int
    height: int
    film_seconds: float
    held_bytes: int


def estimate(film: Film, suffix: str = "") -> Estimate:
    """What to expect of the file of a film; of short films of 512 × 512 in about a second.

    Args:
        suffix: the ending of the file where a format has several; else that of the options.

    Raises:
        ExportError: with a sentence, when it cannot be written.
    """
    options = film.options
    if options.kind.moves:
        check_bound(film)
        size, seconds = _moving(film)
        width, height = film.size
        count, film_seconds = len(film.shots), film.seconds
        return Estimate(size, seconds, count, width, height, film_seconds, held_bytes(film))
    if options.format in _OTHERS:
        size, seconds = _OTHERS[options.format](film)
        return Estimate(size, seconds, 1, 0, 0, 0.0, 0)
    return _still(film, suffix or options.ending)


def _still(film: Film, suffix: str) -> Estimate:
    """The picture or the sheet itself."""
    file = io.BytesIO()
    began = time.perf_counter()
    if film.options.format == "sheet":
        image = sheet.draw_sheet(film, unwatched)
        sheet.save_sheet(image, film, file, suffix)
    else:
        image = picture.final_picture(film)
        picture.save(image, film, file, suffix)
    seconds = time.perf_counter() - began
    width, height = image.size
    return Estimate(len(file.getvalue()), seconds, 1, width, height, 0.0, 0)


def _moving(film: Film) -> tuple[int, float]:
    """Bytes and seconds of a film: all of a short video, else what some stretches of it tell."""
    if film.options.format == "gif" and film.options.palette == "shared":
        _ = film.shared_palette  # of the whole film, not of a stretch
    video = film.options.format in ("mp4", "webm")
    beat = min(shot.milliseconds for shot in film.shots)
    length = _length(film)
    if video and len(film.shots) <= length:
        most = beat * (1 + REPEATS)
        size, seconds = _tried(film, [_standing(shot, most) for shot in film.shots])
        return _and_held(film, beat, REPEATS, size, seconds)
    shots = [_standing(shot, beat) for shot in film.shots] if video else list(film.shots)
    size, seconds = _from_stretches(film, shots, min(length, len(shots)))
    return _and_held(film, beat, 0, size, seconds) if video else (size, seconds)


def _from_stretches(film: Film, shots: list[Shot], length: int) -> tuple[int, float]:
    """What these shots take, told by stretches of so many at some places of them."""
    firsts: dict[int, float] = {}
    added: dict[int, float] = {}
    paces: list[float] = []
    there = len(shots) // 2 + 1 if film.options.direction == "boomerang" else len(shots)
    began = time.perf_counter()
    for number, place in enumerate(PLACES):
        if number >= LEAST_PLACES and time.perf_counter() - began > PATIENCE:
            break
        start = round(place * max(0, there - length))
        stretch = shots[start : start + length]
        if stretch[0].moment in firsts:
            continue
        first, pace = _tried(film, stretch[:1])
        firsts[stretch[0].moment] = first
        middle = stretch[len(stretch) // 2].moment
        added[middle] = first
        if len(stretch) > 1:
            whole, pace = _tried(film, stretch)
            added[middle] = max(0.0, (whole - first) / (len(stretch) - 1))
        paces.append(pace / len(stretch))
    rest = _between([shot.moment for shot in shots[1:]], added)
    return round(firsts[shots[0].moment] + sum(rest)), float(np.mean(paces)) * len(shots)


def _between(moments: list[int], known: dict[int, float]) -> list[float]:
    """A value for every moment, from those that are known of some."""
    tried = sorted(known)
    return list(np.interp(moments, tried, [known[moment] for moment in tried]))


def _length(film: Film) -> int:
    """How many frames, one after the other, tell what one adds to those before it.

    A picture that changes everywhere adds all of itself, and so does every frame of a WebP.
    """
    options = film.options
    if options.format in ("mp4", "webm"):
        width, height = film.size
        frames = VIDEO_PIXELS * (3 if options.codec == "av1" else 2) // 2 // (width * height)
        frames = min(MOST_FRAMES, max(3 * LEAST_LENGTH, frames))
        return frames if len(film.shots) <= frames else frames // 3
    if options.format == "gif" and options.palette == "shared":
        return 3
    alone = options.content == "picture" and not options.captions
    return 1 if alone or options.format in ("webp", "frames") else 2


def _and_held(
    film: Film, beat: int, repeats: int, size: float, seconds: float
) -> tuple[int, float]:
    """With what it takes to show the longest frame more often than ``repeats`` times again."""
    longest = max(film.shots, key=lambda shot: shot.milliseconds)
    more = round(longest.milliseconds / beat) - 1 - repeats
    if more > 0:
        once = Shot(longest.moment, beat)
        few, quick = _tried(film, [once, Shot(longest.moment, beat * REPEATS)])
        many, slow = _tried(film, [once, Shot(longest.moment, beat * REPEATS * 2)])
        size += more * max(0.0, many - few) / REPEATS
        seconds += more * max(0.0, slow - quick) / REPEATS
    return round(size), seconds


def _standing(shot: Shot, milliseconds: int) -> Shot:
    """The shot, standing no longer than that."""
    return Shot(shot.moment, min(shot.milliseconds, milliseconds))


def _tried(film: Film, shots: list[Shot]) -> tuple[int, float]:
    """The size of a film of some shots, and the seconds that it took."""
    short = copy.copy(film)
    short.shots = tuple(shots)
    file = io.BytesIO()
    began = time.perf_counter()
    if film.options.format == "frames":
        sequence.write_png(short.frame(0), short, file)
    else:
        writers.write_film(short, file, unwatched, "")
    return len(file.getvalue()), time.perf_counter() - began


def _raw(film: Film) -> tuple[int, float]:
    arrays = raw.arrays_of(film.reel, film.view)
    texts = raw.texts_of(film.reel, film.options)
    size = sum(a.nbytes + 300 for a in arrays) + sum(len(text) for text in texts.values())
    return size, size / DISK


def _page(film: Film) -> tuple[int, float]:
    began = time.perf_counter()
    size = page.page_size(film)
    # it codes three of its pictures at six of its moments
    return size, (time.perf_counter() - began) * max(1.0, len(film.shots) / 6)


def _run(film: Film) -> tuple[int, float]:
    """A run file holds the numbers, and the pictures of two views as PNG."""
    size = 0.0
    for lane in film.reel.lanes:
        if lane.run is not None:
            for k, step in enumerate(lane.run.steps):
                size += sum(array.nbytes for _, array in step_tensors(k, step))
            size += sum(_pictures(lane.run, view) for view in STORED_VIEWS)
            size += 0 if lane.run.final is None else lane.run.final.nbytes
    return round(size), size / DISK


def _pictures(run: Trajectory, view: View) -> float:
    """Bytes of the pictures of a view that will be stored."""
    there = range(len(run.steps) - (run.final is not None))
    stored = [
        k
        for k in there
        if (k, view) in run.pictures or (run.decoder is not None and run.has_view(k, view))
    ]
    if not stored:
        return 0
    stored = [stored[i] for i in chosen_steps(len(stored), run.picture(stored[0], view).nbytes)]
    tried = sorted({stored[0], stored[len(stored) // 2], stored[-1]})
    sizes = [float(len(pack(run.picture(k, view)))) for k in tried]
    return float(np.interp(stored, tried, sizes).sum())


_OTHERS: dict[str, Callable[[Film], tuple[int, float]]] = {
    "raw": _raw,
    "run": _run,
    "page": _page,
}
