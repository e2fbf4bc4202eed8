"""The markup of a page: text that stays text, and nothing that asks for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from visualizer.export.noise_lines import lines_through
from visualizer.export.reel import facts_of
from visualizer.export.share_words import noise_words
from visualizer.export.view_words import VIEW_NAMES
from visualizer.export.written_metadata import note_of_reel
from visualizer.metadata.remembered import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visualizer.export.page_contents import Contents
    from visualizer.export.page_pictures import Tile

ICONS = {
    "start": "M4 2 14 8 4 14z",
    "pause": "M3 2h3.5v12H3zM9.5 2H13v12H9.5z",
    "before": "M11.5 2.5v11L4.5 8z",
    "after": "M4.5 2.5v11L11.5 8z",
    "loop": (
        "M3 7.5A4.5 4.5 0 0 1 7.5 3H10V.8L14 4l-4 3.2V5H7.5A2.5 2.5 0 0 0 5 7.5z"
        "M13 8.5A4.5 4.5 0 0 1 8.5 13H6v2.2L2 12l4-3.2V11h2.5A2.5 2.5 0 0 0 11 8.5z"
    ),
}


def text(words: str) -> str:
    """Text that is nothing but text, also between quotation marks."""
    return escape(words.encode("utf-8", "replace").decode().replace("\0", "\ufffd"))


def json_text(values: Any) -> str:
    """JSON that no ``</script>`` and no comment in a prompt can end."""
    packed = json.dumps(values, separators=(",", ":"))  # ASCII: line separators are escaped too
    return packed.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def packed(picture: bytes) -> str:
    """A picture as text."""
    return base64.b64encode(picture).decode()


def source(picture: bytes) -> str:
    """A picture as an address that leads to the picture itself."""
    kind = "webp" if picture.startswith(b"RIFF") else "jpeg"
    return f"data:image/{kind};base64,{packed(picture)}"


def hash_of(words: str) -> str:
    """The source of a content security policy that allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()


def head(contents: Contents, style: str, script: str, schemes: str) -> str:
    """Everything before the body; what a program looks for in it stands at its start."""
    policy = (
        f"default-src 'none'; img-src data:; style-src '{hash_of(style)}'; "
        f"script-src '{hash_of(script)}'; base-uri 'none'; form-action 'none'"
    )
    made = ""
    if contents.options.remember:
        note = json_text(note_of_reel(contents.reel).to_json())
        made = f'\n<script type="application/json" id="made">{note}</script>'
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{schemes}">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="{OURS}">
<link rel="icon" href="data:,">
<title>{text(contents.title)}</title>{made}
<style>{style}</style>
</head>
"""


def header(contents: Contents) -> str:
    """The prompt, and what else decided the pictures."""
    facts = contents.reel.facts if contents.options.remember else []
    if not facts and contents.says("seed"):
        facts = [fact for fact in contents.reel.facts if fact.startswith("seed ")]
    said = f'\n<p class="quiet">{_facts(facts)}</p>' if facts else ""
    summary = contents.reel.summary
    told = f'\n<p dir="auto">{text(summary)}</p>' if summary else ""
    return f'<header>\n<h1 dir="auto">{text(contents.title)}</h1>{said}{told}\n</header>\n'


def figure(tile: Tile, screen: str, name: str) -> str:
    """The place of a tile.

    Args:
        screen: what is shown in it until the script shows a moving picture; "" for nothing.
        name: of a tile among others, else "".
    """
    if not screen:
        shown = f'<div class="screen empty"><p dir="auto">{text(tile.sentence)}</p></div>'
    else:
        shown = f'<div class="screen">{screen}</div>'
    caption = ""
    if name:
        failure = f'<br><span class="quiet">{text(tile.failure)}</span>' if tile.failure else ""
        if not screen:
            failure = ""  # it is said in the place of the picture
        caption = f'<figcaption dir="auto">{text(name)}{failure}</figcaption>'
    return f"<figure>{shown}{caption}</figure>\n"


def heat_figure(screen: str, name: str, colors: Iterable[str]) -> str:
    """The place of a heat map, with its scale."""
    steps = "".join(
        f'<rect x="{i}" width="1.1" height="1" fill="{color}"/>' for i, color in enumerate(colors)
    )
    scale = (
        '<span class="heat quiet">0\u00a0%, equal<svg viewBox="0 0 32 1" '
        f'preserveAspectRatio="none" aria-hidden="true">{steps}</svg>50\u00a0% and more</span>'
    )
    return (
        f'<figure><div class="screen">{screen}</div>'
        f"<figcaption>{text(name)}{scale}</figcaption></figure>\n"
    )


def still(picture: bytes, size: tuple[int, int], described: str, place: int | None = None) -> str:
    """A picture that stands still; with a place it is that picture of the album, too."""
    width, height = size
    own = "" if place is None else f'id="p{place}" '
    return (
        f'<img {own}width="{width}" height="{height}" alt="{text(described)}" '
        f'draggable="false" src="{source(picture)}">'
    )


def without_script(markup: str) -> str:
    """What is shown only where no script runs."""
    return f"<noscript>{markup}</noscript>"


def controls(contents: Contents) -> str:
    """Everything that moves the pictures; the script shows it."""
    last = len(contents.moments) - 1
    single = " hidden" if last == 0 else ""
    return f"""<div class="controls" id="controls" hidden>
<div class="bar">
<div class="group"{single}>
<button id="play" type="button" title="Play or pause (Space)">{_icon("start")}{_icon("pause")}\
<span>Play</span></button>
<button id="before" type="button" title="One step back (←)" aria-label="One step back">\
{_icon("before")}</button>
<button id="after" type="button" title="One step on (→)" aria-label="One step on">\
{_icon("after")}</button>
<button id="loop" type="button" title="Play again and again" aria-label="Loop" \
aria-pressed="false">{_icon("loop")}</button>
<button id="speed" type="button" title="Speed" aria-label="Speed 1×">1×</button>
</div>
{_switch(contents)}
</div>
<div class="told">
<p class="legend quiet small"{single}>{_legend(contents)}</p>
<p id="where">{text(contents.words(contents.start))}</p>
</div>
<div{single}>
{_plot(contents)}
</div>
</div>
<noscript><p class="quiet">The steps in between need JavaScript, which is switched off here.</p>
</noscript>
"""


def made_of(contents: Contents) -> str:
    """What was asked for, and what else decided the pictures, lane by lane; and the keys."""
    keys = _keys(contents)
    if not contents.options.remember:
        return keys
    rows = []
    for lane in contents.reel.lanes:
        request = lane.request
        facts = facts_of(lane.run) if lane.run and lane.run.steps else [f"seed {request.seed}"]
        name = f'<th scope="row" dir="auto">{text(lane.label)}</th>' if lane.label else ""
        prompt = text(request.prompt or "(no prompt)")
        rows.append(f'<tr>{name}<td dir="auto">{prompt}</td><td>{_facts(facts)}</td></tr>')
    they = "it was" if len(rows) == 1 else "they were"
    smaller = ""
    if contents.album.scale < 1:
        share = round(100 * contents.album.scale)
        smaller = (
            f'\n<p class="quiet small">On this page every picture is {share} % as wide as it was '
            "made, so that all of them fit.</p>"
        )
    table = "\n".join(rows)
    return f"""<details id="made-of">
<summary>How {they} made</summary>
<div class="table"><table>
{table}
</table></div>{smaller}
</details>
{keys}"""


def _facts(facts: list[str]) -> str:
    """Each on its own: what is written from right to left stays within itself."""
    return " · ".join(f"<bdi>{text(fact)}</bdi>" for fact in facts)


def _icon(name: str) -> str:
    kind = {"start": ' class="start"', "pause": ' class="pause"'}.get(name, "")
    return f'<svg{kind} viewBox="0 0 16 16" aria-hidden="true"><path d="{ICONS[name]}"/></svg>'


def _switch(contents: Contents) -> str:
    if len(contents.views) < 2:
        return ""
    choices = "".join(
        f'<button type="button" name="view" value="{view}" title="{text(VIEW_NAMES[view])} ({i})" '
        f'aria-pressed="{"true" if i == 1 else "false"}">{text(VIEW_NAMES[view])}</button>'
        for i, view in enumerate(contents.views, start=1)
    )
    return f'<div class="views" role="group" aria-label="View">{choices}</div>'


def _legend(contents: Contents) -> str:
    """What the lines of the plot are; the script says where they stand."""
    planned = 'planned <b id="planned"></b>'
    if not contents.measured:
        return f"<span>Share of noise {planned}</span>"
    measured = f'{text(contents.reel.measured_name)} <b id="measured"></b>'
    return (
        f'<span>Share of noise</span><span class="line">{planned}</span>'
        f'<span class="line second">{measured}</span>'
    )


def _plot(contents: Contents) -> str:
    """The share of noise, planned and measured, on the slider's own axis."""
    reel, last = contents.reel, len(contents.moments) - 1
    every = list(range(contents.moments[0], contents.moments[-1] + 1))
    planned = _lines({k: reel.shares[k] for k in every}, contents)
    measured = _lines({k: contents.measured[k] for k in every if k in contents.measured}, contents)
    areas = "".join(
        f'<polygon class="area" points="{line.split(",")[0]},100 {line} '
        f'{line.split()[-1].split(",")[0]},100"/>'
        for line in planned
    )
    lines = "".join(f'<polyline class="curve" points="{line}"/>' for line in planned)
    lines += "".join(f'<polyline class="measured" points="{line}"/>' for line in measured)
    rising = " rising" if reel.shares[every[-1]] > reel.shares[every[0]] else ""
    ends = (text(reel.label(k) or noise_words(reel.share(k))) for k in (every[0], every[-1]))
    return f"""<div class="time" id="time">
<div class="plot{rising}" id="plot">
<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="Share of noise">
{areas}<path class="level" d="M0 0H1000M0 50H1000M0 100H1000"/>
{lines}
</svg>
<span class="top">100 %</span><span class="middle">50 %</span>
</div>
<input id="scrub" type="range" min="0" max="{last}" step="1" value="{contents.start}" \
aria-label="Moment of the denoising">
<div class="head"></div>
</div>
<p class="ends quiet small" aria-hidden="true"><span>{"</span><span>".join(ends)}</span></p>"""


def _lines(shares: dict[int, float], contents: Contents) -> list[str]:
    """Points of lines: (0 … 1000, 0 … 100) from the upper left corner.

    The moments of the page stand evenly, and all others in between.
    """
    chosen = contents.moments
    places = np.linspace(0, 1000, len(chosen))

    def point(moment: int, share: float) -> str:
        return f"{np.interp(moment, chosen, places):.6g},{100 - 100 * share:.4g}"

    lines = lines_through(shares, contents.reel.breaks)
    return [" ".join(point(*each) for each in line) for line in lines]


def _keys(contents: Contents) -> str:
    """What the keys do."""
    if len(contents.moments) < 2:
        return ""
    views = f"<kbd>1</kbd> … <kbd>{len(contents.views)}</kbd> views · "
    return (
        '<p class="keys quiet small"><kbd>←</kbd> <kbd>→</kbd> a step · '
        "<kbd>Shift</kbd> ten · <kbd>Home</kbd> <kbd>End</kbd> the ends · "
        f"{views if len(contents.views) > 1 else ''}<kbd>Space</kbd> play · "
        "drag on the picture, too</p>\n"
    )
