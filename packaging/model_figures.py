"""The figures that ``evaluate`` measured, in the page on the built-in model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from machine import Stop

PAGE = "docs/builtin-model.md"
BEGIN, END = "<!-- figures of evaluate -->", "<!-- end of the figures -->"
"""Between these two lines of the page stands what was measured, and nothing else."""

WORDS = {
    "held_out_prompts": "right of what was asked for",
    "judge_on_unseen_drawings": "the judge, right about everything in drawings it has not seen",
    "autoencoder_psnr_db": "autoencoder on held-out drawings",
    "autoencoder_psnr_db_textures": "autoencoder on textures",
    "autoencoder_psnr_db_photographs": "autoencoder on photographs",
    "seconds_per_picture_in_a_batch_of_8": "one picture, eight at once",
}
_ABOUT = ("count", "seed", "torch")
_SHARES = ("held_out_prompts", "judge_on_unseen_drawings")


def read(path: Path) -> dict[str, Any]:
    """What ``evaluate`` wrote.

    Raises:
        Stop: when it is no such file.
    """
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"The figures in {path} cannot be read ({error}).") from error
    if not isinstance(figures, dict) or "count" not in figures:
        raise Stop(f"{path} holds no figures of `evaluate`.")
    return figures


def write_into(page: Path, figures: Mapping[str, Any]) -> None:
    """Put the figures between the two lines of the page.

    Raises:
        Stop: when the page has no such lines.
    """
    text = page.read_text(encoding="utf-8")
    between = re.compile(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)
    if not between.search(text):
        raise Stop(f"{page} has no lines {BEGIN} and {END} to put the figures between.")
    page.write_text(between.sub(lambda _: block(figures), text), encoding="utf-8")


def block(figures: Mapping[str, Any]) -> str:
    """The figures in Markdown: what was done, and a table."""
    count, first = figures["count"], figures["seed"]
    lines = [
        "",
        f"Measured with `denoising-visualizer evaluate --count {count}` (seeds {first} … "
        f"{first + count - 1}, PyTorch {figures['torch']}):",
        "",
        "| | |",
        "| --- | --- |",
    ]
    lines += [f"| {label} | {value} |" for label, value in _rows(figures)]
    return "\n".join(lines) + "\n\n"


def _rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in figures.items():
        if key in _ABOUT:
            continue
        label = WORDS.get(key, key.replace("_", " "))
        if isinstance(value, Mapping):
            numbers = " / ".join(_number(key, one) for one in value.values())
            yield f"{label}: {' / '.join(map(str, value))}", numbers + _unit(key)
        else:
            yield label, _number(key, value) + _unit(key)


def _number(key: str, value: Any) -> str:
    if _unit(key) == " %":
        return f"{100 * value:.1f}".removesuffix(".0")
    return f"{value:.1f}" if _unit(key) == " dB" else f"{value:.3g}"


def _unit(key: str) -> str:
    if key in _SHARES or key.endswith("_share"):
        return " %"
    if "_db" in key:
        return " dB"
    return " s" if key.startswith("seconds") else ""
