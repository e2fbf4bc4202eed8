"""What the export panel says of formats and of choices."""

from __future__ import annotations

from visualizer.export.options import ExportOptions, FormatKey

FORMAT_NOTES: dict[FormatKey, str] = {
    "webp": "Small and sharp. Browsers play it; for slides take GIF or MP4.",
    "gif": "Plays nearly everywhere, also on slides, in 256 colors at most.",
    "apng": "Every pixel as it is. Browsers play it; for slides take GIF or MP4.",
    "mp4": "For slides, phones and posts (H.264).",
    "webm": "For web pages (VP9 or AV1); for slides take MP4.",
    "frames": "One numbered PNG a frame in a new folder, for other programs.",
    "picture": "The last step alone.",
    "sheet": "Steps from static to picture in a row, with their noise.",
    "page": "Opens in any browser, also on a phone: drag through time, switch views. "
    "Seen here is only its film.",
    "raw": "What the sampler held at every step, for NumPy or PyTorch.",
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
KINDS: dict[FormatKey, dict[str, tuple[str, str]]] = {
    "apng": {
        ".apng": (".apng", "Called what it is"),
        ".png": (".png", "The same file, for programs that know only .png"),
    },
    "picture": {
        ".png": ("PNG", "Every pixel as it is"),
        ".jpg": ("JPEG", "Smaller, for programs that take nothing else"),
        ".webp": ("WebP", "Smallest; every browser shows it"),
    },
    "sheet": {
        ".png": ("PNG", "A picture, every pixel as it is"),
        ".jpg": ("JPEG", "A smaller picture"),
        ".pdf": ("PDF", "One page of A4 to print"),
    },
    "raw": {
        ".npz": ("NumPy", "An archive for numpy.load (.npz)"),
        ".safetensors": ("Safetensors", "Tensors for PyTorch and others (.safetensors)"),
    },
}
"""Of formats with several kinds of file: each kind by its ending, and what it is good for."""
DIRECTIONS = {
    "forward": ("Forward", "From the first step to the last"),
    "back": ("Back", "From the last step to the first"),
    "boomerang": ("Both ways", "To the last step, and back to the first"),
}
SIZES = {"auto": "Automatic", "1": "× 1", "2": "× 2", "4": "× 4", "1080p": "Fit 1080p"}
EVENLY = "8 evenly spaced"
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


def has_quality(options: ExportOptions) -> bool:
    """Whether its number from 1 to 100 makes a difference to the file."""
    if options.kind.moves or options.format == "page":
        return options.format in ("webp", "mp4", "webm", "page")
    return options.ending in (".jpg", ".jpeg", ".webp")


def has_lossless(options: ExportOptions) -> bool:
    """Whether the file may also hold every pixel as it is."""
    return options.ending == ".webp" or options.format == "page"


def sizes_words(own: tuple[int, int] | None, automatic: int, *, each: bool) -> dict[str, str]:
    """What choices of ``SIZES`` come to: "× 2 (256 × 256)".

    Args:
        own: the size of a picture, pixels; None where nobody knows it.
        automatic: the factor that "Automatic" comes to; 0 where it is not known.
        each: whether there are several pictures side by side.
    """
    found = dict(SIZES)
    if own is None:
        return found
    of_each = "each " if each else ""
    for key, factor in {"auto": automatic, "1": 1, "2": 2, "4": 4}.items():
        if factor:
            times = f"Automatic: × {factor}" if key == "auto" else SIZES[key]
            found[key] = f"{times} ({of_each}{own[0] * factor} × {own[1] * factor})"
    return found


def background_words(options: ExportOptions) -> tuple[str, str]:
    """What the background is called that nobody chose, and what it is."""
    if options.format == "page":
        return "As device", "Dark or light, as the device is that the page is read on"
    return "Auto", "Dark, and light on a PDF, which is made to be printed"


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
        by_itself = options.background == "auto" and options.format == "page"
        return "As the reader’s device" if by_itself else f"On {options.ground}"
    captions = [CAPTIONS[each][0] for each in CAPTIONS if each in options.captions]
    words = ", ".join([captions[0], *(each.lower() for each in captions[1:])]) if captions else ""
    words = words or "No captions"
    return words if options.ground == "dark" else f"{words}, on {options.ground}"


def quality_words(options: ExportOptions) -> str:
    """What the group of the format's own choices comes to."""
    if options.format == "gif":
        dither = options.dither != "none"
        return f"{options.colors} colors, {'dithered' if dither else 'not dithered'}"
    if has_lossless(options) and options.lossless:
        return "Lossless"
    if options.format == "webm":
        return f"{options.codec.upper()}, quality {options.quality}"
    return f"Quality {options.quality}"
