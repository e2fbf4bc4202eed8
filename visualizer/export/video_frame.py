"""One frame as a video shows it: encoded alone as the film would be, and decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image

from visualizer.export.errors import ExportError
from visualizer.export.video import MILLISECOND, encoder_for, frame_of, rate_of, require_av, set_up

if TYPE_CHECKING:
    import av

    from visualizer.export.film import Film

_DECODERS = {"libx264": "h264", "libvpx-vp9": "vp9", "libsvtav1": "libdav1d"}


def as_in_video(film: Film, image: Image.Image) -> Image.Image:
    """A frame of a film as its video shows it, RGB, in the same size.

    In the film itself a frame may borrow from the one before it, and look a little better or worse.

    Raises:
        ExportError: with a sentence, when there is nothing to encode it with.
    """
    require_av()
    import av
    from av.video.reformatter import ColorRange, Colorspace

    try:
        decoded = _decoded(film, image)
    except av.FFmpegError as error:
        raise ExportError(f"The frame could not be shown: {error.strerror or error}.") from error
    pixels: Any = decoded.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    ).to_ndarray()
    return Image.fromarray(pixels[: image.height, : image.width])


def _decoded(film: Film, image: Image.Image) -> av.VideoFrame:
    import av

    how = encoder_for(film.options)
    encoder: Any = av.CodecContext.create(how.codec, "w")
    encoder.options = how.options
    encoder.framerate = rate_of(film)
    set_up(encoder, image.size)
    frame = frame_of(image)
    frame.pts, frame.time_base = 0, MILLISECOND
    decoder: Any = av.CodecContext.create(_DECODERS[how.codec], "r")
    frames: list[av.VideoFrame] = []
    for packet in (*encoder.encode(frame), *encoder.encode()):
        frames += decoder.decode(packet)
    frames += decoder.decode()
    return frames[0]
