"""What the Words page exports: the maps of a word step by step, or pictures made beside a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.export.exhibit import ExhibitPlan
from visualizer.ui.explanation import percent
from visualizer.ui.words.attention_overlay import lit_picture, lit_size, word_map

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.attention import AttentionMaps
    from visualizer.session.timeline import Timeline

_SIDE = 512
_STEP_MS, _PICTURE_MS = 150, 900


def of_maps(run: Timeline, maps: AttentionMaps, word: int, view: str) -> ExhibitPlan | None:
    """The picture of every step with what listened to a word lit; at last the mean of all steps.

    Where the picture of a step is not decoded yet, its thumbnail stands in. While even some of
    those are missing, all maps lie over the finished picture: a mixture would tell a wrong story.
    """
    last = len(run) - 1
    final = _picture_of(run, last, view)
    if final is None:
        return None
    name, words = maps.words[word], len(maps.words)
    pictures = [_picture_of(run, maps.first + n, view) for n in range(len(maps.steps))]
    if any(picture is None for picture in pictures):
        pictures = [final] * len(pictures)
    strength = maps.strength(word)
    captions = [
        f"{name} · {run.label(maps.first + n).lower()} · {percent(float(share))}"
        for n, share in enumerate(strength)
    ]
    captions.append(f"{name} · all steps · {percent(float(strength.mean()))}")

    def paint(n: int) -> Picture:
        step = maps.first + n if n < len(pictures) else None
        picture = pictures[n] if n < len(pictures) else None
        shown = word_map(maps.of_word(word, step), words)
        own = final if picture is None else _resized(picture, final.shape)
        return lit_picture(own, shown, _SIDE)

    size = lit_size(final, _SIDE)
    return ExhibitPlan(f"What listens to {name}", size, tuple(captions), paint, _STEP_MS)


def of_pictures(title: str, shown: Sequence[tuple[str, Picture | None]]) -> ExhibitPlan | None:
    """Pictures one after the other, those that are there; None where there is none."""
    there = [(caption, picture) for caption, picture in shown if picture is not None]
    if not there:
        return None
    captions = tuple(caption for caption, _ in there)
    pictures = [picture for _, picture in there]
    height, width, _ = shape = pictures[0].shape

    def paint(n: int) -> Picture:
        return _resized(pictures[n], shape)

    return ExhibitPlan(title, (width, height), captions, paint, _PICTURE_MS)


def _picture_of(run: Timeline, k: int, view: str) -> Picture | None:
    if not 0 <= k < len(run):
        return None
    if view in ("noisy", "denoised") and run.has_view(k, view):
        picture = run.picture(k, view)
        if picture is not None:
            return picture
    return run.thumbnail(k)


def _resized(picture: Picture, shape: tuple[int, ...]) -> Picture:
    """The picture in the size of another one."""
    import numpy as np
    from PIL import Image

    if picture.shape == shape:
        return picture
    image = Image.fromarray(picture).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(image)
