"""The figures that ``evaluate`` measured, in the page on the built-in model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from machine import Stop

PAGE = "docs/builtin-model.md"
BEGIN, END = "<!-- figures of evaluate -->", "<!-- end of the figures -->"
"""Between these two lines of the page stands what was measured, and nothing else."""


def read(path: Path) -> dict[str, Any]:
    """What ``evaluate`` wrote.

    Raises:
        Stop: when it is no such file.
    """
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"The figures in {path} cannot be read ({error}).") from error
    if not isinstance(figures, dict) or "accuracy" not in figures:
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
    from visualizer.training.evaluation.report import table

    settings = figures["settings"]
    sampler = f", sampler {settings['sampler']}" if settings["sampler"] else ""
    asked = {"count": "plain", "pairs": "pairs"}
    numbers = {
        option: next(iter(figures["accuracy"][name].values()))["of"]
        for option, name in asked.items()
        if name in figures["accuracy"]
    }
    numbers["varied"] = figures["variety"]["prompts"]
    options = " ".join(f"--{option} {number}" for option, number in numbers.items())
    return f"""
Measured with `denoising-visualizer evaluate {options}`: {settings["steps"]} steps, guidance
{settings["guidance_scale"]:g}{sampler}, seeds from {figures["seed"]}, PyTorch {figures["torch"]}.
Between brackets: where the true share lies with 95 % confidence.

{table(figures)}

"""
