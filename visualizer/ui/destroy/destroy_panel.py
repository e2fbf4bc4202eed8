"""The panel beside the pictures: where time stands, what happens here, and what to do next."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme as themes
from visualizer.ui.destroy.destroy_words import filled_formula, formula, symbol_words
from visualizer.ui.explanation import Explanation, percent
from visualizer.ui.panel_parts import label
from visualizer.ui.scroll_room import BAR, keep_room
from visualizer.ui.side_panel import ShareBar

if TYPE_CHECKING:
    from visualizer.diffusion.noise import NoiseLevel

PANEL, NARROW_PANEL = 36 * themes.SPACE, 28 * themes.SPACE
_FORMULA_PX = 16


class DestroyPanel(QWidget):
    """Title, shares, formula and a short text; below them, always in sight, what leads on."""

    next_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(PANEL)
        self.title = label("title", wraps=False)
        self.share = ShareBar()
        self.picture_share, self.noise_share = label(""), label("quiet")
        self.formula, self.filled = label("", wraps=False), label("", wraps=False)
        for line in (self.formula, self.filled):
            line.setTextFormat(Qt.TextFormat.RichText)
        self.symbols = label("small-quiet")
        self.reading = label("small-quiet")
        self.headline = label("value")
        self.text = label("")
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.status = label("small-quiet")
        self.status.setAccessibleName("Status")
        self.next = QPushButton()
        self.next.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.next.clicked.connect(self.next_asked)
        self._lay_out()

    def _lay_out(self) -> None:
        space = themes.SPACE
        inside = _Column()
        column = self._column = QVBoxLayout(inside)
        column.setSpacing(0)
        shares = QHBoxLayout()
        shares.addWidget(self.picture_share)
        shares.addStretch(1)
        shares.addWidget(self.noise_share)
        self._math = QWidget()
        self._gap = QSpacerItem(0, 0)
        self._lines = QVBoxLayout(self._math)
        self._lines.setSpacing(space // 2)
        for line in (self.formula, self.filled, self.symbols):
            self._lines.addWidget(line)
        column.addWidget(self.title)
        column.addSpacing(space)
        column.addWidget(self.share)
        column.addSpacing(space // 2)
        column.addLayout(shares)
        column.addWidget(self._math)
        column.addItem(self._gap)
        column.addWidget(self.headline)
        column.addSpacing(space // 2)
        column.addWidget(self.text)
        column.addSpacing(space)
        column.addWidget(self.reading)
        column.addStretch(1)
        scrolled = QScrollArea()
        keep_room(scrolled)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setWidget(inside)
        self._foot = QVBoxLayout()
        self._foot.setSpacing(space)
        self._foot.addWidget(self.status)
        self._foot.addWidget(self.next)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scrolled, 1)
        outer.addLayout(self._foot)
        self.set_compact(False)

    # --- what it says -------------------------------------------------------------------------

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = themes.SPACE
        edge = space if compact else 2 * space
        self.symbols.setHidden(compact)
        self._lines.setContentsMargins(0, edge, 0, 0)
        self._gap.changeSize(0, edge)
        self._column.invalidate()
        self._column.setContentsMargins(2 * space, edge, 2 * space - BAR, space)
        self._foot.setContentsMargins(2 * space, space // 2, 2 * space, edge)

    def say(self, title: str, words: Explanation, reading: str = "", tip: str = "") -> None:
        """What this is, and what happens here.

        Args:
            reading: a measured number, or how to read one; ``tip`` says more of it.
        """
        self.title.setText(title)
        self.title.setVisible(bool(title))
        self.headline.setText(words.title)
        self.text.setText(f'<p style="line-height: 125%">{escape(words.text)}</p>')
        self.reading.setText(reading)
        self.reading.setToolTip(tip)
        self.reading.setVisible(bool(reading))

    def show_level(self, level: NoiseLevel | None, *, formulas: bool = True) -> None:
        """The shares of picture and noise, and how they are mixed; None hides them."""
        shown = level is not None
        for part in (self.share, self.picture_share, self.noise_share):
            part.setVisible(shown)
        self._math.setVisible(shown and formulas)
        if level is None:
            return
        share = level.noise_share
        self.share.set_share(share)
        self.picture_share.setText(f"{percent(1 - share)} picture")
        self.noise_share.setText(f"{percent(share)} noise")
        for line, said in ((self.formula, formula(level)), (self.filled, filled_formula(level))):
            line.setText(f'<span style="font-size: {_FORMULA_PX}px">{said}</span>')
        self.symbols.setText(symbol_words(level))

    def offer(self, words: str, tip: str = "", enabled: bool = True) -> None:
        """The button that leads on; without words there is none."""
        self.next.setVisible(bool(words))
        self.next.setText(words)
        self.next.setAccessibleName(words)
        self.next.setToolTip(tip)
        self.next.setEnabled(enabled)


class _Column(QWidget):
    """As high as its wrapped texts are at the panel's width; else the panel scrolls too early."""

    def minimumSizeHint(self) -> QSize:
        layout, parent = self.layout(), self.parentWidget()
        width = PANEL - BAR if parent is None else max(parent.width(), NARROW_PANEL - BAR)
        return QSize(0, 0 if layout is None else layout.minimumHeightForWidth(width))
