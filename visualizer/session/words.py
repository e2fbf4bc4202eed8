"""Words: what a prompt does, word by word: read, compared, left out, and pressed harder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.session.errands import AGAIN, Errand, Errands

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.worker import Sample, Worker

_NO_MODEL = "There is no model yet."


@dataclass(frozen=True, eq=False)
class SwapResult:
    """Two runs that differ in their words only, made with the same noise.

    Attributes:
        runs: both, without a decoder; ``Timeline.of`` shows them.
        differences: (steps,) how far the two guesses are apart as pictures at each step: the root
            mean square over all pixels, 0 equal … 1 black against white.
        first_visible: the step from which on they differ visibly; None where they never do.
        pictures: both at the end.
        visible_before: how far they were apart before that, where that went again; 0 where they
            were not, visibly.
    """

    runs: tuple[Trajectory, Trajectory]
    differences: FloatArray
    first_visible: int | None
    pictures: tuple[Picture, Picture]
    visible_before: float = 0.0


class Words(QObject):
    """Asks the worker what the loaded model makes of words; the newest wish of a kind counts.

    Pictures are made one at a time, behind whatever is decoded for the playhead. For a run of the
    person the one at hand is given up within a step, and made again after it.
    """

    reading_ready = Signal(object)
    """WordReading of the prompt given to ``read``."""
    refused = Signal(str)
    """A sentence saying why that prompt cannot be read."""
    nearest_ready = Signal(str, list)
    """The word given to ``nearest``, and (word, cosine) of those near it; none of unknown words."""
    swap_progressed = Signal(float)
    """0…1 of the steps of both runs."""
    swap_ready = Signal(object)
    """SwapResult."""
    strip_progressed = Signal(int, object)
    """Which of the pictures asked for is there, and the picture."""
    strip_ended = Signal()
    """All of them are there."""
    failed = Signal(object)
    """Failure of a swap or a strip: no more of it will come."""

    def __init__(
        self, worker: Worker, parent: QObject | None = None, *, sample: Sample | None = None
    ) -> None:
        """
        Args:
            sample: ``visualizer.diffusion.sample`` when None.
        """
        super().__init__(parent)
        self._sample = sample
        self._reading, self._nearing, self._swapping, self._stripping = (
            Errands(worker, self) for _ in range(4)
        )
        self._facts: ModelFacts | None = None

    # --- what can be done ---------------------------------------------------------------------

    @property
    def why_not(self) -> str:
        """A sentence saying why no maps of attention can be recorded, or ""."""
        return _NO_MODEL if self._facts is None else self._facts.no_attention

    @property
    def why_no_swap(self) -> str:
        """A sentence saying why no words can be swapped, or ""."""
        return _NO_MODEL if self._facts is None else ""

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model: what the former one was asked is called off."""
        self.close()
        self._facts = facts

    def set_busy(self, busy: bool) -> None:
        """Whether a normal run is asked for: swaps and strips stand back until its end."""
        for errands in (self._swapping, self._stripping):
            errands.set_busy(busy)

    def close(self) -> None:
        """Call off everything."""
        for errands in (self._reading, self._nearing, self._swapping, self._stripping):
            errands.cancel()

    # --- reading ------------------------------------------------------------------------------

    def read(self, prompt: str, *, weighted: bool = False) -> None:
        """Ask how the text encoder reads a prompt: ``reading_ready`` or ``refused`` follows.

        Args:
            weighted: whether weights are read in it.
        """

        def work(model: Any, _errand: Errand) -> Any:
            from visualizer.diffusion.word_reading import read_words

            return read_words(_there(model), prompt, weighted=weighted)

        self._reading.cancel()
        self._reading.send(
            "The prompt cannot be read.",
            work,
            self.reading_ready.emit,
            lambda failure: self.refused.emit(failure.detail),
            urgent=True,
        )

    def nearest(self, word: str, count: int = 5) -> None:
        """Ask which words the text encoder sees nearest to one: ``nearest_ready`` follows."""

        def work(model: Any, _errand: Errand) -> Any:
            from visualizer.diffusion.word_reading import nearest_words

            return nearest_words(_there(model), word, count)

        self._nearing.cancel()
        self._nearing.send(
            "The words near it cannot be found.",
            work,
            lambda near: self.nearest_ready.emit(word, near),
            lambda _failure: self.nearest_ready.emit(word, []),
            urgent=True,
        )

    # --- swapping -----------------------------------------------------------------------------

    def compare(
        self, a: SamplingRequest, b: SamplingRequest, *, made: Trajectory | None = None
    ) -> None:
        """Make two runs that differ in their words: ``swap_ready`` or ``failed`` follows.

        Args:
            made: the finished run of ``a``, where there is one; else it is made, too.
        """
        whole = made is not None and not made.cancelled and made.request == a
        runs: list[Trajectory] = [made] if made is not None and whole else []
        coming = [a, b][len(runs) :]
        first = len(runs)
        apart: list[float] = []
        measuring: Iterator[float] | None = None

        def work(model: Any, errand: Errand) -> Any:
            nonlocal measuring
            n = len(runs) - first
            if n < len(coming):
                run = self._made(model, coming[n], errand, (n / len(coming), 1 / len(coming)))
                if run is not None:
                    runs.append(run)
                return AGAIN
            if measuring is None:
                from visualizer.diffusion.word_swap import guesses_apart

                measuring = guesses_apart(_there(model), runs[0], runs[1])
            for distance in measuring:
                apart.append(distance)
                if errand.stand_back.is_set():
                    return AGAIN
            return _swap_result(runs[0], runs[1], apart)

        self.cancel_swap()
        self._swapping.send(
            "The words cannot be compared.",
            work,
            self.swap_ready.emit,
            self.failed.emit,
            told=self.swap_progressed.emit,
        )

    def cancel_swap(self) -> None:
        """Call off ``compare``; nothing more is heard of it."""
        self._swapping.cancel()

    # --- strips -------------------------------------------------------------------------------

    def strip(self, request: SamplingRequest, scales: Iterable[float | None]) -> None:
        """Make one picture a guidance scale, of the same noise; ``strip_progressed`` follows.

        Args:
            scales: None is no guidance, which is 1.
        """
        self._make_strip([replace(request, guidance_scale=1.0 if s is None else s) for s in scales])

    def unprompted(self, request: SamplingRequest, seeds: Iterable[int]) -> None:
        """Make one picture a seed from no words at all; ``strip_progressed`` follows."""
        from visualizer.diffusion.starts import FROM_SEED

        silent = replace(
            request, prompt="", negative_prompt=None, guidance_scale=1.0, start=FROM_SEED
        )
        self._make_strip([replace(silent, seed=seed) for seed in seeds])

    @property
    def painting(self) -> bool:
        """Whether pictures of a swap or a strip are on their way."""
        return self._swapping.busy or self._stripping.busy

    def cancel_strip(self) -> None:
        """Call off ``strip`` or ``unprompted``; nothing more is heard of it."""
        self._stripping.cancel()

    def _make_strip(self, requests: Sequence[SamplingRequest]) -> None:
        made = 0

        def work(model: Any, errand: Errand) -> Any:
            nonlocal made
            if made == len(requests):
                return None
            run = self._made(model, requests[made], errand)
            if run is not None:
                errand.tell((made, run.final))
                made += 1
            return AGAIN

        self.cancel_strip()
        self._stripping.send(
            "The pictures cannot be made.",
            work,
            lambda _: self.strip_ended.emit(),
            self.failed.emit,
            told=lambda told: self.strip_progressed.emit(*told),
        )

    # --- on the worker's thread ---------------------------------------------------------------

    def _made(
        self,
        model: Any,
        request: SamplingRequest,
        errand: Errand,
        progress: tuple[float, float] | None = None,
    ) -> Trajectory | None:
        """One whole run; None where it had to stand back, and must be made again.

        Args:
            progress: (where, how much) of what is told on the way.
        """
        from visualizer.diffusion.model_folder import ModelError

        steps = len(_there(model).plan(request).levels)

        def on_step(step: Any) -> None:
            if progress is not None:
                begun, share = progress
                errand.tell(begun + share * (step.index + 1) / steps)

        run: Trajectory = self._sample_function()(
            model, request, on_step=on_step, cancelled=errand.stand_back
        )
        if not run.cancelled:
            return run.with_decoder(None)
        if errand.stand_back.is_set():
            return None
        raise ModelError(run.notice)

    def _sample_function(self) -> Callable[..., Trajectory]:
        if self._sample is not None:
            return self._sample
        from visualizer.diffusion.sampling import sample

        return sample


def _there(model: Any) -> Any:
    from visualizer.diffusion.model_folder import ModelError

    if model is None:
        raise ModelError("There is no model yet. Open one first.")
    return model


def _swap_result(a: Trajectory, b: Trajectory, apart: Sequence[float]) -> SwapResult:
    import numpy as np

    from visualizer.diffusion.arrays import read_only
    from visualizer.diffusion.word_swap import first_visible, visible_before

    assert a.final is not None
    assert b.final is not None
    return SwapResult(
        (a, b),
        read_only(np.array(apart, dtype=np.float32)),
        first_visible(apart),
        (a.final, b.final),
        visible_before(apart),
    )
