"""What the export panel says of formats and of choices."""

from __future__ import annotations

from visualizer.export.options import ExportOptions, FormatKey

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
