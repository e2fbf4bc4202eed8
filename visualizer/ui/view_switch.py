"""The view switch: which picture of a step the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

WORDS: dict[str, tuple[str, str]] = {
    "noisy": ("Noisy latent", "What the sampler holds at this step, as a picture"),
    "denoised": ("Model’s guess", "The finished picture, as the model imagines it at this step"),
    "noise": ("Predicted noise", "What the model takes for noise at this step"),
    "change": ("Change", "What is different from the step before"),
    "channels": ("Channels", "The raw numbers of the latent, one gray picture a channel"),
    "unprompted": ("Without prompt", "The model’s guess if it had not read the prompt"),
    "guidance": ("Prompt’s pull", "What the prompt changes in the model’s guess at this step"),
}
OF_GUIDANCE = ("unprompted", "guidance")
"""They need a model that was asked without the prompt as well, and are offered only then."""


class ViewSwitch(QWidget):
    """Noisy latent | Model’s guess | Predicted noise | Change | Channels (keys 1…5).

    Where the run is guided, Without prompt | Prompt’s pull follow (keys 6 and 7).
    """

    resized = Signal()
    """Segments came or went."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self.setAccessibleName("View")

        segments = QFrame()
        segments.setObjectName("segments")
        row = self._row = QHBoxLayout(segments)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for number, (view, (label, explained)) in enumerate(WORDS.items(), start=1):
            button = QToolButton()
            button.setProperty("role", "segment")
            button.setText(label)
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setAccessibleName(label)
            button.setToolTip(f"{explained}  ({number})")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, view=view: self._choose(view))
            self._group.addButton(button)
            self.buttons[view] = button
            button.setHidden(view in OF_GUIDANCE)
            row.addWidget(button)

        outer = self._outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch()
        outer.addWidget(segments)
        outer.addStretch()

        playhead.view_changed.connect(self._show_view)
        playhead.moved.connect(self._show_empty)
        self._show_view(playhead.view)
        self._show_empty()

    def set_upright(self, upright: bool) -> None:
        """One below the other, beside the picture: in a low window it takes no height."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        for layout in (self._row, self._outer):
            layout.setDirection(down if upright else across)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""
        if self._timeline is not None:
            self._timeline.grown.disconnect(self._show_empty)
        self._timeline = timeline
        if timeline is not None:
            timeline.grown.connect(self._show_empty)
        self._show_empty()

    def width_across(self) -> int:
        """How wide it is with one segment beside the other."""
        widths = [b.sizeHint().width() for b in self.buttons.values() if not b.isHidden()]
        return sum(widths) + 2 * (len(widths) + 1)

    def height_upright(self) -> int:
        """How high it is with one segment below the other."""
        heights = [b.sizeHint().height() for b in self.buttons.values() if not b.isHidden()]
        return sum(heights) + 2 * (len(heights) + 1)

    def _choose(self, view: str) -> None:
        self._playhead.set_view(view)
        self._show_checked(view)  # the click has checked the button, which may not be what is seen

    def _show_view(self, view: str) -> None:
        self._offer_guidance()
        self._show_checked(view)

    def _show_checked(self, view: str) -> None:
        """The view that is seen: the channels stand in where no decoder makes a picture."""
        timeline, k = self._timeline, self._playhead.index
        seen = timeline is None or timeline.shows_pictures(k)
        self.buttons[view if seen else "channels"].setChecked(True)

    def _offer_guidance(self) -> None:
        timeline = self._timeline
        if timeline is not None and timeline.running and len(timeline) == 0:
            return  # its first step will tell
        guided = timeline is not None and timeline.guided
        before = [button.isHidden() for button in self.buttons.values()]
        for view in OF_GUIDANCE:
            self.buttons[view].setHidden(not guided and self._playhead.view != view)
        if before != [button.isHidden() for button in self.buttons.values()]:
            self.resized.emit()

    def _show_empty(self) -> None:
        """A view with no picture at this step is dimmed; chosen, the canvas says why."""
        self._offer_guidance()
        self._show_checked(self._playhead.view)
        timeline, k = self._timeline, self._playhead.index
        there = timeline is not None and len(timeline) > 0
        for view, button in self.buttons.items():
            button.setEnabled(there)
            why = timeline.why_missing(k, view) if timeline is not None and there else ""
            if bool(why) != bool(button.property("empty")):
                button.setProperty("empty", bool(why))
                button.style().unpolish(button)
                button.style().polish(button)
            number = list(WORDS).index(view) + 1
            button.setToolTip(f"{why or WORDS[view][1]}  ({number})")
            button.setAccessibleDescription(why)


class ViewMenu(QToolButton):
    """The same views in a menu, where there is no room for all of them at once."""

    def __init__(self, switch: ViewSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._switch = switch
        self.setProperty("role", "drop")
        self.setAccessibleName("View")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        for button in switch.buttons.values():
            button.toggled.connect(self._show_chosen)
        self._show_chosen()

    def _fill(self) -> None:
        """What the switch would offer now, as it says it."""
        menu = self.menu()
        menu.clear()
        menu.setToolTipsVisible(True)
        for button in self._switch.buttons.values():
            if not button.isHidden():
                action = menu.addAction(button.text())
                action.setCheckable(True)
                action.setChecked(button.isChecked())
                action.setEnabled(button.isEnabled())
                action.setToolTip(button.toolTip())
                action.triggered.connect(button.click)

    def _show_chosen(self) -> None:
        chosen = [b for b in self._switch.buttons.values() if b.isChecked()]
        for button in chosen:
            self.setText(button.text())
            self.setToolTip(button.toolTip())
