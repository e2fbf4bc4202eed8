"""The pixels that listen to a word: a map of attention over the picture it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from visualizer.ui.canvas import Canvas, ScaledPictures, image_of
from visualizer.ui.explanation import percent

if TYPE_CHECKING:
    from PIL import Image

    from visualizer.diffusion.arrays import FloatArray, Picture

SIDE = 384
"""The lit picture is made with sides of about this many pixels: some 15 ms, and a smooth outline.
Sharper than the map it shows it need not be."""
_DIMMED = 0.26
"""What is left of the brightness of a pixel that does not listen at all."""
_OUTLINE = (240, 240, 240)


@dataclass(frozen=True, eq=False)
class WordMap:
    """Who listens to one word.

    Attributes:
        shares: (rows, columns), of the attention to words, 0 … 1.
        low, high: the share that is dimmed and the one that is fully lit.
        outlined: whether the word is heard enough anywhere for an outline to mean something.
    """

    shares: FloatArray
    low: float
    high: float
    outlined: bool = True

    @property
    def words(self) -> str:
        """How to read it."""
        return f"Dim {percent(self.low)} … bright {percent(self.high)} of the attention to words"


def word_map(shares: FloatArray, words: int) -> WordMap:
    """A map with its scale: from the least of it to the most of it, and at least an even share.

    So a word that is hardly heard anywhere stays dim, and has no outline.
    """
    low, high, even = float(shares.min()), float(shares.max()), 1 / max(words, 1)
    return WordMap(shares, low, max(high, even, low + even / 2), outlined=high > even)


def lit_size(picture: Picture, side: int) -> tuple[int, int]:
    """Width and height of a lit picture with sides of about so many pixels."""
    height, width, _ = picture.shape
    factor = side / max(height, width)
    factor = float(int(factor)) if factor >= 1 else factor
    return max(round(width * factor), 1), max(round(height * factor), 1)


def lit_picture(
    picture: Picture, shown: WordMap, side: int = SIDE, outlined: bool = True
) -> Picture:
    """The picture with what listens in its colors and the rest gray and dim, (H, W, 3) uint8.

    Args:
        side: of the result, about: a whole number of times the picture, or a part of it.
        outlined: a thin line where the light is half, if the map has one.
    """
    import numpy as np
    from PIL import Image, ImageChops

    size = lit_size(picture, side)
    image = Image.fromarray(picture)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    share = (np.asarray(shown.shares, dtype=np.float32) - shown.low) / (shown.high - shown.low)
    small = Image.fromarray(np.clip(255 * share + 0.5, 0, 255).astype(np.uint8))
    light = small.resize(size, Image.Resampling.BICUBIC)
    gray = image.convert("L").point([round(_DIMMED * value) for value in range(256)])
    lit = Image.composite(image, gray.convert("RGB"), light)
    if outlined and shown.outlined:
        inside = light.point([255 * (value >= 128) for value in range(256)])
        rim = ImageChops.lighter(
            ImageChops.difference(inside, _moved(inside, 1, 0)),
            ImageChops.difference(inside, _moved(inside, 0, 1)),
        )
        lit.paste(_OUTLINE, mask=rim.point([value * 3 // 4 for value in range(256)]))
    result: Picture = np.asarray(lit)
    return result


def _moved(image: Image.Image, right: int, down: int) -> Image.Image:
    """Moved by some pixels; the border keeps what it had."""
    moved = image.copy()
    moved.paste(image, (right, down))
    return moved


class AttentionOverlay(QWidget):
    """Lies over a canvas, where its picture lies, and lets the mouse through."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._map: WordMap | None = None
        self._made: tuple[Picture, WordMap, Picture] | None = None
        self._scaled = ScaledPictures(32 * 2**20)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAccessibleName("Pixels that listen")
        self.lower()  # below the buttons of the canvas
        canvas.installEventFilter(self)
        self.setGeometry(canvas.rect())

    @property
    def shown(self) -> WordMap | None:
        """The map that is shown."""
        return self._map

    def show_map(self, shown: WordMap | None) -> None:
        """Show another map, or the picture as it is."""
        self._map = shown
        self.setVisible(shown is not None)
        self.update()

    def _lit(self) -> Picture | None:
        picture, shown = self._canvas.picture, self._map
        if picture is None or shown is None:
            return None
        made = self._made
        if made is None or made[0] is not picture or made[1] is not shown:
            made = self._made = (picture, shown, lit_picture(picture, shown))
        return made[2]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The lit picture, in the very place of the canvas's own."""
        lit = self._lit()
        if lit is None:
            return
        target = self._canvas.target_rect()
        painter = QPainter(self)
        if self._canvas.zoom == 1.0:
            ratio = self.devicePixelRatioF()
            left, top = round(target.x() * ratio), round(target.y() * ratio)
            size = QSize(round(target.width() * ratio), round(target.height() * ratio))
            pixmap = self._scaled.get(lit, size, False)
            where = QRectF(left / ratio, top / ratio, size.width() / ratio, size.height() / ratio)
            painter.drawPixmap(where, pixmap, QRectF(pixmap.rect()))
        else:
            image = image_of(lit)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, image, QRectF(image.rect()))
        painter.end()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """As large as the canvas."""
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        return False
