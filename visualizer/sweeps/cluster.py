"""A sweep on a Ray cluster: one model a worker, this machine writes the files.

A call to a machine that has gone may wait for ever, so nothing here waits without an end: every
worker is asked for a sign of life, and what a silent one was making goes to the others.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from visualizer.diffusion.facts import ModelFacts
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import ModelIdentity
from visualizer.progress_line import ProgressLine
from visualizer.sweeps import cluster_connection
from visualizer.sweeps.cluster_worker import Made, Opened, SweepWorker, comparable
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import SweepFolder
from visualizer.sweeps.manifest import PlannedRun
from visualizer.sweeps.progress import SweepProgress

START = 600.0  # … for the first worker to have its model
ASK_EVERY = 2.0
SILENCE = 60.0  # … without a sign of life: a machine that has gone
STALL = 1800.0  # … without a step: a worker that hangs
LOOK = 0.25  # … between two looks at Ctrl+C
FETCH = 60.0
ATTEMPTS = 3
"""A batch that so many workers were lost over is given up: it may be what killed them."""


@dataclass(eq=False)
class _Worker:
    actor: Any
    number: int
    opened: Opened | None = None
    heard: float = field(default_factory=time.monotonic)
    moved: float = field(default_factory=time.monotonic)
    steps: int = -1
    part: float = 0.0
    batch: list[PlannedRun] | None = None
    question: Any = None
    asked: float = 0.0

    @property
    def name(self) -> str:
        node = "" if self.opened is None else f" on {self.opened.node}"
        return f"Worker {self.number}{node}"


@dataclass
class _Errand:
    """What is to be made: waiting batches, and where made ones go."""

    folder: SweepFolder
    progress: SweepProgress
    waiting: deque[list[PlannedRun]] = field(default_factory=deque)
    lost_over: Counter[str] = field(default_factory=Counter)

    def take(self, run: PlannedRun, made: Made) -> None:
        """One run has come back."""
        if made.failure:
            self.folder.note_failure(run, made.failure)
            self.progress.went_wrong(run.name, made.failure)
        else:
            self.folder.keep_bytes(run, made.content)
            self.progress.finished()

    def lost(self, batch: list[PlannedRun]) -> None:
        """The worker that made a batch has gone: it waits again, but not without an end."""
        self.lost_over[batch[0].name] += 1
        if self.lost_over[batch[0].name] < ATTEMPTS:
            self.waiting.appendleft(batch)
            return
        for run in batch:
            self.take(run, Made(failure=f"{ATTEMPTS} workers were lost while they made it."))


class Cluster:
    """Workers on a Ray cluster; enter it to start them, leave it to end them.

    Args:
        address: "auto" for the cluster that this machine belongs to, or HOST:PORT.
        model: a path that is the same on every machine; None is the built-in model.
        device: None takes GPUs where the cluster has some.
        workers: how many at most; None takes one for every GPU, or every CPU.
        environment: variables that the libraries of a worker read when they are imported.
        line: where to say what happens.
        cancelled: setting it ends every wait.

    Raises:
        SweepError: on entering, when there is no Ray, no cluster, or no worker with the model.
    """

    def __init__(
        self,
        address: str,
        *,
        model: Path | None,
        device: str | None,
        workers: int | None,
        environment: Mapping[str, str],
        line: ProgressLine,
        cancelled: threading.Event,
    ) -> None:
        self._address, self._line, self._cancelled = address, line, cancelled
        self._wanted = workers
        self._device = device
        self._arguments = (None if model is None else str(model.resolve()), dict(environment))
        self._quiet = ExitStack()
        self._ray: Any = None
        self._starting: dict[Any, _Worker] = {}
        self._living: list[_Worker] = []
        self._flights: dict[Any, _Worker] = {}
        self._opened: Opened | None = None

    @property
    def facts(self) -> ModelFacts:
        """Of the model, as the first worker found it."""
        assert self._opened is not None
        assert self._opened.facts is not None
        return self._opened.facts

    @property
    def identity(self) -> ModelIdentity:
        """Of the model, as the first worker found it."""
        assert self._opened is not None
        assert self._opened.identity is not None
        return self._opened.identity

    @property
    def workers(self) -> int:
        """How many have the model and are alive, as far as is known."""
        return len(self._living)

    def __enter__(self) -> Cluster:
        # Ray prints the end of a machine's log where our own output goes
        nothing = self._quiet.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        self._quiet.enter_context(redirect_stdout(nothing))
        try:
            self._ray = cluster_connection.connect(self._address)
            self._start()
            self._wait_for_the_first()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    # workers

    def _start(self) -> None:
        there = self._ray.cluster_resources()
        gpus, cpus = int(there.get("GPU", 0)), int(there.get("CPU", 0))
        on_gpu = gpus > 0 if self._device is None else self._device.startswith("cuda")
        if on_gpu and not gpus:
            raise SweepError("The cluster has no GPU. Try --device cpu.")
        most = gpus if on_gpu else cpus
        if most < 1:
            raise SweepError("The cluster has no free CPU: none of its machines offers one to Ray.")
        path, environment = self._arguments
        options: dict[str, Any] = {
            "num_cpus": 1,
            "num_gpus": 1 if on_gpu else 0,
            "max_restarts": 0,
            "scheduling_strategy": "SPREAD",
            "concurrency_groups": {"making": 1, "asking": 1},
        }
        kind = self._ray.remote(**options)(SweepWorker)
        for number in range(1, min(self._wanted or most, most) + 1):
            actor = kind.remote(path, self._device or (None if on_gpu else "cpu"), environment)
            worker = _Worker(actor, number)
            self._starting[self._call(worker, "open", "making")] = worker
        self._line.say(
            f"Opening the model on {_count(len(self._starting), 'worker')} of the cluster …"
        )

    def _wait_for_the_first(self) -> None:
        problems: list[str] = []
        end = time.monotonic() + START
        while self._starting and not self._living and time.monotonic() < end:
            for ref in self._ready(self._starting):
                problems.append(self._admit(ref))
            if self._cancelled.is_set():
                return
        if not self._living:
            why = next(filter(None, problems), "none had room for the model in time.")
            raise SweepError(f"No worker of the cluster could begin: {why}")

    def _admit(self, ref: Any) -> str:
        """Take a worker that has its model; the sentence why not otherwise."""
        worker = self._starting.pop(ref)
        try:
            opened: Opened = self._ray.get(ref, timeout=FETCH)
        except self._ray.exceptions.RayError as error:
            problem = _said_by(error)
            self._drop(worker)
        else:
            problem = opened.problem
            worker.opened = opened
            if not problem and self._opened is not None:
                other = comparable(self._opened, opened)
                problem = f"{other}. Give every machine the same." if other else ""
        if problem:
            if self._opened is not None:
                self._line.say(f"{worker.name} is not used: {problem}")
            self._drop(worker)
            return problem
        self._opened = self._opened or worker.opened
        worker.heard = worker.moved = time.monotonic()
        self._living.append(worker)
        return ""

    def _drop(self, worker: _Worker) -> None:
        with suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(worker.actor)

    def _end(self) -> None:
        with self._quiet:
            if self._ray is not None:
                for worker in [*self._living, *self._starting.values()]:
                    self._drop(worker)
                self._ray.shutdown()

    def _call(self, worker: _Worker, method: str, group: str, *arguments: Any) -> Any:
        remote = getattr(worker.actor, method)
        return remote.options(concurrency_group=group).remote(*arguments)

    def _ready(self, refs: Iterable[Any], wait: float = LOOK) -> list[Any]:
        refs = list(refs)
        if not refs:
            return []
        ready, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0)
        if not ready and wait:
            ready, _ = self._ray.wait(refs, num_returns=1, timeout=wait)
        return list(ready)

    # the sweep

    def check(self, request: SamplingRequest) -> None:
        """Refuse, before anything is made, what the model cannot sample.

        Raises:
            SweepError: with a sentence.
        """
        try:
            ref = self._call(self._living[0], "check", "making", request)
            problem = self._ray.get(ref, timeout=FETCH)
        except self._ray.exceptions.RayError as error:
            raise SweepError(
                f"{self._living[0].name} was lost before the first run. Try it again."
            ) from error
        if problem:
            raise SweepError(problem)

    def make(
        self,
        folder: SweepFolder,
        runs: Sequence[PlannedRun],
        *,
        pictures: str,
        at_once: int,
        progress: SweepProgress,
    ) -> None:
        """Have runs made all over the cluster, and write what comes back.

        Raises:
            SweepError: when files cannot be written, or no worker is left.
        """
        errand = _Errand(folder, progress)
        errand.waiting.extend([*runs[i : i + at_once]] for i in range(0, len(runs), at_once))
        while (errand.waiting or self._flights) and not self._cancelled.is_set():
            for worker in self._living:
                if worker.batch is None and errand.waiting:
                    worker.batch = errand.waiting.popleft()
                    requests = [run.request for run in worker.batch]
                    worker.moved = time.monotonic()
                    ref = self._call(worker, "make", "making", requests, pictures, at_once)
                    self._flights[ref] = worker
            if not self._living:
                self._wait_for_another(errand)
                continue
            for ref in self._ready([*self._flights, *self._starting]):
                if ref in self._starting:
                    self._admit(ref)
                else:
                    self._land(ref, errand)
            for worker in self._silent():
                self._lose(worker, errand)
            progress.at_work(sum(worker.part for worker in self._living))

    def _wait_for_another(self, errand: _Errand) -> None:
        """The last one was lost: another may still be opening its model."""
        end = time.monotonic() + SILENCE
        while self._starting and not self._living and time.monotonic() < end:
            for ref in self._ready(self._starting):
                self._admit(ref)
            if self._cancelled.is_set():
                return
        if not self._living:
            done, total = errand.progress.done, errand.progress.total
            raise SweepError(
                f"All workers of the cluster were lost. {done} of {total} runs are in "
                f"'{errand.folder.path}': the same command goes on from there.",
                began=True,
            )

    def _land(self, ref: Any, errand: _Errand) -> None:
        """A batch has come back."""
        worker = self._flights[ref]
        try:
            found: list[Made] = self._ray.get(ref, timeout=FETCH)
        except self._ray.exceptions.RayTaskError as error:
            found = [Made(failure=_said_by(error))] * len(worker.batch or ())
        except self._ray.exceptions.RayError:
            self._lose(worker, errand)
            return
        if any(made.device_lost for made in found):
            self._lose(worker, errand)
            return
        del self._flights[ref]
        batch, worker.batch, worker.part = worker.batch or [], None, 0.0
        worker.heard = worker.moved = time.monotonic()
        for run, made in zip(batch, found, strict=True):
            errand.take(run, made)

    def _silent(self) -> list[_Worker]:
        """Ask every worker for a sign of life; those that gave none for too long."""
        now = time.monotonic()
        questions = {w.question: w for w in self._living if w.question is not None}
        gone = []
        for ref in self._ready(questions, wait=0):
            worker = questions[ref]
            worker.question = None
            try:
                steps, worker.part = self._ray.get(ref, timeout=FETCH)
            except self._ray.exceptions.RayError:
                gone.append(worker)
                continue
            worker.heard = now
            if steps != worker.steps:
                worker.steps, worker.moved = steps, now
        for worker in self._living:
            if worker.question is None and now - worker.asked >= ASK_EVERY:
                worker.asked = now
                worker.question = self._call(worker, "sign_of_life", "asking")
            hangs = worker.batch is not None and now - worker.moved > STALL
            if worker not in gone and (now - worker.heard > SILENCE or hangs):
                gone.append(worker)
        return gone

    def _lose(self, worker: _Worker, errand: _Errand) -> None:
        """A worker has gone: what it was making goes to the others."""
        self._living.remove(worker)
        self._flights = {ref: w for ref, w in self._flights.items() if w is not worker}
        self._drop(worker)
        batch = worker.batch or []
        self._line.say(
            f"{worker.name} was lost; "
            + (f"its {_count(len(batch), 'run')} will be made anew." if batch else "it had no run.")
        )
        if batch:
            errand.lost(batch)


def _said_by(error: Exception) -> str:
    """The last thing that an error of another machine says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any("No module named 'visualizer" in line for line in lines):
        return (
            "this program is not installed on a machine of the cluster. Install the same version "
            "on all of them."
        )
    return lines[-1][:300] if lines else type(error).__name__


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
