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
from visualizer.export import page, picture, raw, sequence, sheet, writers
from visualizer.export.bounds import check_bound, held_bytes
from visualizer.export.progress import unwatched

if TYPE_CHECKING:
    from collections.abc import Callable

    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.film import Film

PATIENCE = 0.3
"""Seconds: no further frame is tried after that, if both ends and the middle have been."""
PLACES = (0.0, 1.0, 0.5, 0.25, 0.75)
"""Which frames are tried, in this order: shares of the way from static to the picture."""
LEAST_PLACES = 3
CLIP = 3
"""Frames of a video, one after the other, that tell what the second and the third one add."""
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
    """What to expect of the file of a film; of short films of 512 × 512 in half a second.

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
    """Bytes and seconds of a film: what stands around the frames, and what each of them adds."""
    moments = sorted({shot.moment for shot in film.shots})
    firsts: dict[int, float] = {}
    added: dict[int, float] = {}
    paces: list[float] = []
    began = time.perf_counter()
    for number, place in enumerate(PLACES):
        if number >= LEAST_PLACES and time.perf_counter() - began > PATIENCE:
            break
        k = round(place * (len(moments) - 1))
        if moments[k] in firsts:
            continue
        one, clip = moments[k : k + 1], _clip(film, moments, k)
        firsts[moments[k]], pace = _tried(film, one)
        added[moments[k]] = firsts[moments[k]]
        if len(clip) > 1:
            whole, pace = _tried(film, clip)
            added[moments[k]] = max(0.0, (whole - firsts[moments[k]]) / (len(clip) - 1))
        paces.append(pace)
    shown = [shot.moment for shot in film.shots]
    tried = sorted(firsts)
    each = np.interp(shown[1:], tried, [added[moment] for moment in tried])
    first = float(np.interp(shown[0], tried, [firsts[moment] for moment in tried]))
    pace = float(np.mean(paces))
    return round(first + each.sum()), pace * len(film.shots)


def _clip(film: Film, moments: list[int], k: int) -> list[int]:
    """The frames that tell what one adds to those before it.

    A picture that changes everywhere adds all of itself, but to a video.
    """
    options = film.options
    if options.format in ("mp4", "webm"):
        length = CLIP
    elif options.format == "frames" or (options.content == "picture" and not options.captions):
        length = 1
    else:
        length = 2
    start = max(0, min(k, len(moments) - length))
    clip = moments[start : start + length]
    return clip if moments[k] == clip[0] else clip[::-1]


def _tried(film: Film, moments: list[int]) -> tuple[float, float]:
    """The size of a film of some moments, and the seconds a frame took."""
    short = copy.copy(film)
    by_moment = {shot.moment: shot for shot in film.shots}
    short.shots = tuple(by_moment[moment] for moment in moments)
    file = io.BytesIO()
    began = time.perf_counter()
    if film.options.format == "frames":
        sequence.write_png(short.frame(0), short, file)
    else:
        writers.write_film(short, file, unwatched, "")
    return len(file.getvalue()), (time.perf_counter() - began) / len(moments)


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
            size += sum(_numbers(step) for step in lane.run.steps)
            size += sum(_pictures(lane.run, view) for view in STORED_VIEWS)
    return round(size), size / DISK


def _numbers(step: object) -> int:
    arrays = [getattr(step, name, None) for name in ("latents", "prediction")]
    guidance = getattr(step, "guidance", None)
    arrays += [getattr(guidance, name, None) for name in ("unconditional", "conditional")]
    return sum(array.nbytes for array in arrays if array is not None)


def _pictures(run: Trajectory, view: View) -> float:
    """Bytes of the stored pictures of a view."""
    stored = sorted(k for k, each in run.pictures if each == view)
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
