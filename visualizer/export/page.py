"""A page that any browser shows: one file that asks for nothing from anywhere.

Pictures, style and script are inside it. Its content security policy allows that very style and
script, by their hashes, and pictures from the page itself; a prompt is text wherever it stands.
Pictures are made and written one after the other, and the browser unpacks them when they are
looked at, so that neither needs room for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from visualizer.assets import asset_path
from visualizer.diffusion.picture_difference import heat_colors
from visualizer.export import page_markup as markup
from visualizer.export import page_style
from visualizer.export.errors import ExportError
from visualizer.export.page_contents import Contents
from visualizer.export.page_pictures import DifferenceTile
from visualizer.export.page_sizes import predicted_sizes

if TYPE_CHECKING:
    from visualizer.export.film import Film
    from visualizer.export.progress import Progress

Coder = Callable[[int], bytes]
"""The place of a picture in the album ► the picture as a file."""


def write_page(film: Film, file: BinaryIO, progress: Progress) -> None:
    """Write the page as UTF-8. ``progress`` is told (done, total) after each picture.

    Raises:
        ExportError: where there is nothing to show, or more than a browser can.
    """
    contents = Contents(film)
    total = contents.count
    done = 0

    def coded(place: int) -> bytes:
        nonlocal done
        picture = contents.album.coded(place)
        done += 1
        progress(done, total)
        return picture

    for piece in _pieces(contents, coded):
        file.write(piece.encode())


def page_size(film: Film) -> int:
    """About how many bytes ``write_page`` would write, from coding a few of the pictures.

    Raises:
        ExportError: as ``write_page``.
    """
    contents = Contents(film)
    sizes = predicted_sizes(contents.album)
    pieces = _pieces(contents, lambda place: bytes(sizes[place]))
    return sum(len(piece.encode()) for piece in pieces)


def _pieces(contents: Contents, coded: Coder) -> Iterator[str]:
    """The page from its first letter to its last; each picture is coded when it is its turn."""
    options = contents.options
    style = page_style.looks(options.background) + page_style.layout(contents) + _read("page.css")
    script = _read("page.js")
    yield markup.head(contents, style, script, page_style.scheme(options.background))
    kinds = ["pictures"]
    kinds += ["alone"] if len(contents.tiles) == 1 else []
    kinds += ["difference"] if isinstance(contents.tiles[-1], DifferenceTile) else []
    kinds += ["square"] if options.pixels == "square" else []
    yield f"<body>\n{markup.header(contents)}<main>\n"
    yield f'<div class="{" ".join(kinds)}" id="pictures">\n'
    shown: set[int] = set()
    for i in range(len(contents.tiles)):
        yield _figure(contents, i, coded, shown)
    yield f"</div>\n{markup.controls(contents)}{markup.made_of(contents)}</main>\n"
    for place in range(len(contents.album.wanted)):
        if place not in shown:
            picture = markup.packed(coded(place))
            yield f'<script type="text/plain" id="p{place}">{picture}</script>\n'
    data = markup.json_text(contents.data())
    yield f'<script type="application/json" id="data">{data}</script>\n'
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def _figure(contents: Contents, i: int, coded: Coder, shown: set[int]) -> str:
    """A tile: the picture the page opens at, and without JavaScript the other end beside it.

    Args:
        shown: gains the place of the picture, which the script takes from there.
    """
    tile, frames = contents.tiles[i], contents.frames[i]
    screen = ""
    name = tile.label if len(contents.tiles) > 1 else ""
    if frames is not None:
        opening = contents.opening(frames)
        for place in frames.ends:
            picture = coded(place)
            own = place if place == opening and place not in shown else None
            image = markup.still(picture, frames.size, tile.label or contents.title, own)
            screen += image if place == opening else markup.without_script(image)
        shown.add(opening)
    if isinstance(tile, DifferenceTile):
        colors = heat_colors()[:: len(heat_colors()) // 32]
        return markup.heat_figure(screen, name, [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colors])
    return markup.figure(tile, screen, name)


def _read(name: str) -> str:
    try:
        return asset_path("page", name).read_text(encoding="utf-8")
    except OSError as error:
        raise ExportError(f"The program's own file '{name}' cannot be read.") from error
