"""Mount: where the pictures of one moment stand on a frame, at one size.

A mount of a run is its picture alone; those of grids and of differences have a ground with names,
drawn once, on which the pictures of each moment are put.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from PIL import Image

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.export.lane import Lane
    from visualizer.export.options import Pixels

Box = tuple[int, int, int, int]


class Mount(Protocol):
    """Attributes:
    size: width and height, pixels.
    pictures: the box that all pictures lie in: left, top, right, bottom.
    margin: the room between its edge and the first picture.
    """

    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def pictures(self) -> Box: ...
    @property
    def margin(self) -> int: ...

    def image(self, moment: int) -> Image.Image:
        """All of it at a moment, RGB."""
        ...

    def draw_ground(self, image: Image.Image, corner: tuple[int, int]) -> None:
        """Draw what stays as it is from moment to moment."""
        ...

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        """Put what belongs to a moment on the ground."""
        ...


class RunMount:
    """The picture of one lane, and nothing beside it."""

    margin = 0

    def __init__(self, lane: Lane, view: View, size: tuple[int, int], pixels: Pixels) -> None:
        self._lane, self._view, self._pixels = lane, view, pixels
        self.size = size
        self.pictures: Box = (0, 0, *size)

    def image(self, moment: int) -> Image.Image:
        picture = self._lane.picture(moment, self._view)
        assert picture is not None, "a run is shown where it has pictures"
        return scaled(Image.fromarray(picture), self.size, self._pixels)

    def draw_ground(self, image: Image.Image, corner: tuple[int, int]) -> None:
        """There is none."""

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        image.paste(self.image(moment), corner)


class GroundMount(ABC):
    """Pictures on a ground that is drawn once and stays as it is."""

    def image(self, moment: int) -> Image.Image:
        image = self._ground.copy()
        self.put(image, (0, 0), moment)
        return image

    def draw_ground(self, image: Image.Image, corner: tuple[int, int]) -> None:
        image.paste(self._ground, corner)

    @abstractmethod
    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        """See ``Mount``."""

    @cached_property
    def _ground(self) -> Image.Image:
        return self._drawn_ground()

    @abstractmethod
    def _drawn_ground(self) -> Image.Image:
        """The ground, RGB, as large as the mount."""


def enlargement(width: int, height: int, least: int) -> int:
    """The whole factor that gives a picture's short side at least so many pixels."""
    return max(1, -(-least // min(width, height)))


def scaled(image: Image.Image, size: tuple[int, int], pixels: Pixels) -> Image.Image:
    """The image in another size; the very same one where it has that size already.

    "square" pixels are not mixed with each other; what becomes smaller always is.
    """
    if image.size == size:
        return image
    larger = size[0] >= image.width and size[1] >= image.height
    if not larger:
        return image.resize(size, Image.Resampling.LANCZOS)
    nearest = pixels == "square"
    return image.resize(size, Image.Resampling.NEAREST if nearest else Image.Resampling.BICUBIC)


def fitted(picture: Picture, room: tuple[int, int], pixels: Pixels) -> Image.Image:
    """The picture as large as fits, in its own proportions; "square" pixels are all as large."""
    image = Image.fromarray(picture)
    scale = min(room[0] / image.width, room[1] / image.height)
    if pixels == "square" and scale > 1:
        scale = int(scale)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return scaled(image, size, pixels)
