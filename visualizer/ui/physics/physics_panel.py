"""The side of the Physics page: what happens, what was learned, and how disordered it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from visualizer.physics.entropy import GAUSSIAN
from visualizer.ui import theme as themes
from visualizer.ui.panel_parts import label
from visualizer.ui.physics.physics_words import COLORS, SOURCE
from visualizer.ui.physics.small_plot import SmallPlot
from visualizer.ui.scroll_room import BAR, keep_room
from visualizer.ui.theme import set_role

PANEL, NARROW_PANEL = 36 * themes.SPACE, 28 * themes.SPACE
_LOSS_TIP = (
    "How wrong the guessed noise is, on average (Ho et al. 2020, eq. 14). 1 is knowing nothing. "
    "It never comes to 0: from a noisy dot alone nobody can tell all of its noise"
)
_ENTROPY_TIP = (
    "How spread out the dots are, estimated from their distances (Kozachenko & Leonenko 1987). "
    "The dashed line is what a round Gaussian cloud has"
)


class PhysicsPanel(QFrame):
    """Words that scroll where they must, and the main button that never does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(PANEL)
        self.headline, self.words = label("title"), label("")
        self.colors, self.source = label("small-quiet", COLORS), label("small-quiet", SOURCE)
        self.status = label("small-quiet")
        self.status.setAccessibleName("Status")
        self.loss = SmallPlot("Error of the guess", "knows nothing")
        self.loss.setToolTip(_LOSS_TIP)
        self.entropy = SmallPlot("Entropy", "Gaussian")
        self.entropy.setToolTip(_ENTROPY_TIP)
        self.entropy.set_level(GAUSSIAN)
        self.learn = QPushButton()
        self.learn.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()
        self.set_compact(False)
        self.show_learning(False, begun=False)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        column.addWidget(self.headline)
        column.addWidget(self.words)
        column.addWidget(self.colors)
        column.addSpacing(themes.SPACE)
        column.addWidget(self.loss)
        column.addSpacing(themes.SPACE)
        column.addWidget(self.entropy)
        column.addStretch(1)
        column.addWidget(self.source)
        scroll = QScrollArea()
        keep_room(scroll)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        whole = self._whole = QVBoxLayout(self)
        whole.setSpacing(themes.SPACE)
        whole.addWidget(scroll, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(0, 0, BAR, 0)
        foot.setSpacing(themes.SPACE)
        foot.addWidget(self.status)
        foot.addWidget(self.learn)
        whole.addLayout(foot)

    def say(self, headline: str, words: str) -> None:
        """Say what happens where the playhead stands."""
        self.headline.setText(headline)
        self.words.setText(words)

    def show_shape(self, there: bool) -> None:
        """Plots and button mean nothing while there is no shape."""
        for part in (self.colors, self.loss, self.entropy, self.status, self.learn):
            part.setVisible(there)

    def show_learning(self, learning: bool, *, begun: bool) -> None:
        """The button ends a lesson, or begins another one.

        Args:
            begun: whether something was learned already: what has not begun is not enough.
        """
        if learning:
            words = "Enough learned" if begun else "Learning …"
            about = "End the lesson, and see what the network knows by now"
        else:
            words = "Learn again" if begun else "Learn"
            about = "A fresh network learns the shape from nothing"
        self.learn.setEnabled(begun or not learning)
        self.learn.setText(words)
        self.learn.setAccessibleName(words)
        self.learn.setToolTip(about)
        set_role(self.learn, "" if learning else "primary")

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        edge = (1 if compact else 2) * themes.SPACE
        self._whole.setContentsMargins(edge, edge, max(edge - BAR, 0), edge)
        for plot in (self.loss, self.entropy):
            plot.setFixedHeight((11 if compact else 14) * themes.SPACE)
