"""The figures as a table that can go into a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(figures: Mapping[str, Any]) -> str:
    """Markdown: one row a question, the counts beside every share."""
    rows = [("what", "figure", "counted on")]
    for name, about in figures["sets"].items():
        rows += [
            (f"{about}: {attribute}", *_share(count))
            for attribute, count in figures["accuracy"][name].items()
        ]
    for kind, counts in figures["judge"].items():
        rows += [(f"the judge on {kind}: {name}", *_share(c)) for name, c in counts.items()]
    rows += _measured(figures)
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def _share(count: Mapping[str, Any]) -> tuple[str, str]:
    if not count["of"]:
        return "not asked", "0"
    low, high = 100 * count["low"], 100 * count["high"]
    return f"{100 * count['share']:.1f} % ({low:.1f}–{high:.1f})", f"{count['right']}/{count['of']}"


def _measured(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    varied, frechet, static = figures["variety"], figures["frechet"], figures["static"]
    seeds = f"{varied['prompts']} prompts × {varied['seeds']} seeds"
    rows = [
        ("variety across seeds ÷ drawn, features", f"{varied['features']:.2f}", seeds),
        ("variety across seeds ÷ drawn, pixels", f"{varied['pixels']:.2f}", seeds),
        (
            "Fréchet distance to drawn ÷ drawn to drawn",
            f"{frechet['ratio']:.2f} ({frechet['made']:.2f} ÷ {frechet['drawn']:.2f})",
            f"{frechet['count']} pictures",
        ),
    ]
    rows += [
        (f"autoencoder PSNR, {kind}", f"{values['mean']:.1f} dB", str(values["count"]))
        for kind, values in figures["psnr"].items()
    ]
    decoded, white = static["decoded"], static["white_noise"]
    rows += [
        (
            f"decoded noise (white noise): {about}",
            f"{decoded[name]:.2f} ({white[name]:.2f})",
            f"{static['count']} pictures",
        )
        for name, about in (
            ("neighbors", "correlation of neighbors"),
            ("blocks", "deviation of blocks"),
            ("deviation", "deviation of pixels"),
        )
    ]
    speed = figures["speed"]
    rows += [
        (f"seconds a picture, {steps} steps", f"{seconds:.2f} s", speed["device"])
        for steps, seconds in speed["seconds"].items()
    ]
    return rows
