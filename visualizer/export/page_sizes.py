"""How large the pictures of a page will be, before all of them are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visualizer.export.shots import evenly

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.page_pictures import Album

Curve = tuple[list[int], NDArray[np.float64]]
"""Moments, ascending, and the bytes a pixel there."""
SAMPLED_TILES, SAMPLED_MOMENTS = 3, 6


def predicted_sizes(album: Album) -> list[int]:
    """About how many bytes each picture of an album takes, from coding a few of them.

    Pictures change slowly from one moment to the next, and tiles have about as much in every
    pixel; so the bytes a pixel of some tiles at some moments tell the others.
    """
    sizes = [0] * len(album.wanted)
    for places in _by_view(album).values():
        tiles = list(_by_tile(album, places).values())
        curves = [_curve(album, tile) for tile in evenly(tiles, SAMPLED_TILES)]
        for place in places:
            wanted = album.wanted[place]
            rate = _rate(curves, wanted.moment)
            width, height = wanted.tile.size(wanted.view) or (0, 0)
            sizes[place] = round(rate * width * height)
    return sizes


def _rate(curves: list[Curve], moment: int) -> float:
    """The mean of the curves that reach this far; branches have what their parent has not."""
    reaching = [curve for curve in curves if curve[0][0] <= moment <= curve[0][-1]]
    return float(np.mean([np.interp(moment, *curve) for curve in reaching or curves]))


def _curve(album: Album, places: list[int]) -> Curve:
    """Some moments of one tile, and the bytes a pixel there."""
    some = evenly(places, SAMPLED_MOMENTS)
    rates = []
    for place in some:
        wanted = album.wanted[place]
        width, height = wanted.tile.size(wanted.view) or (1, 1)
        rates.append(len(album.coded(place)) / (width * height))
    return [album.wanted[place].moment for place in some], np.array(rates)


def _by_view(album: Album) -> dict[View, list[int]]:
    found: dict[View, list[int]] = {}
    for place, wanted in enumerate(album.wanted):
        found.setdefault(wanted.view, []).append(place)
    return found


def _by_tile(album: Album, places: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place in places:
        found.setdefault(id(album.wanted[place].tile), []).append(place)
    return found
