"""Branch mode: the header asks for a branch of the run that is looked at, not for a new run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.ui.branch_bar import BranchBar
from visualizer.ui.icons import IconButton

if TYPE_CHECKING:
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.ui.header import Header

LABEL, KEY = "Branch from here", "B"
_HOW = "Change the words, what to avoid, guidance, sampler or seed, then press Enter."
_UNCHANGED = "So far nothing is changed: it would end as the same picture."
_FRESH = "A new seed adds fresh noise at this step."
_FROM_THE_START = "From the first step only the static is shared; another seed is another static."
_AT_THE_END = "Nothing is left to be done there. Go back in time to branch."


class BranchMode(QObject):
    """Between "Branch from here" and Enter or Cancel. The playhead may move meanwhile."""

    changed = Signal()
    """It began or ended, or the playhead stands on another step."""

    def __init__(
        self, session: Session, header: Header, button: IconButton, bar: BranchBar
    ) -> None:
        """
        Args:
            button: enters the mode; its tooltip says why where it cannot.
            bar: says what the mode is, while it lasts.
        """
        super().__init__(header)
        self._session, self._header, self._button, self._bar = session, header, button, bar
        self._run: Timeline | None = None
        self._watched: Timeline | None = None
        self._before: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}
        self._refused: tuple[SamplingRequest, str] | None = None
        bar.cancelled.connect(self.cancel)
        button.clicked.connect(self.enter)
        header.edited.connect(self._say)
        session.playhead.moved.connect(self._moved)
        session.current_changed.connect(self._current_changed)
        session.running_changed.connect(self._running_changed)
        session.model_ready.connect(self._model_changed)
        self._watch(session.current)

    @property
    def run(self) -> Timeline | None:
        """The run that is branched; None outside of the mode."""
        return self._run

    @property
    def step(self) -> int:
        """The point it is branched at: where the playhead stands."""
        return self._session.playhead.index

    def why_not(self) -> str:
        """A sentence saying why the run cannot be branched here; "" where it can."""
        run = self._session.current
        if run is None or not len(run):
            return "There is no run to branch from yet"
        if self._session.running or run.trajectory is None:
            return "A run is going on: branch when it has ended"
        if not run.can_decode:
            name = run.trajectory.model.name or "the model that made it"
            return f"Only {name} can go on with this run: open that model first"
        if self.step >= run.total - 1:
            return "The last step is the finished picture: step back first"
        return ""

    # --- what the person does -----------------------------------------------------------------

    def enter(self) -> None:
        """Put the run's settings into the fields and wait for changes."""
        run, header, row = self._session.current, self._header, self._header.settings_row
        if run is None or self._run is not None or self.why_not():
            return
        self._before = self._fields()
        facts = self._session.facts
        keys = facts.branch_samplers if facts is not None else ()
        header.set_branching((*keys, *filter(None, (run.request.sampler,))))
        header.show_request(run.request)
        row.avoid.setText(run.request.negative_prompt or "")
        self._shown = self._asked()
        self._run, self._refused = run, None
        self._say()
        self._bar.show()
        header.prompt.setFocus()
        header.prompt.selectAll()
        self._changed()

    def cancel(self) -> None:
        """Call it off; the fields say again what they said before."""
        if self._run is None:
            return
        self.leave()
        header, row, before = self._header, self._header.settings_row, self._before
        header.prompt.setText(before["prompt"])
        row.avoid.setText(before["avoid"])
        header.seed.set_number(before["seed"])
        row.steps.set_number(before["steps"])
        row.guidance.set_number(before["guidance"])
        row.sampler.choose(before["sampler"])
        row.set_size(before["size"])
        header.set_weights(before["weights"])
        self._changed()

    def leave(self) -> None:
        """The fields ask for new runs again, with what they say now."""
        if self._run is None:
            return
        self._run = None
        self._bar.hide()
        self._header.set_branching(None)
        self._changed()

    def request(self) -> SamplingRequest:
        """The branch that the fields ask for. What was not touched stays as the parent has it.

        Raises:
            RequestError: with a sentence, when there is no such branch.
        """
        from visualizer.diffusion.branching import branch

        assert self._run is not None
        return branch(self._run.request, self.step, **self._changes())

    def refuse(self, request: SamplingRequest, why: str) -> None:
        """The plan of this request was refused."""
        self._refused = (request, why)

    def why_refused(self, request: SamplingRequest) -> str:
        """Why this very request cannot be sampled, as far as is known."""
        refused = self._refused
        return refused[1] if refused is not None and refused[0] == request else ""

    # --- inside -------------------------------------------------------------------------------

    def _fields(self) -> dict[str, Any]:
        """What stands in the fields, as it was typed."""
        header, row = self._header, self._header.settings_row
        return {
            "prompt": header.prompt.text(),
            "avoid": row.avoid.text(),
            "seed": header.seed.whole(),
            "steps": row.steps.whole(),
            "guidance": row.guidance.value(),
            "sampler": row.sampler_key(),
            "size": row.picture_size,
            "weights": header.weights,
        }

    def _asked(self) -> dict[str, Any]:
        """What a branch may change, as the fields say it."""
        header, row = self._header, self._header.settings_row
        return {
            "prompt": header.prompt.text().strip(),
            "negative_prompt": row.avoid_text(),
            "guidance_scale": row.guidance_scale(),
            "sampler": row.sampler_key(),
            "seed": header.seed.whole(),
        }

    def _changes(self) -> dict[str, Any]:
        return {name: v for name, v in self._asked().items() if v != self._shown[name]}

    def _say(self) -> None:
        run = self._run
        if run is None:
            return
        at_end = self.step >= run.total - 1
        label = run.label(self.step)
        then = _UNCHANGED if not self._changes() else _FRESH if self.step else _FROM_THE_START
        words = _AT_THE_END if at_end else f"{then} {_HOW}"  # what changes is never cut
        self._bar.say(f"Branching from {label[:1].lower()}{label[1:]}.", words)
        self._header.generate.setEnabled(not at_end)

    def _changed(self) -> None:
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        why = "Change it in the fields above, then press Enter" if self._run else self.why_not()
        self._button.setEnabled(not why)
        self._button.set_label(LABEL, "" if why else KEY)
        if why:
            self._button.setToolTip(f"{LABEL}: {why[:1].lower()}{why[1:]}")

    def _moved(self, _k: int) -> None:
        self._judge()
        if self._run is not None:
            self._say()
            self.changed.emit()

    def _watch(self, run: Timeline | None) -> None:
        if self._watched is not None:
            self._watched.grown.disconnect(self._judge)
        self._watched = run
        if run is not None:
            run.grown.connect(self._judge)  # also where its model came or went
        self._judge()

    def _current_changed(self, run: Timeline | None) -> None:
        if self._run is not None and run is not self._run:
            # a run that begins keeps the fields it was made from
            self.leave() if self._session.running else self.cancel()
        self._watch(run)

    def _running_changed(self, _running: bool) -> None:
        self._judge()

    def _model_changed(self, _facts: object) -> None:
        if self._run is not None and not self._run.can_decode:
            self.leave()
        self._judge()
