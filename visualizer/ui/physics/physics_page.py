"""The Physics page: dots that become noise, and a network that learns the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from visualizer.physics.entropy import GAUSSIAN
from visualizer.physics.flow import Flow, Way
from visualizer.physics.progress import STEPS
from visualizer.physics.shapes import LONGEST_TEXT, NoPointsError, Shape, ShapeName, Stroke
from visualizer.session.physics_lab import FlowPlayhead
from visualizer.ui import theme as themes
from visualizer.ui.physics.flow_line import FlowLine
from visualizer.ui.physics.flow_transport import FlowTransport
from visualizer.ui.physics.particle_view import ParticleView
from visualizer.ui.physics.physics_panel import NARROW_PANEL, PANEL, PhysicsPanel
from visualizer.ui.physics.physics_words import (
    DRAW,
    SHAPES,
    UNTAUGHT,
    WAYS,
    explained,
    learned_words,
    noise_words,
    untaught,
    waiting_words,
)
from visualizer.ui.physics.small_plot import Curve
from visualizer.ui.physics.tool_rows import ToolRows
from visualizer.ui.segments import Segments

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.physics_lab import PhysicsLab
    from visualizer.session.session import Session
    from visualizer.settings import Settings
    from visualizer.ui.header import Header

_NARROW, _TIGHT = 1100, 700
_WORD = "DIFFUSION"
_TYPED_MS = 500
_DRAWN_MS = 900
"""The pen rests so long before the drawing is taken: it may go on with another stroke."""
_FRAMES = 61
_WAITS_MS = 500
"""What a lesson waits for is looked up so often, as long as it goes on."""


class PhysicsPage(QWidget):
    """A cloud of dots, one playhead between noise and shape, and the shape in one's own hand."""

    said = Signal(str, bool)  # for the status; whether it stays
    failed = Signal(object)  # Failure
    uses_header = False

    def __init__(
        self,
        session: Session,
        _settings: Settings,
        _header: Header,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.lab: PhysicsLab = session.physics_lab
        self.playhead = FlowPlayhead(self)
        self._strokes: tuple[Stroke, ...] = ()
        self._untaught: Flow | None = None
        self.setAccessibleName("Physics")
        self.shapes, self.ways = Segments("The shape"), Segments("Which way")
        for name, (label, about) in SHAPES.items():
            self.shapes.add(name, label, about)
        for name, (label, about) in WAYS.items():
            self.ways.add(name, label, about)
        self.word = QLineEdit(_WORD)
        self.clear = QPushButton("Clear")
        self.view = ParticleView()
        self.transport = FlowTransport(self.playhead)
        self.line = FlowLine(self.playhead)
        self.panel = PhysicsPanel()
        self.status = self.panel.status
        self._take_later, self._waits = QTimer(self), QTimer(self)
        self._plays_then = False  # as soon as the shape was learned
        self._lay_out()
        self._connect()
        self._tool_changed()

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        space = themes.SPACE
        self.word.setMaxLength(LONGEST_TEXT)
        self.word.setFixedWidth(15 * space)
        self.word.setAccessibleName("The word")
        self.word.setToolTip(f"A letter or a word of up to {LONGEST_TEXT} letters")
        self.clear.setProperty("role", "quiet")
        self.clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear.setAccessibleName("Clear")
        self.clear.setToolTip("Begin another drawing")
        self._top = ToolRows(self.shapes, self.ways, self.transport, (self.word, self.clear))
        self._time = QVBoxLayout()
        self._time.setSpacing(0)
        self._time.addWidget(self.transport)
        self._time.addWidget(self.line)
        self._middle = QVBoxLayout()
        self._middle.setSpacing(space)
        self._middle.addLayout(self._top)
        self._middle.addWidget(self.view, 1)
        self._middle.addLayout(self._time)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._middle, 1)
        row.addWidget(self.panel)
        self.set_compact(False)

    def _connect(self) -> None:
        lab = self.lab
        self._take_later.setSingleShot(True)
        self._take_later.timeout.connect(self.take_shape)
        self._waits.setInterval(_WAITS_MS)
        self._waits.timeout.connect(self._show_waiting)
        self.shapes.chosen.connect(lambda _name: self._shape_chosen())
        self.ways.chosen.connect(lambda name: self.go(cast("Way", name)))
        self.word.textEdited.connect(lambda _text: self._take_later.start(_TYPED_MS))
        self.word.returnPressed.connect(self.take_shape)
        self.clear.clicked.connect(self._clear_drawing)
        self.view.stroke_begun.connect(self._begin_stroke)
        self.view.stroke_drawn.connect(self._stroke_drawn)
        self.transport.arrows.toggled.connect(lambda _on: self._show_flow())
        self.transport.paths.toggled.connect(lambda _on: self._show_flow())
        self.panel.learn.clicked.connect(self.generate)
        self.playhead.moved.connect(lambda _k: self._show_moment())
        lab.cloud_changed.connect(self._show_flow)
        lab.flow_changed.connect(lambda way: self._show_flow() if way == self.way else None)
        lab.field_changed.connect(self._show_flow)
        lab.progressed.connect(self._show_learning)
        lab.learning_changed.connect(self._learning_changed)
        lab.entropies_changed.connect(lambda _way: self._show_entropy())

    # --- the shape ----------------------------------------------------------------------------

    def shape(self) -> Shape:
        """The shape that is chosen."""
        name = cast("ShapeName", self.shapes.current)
        if name == "letters":
            return Shape(name, text=self.word.text().strip())
        return Shape(name, strokes=self._strokes if name == "by hand" else ())

    def take_shape(self) -> None:
        """Let the dots form the chosen shape, and the network begin to learn it."""
        self._take_later.stop()
        shape = self.shape()
        if shape == self.lab.shape:
            self._show_flow()
            return
        try:
            self.lab.take(shape)
        except NoPointsError as error:
            self._show_nothing(DRAW if shape.name == "by hand" else str(error))
            return
        self.playhead.pause()
        self.playhead.seek(self._level_of(0))  # whoever chose it wants to see it
        self.lab.learn(asked=False)

    def _show_nothing(self, why: str) -> None:
        self.playhead.pause()
        self.view.say(why)
        self.view.scene.show(None, None)
        self.view.update()
        self.line.show_flow(None, self.on)
        self.panel.say("Your own shape", why)
        self.panel.show_shape(False)
        self.panel.learn.setEnabled(False)
        self.playhead.set_bounds(0)

    def _shape_chosen(self) -> None:
        self._tool_changed()
        self.take_shape()

    def _tool_changed(self) -> None:
        by_hand = self.shapes.current == "by hand"
        self.word.setVisible(self.shapes.current == "letters")
        self.clear.setVisible(by_hand)
        self.clear.setEnabled(bool(self._strokes))
        self.view.set_drawable(by_hand)
        self.view.show_strokes(())
        if not by_hand:
            self._take_later.stop()

    def _begin_stroke(self) -> None:
        """The pen goes on with the drawing that is there."""
        self._take_later.stop()
        self.playhead.pause()
        self.view.say("")
        self.view.show_strokes(self._strokes)

    def _stroke_drawn(self, stroke: Stroke) -> None:
        self._strokes = (*self._strokes, stroke)
        self.clear.setEnabled(True)
        self.view.show_strokes(self._strokes)
        self._take_later.start(_DRAWN_MS)

    def _clear_drawing(self) -> None:
        self._strokes = ()
        self.clear.setEnabled(False)
        self.view.show_strokes(())
        self.take_shape()

    # --- the way ------------------------------------------------------------------------------

    @property
    def way(self) -> Way:
        """The way that is looked at."""
        return cast("Way", self.ways.current)

    @property
    def on(self) -> bool:
        """Whether time runs towards the shape: it always runs from left to right."""
        return self.way != "forward"

    @property
    def level(self) -> int:
        """Where the playhead stands: 0 is the shape."""
        return self._level_of(self.playhead.index)

    def go(self, way: Way) -> None:
        """Look at another way, at the same amount of noise.

        Raises:
            KeyError: when there is no such way.
        """
        was = self.lab.watched
        self.ways.set_current(way)
        if (was == "forward") != (way == "forward"):
            self.playhead.pause()
            self.lab.watched = way
            self.playhead.seek(self.playhead.count - 1 - self.playhead.index)
        self.lab.watched = way
        self._show_flow()

    def _level_of(self, moment: int) -> int:
        return max(self.playhead.count - 1, 0) - moment if self.on else moment

    def _shape_is_there(self) -> bool:
        """Whether it is not still being typed or drawn."""
        return self.lab.shape is not None and self.lab.shape == self.shape()

    def _flow(self) -> Flow | None:
        """The flow of the way; before anything was learned, that of a network that knows nothing:
        it takes the noise for what it looks for, and moves no dot."""
        if self.lab.shape is None:
            return None
        flow = self.lab.flow(self.way)
        if flow is not None:
            return flow
        if self._untaught is None:
            import numpy as np

            start = self.lab.start
            still = np.broadcast_to(start, (len(self.lab.alphas), *start.shape))
            self._untaught = Flow("ode", still, draft=True)
        return self._untaught

    # --- what the window asks -----------------------------------------------------------------

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self.view

    def generate(self) -> None:
        """The main button: end the lesson, or begin another."""
        if self.lab.shape != self.shape():
            self.take_shape()
        elif self.lab.learning:
            if self.lab.progress is not None:
                self.lab.stop()
        else:
            self.lab.learn()

    def escape(self) -> bool:
        """There is nothing to leave."""
        return False

    def enter(self) -> None:
        """Dots are there with the first look."""
        if self.lab.shape is None:
            self.lab.watched = self.way
            self.take_shape()

    def leave(self) -> None:
        """Playing ends as the page is hidden."""
        self._plays_then = False
        self.playhead.pause()

    def set_facts(self, _facts: ModelFacts) -> None:
        """No model has a part in this, but it may have been waited for."""
        self._show_learning()

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        self._compact = compact
        self.line.set_low(compact)
        self.panel.set_compact(compact)
        self._fit()

    def set_bare(self, on: bool) -> None:
        """Without its words."""
        self.panel.setHidden(on)

    def set_up(self, setup: PageSetup) -> None:
        """The shape, the way and the moment that a lesson speaks of."""
        options = setup.options
        if "text" in options:
            self.word.setText(options["text"])
        if "shape" in options:
            self.shapes.set_current(options["shape"])
            self._tool_changed()
        self.take_shape()
        if "way" in options:
            self.go(cast("Way", options["way"]))
        if self.lab.shape != self.shape():
            return  # it is still to be drawn or typed, and is learned then
        if options.get("start") == "again":
            self.lab.learn()
        if "start" in options or setup.run:
            self.lab.see_learned()
            self.playhead.home()
            self.playhead.play()
            self._plays_then = self.on and not self.lab.learned
        if setup.playhead is not None:
            self.playhead.pause()
            self.playhead.seek(round(setup.playhead * (self.playhead.count - 1)))

    def exhibit(self) -> ExhibitPlan | None:
        """The flow that is looked at, with its arrows and paths."""
        from visualizer.ui.physics.exhibits import of_flow

        if self.view.empty or not self.playhead.count:
            return None
        last = self.playhead.count - 1
        moments = [round(each * last / (_FRAMES - 1)) for each in range(_FRAMES)]
        levels = [self._level_of(moment) for moment in moments]
        name = SHAPES[self.shapes.current][0]
        title = f"{name}, {WAYS[self.way][0].lower()}"
        captions = [noise_words(self._share(k)) for k in levels]
        return of_flow(title, self.view.scene, levels, captions, on=self.on)

    # --- what is shown ------------------------------------------------------------------------

    def _share(self, level: int) -> float:
        """Of the variance that is noise, 0 … 1."""
        return 1.0 - float(self.lab.alphas[level])

    def _show_flow(self) -> None:
        flow = self._flow()
        if flow is None or not self._shape_is_there():
            return
        self.view.say("")
        self.panel.show_shape(True)
        if not self._take_later.isActive():
            self.view.show_strokes(())
        scene = self.view.scene
        scene.arrows = self.transport.arrows.isChecked()
        scene.paths = self.transport.paths.isChecked()
        scene.show(flow, self.lab.field)
        self.playhead.set_bounds(len(flow.frames))
        self.line.show_flow(flow, self.on)
        self._show_moment()
        self._show_learning()
        self._show_entropy()

    def _show_moment(self) -> None:
        if not self.playhead.count or self.view.empty:
            return
        self.view.show_moment(self.level, self.on)
        self.panel.entropy.set_cursor(self.playhead.index)
        self._say_entropy()
        if self.on and self.lab.flow(self.way) is None:
            self.panel.say(UNTAUGHT, untaught(self._what_is_waited_for()))
            return
        share = self._share(self.level)
        learning = not self.lab.learned
        self.panel.say(noise_words(share), explained(self.way, share, learning))

    def _what_is_waited_for(self) -> str:
        """What the worker does before it goes on with the lesson."""
        session = self._session
        if not self.lab.learning:
            return ""
        return waiting_words(
            loads=session.facts is None and self.lab.progress is None,
            runs=session.running,
            paints=session.words.painting or session.checkpoint_lab.running,
            measures=session.destroying.measuring,
        )

    def _show_waiting(self) -> None:
        self._show_learning()
        self._show_moment()

    def _learning_changed(self, learning: bool) -> None:
        self._waits.start() if learning and self.isVisible() else self._waits.stop()
        self._show_learning()
        if learning or not self._plays_then:
            return
        self._plays_then = False
        stayed = self.playhead.index == self.playhead.count - 1
        if self.lab.learned and stayed:  # now there is something to be seen
            self.playhead.home()
            self.playhead.play()

    def _show_learning(self) -> None:
        lab, panel = self.lab, self.panel
        if not self._shape_is_there():
            return
        panel.show_learning(lab.learning, begun=lab.progress is not None)
        panel.status.setText(learned_words(lab.progress, lab.learning, self._what_is_waited_for()))
        panel.loss.set_axes(0, STEPS, 0, 1.5, ("first step", "last step"))
        newest = f"{lab.losses[-1][1]:.2f}" if lab.losses else ""
        panel.loss.show_curves([Curve(tuple(lab.losses))])
        panel.loss.say(newest)

    def _show_entropy(self) -> None:
        known, last = self.lab.entropies, max(self.playhead.count - 1, 1)
        curves = [
            Curve(
                tuple(sorted((self._level_of(level), nats) for level, nats in found.items())),
                measured=way == self.way,
            )
            for way, found in known.items()
            if way in (self.way, "forward")
        ]
        lowest = min((nats for found in known.values() for nats in found.values()), default=0.0)
        plot = self.panel.entropy
        low = min(lowest, 0.0) - 0.2
        plot.set_axes(0, last, low, GAUSSIAN + 0.4 * (GAUSSIAN - low), self.line.ends)
        plot.show_curves(curves)
        self._say_entropy()

    def _say_entropy(self) -> None:
        own = self.lab.entropies.get(self.way, {})
        nearest = min(own, key=lambda level: abs(level - self.level), default=None)
        self.panel.entropy.say("" if nearest is None else f"{own[nearest]:.1f} nats")

    # --- Qt -----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: learn."""
        super().showEvent(event)
        self._fit()
        self.enter()
        self.lab.set_active(True)
        if self.lab.learning:
            self._waits.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: what began by itself stands still."""
        super().hideEvent(event)
        self.lab.set_active(False)
        self._waits.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has a narrow panel."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        panel = NARROW_PANEL if self.width() < _NARROW else PANEL
        self.panel.setFixedWidth(panel)
        space = themes.SPACE
        edge = space if self._compact or self.width() < _TIGHT else 2 * space
        self._middle.setContentsMargins(edge, edge, edge, space)
        self._top.fit(self.width() - panel - 2 * edge)
