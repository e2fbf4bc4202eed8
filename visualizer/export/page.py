"""A page that any browser shows: one file that asks for nothing from anywhere.

Pictures, style and script are inside it. Its content security policy allows that very style and
script, by their hashes, and pictures from the page itself; a prompt is text wherever it stands.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image

from visualizer.assets import asset_path
from visualizer.export.errors import ExportError
from visualizer.export.frames import evenly, frame_milliseconds
from visualizer.export.reel import SHOWN_VIEWS, facts_of
from visualizer.export.sheet import percent

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.export.reel import Lane, Reel
    from visualizer.export.writers import Progress

MAX_MOMENTS = 120
MAX_PIXELS = 64_000_000
"""Of all pictures of a page together; larger ones are scaled down until they fit."""
QUALITY = 80  # of WebP: noise takes most of the room


def write_page(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """Write the page as UTF-8."""
    moments = evenly(reel.shown(), MAX_MOMENTS)
    views = _views(reel, moments)
    album = _Album(_scale(reel, moments, views))
    lanes = []
    for done, lane in enumerate(reel.lanes):
        lanes.append(_lane(lane, moments, views, album))
        progress(done + 1, len(reel.lanes))
    data = {
        "moments": [_words(reel, moment) for moment in moments],
        "views": list(views),
        "lanes": lanes,
        "pictures": album.pictures,
        "start": len(moments) - 1,
        "milliseconds": frame_milliseconds(len(moments)),
    }
    file.write(_page(reel, moments, views, data).encode())


# --- The pictures ---------------------------------------------------------------------------------


@dataclass
class _Album:
    """The pictures of a page, each of them once, as WebP in base 64."""

    scale: float
    pictures: list[str] = field(default_factory=list)
    _places: dict[tuple[int, str], int] = field(default_factory=dict)

    def place(self, lane: Lane, moment: int, view: View) -> int | None:
        """Where the picture of a lane at a moment stands; branches share those of their parent."""
        step = lane.step(moment, view)
        if step is None or lane.run is None:
            return None
        last = step == len(lane.run.steps) - 1
        # the last picture is the run's own: the pipeline made it, nobody shares it
        key = (id(lane) if last else id(lane.run.steps[step]), view)
        if key not in self._places:
            picture = lane.picture(moment, view)
            assert picture is not None
            self._places[key] = len(self.pictures)
            self.pictures.append(self._packed(picture))
        return self._places[key]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Of a picture on the page."""
        return max(1, round(width * self.scale)), max(1, round(height * self.scale))

    def _packed(self, picture: Picture) -> str:
        image = Image.fromarray(picture)
        size = self.size(*image.size)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS)
        packed = io.BytesIO()
        image.save(packed, "WEBP", quality=QUALITY, method=4)
        return base64.b64encode(packed.getbuffer()).decode()


def _views(reel: Reel, moments: list[int]) -> dict[View, str]:
    """The views with pictures at all of these moments, and their names."""
    found: dict[View, str] = {}
    for view, name, _ in SHOWN_VIEWS:
        if view == "noisy" or set(moments) <= set(reel.shown(view)):
            found[view] = name
    return found


def _scale(reel: Reel, moments: list[int], views: dict[View, str]) -> float:
    """How much smaller pictures must be for all of them to fit."""
    sizes = [lane.size for lane in reel.lanes if lane.size is not None]
    pixels = sum(width * height for width, height in sizes) * len(moments) * len(views)
    return min(1.0, math.sqrt(MAX_PIXELS / max(1, pixels)))


def _lane(lane: Lane, moments: list[int], views: dict[View, str], album: _Album) -> dict[str, Any]:
    if lane.size is None:
        return {"label": lane.label, "size": None}
    frames = {}
    for view in views:
        places = [album.place(lane, moment, view) for moment in moments]
        if None in places:  # a lane without the guess shows what it has
            places = [album.place(lane, moment, "noisy") for moment in moments]
        frames[view] = places
    return {"label": lane.label, "size": album.size(*lane.size), "frames": frames}


# --- The page -------------------------------------------------------------------------------------


def _page(reel: Reel, moments: list[int], views: dict[View, str], data: dict[str, Any]) -> str:
    width, height = next(lane["size"] for lane in data["lanes"] if lane["size"])
    layout = f":root {{ --columns: {reel.columns}; --tile: {width} / {height}; }}\n"
    style = _read("page.css") + layout
    script = _read("page.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    alone = len(reel.lanes) == 1
    lanes = "\n".join(_figure(i, lane, data, alone=alone) for i, lane in enumerate(reel.lanes))
    summary = f'\n<p dir="auto">{_text(reel.summary)}</p>' if reel.summary else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Denoising Visualizer">
<link rel="icon" href="data:,">
<title>{_text(reel.title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1 dir="auto">{_text(reel.title)}</h1>
<p class="quiet" dir="auto">{_text(" · ".join(reel.facts))}</p>{summary}
</header>
<main>
<div class="lanes{" alone" if alone else ""}">
{lanes}
</div>
<div class="controls" id="controls" hidden>
<div class="bar">
<button id="play" type="button">Play</button>
{_switch(views)}
<output id="where" for="scrub"></output>
</div>
{_plot(reel, moments)}
<input id="scrub" type="range" min="0" max="{len(moments) - 1}" step="1" value="{len(moments) - 1}"
 aria-label="Moment of the denoising">
</div>
<noscript><p class="quiet">The steps of the denoising need JavaScript; these are the ends.</p>
</noscript>
<details>
<summary>How {"it was" if alone else "they were"} made</summary>
<div class="table"><table>
{_table(reel)}
</table></div>
</details>
</main>
<script type="application/json" id="made">{_json(reel.note())}</script>
<script type="application/json" id="data">{_json(data)}</script>
<script>{script}</script>
</body>
</html>
"""


def _figure(i: int, lane: Lane, data: dict[str, Any], *, alone: bool) -> str:
    """The place of a lane: its last picture, which the script puts a moving one in the place of."""
    described = data["lanes"][i]
    kind = "screen" if described["size"] else "screen empty"
    if described["size"] is None:
        screen = f'<p dir="auto">{_text(lane.sentence)}</p>'
    else:
        width, height = described["size"]
        packed = data["pictures"][described["frames"]["noisy"][-1]]
        screen = (
            f'<img id="still{i}" width="{width}" height="{height}" '
            f'alt="{_text(lane.label or lane.request.prompt)}" '
            f'src="data:image/webp;base64,{packed}">'
        )
    failure = f'<br><span class="quiet">{_text(lane.failure)}</span>' if lane.failure else ""
    if described["size"] is None:
        failure = ""  # it is said in the place of the picture
    caption = "" if alone else f'<figcaption dir="auto">{_text(lane.label)}{failure}</figcaption>'
    return f'<figure><div class="{kind}">{screen}</div>{caption}</figure>'


def _switch(views: dict[View, str]) -> str:
    if len(views) < 2:
        return ""
    choices = "".join(
        f'<label><input type="radio" name="view" value="{view}"'
        f"{' checked' if view == 'noisy' else ''}>{_text(name)}</label>"
        for view, name in views.items()
    )
    return f'<fieldset class="views" aria-label="View">{choices}</fieldset>'


def _plot(reel: Reel, moments: list[int]) -> str:
    """The share of noise at the moments, which stand as far apart as the slider's."""
    last = max(1, len(moments) - 1)
    curve = " ".join(
        f"{1000 * i / last:.6g},{100 - 100 * reel.share(moment):.4g}"
        for i, moment in enumerate(moments)
    )
    end = 1000 * (len(moments) - 1) / last
    return f"""<div class="plot" id="plot">
<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="Share of noise">
<polygon class="area" points="0,100 {curve} {end:.6g},100"/>
<path class="level" d="M0 0H1000M0 50H1000M0 100H1000"/>
<polyline class="curve" points="{curve}"/>
<line class="head" id="head" x1="{end:.6g}" x2="{end:.6g}" y1="0" y2="100"/>
</svg>
<span class="quiet">Share of noise</span>
</div>"""


def _table(reel: Reel) -> str:
    """What was asked for, and what else decided the pictures, lane by lane."""
    rows = []
    for lane in reel.lanes:
        request = lane.request
        facts = facts_of(lane.run) if lane.run and lane.run.steps else [f"seed {request.seed}"]
        name = f'<th scope="row" dir="auto">{_text(lane.label)}</th>' if lane.label else ""
        prompt = _text(request.prompt or "(no prompt)")
        rows.append(
            f'<tr>{name}<td dir="auto">{prompt}</td>'
            f'<td dir="auto">{_text(" · ".join(facts))}</td></tr>'
        )
    return "\n".join(rows)


def _words(reel: Reel, moment: int) -> str:
    """ "step 4 · 62 % noise"."""
    words = (reel.label(moment), percent(reel.share(moment)))
    return " · ".join(word for word in words if word)


def _text(text: str) -> str:
    """Text that is nothing but text, also between quotation marks."""
    return escape(text.encode("utf-8", "replace").decode().replace("\0", "\ufffd"))


def _json(values: Any) -> str:
    """JSON that no ``</script>`` and no comment in a prompt can end."""
    text = json.dumps(values, separators=(",", ":"))  # ASCII, so line separators are escaped too
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(text: str) -> str:
    """The source of a content security policy that allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    try:
        return asset_path("page", name).read_text(encoding="utf-8")
    except OSError as error:
        raise ExportError(f"The program's own file '{name}' cannot be read.") from error
