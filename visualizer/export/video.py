"""The film as a video, through FFmpeg's libraries: MP4 for players and slides, WebM for pages.

Frames are encoded as they are made and go into the file at once: memory does not grow with their
number.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from visualizer.export import written_metadata
from visualizer.export.bounds import check_bound
from visualizer.export.errors import ExportError

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer
    from av.video.stream import VideoStream
    from PIL import Image

    from visualizer.export.film import Film
    from visualizer.export.options import ExportOptions
    from visualizer.export.progress import Progress

MISSING = (
    'Videos need the package "av": pip install "denoising-visualizer[video]". '
    "WebP and GIF work without it."
)
MILLISECOND = Fraction(1, 1000)
BT709 = 1
"""Primaries, transfer and matrix of high definition, as FFmpeg counts them; what players assume."""
LIMITED = 1
"""Luma from 16 to 235, as FFmpeg counts ranges; players take another one for a mistake."""
THREADS = 4
"""At most: every further one holds more frames at once."""


@dataclass(frozen=True)
class Encoder:
    """How a video is encoded.

    Attributes:
        container, codec: their names in FFmpeg.
        options: of the codec.
        container_options: of the container.
    """

    container: str
    codec: str
    options: dict[str, str]
    container_options: dict[str, str] = field(default_factory=dict)


def write_mp4(film: Film, file: BinaryIO, progress: Progress) -> None:
    """H.264 in yuv420p, the one combination that plays everywhere; its sides are even.

    What a player needs to know stands at the beginning of the file: it plays while it is loaded.
    """
    _write(film, file, progress)


def write_webm(film: Film, file: BinaryIO, progress: Progress) -> None:
    """VP9, or AV1, which is smaller."""
    _write(film, file, progress)


def require_av() -> None:
    """See whether videos can be written.

    Raises:
        ExportError: with what to install, when they cannot.
    """
    try:
        import av as av
    except ImportError as error:
        raise ExportError(MISSING) from error


def encoder_for(options: ExportOptions) -> Encoder:
    """How a video of these options is encoded; quality 85 is hard to tell from the frames."""
    quality, most = options.quality, {"mp4": 51, "webm": 63}[options.format]
    crf = {"crf": str(max(1, round(most * (1 - quality / 127))))}
    if options.format == "mp4":
        # static cannot be predicted, so that a long look ahead only takes memory and time
        values = crf | {"preset": "veryfast", "rc-lookahead": "10"}
        return Encoder("mp4", "libx264", values, {"movflags": "faststart"})
    if options.codec == "av1":
        os.environ.setdefault("SVT_LOG", "1")  # else it prints how it is set up
        # looking ahead does not make static smaller either, and both bound the memory
        values = crf | {"preset": "8", "svtav1-params": "lookahead=0:lp=2"}
        return Encoder("webm", "libsvtav1", values)
    # on static the slower ways take five times as long and save a fiftieth
    values = crf | {"b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"}
    return Encoder("webm", "libvpx-vp9", values)


def encode(
    film: Film,
    shown: Iterator[tuple[Image.Image, int]],
    file: BinaryIO,
    metadata: dict[str, str],
) -> None:
    """Encode frames into a file.

    Args:
        shown: frames, each with how many milliseconds it stands.
        metadata: of the container, e.g. "title" and "comment".

    Raises:
        ExportError: with a sentence, when the encoder refuses.
    """
    require_av()
    import av

    how = encoder_for(film.options)
    try:
        with _opened(file, how) as (container, kept):
            container.metadata.update(metadata)
            stream = _stream(container, how, film)
            for packet in _packets(stream, shown):
                container.mux(packet)
                kept.check()
    except av.FFmpegError as error:
        raise ExportError(f"The video could not be made: {error.strerror or error}.") from error


def standing(film: Film) -> list[list[int]]:
    """How long each frame stands, in pieces of milliseconds.

    A frame that stands longer than others is shown several times: there are players that forget
    how long the last frame was to stand, and programs for slides and cutting that take the number
    of frames a second for granted.
    """
    beat = min(shot.milliseconds for shot in film.shots)
    found = []
    for shot in film.shots:
        pieces = max(1, round(shot.milliseconds / beat))
        ends = [round(shot.milliseconds * k / pieces) for k in range(pieces + 1)]
        found.append([end - start for start, end in pairwise(ends)])
    return found


def _write(film: Film, file: BinaryIO, progress: Progress) -> None:
    check_bound(film)
    encode(film, _shown(film, progress), file, written_metadata.video_tags(film))


def _shown(film: Film, progress: Progress) -> Iterator[tuple[Image.Image, int]]:
    """Every frame as often as it is shown, with its milliseconds; ``progress`` is told of each."""
    held = standing(film)
    for done, (image, pieces) in enumerate(zip(film.frames(progress), held, strict=True), start=1):
        for k, milliseconds in enumerate(pieces):
            if k:
                progress(done, len(held))
            yield image, milliseconds


class _ErrorKeeper:
    """A file that keeps the first error, for after the encoder is closed.

    Closing it writes once more; an error on top of an error would be printed by PyAV.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        if self.error is None:
            try:
                return self._file.write(content)
            except OSError as error:
                self.error = error
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read_again(self, *_: Any) -> BinaryIO:
        """Moving the index to the front reads what was written."""
        try:
            self._file.flush()
        except OSError as error:
            self.error = self.error or error
        return open(self._file.name, "rb")

    def check(self) -> None:
        """Raise what went wrong."""
        if self.error is not None:
            raise self.error


@contextlib.contextmanager
def _opened(file: BinaryIO, how: Encoder) -> Iterator[tuple[OutputContainer, _ErrorKeeper]]:
    """A container that writes through ``file``: a full disk is then an error of ours."""
    import av

    kept = _ErrorKeeper(file)
    # in memory there is nothing to open again, and the index may stay where it is
    named = isinstance(getattr(file, "name", None), str)
    container = av.open(
        cast("BinaryIO", kept),
        "w",
        format=how.container,
        container_options=how.container_options if named else {},
        io_open=kept.read_again if named else None,
    )
    try:
        yield container, kept
    except BaseException:
        with contextlib.suppress(av.FFmpegError):  # it may not have begun
            container.close()
        raise
    try:
        container.close()
    except av.FFmpegError:
        kept.check()  # what was cut short cannot be finished either
        raise
    kept.check()


def _stream(container: OutputContainer, how: Encoder, film: Film) -> VideoStream:
    rate = rate_of(film)
    stream = cast("VideoStream", container.add_stream(how.codec, rate=rate, options=how.options))
    set_up(stream.codec_context, film.size)
    return stream


def rate_of(film: Film) -> Fraction:
    """Frames a second, where none stands longer than the others."""
    return Fraction(1000, min(shot.milliseconds for shot in film.shots))


def set_up(context: av.VideoCodecContext, size: tuple[int, int]) -> None:
    """Tell an encoder what kind of frames it gets, and how they are to be understood.

    Args:
        size: of the frames, pixels; odd sides become even.
    """
    width, height = size
    context.width, context.height = width + width % 2, height + height % 2
    context.pix_fmt = "yuv420p"
    context.time_base = MILLISECOND
    context.thread_count = min(THREADS, os.cpu_count() or 1)
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED


def _packets(
    stream: VideoStream, shown: Iterator[tuple[Image.Image, int]]
) -> Iterator[av.Packet[Any]]:
    """The encoded frames, in the order in which the encoder gives them."""
    durations: dict[int, int] = {}  # by the time, of frames that are in the encoder

    def timed(packets: list[av.Packet[Any]]) -> Iterator[av.Packet[Any]]:
        for packet in packets:
            if packet.pts is not None:
                packet.duration = durations.pop(packet.pts, packet.duration or 0)
            yield packet

    time, before = 0, None
    for image, milliseconds in shown:
        if image is not before:
            frame, before = frame_of(image), image
        frame.pts, frame.time_base = time, MILLISECOND
        durations[time] = milliseconds
        yield from timed(stream.encode(frame))
        time += milliseconds
    yield from timed(stream.encode())


def frame_of(image: Image.Image) -> av.VideoFrame:
    """In yuv420p of BT.709."""
    import av
    from av.video.reformatter import ColorRange, Colorspace, Interpolation

    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    if width % 2 or height % 2:
        # a column or a row at the edge is doubled where one is missing
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format="yuv420p",
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC,
    )
