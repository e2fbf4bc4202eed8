"""Captions: what is written beside or over the pictures of a film.

The prompt and the seed stand still and are drawn once; step and noise level are written again on
every frame, each at a place of its own, so that nothing jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from visualizer.export.lettering import Line, line_of, wrapped
from visualizer.export.share_words import noise_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from visualizer.export.colors import Look
    from visualizer.export.reel import Reel

PROMPT_LINES = 3
VEIL = 0.8
"""How much of the ground lies over the picture behind words that stand on it."""


@dataclass(frozen=True)
class Fact:
    """A short text in the row below the prompt.

    Attributes:
        text: of a moment.
        widest: the longest it gets.
        moves: whether it differs from moment to moment.
    """

    text: Callable[[int], str]
    widest: str
    moves: bool = False


class Captions:
    """A strip of words, as high for every frame.

    Attributes:
        height: pixels; 0 where there is nothing to say.

    Args:
        wanted: "prompt", "seed", "step", "noise": which of them.
        width: of the strip.
        text: the size of the prompt's letters.
        margin: left and right of the words.
        over: whether they stand on a picture.
        most: the strip is no higher than that, if one line fits at all.
    """

    def __init__(
        self,
        reel: Reel,
        wanted: tuple[str, ...],
        width: int,
        look: Look,
        text: int,
        margin: int,
        *,
        over: bool = False,
        most: int | None = None,
    ) -> None:
        self._look, self._text, self._margin, self._over = look, text, margin, over
        self._width = width
        self._small = max(10, round(0.86 * text))
        room = max(1, width - 2 * margin)
        self._rows = _rows(spoken_facts(reel, wanted), self._small, room)
        lines = PROMPT_LINES if "prompt" in wanted else 0
        while most is not None and lines > 1 and self._height(lines) > most:
            lines -= 1
        self._prompt = wrapped(reel.title, text, room, lines) if lines else []
        self.height = self._height(len(self._prompt))

    def _height(self, lines: int) -> int:
        if not lines and not self._rows:
            return 0
        between = self._between if lines and self._rows else 0
        return (
            2 * self._pad + lines * self._line + between + len(self._rows) * self._row + self._fade
        )

    @property
    def _pad(self) -> int:
        return round(0.75 * self._text)

    @property
    def _line(self) -> int:
        return round(1.36 * self._text)

    @property
    def _row(self) -> int:
        return round(1.45 * self._small)

    @property
    def _between(self) -> int:
        return round(0.3 * self._text)

    @property
    def _fade(self) -> int:
        """How high the veil over a picture fades out."""
        return round(2.4 * self._text) if self._over else 0

    def draw_ground(self, image: Image.Image, corner: tuple[int, int]) -> None:
        """Write what stays; over a picture it is written with the rest."""
        if not self._over:
            self._write_still(ImageDraw.Draw(image), corner, self._look.text, self._look.quiet)

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        """Write what belongs to a moment."""
        if self._over:
            veil, mask = self._veil
            image.paste(veil, corner, mask)
        draw = ImageDraw.Draw(image)
        color = self._look.text if self._over else self._look.quiet
        for fact, left, baseline in self._facts:
            if fact.moves:
                line = line_of(fact.text(moment), self._small)
                line.draw(draw, corner[0] + left, corner[1] + baseline, color)

    @cached_property
    def _veil(self) -> tuple[Image.Image, Image.Image]:
        """The ground with the words that stay, and how much of it is seen."""
        size = (self._width, self.height)
        image, mask = Image.new("RGB", size, self._look.ground), Image.new("L", size, 0)
        for y in range(self.height):
            share = min(1.0, (y + 1) / max(self._fade, 1))
            seen = share * share * (3 - 2 * share)  # no edge where it begins or ends
            mask.paste(round(255 * VEIL * seen), (0, y, self._width, y + 1))
        self._write_still(ImageDraw.Draw(image), (0, 0), self._look.text, self._look.text)
        words = Image.new("L", size, 0)
        self._write_still(ImageDraw.Draw(words), (0, 0), "#ffffff", "#ffffff")
        mask.paste(255, (0, 0), words)
        return image, mask

    @cached_property
    def _facts(self) -> list[tuple[Fact, int, int]]:
        """Each fact, and where it begins: left and baseline."""
        found = []
        top = self._pad + self._fade + len(self._prompt) * self._line
        top += self._between if self._prompt else 0
        for row in self._rows:
            for fact, left in row:
                found.append((fact, self._margin + left, top + self._small))
            top += self._row
        return found

    def _write_still(
        self, draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, quiet: str
    ) -> None:
        baseline = corner[1] + self._pad + self._fade + self._text
        for line in self._prompt:
            line.draw(draw, corner[0] + self._margin, baseline, text)
            baseline += self._line
        for fact, left, below in self._facts:
            if not fact.moves:
                line = line_of(fact.text(0), self._small)
                line.draw(draw, corner[0] + left, corner[1] + below, quiet)


def spoken_facts(reel: Reel, wanted: tuple[str, ...]) -> list[Fact]:
    """What a strip says beside the prompt."""
    facts: list[Fact] = []
    if reel.forward and wanted:
        facts.append(_still("forward process"))
    if "seed" in wanted and reel.lanes:
        seeds = {lane.request.seed for lane in reel.lanes}
        facts.append(_still(f"seed {seeds.pop()}" if len(seeds) == 1 else f"{len(seeds)} seeds"))
    if "step" in wanted and reel.count and reel.step_words(0):
        words = [reel.step_words(moment) for moment in range(reel.count)]
        facts.append(Fact(reel.step_words, max(words, key=len), True))
    if "noise" in wanted and reel.shares:
        facts.append(Fact(lambda k: noise_words(reel.shares[k]), "> 99 % noise", True))
    return facts


def _still(text: str) -> Fact:
    return Fact(lambda _k: text, text)


def _rows(facts: list[Fact], size: int, room: int) -> list[list[tuple[Fact, int]]]:
    """The facts side by side, each with where it begins; what has no room starts another row."""
    rows: list[list[tuple[Fact, int]]] = []
    left, gap = 0, round(1.4 * size)
    for fact in facts:
        width = _width(fact.widest, size)
        if not rows or left + width > room:
            rows.append([])
            left = 0
        rows[-1].append((fact, left))
        left += width + gap
    return rows


def _width(text: str, size: int) -> int:
    """How wide it gets, whatever its digits."""
    line: Line = line_of("".join("0" if c.isdigit() else c for c in text), size)
    return round(line.width) + 1
