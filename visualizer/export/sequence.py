"""The film as a folder of pictures, for programs that cut, edit and encode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from visualizer.diffusion.atomic import replacing_folder
from visualizer.export import written_metadata
from visualizer.export.picture import PNG_LEVEL
from visualizer.metadata.note import PROGRAM

if TYPE_CHECKING:
    from PIL import Image

    from visualizer.export.film import Film
    from visualizer.export.progress import Progress

INDEX = "frames.json"
"""What a folder of ours is told by; it also says how long each picture stands."""
LIST = "frames.ffconcat"
"""The same for FFmpeg: ``ffmpeg -i frames.ffconcat film.mp4`` keeps the time of each picture."""


def write_frames(film: Film, path: Path, progress: Progress) -> None:
    """Write ``0000.png``, ``0001.png``, …, an index, and a list for FFmpeg; whole or not at all.

    Raises:
        WriteError: with a sentence, also when there is something else in a folder of that name.
    """
    digits = max(4, len(str(len(film.shots) - 1)))
    names = [f"{i:0{digits}d}.png" for i in range(len(film.shots))]
    total = len(names)
    with replacing_folder(path, INDEX, names_of_ours, lambda: progress(total, total)) as folder:
        for name, image in zip(names, film.frames(progress), strict=True):
            with (folder / name).open("xb") as file:
                write_png(image, film, file)
        (folder / LIST).write_text(_list(film, names), encoding="ascii")
        (folder / INDEX).write_text(json.dumps(_index(film, names), indent=1), encoding="ascii")


def write_png(image: Image.Image, film: Film, file: BinaryIO) -> None:
    """One picture of the folder; each knows how it was made."""
    note = written_metadata.png_info(film)
    image.save(file, "PNG", compress_level=PNG_LEVEL, pnginfo=note)


def names_of_ours(name: str) -> bool:
    """Whether a file in a folder of ours may have this name."""
    stem, _, ending = name.partition(".")
    return name in (INDEX, LIST) or (ending == "png" and stem.isascii() and stem.isdigit())


def _index(film: Film, names: list[str]) -> dict[str, Any]:
    width, height = film.size
    frames = [
        {
            "file": name,
            "milliseconds": shot.milliseconds,
            "step": film.reel.label(shot.moment),
            "noise": round(film.reel.share(shot.moment), 6),
        }
        for name, shot in zip(names, film.shots, strict=True)
    ]
    return {
        "software": PROGRAM,
        "width": width,
        "height": height,
        "seconds": film.seconds,
        "frames": frames,
    }


def _list(film: Film, names: list[str]) -> str:
    """The last picture stands twice: FFmpeg forgets how long it was to stand otherwise."""
    lines = ["ffconcat version 1.0"]
    for name, shot in zip(names, film.shots, strict=True):
        lines += [f"file {name}", f"duration {shot.milliseconds / 1000:.3f}"]
    return "\n".join([*lines, f"file {names[-1]}", ""])
