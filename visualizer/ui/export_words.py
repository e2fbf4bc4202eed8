"""What the export panel says: of formats, of choices, and of the file that would be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.byte_words import in_words
from visualizer.export.options import ExportOptions, FormatKey
from visualizer.ui.progress_line import duration

if TYPE_CHECKING:
    from visualizer.export.estimate import Estimate

FORMAT_NOTES: dict[FormatKey, str] = {
    "webp": "Small and sharp. Every browser plays it.",
    "gif": "Plays everywhere, in 256 colors.",
    "apng": "Every pixel as it is. Browsers play it.",
    "mp4": "For slides, phones and posts (H.264).",
    "webm": "For web pages (VP9 or AV1).",
    "frames": "One numbered PNG a frame, for other programs.",
    "picture": "The last step alone, as PNG, JPEG or WebP.",
    "sheet": "All steps at a glance, with their noise: PNG, JPEG or PDF.",
    "page": "One file to drag through time, also on a phone.",
    "raw": "All latents, as .npz or .safetensors.",
}
"""Formats of the panel, and what each is good for. Runs and comparisons are saved, not exported."""

SHORT: dict[FormatKey, str] = {
    "webp": "WebP",
    "gif": "GIF",
    "apng": "APNG",
    "mp4": "MP4",
    "webm": "WebM",
    "frames": "pictures",
    "picture": "picture",
    "sheet": "sheet",
    "page": "page",
    "raw": "numbers",
}
"""What the main button says it exports."""
DIRECTIONS = {
    "forward": ("Forward", "From the first step to the last"),
    "back": ("Back", "From the last step to the first"),
    "boomerang": ("Both ways", "To the last step, and back to the first"),
}
SIZES = {"auto": "Automatic", "1": "× 1", "2": "× 2", "4": "× 4", "1080p": "As fits 1080p"}
EVENLY = "Evenly spaced"
"""What a sheet makes of "all"."""
STEPS = {"all": "All steps", "every": "Every few steps", "noise": "Evenly by noise"}
CAPTIONS = {
    "prompt": ("Prompt", "Write the prompt"),
    "seed": ("Seed", "Write the seed"),
    "step": ("Step", "Count the steps: step 12 of 30"),
    "noise": ("Noise level", "Tell how much noise is left"),
}
TOLD = ("sheet", "page")
"""Formats that tell by themselves what captions would."""
DITHERS = {
    "diffusion": ("Smooth", "Errors are spread over the neighbors: most faithful"),
    "ordered": ("Pattern", "A fixed pattern: smaller, and calm when it plays"),
    "none": ("None", "Flat areas: smallest"),
}


def estimate_words(estimate: Estimate) -> str:
    """ "About 2.1 MB  ·  512 × 512  ·  31 frames, 5.4 s  ·  ready in about 2 s"."""
    parts = [f"About {_rounded(estimate.bytes)}"]
    parts += _size_and_frames(
        (estimate.width, estimate.height), estimate.frames, estimate.film_seconds
    )
    parts.append(f"ready in {_about(estimate.seconds)}")
    return "  ·  ".join(parts)


def film_words(milliseconds: Sequence[int], size: tuple[int, int]) -> str:
    """ "512 × 512  ·  31 frames, 5.4 s"; what is known at once."""
    parts = _size_and_frames(size, len(milliseconds), sum(milliseconds) / 1000)
    return "  ·  ".join(parts)


def _size_and_frames(size: tuple[int, int], frames: int, seconds: float) -> list[str]:
    parts = [f"{size[0]} × {size[1]}"] if all(size) else []
    if frames > 1:
        parts.append(f"{frames} frames" + (f", {duration(seconds)}" if seconds > 0 else ""))
    return parts


def steps_words(options: ExportOptions) -> str:
    """ "All, automatic speed, both ways"."""
    parts = [EVENLY if options.format == "sheet" else STEPS["all"]]
    if options.steps == "every":
        parts = ["Every step" if options.every == 1 else f"Every {options.every} steps"]
    elif options.steps == "noise":
        parts = [f"{options.count} steps"]
    if options.kind.moves and options.format != "frames" and options.fps is not None:
        parts.append(f"{options.fps:g} a second")
    if options.kind.moves and options.direction != "forward":
        parts.append(DIRECTIONS[options.direction][0].lower())
    return ", ".join(parts)


def size_words(options: ExportOptions) -> str:
    """ "× 2, square pixels"."""
    if options.format == "sheet":
        return f"{options.pixels.capitalize()} pixels"
    size = SIZES[options.size]
    return f"{size}, square pixels" if options.pixels == "square" else size


def captions_words(options: ExportOptions) -> str:
    """ "Prompt, seed, on light"."""
    if options.format in TOLD:
        return f"On {options.background}"
    captions = [CAPTIONS[each][0] for each in CAPTIONS if each in options.captions]
    words = ", ".join([captions[0], *(each.lower() for each in captions[1:])]) if captions else ""
    words = words or "No captions"
    return words if options.background == "dark" else f"{words}, on {options.background}"


def quality_words(options: ExportOptions) -> str:
    """What the group of the format's own choices comes to."""
    if options.format == "gif":
        dither = options.dither != "none"
        return f"{options.colors} colors, {'dithered' if dither else 'not dithered'}"
    if options.format in ("webp", "page") and options.lossless:
        return "Lossless"
    if options.format == "webm":
        return f"{options.codec.upper()}, quality {options.quality}"
    return f"Quality {options.quality}"


def _rounded(size: int) -> str:
    """Two digits: it is an estimate."""
    digits = max(len(str(max(size, 1))) - 2, 0)
    return in_words(round(size, -digits))


def _about(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    return (
        f"about {duration(float(f'{seconds:.2g}') if seconds >= 10 else round(seconds))}".replace(
            ".0 s", " s"
        )
    )
