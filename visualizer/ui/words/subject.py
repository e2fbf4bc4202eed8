"""Subject: what the Words page tells of: a run, the prompt whose words are shown, its reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.ui.words import word_sentences as sentences

if TYPE_CHECKING:
    from visualizer.diffusion.attention import AttentionMaps
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.word_reading import WordReading
    from visualizer.session.timeline import Timeline
    from visualizer.session.words import Words


class Subject(QObject):
    """The run that is looked at, and its prompt; or another prompt, while that is typed."""

    prompt_changed = Signal()
    """There are other words."""
    read = Signal()
    """The encoder has read them, or refused to."""
    grown = Signal()
    """The run has more steps, or ended."""

    def __init__(self, words: Words, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self.run: Timeline | None = None
        self.facts: ModelFacts | None = None
        self.prompt = ""
        self.weighted = False  # whether weights are read in it
        self.reading: WordReading | None = None
        self.why_unread = ""
        self._active = False
        words.reading_ready.connect(self._take)
        words.refused.connect(self._refuse)

    # --- what it is ---------------------------------------------------------------------------

    def set_active(self, active: bool) -> None:
        """Whether somebody looks: prompts are read only then."""
        self._active = active
        self._read()

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model reads the prompt."""
        self.facts = facts
        self._forget()
        self._read()

    def set_run(self, run: Timeline | None) -> None:
        """Look at another run, or at none."""
        if self.run is not None:
            self.run.grown.disconnect(self.grown)
        self.run = run
        if run is not None:
            run.grown.connect(self.grown)

    def set_prompt(self, prompt: str, *, weighted: bool) -> None:
        """Show other words; those of the weights in them are none."""
        if (prompt, weighted) != (self.prompt, self.weighted):
            self.prompt, self.weighted = prompt, weighted
            self._forget()
            self.prompt_changed.emit()
        self._read()

    def _forget(self) -> None:
        self.reading, self.why_unread = None, ""

    # --- reading ------------------------------------------------------------------------------

    def _read(self) -> None:
        there = self.reading is not None or bool(self.why_unread)
        if self._active and self.facts is not None and not there:
            self._words.read(self.prompt, weighted=self.weighted)

    def _take(self, reading: WordReading) -> None:
        if reading.prompt == self.prompt:
            self.reading, self.why_unread = reading, ""
            self.read.emit()

    def _refuse(self, why: str) -> None:
        self.reading, self.why_unread = None, why
        self.read.emit()

    # --- attention ----------------------------------------------------------------------------

    @property
    def is_of_run(self) -> bool:
        """Whether the words that are shown are those of the run that is looked at."""
        if self.run is None:
            return False
        request = self.run.request
        return (request.prompt, reads_weights(request)) == (self.prompt, self.weighted)

    @property
    def maps(self) -> AttentionMaps | None:
        """Of the run, where its words are the ones that are shown."""
        run = self.run
        if run is None or not self.is_of_run or run.attention is None:
            return None
        return run.attention if run.attention.steps else None

    @property
    def records(self) -> bool:
        """Whether the model that is there has any attention to show, as far as is known."""
        return self.facts is None or not self.facts.no_attention

    @property
    def can_record(self) -> bool:
        """Whether the run can be made once more by the model that is there."""
        run, facts = self.run, self.facts
        if run is None or facts is None or run.trajectory is None or not self.records:
            return False
        return run.trajectory.model.weights_hash == facts.weights_hash

    @property
    def _repeats(self) -> bool:
        """Whether it would be the same picture then, bit for bit, as far as is known."""
        run, facts = self.run, self.facts
        if run is None or facts is None or run.trajectory is None or run.from_file:
            return False
        made_by = run.trajectory.model
        return (made_by.device, made_by.dtype) == (facts.device, facts.dtype)

    def why_no_maps(self) -> str:
        """A sentence saying why there is nothing to light up; "" where there is."""
        run = self.run
        if self.maps is not None:
            return ""
        if self.facts is not None and self.facts.no_attention:
            return self.facts.no_attention
        if run is None:
            return sentences.NO_RUN
        if not self.is_of_run:
            return sentences.OTHER_WORDS
        if run.no_attention:
            return run.no_attention
        if run.running:
            return sentences.NOT_RECORDED_YET if len(run) else sentences.NOT_YET
        if self.facts is None:
            return sentences.LOADING
        if not self.can_record:
            return sentences.other_model(run)
        return sentences.NO_MAPS if self._repeats else sentences.NO_MAPS_OF_FILE


def reads_weights(request: SamplingRequest) -> bool:
    """Whether weights are read in the prompt of a request."""
    return bool(request.extra.get("weighting"))
