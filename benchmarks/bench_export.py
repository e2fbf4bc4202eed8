"""What an export costs beside its encoder: 30 decoded frames of 512² to WebP, GIF and MP4.

The bare encoder is Pillow, or PyAV, called as directly as can be on the same arrays with the same
settings: it makes the same pictures, palettes and times, and nothing else. An export besides picks
and composes frames, tells its progress, writes how the picture was made, and puts the file in its
place when it is whole. Both write to the same disk, in turns.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from benchmarks.made_runs import noisy_run
from visualizer import export
from visualizer.export import animation, palette, video, webp_frame
from visualizer.export.film import Film, film_of
from visualizer.export.options import ExportOptions, FormatKey

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.trajectory import Trajectory

    Encoder = Callable[[Sequence[Picture], Film, Path], None]

FRAMES, SIDE, PAIRS = 30, 512, 11


def main() -> None:
    """Print the ratio for every format, median of interleaved pairs."""
    run = noisy_run(FRAMES, SIDE)
    compare(run, "webp", _webp, "Pillow", target=True)
    compare(run, "gif", _gif, "Pillow with the same palettes", target=True)
    compare(run, "gif", _plain_gif, "Pillow with palettes of its own")
    compare(run, "mp4", _mp4, "PyAV", target=True)


def compare(
    run: Trajectory, key: FormatKey, bare: Encoder, name: str, *, target: bool = False
) -> None:
    """Print how long an export takes against a bare encoder."""
    options = ExportOptions(format=key)
    film = film_of(run, options)
    pictures = [run.picture(k) for k in range(FRAMES)]
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / f"ours.{key}", Path(folder) / f"bare.{key}"
        ratios, worked, took = _in_turns(
            lambda: export.write(run, ours, options=options),
            lambda: bare(pictures, film, theirs),
        )
        larger = ours.stat().st_size / theirs.stat().st_size
    low, high = interval(ratios)
    print(
        f"export of {FRAMES} decoded frames of {SIDE}² to {key} ÷ {name}, median of {PAIRS} pairs: "
        f"{statistics.median(ratios):.3f} [95 % of the median {low:.3f} … {high:.3f}; "
        f"{took:.2f} s; {larger:.3f} of the size; "
        f"{statistics.median(worked):.3f} in processor time]{' (target ≤ 1.10)' if target else ''}"
    )


def _in_turns(
    one: Callable[[], None], other: Callable[[], None]
) -> tuple[list[float], list[float], float]:
    """Ratios of their times, of their processor times, and the median time of the first.

    Each has been warmed up.
    """
    one()
    other()
    ratios, worked, took = [], [], []
    for pair in range(PAIRS):
        times, busy = {}, {}
        for work in (one, other) if pair % 2 else (other, one):
            began, used = time.perf_counter(), time.process_time()
            work()
            times[work] = time.perf_counter() - began
            busy[work] = time.process_time() - used
        ratios.append(times[one] / times[other])
        worked.append(busy[one] / busy[other])
        took.append(times[one])
    return ratios, worked, statistics.median(took)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % bootstrap interval of their median."""
    draw = random.Random(7)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[-51]


# --- The bare encoders ----------------------------------------------------------------------------


def _webp(pictures: Sequence[Picture], film: Film, path: Path) -> None:
    first, *others = map(Image.fromarray, pictures)
    first.save(
        path,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=[shot.milliseconds for shot in film.shots],
        loop=0,
        quality=film.options.quality,
        method=webp_frame.METHOD,
    )


def _gif(pictures: Sequence[Picture], film: Film, path: Path) -> None:
    """Every frame dithered to a palette of its own, found as ours are."""
    _save_gif([_in_256_colors(Image.fromarray(picture)) for picture in pictures], film, path)


def _save_gif(images: Sequence[Image.Image], film: Film, path: Path) -> None:
    first, *others = images
    first.save(
        path,
        "GIF",
        save_all=True,
        append_images=others,
        duration=animation.in_hundredths([shot.milliseconds for shot in film.shots]),
        loop=0,
        optimize=False,
    )


def _in_256_colors(image: Image.Image) -> Image.Image:
    return palette.in_palette(image, palette.palette_of([image], 256), "diffusion")


def _plain_gif(pictures: Sequence[Picture], film: Film, path: Path) -> None:
    """As Pillow's own documentation makes one, every pixel choosing the palette."""

    def in_its_colors(image: Image.Image) -> Image.Image:
        return image.quantize(palette=image.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)

    _save_gif([in_its_colors(Image.fromarray(picture)) for picture in pictures], film, path)


def _mp4(pictures: Sequence[Picture], film: Film, path: Path) -> None:
    import av
    from av.video.reformatter import ColorRange, Colorspace, Interpolation

    how = video.encoder_for(film.options)
    with av.open(str(path), "w", format=how.container, options=how.container_options) as container:
        beat = film.shots[0].milliseconds
        rate = Fraction(1000, beat)
        stream: Any = container.add_stream(how.codec, rate=rate, options=how.options)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = video.MILLISECOND
        stream.codec_context.thread_count = min(video.THREADS, os.cpu_count() or 1)
        milliseconds = 0
        for picture, shot in zip(pictures, film.shots, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p",
                src_color_range=ColorRange.JPEG,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.BICUBIC,
            )
            for _ in range(max(1, round(shot.milliseconds / beat))):
                frame.pts, frame.time_base = milliseconds, video.MILLISECOND
                container.mux(stream.encode(frame))
                milliseconds += beat
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
