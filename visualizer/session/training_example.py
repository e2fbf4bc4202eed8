"""The worked example: draws the dice of one training example, and has the worker work it out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.session.errands import Errand, Errands

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.session.worker import Worker
    from visualizer.training.worked_example import StepTaken, WorkedExample

PIPELINE = "StableDiffusionPipeline"
"""What the built-in model is."""
LOADING = "The model is being loaded …"
NOT_OF_THIS_MODEL = (
    "The example is one of the drawings that the built-in model learned from. Choose it above to "
    "see what its training asked of it."
)
_TIMES, _NOISES = 1000, 2**31


class TrainingExample(QObject):
    """One question; the newest wish wins."""

    asked = Signal()
    """``numbers`` are others; the answer follows, where there is a model to ask."""
    worked = Signal(object)
    """WorkedExample of ``question``."""
    step_taken = Signal(object)
    """StepTaken for ``question``."""
    failed = Signal(object)
    """Failure."""

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._errands = Errands(worker, self)
        self._dice = random.Random(7)
        self._working: Errand | None = None
        self.numbers = (0, 400, 0)
        """Scene, timestep and seed of the noise."""
        self.example: WorkedExample | None = None
        self.taken: StepTaken | None = None
        self.why_not = LOADING
        """A sentence where there is nothing to see, else ""."""

    @property
    def scenes(self) -> int:
        """How many drawings the training had."""
        from visualizer.training.command import SCENES

        return SCENES

    def set_facts(self, facts: ModelFacts, *, builtin: bool) -> None:
        """Another model is there."""
        self._errands.cancel()
        self._working, self.example, self.taken = None, None, None
        self.why_not = "" if builtin and facts.pipeline_class == PIPELINE else NOT_OF_THIS_MODEL

    def draw(self, *, scene: bool = False, time: bool = False, noise: bool = False) -> None:
        """Throw these dice anew, and work it out."""
        old, dice = self.numbers, self._dice
        self.numbers = (
            dice.randrange(self.scenes) if scene else old[0],
            dice.randrange(_TIMES) if time else old[1],
            dice.randrange(_NOISES) if noise else old[2],
        )
        self.work()

    def set_timestep(self, timestep: int) -> None:
        """Choose the time by hand."""
        self.numbers = (self.numbers[0], timestep, self.numbers[2])
        self.work()

    def set_noise_share(self, share: float) -> None:
        """The time at which this share of x_t is noise, 0…1; also before a model is there."""
        from visualizer.training.noise_shares import timestep_of

        self.set_timestep(timestep_of(share))

    def work(self) -> None:
        """Work the question out once more; what is under way for another one is let go."""
        self.asked.emit()
        if self.why_not:
            return
        if self._working is not None:
            self._working.cancel()
        numbers = self.numbers

        def answered(model: Any, _errand: Errand) -> WorkedExample:
            from visualizer.training.worked_example import ExampleQuestion, work_example

            return work_example(model, ExampleQuestion(*numbers))

        self._working = self._errands.send(
            "The example cannot be worked out.",
            answered,
            self._on_worked,
            self.failed.emit,
            urgent=True,
        )

    def take_step(self) -> None:
        """What one step on this example would do; ``step_taken`` follows."""
        if self.why_not:
            return
        numbers = self.numbers

        def taken(model: Any, _errand: Errand) -> StepTaken:
            from visualizer.training.worked_example import ExampleQuestion, take_step

            return take_step(model, ExampleQuestion(*numbers))

        self._errands.send(
            "The step cannot be taken.", taken, self._on_taken, self.failed.emit, urgent=True
        )

    def close(self) -> None:
        """Nothing is left running."""
        self._errands.cancel()

    def _on_worked(self, example: WorkedExample) -> None:
        self._working, self.example, self.taken = None, example, None
        self.worked.emit(example)

    def _on_taken(self, taken: StepTaken) -> None:
        self.taken = taken
        self.step_taken.emit(taken)
