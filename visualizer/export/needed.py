"""What the file of a film is made of: the pictures that have to be there before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.export.lane import decoded_for

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.film import Film


def pictures_needed(film: Film) -> list[tuple[int, int, View]]:
    """The stored or decoded pictures of a film: (lane, step of its run, view).

    Each once, in the order in which they are used first. Views that are a difference of two others
    need those; "channels" needs no picture.
    """
    keys = [
        (number, *key)
        for moment, view in shown(film)
        for number, lane in enumerate(film.reel.lanes)
        if (step := lane.step(moment, view)) is not None
        for key in decoded_for(step, view)
    ]
    return list(dict.fromkeys(keys))


def shown(film: Film) -> list[tuple[int, View]]:
    """What is shown of the reel: (moment, view), in the order in which it is used first."""
    options = film.options
    moments = list(dict.fromkeys(shot.moment for shot in film.shots))
    if options.format == "page":
        return [
            (k, view) for k in sorted(moments) for view, has in film.on_page.items() if k in has
        ]
    if options.format == "sheet":
        from visualizer.export import sheet

        moments = sheet.layout_of(film).moments
        return [(k, row.view) for row in sheet.rows_of(film, moments) for k in moments]
    if options.format == "raw":
        return [(k, film.view) for k in range(film.reel.count)]
    if options.content == "plot":
        return []
    if options.format == "picture":
        moments = [max(moments)]
    return [(moment, film.view) for moment in moments]
