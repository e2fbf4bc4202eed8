"""ToolRows: the switches above the particles, in as many rows as they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.physics.physics_words import SHORT_WAYS, WAYS

if TYPE_CHECKING:
    from visualizer.ui.physics.flow_transport import FlowTransport
    from visualizer.ui.segments import Segments


class ToolRows(QBoxLayout):
    """The shape at the left and the way at the right; in a narrow window one below the other.

    What belongs to a shape stands below the particles, as long as there is room beside the
    buttons of time.
    """

    def __init__(
        self,
        shapes: Segments,
        ways: Segments,
        transport: FlowTransport,
        tools: Sequence[QWidget],
    ) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self._shapes, self._ways = shapes, ways
        self._transport, self._tools = transport, tools
        self._second = QHBoxLayout()
        self._second.setSpacing(themes.SPACE)
        self._second.addWidget(ways)
        self.setSpacing(themes.SPACE)
        self.addWidget(shapes)
        self.addStretch(1)
        self.addLayout(self._second)
        self._wraps: bool | None = None
        self._wrap(False)

    def fit(self, room: int) -> None:
        """Take this width, in pixels: with shorter names first, in two rows then."""
        self._shorten(False)
        if self._needed() > room:
            self._shorten(True)
        self._wrap(self._needed() > room)

    def _needed(self) -> int:
        hints = (self._shapes.sizeHint().width(), self._ways.sizeHint().width())
        return sum(hints) + 2 * themes.SPACE

    def _shorten(self, short: bool) -> None:
        for name, (label, _about) in WAYS.items():
            self._ways.buttons[name].setText(SHORT_WAYS.get(name, label) if short else label)

    def _wrap(self, wraps: bool) -> None:
        if wraps == self._wraps:
            return
        self._wraps = wraps
        direction = QBoxLayout.Direction
        self.setDirection(direction.TopToBottom if wraps else direction.LeftToRight)
        for tool in self._tools:
            if wraps:
                self._second.addWidget(tool)
            else:
                self._transport.add_tool(tool)
