"""The Sculptor panel: what each step changed, large shapes first, and when it was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.denoise_panels.sculptor_plots import NAMES, BandsPlot, SpectrumPlot
from visualizer.ui.explanation import percent
from visualizer.ui.scroll_room import keep_room
from visualizer.ui.segments import Segments

if TYPE_CHECKING:
    from visualizer.diffusion.spectrum import Band
    from visualizer.session.playhead import Playhead
    from visualizer.session.sculpting import Sculpting
    from visualizer.session.timeline import Timeline

ALL = "all"
SMALL_SEGMENTS = (
    f'QToolButton[role="segment"] {{ font-size: {theme.FONT_SMALL}px; padding: 0 2px; }}'
)
"""Quieter than the views of the picture, and narrower."""
_SHOWN = {
    ALL: ("All", "The picture as it is"),
    "low": ("Shapes", "Only what is wider than an eighth of the picture"),
    "middle": ("Forms", "Only what lies between shapes and detail"),
    "high": ("Detail", "Only what is finer than a thirtieth of the picture"),
}
_DECIDED = {
    "layout": (
        "Layout",
        "From here on the large shapes of the guess are at least 0.9 alike to those of the final "
        "picture (correlation). Click to go there.",
    ),
    "details": (
        "Details",
        "From here on everything finer in the guess is at least 0.9 alike to that of the final "
        "picture (correlation). Click to go there.",
    ),
}


class SculptorPanel(QScrollArea):
    """Shows what ``sculpting`` measures, which it does only while this is looked at."""

    band_chosen = Signal(str)
    """The canvas shall show one band of frequencies only, or ``ALL``."""

    def __init__(
        self, playhead: Playhead, sculpting: Sculpting, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._playhead, self.sculpting = playhead, sculpting
        self._timeline: Timeline | None = None
        keep_room(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("What each step sculpts")
        self.spectrum = SpectrumPlot()
        self.bands = BandsPlot()
        self.says = QLabel()
        self.says.setProperty("role", "small")
        self.says.setWordWrap(True)
        self.says.setMinimumHeight(4 * theme.SPACE)
        self.says.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.decided = {what: _chip(about) for what, (_, about) in _DECIDED.items()}
        self.shown = Segments("Which part of the picture is shown")
        self.shown.setStyleSheet(SMALL_SEGMENTS)
        for name, (label, about) in _SHOWN.items():
            self.shown.add(name, label, about)
        self._lay_out()
        self.shown.chosen.connect(self.band_chosen)
        self.bands.sought.connect(playhead.seek)
        for what, chip in self.decided.items():
            chip.clicked.connect(lambda _=False, what=what: self._seek(what))
        self.sculpting.changed.connect(self.refresh)
        playhead.moved.connect(self.refresh)
        playhead.view_changed.connect(self.refresh)

    def _lay_out(self) -> None:
        space = theme.SPACE
        inside = QWidget()
        column = self._column = QVBoxLayout(inside)
        column.setContentsMargins(space, space, 0, space)
        column.setSpacing(space)
        column.addWidget(self.bands)
        words = QVBoxLayout()
        words.setContentsMargins(space, 0, space, 0)
        words.setSpacing(space)
        words.addWidget(self.says)
        row = QHBoxLayout()
        row.setSpacing(space // 2)
        for chip in self.decided.values():
            row.addWidget(chip)
        row.addStretch(1)
        words.addLayout(row)
        column.addLayout(words)
        column.addWidget(self.spectrum)
        column.addWidget(self.shown)
        column.addStretch(1)
        self.setWidget(inside)

    # --- what it follows ----------------------------------------------------------------------

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Measure another run, or none."""
        self._timeline = timeline
        self.sculpting.set_timeline(timeline)
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        self._column.setSpacing(theme.SPACE // 2 if compact else theme.SPACE)

    def refresh(self, _changed: object = None) -> None:
        """Show what is known by now, for where the playhead stands; nothing while nobody looks."""
        if not self.isVisible():
            return
        timeline, points = self._timeline, self.sculpting.points
        if timeline is None or len(timeline) == 0 or not points:
            self.bands.show_changes([], {}, (), "What each step changes is drawn here.")
            self.spectrum.show_spectra(None, None, None, "Make a picture, and look again.")
            for chip in self.decided.values():
                chip.hide()
            self.says.setText("")
            return
        k = self._playhead.index
        marks = {what: self.sculpting.decided(what) for what in _DECIDED}
        changes = {p: c for p in points if (c := self.sculpting.change(p)) is not None}
        self.bands.show_changes(
            points, changes, tuple(mark for mark in marks.values() if mark is not None)
        )
        self.bands.show_index(k)
        self._show_spectra(timeline, k, points)
        self.says.setText(self._sentence(k, points))
        for what, mark in marks.items():
            self._show_mark(what, mark, timeline)

    def _show_spectra(self, timeline: Timeline, k: int, points: list[int]) -> None:
        view = self._playhead.view
        there = points[0] <= k <= points[-1]
        self.spectrum.show_spectra(
            self.sculpting.spectrum(points[0], view),
            self.sculpting.spectrum(k, view) if there else None,
            self.sculpting.spectrum(points[-1], view) if timeline.complete else None,
        )

    def _show_mark(self, what: str, mark: int | None, timeline: Timeline) -> None:
        chip, (name, about) = self.decided[what], _DECIDED[what]
        chip.setVisible(timeline.complete)
        chip.setEnabled(mark is not None)
        stage = timeline.stages[-1]
        if mark is None:
            chip.setText(f"{name}: …")
            chip.setToolTip("Measured as soon as the pictures of all guesses are there")
        else:
            chip.setText(f"{name}: step {mark - stage.first}")
            chip.setToolTip(about)
        chip.setAccessibleName(f"{name} decided: {chip.text()}")

    def _sentence(self, k: int, points: list[int]) -> str:
        first, last = points[0], points[-1]
        if k < first:
            return "What is made here is no picture yet: the last stage is measured."
        if k == first:
            return "The first guess: there is nothing to compare it with yet."
        if k == last:
            layout, details = (self.sculpting.decided(what) for what in ("layout", "details"))
            if layout is None or details is None:
                return "The picture is finished: the last guess is the picture."
            return (
                f"The layout was decided at step {layout - first}, the details at step "
                f"{details - first}."
            )
        nearest = min(points, key=lambda p: (abs(p - k), p))
        change = self.sculpting.change(nearest)
        if change is None:
            return "Measuring what this step changed …"
        amount = sum(value * value for value in change.values())
        if amount == 0:
            return "This step left the guess as it was."
        what = "latent guess" if self.sculpting.of_latents else "guess"
        shares = {band: value * value / amount for band, value in change.items()}
        most: Band = max(shares, key=lambda band: shares[band])
        if self.sculpting.of_latents:
            return f"What this step changed in the {what} is to {percent(shares[most])} " + (
                f"{NAMES[most]}."
            )
        return (
            f"This step changed the guess by {_small_percent(amount**0.5)}, and "
            f"{percent(shares[most])} of that is {NAMES[most]}."
        )

    def _seek(self, what: str) -> None:
        mark = self.sculpting.decided(what)
        if mark is not None:
            self._playhead.seek(mark)

    # --- Qt -----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self.sculpting.set_active(True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing is measured, and the picture is shown as it is."""
        super().hideEvent(event)
        self.sculpting.set_active(False)
        if self.shown.current != ALL:
            self.shown.set_current(ALL)
            self.band_chosen.emit(ALL)


def _small_percent(share: float) -> str:
    """A share of the way from black to white, with a digit more where it is small."""
    return f"{share * 100:.1f}\u00a0%" if share < 0.1 else percent(share)


def _chip(about: str) -> QToolButton:
    chip = QToolButton()
    chip.setAccessibleName("Decided")  # at which step, once that is measured
    chip.setProperty("role", "chip")
    chip.setStyleSheet("QToolButton { padding: 0 6px; }")
    chip.setToolTip(about)
    chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    chip.setCursor(Qt.CursorShape.PointingHandCursor)
    return chip
