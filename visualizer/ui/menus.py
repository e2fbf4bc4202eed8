"""The menu of the window: what is needed now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts

WEIGHTS = "word++ or (some words)1.3 counts for more, word-- or (some words)0.7 for less."
"""How weights are written, in one line."""
THEMES = (("Follow the system", "system"), ("Dark", "dark"), ("Light", "light"))

PICTURE_MEMORY = (128, 256, 512, 1024, 2048, 4096)
"""Bounds to choose from for the memory of pictures, in MiB."""


class MoreMenu(QMenu):
    """Everything that is needed now and then."""

    size_chosen = Signal(object)  # (width, height), or None for the model's own
    theme_chosen = Signal(str)
    memory_chosen = Signal(int)  # for pictures, in MiB
    weights_chosen = Signal(bool)  # whether the prompt's weights are read

    def __init__(self, parent: QWidget, actions: dict[str, QAction], worn: str) -> None:
        super().__init__(parent)
        self._sizes = self.addMenu("Size")
        self._sizes.menuAction().setVisible(False)
        self.setToolTipsVisible(True)
        self.weights = self.addAction("Weights in the prompt")
        self.weights.setCheckable(True)
        self.weights.setToolTip(WEIGHTS)
        self.weights.setVisible(False)
        self.weights.toggled.connect(self.weights_chosen)
        looks = self.addMenu("Theme")
        group = QActionGroup(self)
        for label, name in THEMES:
            action = looks.addAction(label)
            action.setCheckable(True)
            action.setChecked(name == worn)
            group.addAction(action)
            action.triggered.connect(later(self.theme_chosen.emit, name))
        self._memory = self.addMenu("Memory for pictures")
        self._memory.setToolTipsVisible(True)
        self._memory.menuAction().setToolTip(
            "How many pictures stay ready to be looked at. Others are made again when needed."
        )
        self.addSeparator()
        for name in ("open", "open_sweep", "save", "export", "copy"):
            self.addAction(actions[name])
        self.addSeparator()
        self.addAction(actions["experiment"])
        self.addSeparator()
        for name in ("full_screen", "shortcuts", "about"):
            self.addAction(actions[name])

    def set_memory(self, mib: int) -> None:
        """Offer bounds for the memory of pictures; ``mib`` is the one that holds."""
        self._memory.clear()
        group = QActionGroup(self._memory)
        for bound in sorted({*PICTURE_MEMORY, mib}):
            action = self._memory.addAction(
                f"{bound} MB" if bound < 1024 else f"{bound / 1024:g} GB"
            )
            action.setCheckable(True)
            action.setChecked(bound == mib)
            group.addAction(action)
            action.triggered.connect(later(self.memory_chosen.emit, bound))

    def set_facts(self, facts: ModelFacts) -> None:
        """Offer what this model can do."""
        self.weights.setVisible(facts.weighting)

    def set_fixed(self, fixed: bool) -> None:
        """A branch keeps the size and the weights of its run."""
        self._sizes.setEnabled(not fixed)
        self.weights.setEnabled(not fixed)

    def set_sizes(self, facts: ModelFacts, chosen: tuple[int, int] | None) -> None:
        """Offer the sizes of this model, where it has several."""
        self._sizes.clear()
        self._sizes.menuAction().setVisible(len(facts.sizes) > 1)
        group = QActionGroup(self)
        for index, (width, height) in enumerate(facts.sizes):
            hint = "  (its own)" if index == 0 else ""
            action = self._sizes.addAction(f"{width} × {height}{hint}")
            action.setCheckable(True)
            action.setChecked((width, height) == (chosen or facts.sizes[0]))
            group.addAction(action)
            size = None if index == 0 else (width, height)
            action.triggered.connect(later(self.size_chosen.emit, size))


def later(emit: Callable[..., None], *values: object) -> Callable[..., None]:
    """A slot for ``triggered`` that emits these values instead of "checked"."""
    return lambda _checked=False: emit(*values)
