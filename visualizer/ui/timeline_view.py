"""The timeline: filmstrip, branches and noise plot on one x axis, one playhead through all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QActionGroup,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.branch_map import BranchMap
from visualizer.ui.explanation import measured_words, percent
from visualizer.ui.filmstrip import Filmstrip
from visualizer.ui.focus_ring import came_by_keyboard
from visualizer.ui.noise_scale import SCALES, SHARE, NoiseScale
from visualizer.ui.playhead_mark import FocusRing, HoverMark, Legend, PlayheadMark
from visualizer.ui.step_axis import RIGHT, StepAxis

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Stage, Timeline
    from visualizer.ui.noise_plot import NoisePlot

PLOT_HEIGHT, PLOT_LEAST = 128, 96
REDRAW_MS = 60
"""While a run grows, the plot is redrawn at most this often."""


class TimelineView(QWidget):
    """Pressing or dragging anywhere scrubs. The plot appears after the first frame."""

    plot_ready = Signal()
    scale_changed = Signal(str)
    run_chosen = Signal(object)  # another Timeline of the tree

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self._coming: Timeline | None = None
        self._scale = SHARE
        self._planned: list[float] = []  # in the chosen scale
        self._measured: list[float] = []
        self._only = ""  # the name of the only line
        self._read = 0  # how many points the lists hold as they really were
        self._read_ended = False  # whether that was after the end of the run
        self._plan_read = 0  # which of the plans they were read from
        self._painted = False
        self._scrubbing = False

        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

        self._low = False
        self.filmstrip = Filmstrip(playhead, self)
        self.branch_map = BranchMap(self)
        self.branch_map.chosen.connect(self.run_chosen)
        self.plot: NoisePlot | None = None
        self.hover_mark = HoverMark(self)
        self.mark = PlayheadMark(self)
        self._legend = Legend(self)  # over the playhead: its words stay readable
        self._ring = FocusRing(self)
        self.scale_button = self._make_scale_button()
        self.readout = QLabel(self)
        themes.set_role(self.readout, "chip")
        self.readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.readout.hide()

        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self._draw_plot)
        playhead.moved.connect(self._place_mark)

    def set_low(self, low: bool) -> None:
        """Take as little height as is still of use, for a low window."""
        self._low = low
        self.filmstrip.set_low(low)
        self.branch_map.set_low(low)
        self._fit_height()

    def set_family(self, runs: Sequence[Timeline]) -> None:
        """Show the tree that the run which is looked at belongs to, where there is one."""
        before = self.branch_map.needed_height
        self.branch_map.set_runs(runs, self._timeline)
        if self.branch_map.needed_height != before:
            self._fit_height()

    def _fit_height(self) -> None:
        size = self.minimumSizeHint() if self._low else self.sizeHint()
        self.setMaximumHeight(size.height())
        self.updateGeometry()
        self._lay_out()
        self._place_overlays()

    # --- what it shows ------------------------------------------------------------------------

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""
        if self._timeline is not None:
            self._timeline.grown.disconnect(self._grown)
        self._timeline = timeline
        self._forget_levels()
        if timeline is not None:
            timeline.grown.connect(self._grown)
        self.filmstrip.set_timeline(timeline)
        self._leave()
        self._draw_plot()

    def set_coming(self, coming: Timeline | None) -> None:
        """Draw the plan of the next run, dotted, beside the run that is shown; None: no plan.

        Each of its stages takes the room of that of the run shown, however many steps it has.
        """
        if coming is not self._coming:
            self._coming = coming
            self._draw_plot()

    @property
    def scale(self) -> NoiseScale:
        """What the y axis counts."""
        return self._scale

    def set_scale(self, key: str) -> None:
        """What the y axis counts: "share" (of noise), "sigma" or "log_snr".

        Raises:
            KeyError: for a scale that does not exist.
        """
        if SCALES[key] is self._scale:
            return
        self._scale = SCALES[key]
        self._forget_levels()
        self._label_scale()
        self._draw_plot()
        self.scale_changed.emit(key)

    @property
    def axis(self) -> StepAxis:
        """The x axis of filmstrip and plot."""
        total = 0 if self._timeline is None else self._timeline.total
        return StepAxis(self.width(), total)

    def add_plot(self) -> None:
        """Put the plot in its place (done by itself after the first frame)."""
        if self.plot is not None:
            return
        from visualizer.ui.noise_plot import NoisePlot

        self.plot = NoisePlot(self)
        self.plot.moved.connect(self._place_mark)
        self.plot.lower()
        self._lay_out()
        self._draw_plot()
        self.plot_ready.emit()

    def tell_one_line(self, name: str) -> None:
        """Where noise is mixed in exactly as planned, one line is enough, of this name."""
        self._only = name

    def describe(self, k: int) -> str:
        """The readout at point k: step, timestep, planned and measured noise."""
        timeline = self._timeline
        if timeline is None or not 0 <= k < timeline.total:
            return ""
        parts = [timeline.label(k), f"timestep {_timestep(timeline.timestep(k))}"]
        parts.append(self._scale.words(self._scale.of_level(timeline.level(k))))
        share = None if self._only else timeline.measured_share(k)
        if share is not None:
            parts.append(f"measured {self._scale.words(self._scale.of_share(share))}")
        pull = timeline.guidance_strength(k)
        if pull is not None:
            parts.append(f"prompt’s pull {percent(pull)}")
        return " · ".join(parts)

    # --- news ---------------------------------------------------------------------------------

    def _grown(self) -> None:
        self.filmstrip.refresh()
        self.branch_map.set_axis(self.axis)
        self.branch_map.update()
        self._place_mark()
        if not self._redraw.isActive():
            self._redraw.start()

    def _forget_levels(self) -> None:
        self._planned, self._measured = [], []
        self._read, self._read_ended = 0, False

    def _read_levels(self) -> None:
        """Take over what is new; all of it when the run ended, which redraws the measured line."""
        timeline = self._timeline
        if timeline is None:
            return
        there, ended, scale = len(timeline), not timeline.running, self._scale
        known = (len(self._planned), self._plan_read, self._read_ended)
        if known != (timeline.total, timeline.plans, ended) or there < self._read:
            self._plan_read = timeline.plans
            self._planned = [scale.of_level(timeline.level(k)) for k in range(timeline.total)]
            self._read = 0
        del self._measured[self._read :]
        for k in range(self._read, there):
            share = timeline.measured_share(k)
            if share is None:
                break
            self._planned[k] = scale.of_level(timeline.level(k))
            self._measured.append(scale.of_share(share))
        self._read, self._read_ended = len(self._measured), ended

    def _draw_plot(self) -> None:
        self._redraw.stop()
        self._read_levels()
        self.branch_map.set_axis(self.axis)
        if self.plot is not None:
            self.plot.setVisible(bool(self._planned))  # an axis with nothing on it says nothing
            self.plot.show_levels(
                self.axis,
                self._scale,
                self._planned,
                [] if self._only else self._measured,
                self._coming_levels(),
                _stages_of(self._timeline),
                _stages_of(self._coming),
            )
        self._legend.show_lines(
            bool(self._planned), self._measured_name(), bool(self._coming_levels()), self._only
        )
        self._legend.setVisible(bool(self._planned) and not self.readout.isVisible())
        self._place_overlays()

    def _measured_name(self) -> str:
        timeline = self._timeline
        if timeline is None or not self._measured or self._only:
            return ""
        return measured_words(timeline.complete and not timeline.running)

    def _coming_levels(self) -> list[tuple[float, float]]:
        """(x, level) of the next run's plan; nothing where its stages are others.

        What a branch shares with the run that is shown lies where it lies there; the rest of it is
        stretched to the end, as all of a run that is no branch.
        """
        coming, shown = self._coming, self._timeline
        if coming is None or shown is None or len(coming.stages) != len(shown.stages):
            return []
        found: list[tuple[float, float]] = []
        shared = _branched_at(coming)
        for mine, its in zip(shown.stages, coming.stages, strict=True):
            held = min(max(shared - its.first, 0), its.last - its.first, mine.last - mine.first)
            stretch = (mine.last - mine.first - held) / max(its.last - its.first - held, 1)
            for k in range(its.last - its.first + 1):
                level = self._scale.of_level(coming.level(its.first + k))
                found.append((mine.first + min(k, held) + max(k - held, 0) * stretch, level))
        return found

    # --- the playhead -------------------------------------------------------------------------

    def _place_mark(self) -> None:
        timeline, k = self._timeline, self._playhead.index
        if timeline is None or len(timeline) == 0:
            self.mark.hide()
            return
        dot = self.plot.y_pixel(k) if self.plot is not None else None
        if dot is not None and self.plot is not None:
            dot += self.plot.y()
        self.mark.stand(round(self.axis.x(k)), self._line_bottom(), dot)
        self.mark.show()

    def _line_bottom(self) -> int:
        if self.plot is None:
            return self._plot_top()
        return int(self.plot.geometry().y()) + self.plot.plot_bottom()

    def _plot_top(self) -> int:
        return self.filmstrip.height() + self.branch_map.needed_height

    def _lay_out(self) -> None:
        below = self.filmstrip.height()
        self.filmstrip.setGeometry(0, 0, self.width(), below)
        self.branch_map.setGeometry(0, below, self.width(), self.branch_map.needed_height)
        top = self._plot_top()
        if self.plot is not None:
            self.plot.setGeometry(0, top, self.width(), max(self.height() - top, 1))

    def _place_overlays(self) -> None:
        top = self._plot_top()
        self._ring.setGeometry(self.rect())
        self.scale_button.adjustSize()
        self.scale_button.move(themes.SPACE // 2, top + 4)
        self.scale_button.setVisible(self.plot is not None and bool(self._planned))
        self._legend.adjustSize()
        self._legend.move(self.width() - RIGHT - self._legend.width() - themes.SPACE, top + 4)
        self._place_mark()

    def _seek(self, x: float) -> None:
        if self._timeline is not None:
            self._playhead.seek(self.axis.nearest(x))

    # --- hovering -----------------------------------------------------------------------------

    def _hover(self, position: QPoint) -> None:
        words = ""
        if self._timeline is not None and self._timeline.total > 0:
            k = self._playhead.index if self._scrubbing else self.axis.nearest(position.x())
            words = self.describe(k)
        if not words:
            self._leave()
            return
        x = round(self.axis.x(k))
        self.readout.setText(words)
        self.readout.adjustSize()
        leftmost = self.scale_button.geometry().right() + themes.SPACE
        rightmost = self.width() - self.readout.width() - themes.SPACE // 2
        left = max(min(x - self.readout.width() // 2, rightmost), leftmost)
        self.readout.move(left, self._plot_top() + 2)
        self.readout.show()
        self._legend.setVisible(not self._legend.geometry().intersects(self.readout.geometry()))
        self.hover_mark.stand(x, self._line_bottom())
        self.hover_mark.setVisible(k != self._playhead.index)

    def _leave(self) -> None:
        self.readout.hide()
        self.hover_mark.hide()
        self._legend.setVisible(bool(self._planned))

    # --- the scale ----------------------------------------------------------------------------

    def _make_scale_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "axis")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        menu = QMenu(button)
        self._scale_actions = QActionGroup(menu)
        for scale in SCALES.values():
            action = menu.addAction(scale.name)
            action.setCheckable(True)
            action.setData(scale.key)
            action.setToolTip(scale.explained)
            self._scale_actions.addAction(action)
        self._scale_actions.triggered.connect(lambda action: self.set_scale(str(action.data())))
        button.setMenu(menu)
        button.installEventFilter(self)
        button.hide()
        self.scale_button = button
        self._label_scale()
        return button

    def _label_scale(self) -> None:
        self.scale_button.setText(self._scale.label)
        self.scale_button.setAccessibleName(f"Scale of the noise axis: {self._scale.name}")
        self.scale_button.setToolTip(self._scale.explained)
        for action in self._scale_actions.actions():
            action.setChecked(action.data() == self._scale.key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Over the button nothing is read out."""
        if event.type() == QEvent.Type.Enter:
            self._leave()
        return super().eventFilter(watched, event)

    # --- Qt -----------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Room for both."""
        return QSize(640, self._plot_top() + PLOT_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """The plot can do with less."""
        return QSize(320, self._plot_top() + PLOT_LEAST)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground. The first frame asks for the plot."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(themes.current().ground))
        painter.end()
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.add_plot)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The axis is as wide as the widget."""
        super().resizeEvent(event)
        self._lay_out()
        self._leave()
        self._draw_plot()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever came here by keyboard sees where the focus is."""
        super().focusInEvent(event)
        self._ring.setVisible(came_by_keyboard(event))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring without focus."""
        super().focusOutEvent(event)
        self._ring.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down look at the other runs of the tree."""
        delta = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        other = self.branch_map.neighbor(delta) if delta else None
        if other is None:
            super().keyPressEvent(event)
        else:
            self.run_chosen.emit(other)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump there."""
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._scrubbing = True
        self._playhead.pause()
        self._seek(event.position().x())
        self._hover(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is down; read out otherwise."""
        if self._scrubbing:
            self._seek(event.position().x())
        self._hover(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._scrubbing = False

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is read out any more."""
        super().leaveEvent(event)
        self._leave()


def _stages_of(timeline: Timeline | None) -> tuple[Stage, ...]:
    return () if timeline is None else timeline.stages


def _branched_at(planned: Timeline) -> int:
    """The step at which a planned branch leaves its parent; 0 for a plan of any other run."""
    from visualizer.diffusion.starts import FromStep

    start = planned.request.start
    return start.step if isinstance(start, FromStep) else 0


def _timestep(t: float) -> str:
    return f"{t:.0f}" if t >= 10 or t == int(t) else f"{t:.3g}"
