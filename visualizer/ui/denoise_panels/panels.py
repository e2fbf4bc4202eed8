"""What stands beside the picture, one of three: the explanation, the code, or the sculptor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from visualizer.ui import theme
from visualizer.ui.denoise_panels.code_panel import CodePanel
from visualizer.ui.denoise_panels.sculptor_panel import SMALL_SEGMENTS, SculptorPanel
from visualizer.ui.segments import Segments
from visualizer.ui.side_panel import WIDTH, SidePanel

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.session.playhead import Playhead
    from visualizer.session.sculpting import Sculpting
    from visualizer.session.timeline import Timeline

EXPLANATION, CODE, SCULPTOR = "explanation", "code", "sculptor"
_WORDS = {
    EXPLANATION: ("Text", "What happens here, in words"),
    CODE: ("Code", "The loop that makes the picture, line by line"),
    SCULPTOR: ("Sculptor", "Large shapes first, then details: what each step changed"),
}


class Panels(QWidget):
    """A quiet switch, and below it the panel that was chosen. The others do nothing meanwhile."""

    chosen = Signal(str)  # by a person

    def __init__(
        self, playhead: Playhead, sculpting: Sculpting, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.explanation = SidePanel(playhead)
        self.code = CodePanel(playhead)
        self.sculptor = SculptorPanel(playhead, sculpting)
        self.switch = Segments("What stands beside the picture")
        self.switch.setStyleSheet(SMALL_SEGMENTS)
        for name, (label, about) in _WORDS.items():
            self.switch.add(name, label, about)
        self._stack = QStackedWidget()
        self._by_name = {
            EXPLANATION: self.explanation,
            CODE: self.code,
            SCULPTOR: self.sculptor,
        }
        for panel in self._by_name.values():
            self._stack.addWidget(panel)
        self.setFixedWidth(WIDTH)
        space = theme.SPACE
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * space, 0, 0)
        column.setSpacing(0)
        self._row = QVBoxLayout()
        self._row.setContentsMargins(2 * space, 0, 2 * space, 0)
        self._row.addWidget(self.switch)
        column.addLayout(self._row)
        column.addWidget(self._stack, 1)
        self.switch.chosen.connect(self._choose)

    @property
    def current(self) -> str:
        """Which one is shown."""
        return self.switch.current

    def show_panel(self, name: str) -> None:
        """Show another one; an unknown name changes nothing."""
        if name in self._by_name:
            self.switch.set_current(name)
            self._stack.setCurrentWidget(self._by_name[name])

    def set_timeline(self, timeline: Timeline | None) -> None:
        """All follow another timeline, or none."""
        self.explanation.set_timeline(timeline)
        self.code.set_timeline(timeline)
        self.sculptor.set_timeline(timeline)

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model is there."""
        self.explanation.set_facts(facts)
        self.code.set_facts(facts)

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        self._column.setContentsMargins(0, theme.SPACE if compact else 2 * theme.SPACE, 0, 0)
        self.explanation.set_compact(compact)
        self.sculptor.set_compact(compact)

    def _choose(self, name: str) -> None:
        self.show_panel(name)
        self.chosen.emit(name)
