"""FrameSequence: a film as the kind of picture that Pillow's writers take, made frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from visualizer.export.film import Film
    from visualizer.export.progress import Progress


class FrameSequence(Image.Image):
    """The frames of a film as one picture of several frames.

    Pillow goes through it as through an animation that was opened from a file. A frame is made when
    its pixels are asked for, so that none is made twice and none is held by us: a list of pictures
    would be held whole by Pillow beside what its writers keep.
    """

    def __init__(
        self,
        film: Film,
        progress: Progress,
        prepare: Callable[[Image.Image], Image.Image] = lambda image: image,
    ) -> None:
        super().__init__()
        self.n_frames = len(film.shots)
        self._prepare = prepare
        self._progress = progress
        self._frames: Iterator[Image.Image] = film.frames(progress)
        self._wanted, self._there = 0, -1
        self.load()

    @property
    def is_animated(self) -> bool:
        return self.n_frames > 1

    def tell(self) -> int:
        return self._wanted

    def seek(self, frame: int) -> None:
        if not 0 <= frame < self.n_frames:
            raise EOFError("there are no more frames")
        self._wanted = frame

    def tell_again(self) -> None:
        """Tell the progress where it stands: Pillow's writers have much to do after the frames."""
        self._progress(self._there + 1, self.n_frames)

    def load(self) -> Any:
        """Make the frame that was sought; the writers go through them once and in order."""
        while self._there < self._wanted:
            image = self._prepare(next(self._frames))
            image.load()
            self._mode, self._size, self.palette = image.mode, image.size, image.palette
            self.im = image.im
            self._there += 1
        return super().load()
