"""The run as an MP4 that every player and slide program opens."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from visualizer.export.errors import ExportError
from visualizer.export.frames import (
    HOLD_MILLISECONDS,
    frame_milliseconds,
    frames,
    moving_moments,
)

if TYPE_CHECKING:
    from visualizer.export.reel import Reel
    from visualizer.export.writers import Progress


def write_mp4(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """H.264 in yuv420p, the one combination that plays everywhere; its sides are even."""
    import av  # takes a while to load, and only videos need it

    moments = moving_moments(reel)
    rate = round(1000 / frame_milliseconds(len(moments)))
    images = [_even(image) for image in frames(reel, moments, progress)]
    images += images[-1:] * (rate * HOLD_MILLISECONDS // 1000)
    movie = io.BytesIO()  # a full disk is then an error of ours, not one inside the encoder
    try:
        with av.open(movie, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=rate, options={"crf": "17"})
            stream.pix_fmt = "yuv420p"
            stream.width, stream.height = images[0].size
            for image in images:
                container.mux(
                    stream.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24"))
                )
            container.mux(stream.encode())
    except av.FFmpegError as error:
        raise ExportError(f"The video could not be made: {error}.") from error
    file.write(movie.getbuffer())


def _even(image: Image.Image) -> Image.Image:
    """The image with even sides: a column or a row at the edge is doubled where one is missing."""
    width, height = image.size
    if width % 2 == 0 and height % 2 == 0:
        return image
    pixels = np.asarray(image)
    return Image.fromarray(np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))
