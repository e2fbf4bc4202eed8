"""Telling: what the panel says and offers, at every stage and wherever the playhead stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.ui.destroy import destroy_words as words
from visualizer.ui.destroy.destroy_words import DESTROY, ROUND_TRIP
from visualizer.ui.explanation import Explanation

if TYPE_CHECKING:
    from visualizer.session.session import Session
    from visualizer.ui.destroy.destroy_view import DestroyView

_ABOUT_ROUND_TRIP = (
    "The model never sees pixels. An autoencoder packs the picture into a small grid of numbers "
    "first, and paints it again in the end. What that alone does to it is shown here."
)
_TURN = "Turn round"
_NOT_COMPARED = ". “How much survives?” finds out what the words alone would give."
_MEASURE, _STOP_MEASURING = "How much survives?", "Stop measuring"
_MEASURE_TIP = "Turn it round from several levels of noise, one by one, and compare"
_STOP_TIP = "What was measured stays (Esc)"


class Telling:
    """Reads the session and the view, and writes into the view's panel."""

    def __init__(self, session: Session, view: DestroyView) -> None:
        self._session, self._view = session, view
        self._destroying = session.destroying
        self.awaited: Explanation | None = None
        """Said in place of everything else while what will be turned round is not there."""

    def why_empty(self) -> str:
        """What stands in place of a picture."""
        if self._destroying.picture is None:
            return words.ON_ITS_WAY
        if self._session.facts is None:
            return words.LOADING
        return self._destroying.why_not or words.ON_ITS_WAY

    def say(self) -> None:
        """Where time stands, what happens here, and what can be done."""
        stage = self._view.stage
        if stage == ROUND_TRIP:
            self._say_round_trip()
        elif stage == DESTROY:
            self._say_destroy()
        else:
            self._say_turn()

    def _say_round_trip(self) -> None:
        panel, why = self._view.panel, self._destroying.why_not
        trip = None if why else self._destroying.round_trip
        panel.show_level(None)
        panel.offer("Now destroy it", "Mix in noise, step by step", self._there)
        if trip is None:
            title = "No round trip" if why else "First, a round trip"
            panel.say("", Explanation(title, why or _ABOUT_ROUND_TRIP))
            return
        about = words.round_trip_words(trip.psnr_db)
        reading = f"PSNR {words.psnr_words(trip.psnr_db)}"
        panel.say(words.loss_words(trip.psnr_db), about, reading, words.PSNR_TIP)

    def _say_destroy(self) -> None:
        panel, destroying = self._view.panel, self._destroying
        timeline, k = self._view.canvas.timeline, destroying.playhead.index
        panel.offer("Now the way back", "What can be made of it from here", self._there)
        if timeline is None or k >= len(timeline):
            panel.show_level(None)
            panel.say("", Explanation("Destroying is easy", self.why_empty()))
            return
        level, last = timeline.level(k), len(timeline) - 1
        panel.show_level(level)
        about = words.destroyed_words(k, level.noise_share, destroying.space)
        panel.say(f"Step {k} of {last}", about)

    def _say_turn(self) -> None:
        panel, destroying = self._view.panel, self._destroying
        timeline, k = self._view.canvas.timeline, destroying.playhead.index
        self._offer_turn()
        if self.awaited is not None:
            panel.show_level(None)
            panel.say("", self.awaited)
            return
        if timeline is None or k >= len(timeline) or destroying.why_not:
            panel.show_level(None)
            panel.say("", Explanation(_TURN, self.why_empty()))
            return
        level, points = timeline.level(k), destroying.survival
        panel.show_level(level, formulas=False)
        result, reading, tip = self._view.turning.result, "", ""
        if result is not None and self._view.turning.is_here:
            run = self._view.turning.run if self._view.turning.shows_run else None
            if run is not None:
                chance = destroying.chance_of(run.request)
            else:
                chance = points[0].chance if points else None
            about = words.came_back_words(result[0], result[2], chance)
            reading, tip = words.likeness_words(result[2]).capitalize(), words.LIKENESS_TIP
            reading += _NOT_COMPARED if chance is None else f"; the words alone give {chance:.2f}."
        elif destroying.measuring or points:
            about = words.survival_words(points, not destroying.measuring)
            if destroying.measuring:
                reading = f"{len(points)} of {len(self._view.strip.shares)} levels"
        else:
            about = words.turn_words(level.noise_share)
        panel.say(f"Step {k} of {len(timeline) - 1}", about, reading, tip)

    def _offer_turn(self) -> None:
        """Turning round itself is the header's main button."""
        destroying, running = self._destroying, self._session.running
        can = self._there and not destroying.why_not
        self._view.panel.offer("")
        measure = self._view.measure
        measure.setText(_STOP_MEASURING if destroying.measuring else _MEASURE)
        measure.setAccessibleName(measure.text())
        measure.setToolTip(_STOP_TIP if destroying.measuring else _MEASURE_TIP)
        measure.setEnabled(destroying.measuring or (can and not running))

    @property
    def _there(self) -> bool:
        """Whether there is a destruction to go through."""
        return self._view.count > 0
