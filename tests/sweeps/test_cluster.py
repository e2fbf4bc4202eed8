"""Sweeps on a Ray cluster: a real one of two nodes, and a stand-in for what takes too long."""

from __future__ import annotations

import importlib
import itertools
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.example_runs import make_run
from tests.sweeps.sweep_setup import IDENTITY, wanted
from visualizer.diffusion import Model, SamplingRequest, Trajectory, sample_many
from visualizer.progress_line import ProgressLine
from visualizer.sweeps import cluster, cluster_connection, stored
from visualizer.sweeps.cluster import Cluster
from visualizer.sweeps.cluster_connection import check_address
from visualizer.sweeps.cluster_worker import Made, Opened, SweepWorker, comparable
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import SweepFolder, read_failures
from visualizer.sweeps.progress import SweepProgress

ROOT = Path(__file__).parents[2]
PROMPTS = ("a red Ferrari on a mountain road at sunset", "a blue boat on a lake at night")


def test_two_nodes_one_of_which_dies_half_way(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("\n".join(PROMPTS), encoding="utf-8")
    folder = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "tests.sweeps.two_nodes", tmp_path / "prompts.txt", folder],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Opening the model on 2 workers" in done.stderr
    assert re.search(r"removing a node after (2|4)\n", done.stderr)
    assert done.stderr.count("was lost;") == 1
    assert done.stdout == f"{folder}\n"
    made = [Trajectory.open(path) for path in sorted(folder.glob("*.denoise"))]
    asked = [(run.request.prompt, run.request.seed) for run in made]
    assert sorted(asked) == sorted((prompt, seed) for prompt in PROMPTS for seed in range(6))
    assert {run.model.batch_size for run in made} == {2}
    assert {run.model.threads for run in made} == {1}
    _same_as_here([run for run in made if run.request.seed == 5])


def _same_as_here(there: list[Trajectory]) -> None:
    """A picture is the same wherever it is made, with as many threads and in such a batch."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        here = sample_many(Model.builtin(device="cpu"), [run.request for run in there])
    finally:
        torch.set_num_threads(threads)
    for a, b in zip(here, there, strict=True):
        assert a.final is not None
        assert b.final is not None
        assert np.abs(a.final.astype(int) - b.final.astype(int)).max() <= 1


# --- What would take minutes on a real cluster ----------------------------------------------------


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class GetTimeoutError(RayError):
    pass


@dataclass(eq=False)
class Ref:
    """A promise; without an answer it is never kept."""

    answer: Callable[[], Any] | None = None


@dataclass
class StandInRay:
    """The few calls of Ray that a sweep makes, with workers that do as a test says.

    Attributes:
        answers: by (number of the worker, method): what it gives back, or an error; None never
            comes back.
    """

    answers: Callable[[int, str, tuple[Any, ...]], Callable[[], Any] | None]
    resources: dict[str, float] = field(default_factory=lambda: {"CPU": 2.0})
    killed: list[int] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    started: int = 0
    over: bool = False

    class exceptions:  # noqa: N801
        RayError = RayError
        RayTaskError = RayTaskError

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def remote(self, **options: Any) -> Any:
        """What makes an actor class of a class."""
        self.options.update(options)
        return lambda _kind: StandInClass(self)

    def kill(self, actor: Any) -> None:
        self.killed.append(actor.number)

    def shutdown(self) -> None:
        self.over = True

    def wait(self, refs: list[Ref], num_returns: int, timeout: float) -> Any:
        ready = [ref for ref in refs if ref.answer is not None][:num_returns]
        return ready, [ref for ref in refs if ref not in ready]

    def get(self, ref: Ref, timeout: float) -> Any:
        if ref.answer is None:
            raise GetTimeoutError("no answer")
        return ref.answer()


@dataclass
class StandInClass:
    ray: StandInRay

    def remote(self, *_: Any) -> StandInActor:
        self.ray.started += 1
        return StandInActor(self.ray.started, self.ray)


@dataclass
class StandInActor:
    number: int
    ray: StandInRay

    def __getattr__(self, method: str) -> Any:
        return StandInMethod(self, method)


@dataclass
class StandInMethod:
    actor: StandInActor
    name: str

    def options(self, concurrency_group: str) -> StandInMethod:
        assert concurrency_group in self.actor.ray.options["concurrency_groups"]
        return self

    def remote(self, *arguments: Any) -> Ref:
        return Ref(self.actor.ray.answers(self.actor.number, self.name, arguments))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs a sweep of six runs, two at a time, on workers that do as told."""
    monkeypatch.setattr(cluster, "LOOK", 0.0)
    monkeypatch.setattr(cluster, "ASK_EVERY", 0.0)

    def run(
        answers: Callable[[int, str, tuple[Any, ...]], Callable[[], Any] | None],
        **more: Any,
    ) -> tuple[StandInRay, SweepProgress, list[str]]:
        ray = StandInRay(answers, **more)
        monkeypatch.setattr(cluster_connection, "connect", lambda address: ray)
        said: list[str] = []
        line = ProgressLine(quiet=True)
        monkeypatch.setattr(line, "say", said.append)
        workers = Cluster(
            "auto",
            model=None,
            device=None,
            workers=None,
            environment={},
            line=line,
            cancelled=threading.Event(),
        )
        try:
            with SweepFolder(tmp_path) as folder, workers:
                workers.check(SamplingRequest("a car"))
                _, missing = folder.begin(wanted(["a car"], range(6)))
                progress = SweepProgress(6, 6 - len(missing), line)
                workers.make(folder, missing, pictures="final", at_once=2, progress=progress)
        finally:
            assert ray.over
        return ray, progress, said

    return run


def opened(number: int, **changes: Any) -> Opened:
    facts: Any = object()
    return replace(Opened(f"node{number}", identity=IDENTITY, facts=facts), **changes)


def make(requests: list[SamplingRequest]) -> list[Made]:
    runs = [make_run(4, request=r, pictures=False) for r in requests]
    return [Made(stored.as_bytes(run, "final")) for run in runs]


def willing(number: int, method: str, arguments: tuple[Any, ...]) -> Callable[[], Any]:
    """A worker that does all that it should."""
    if method == "open":
        return lambda: opened(number)
    if method == "sign_of_life":
        return lambda: (1, 0.5)
    if method == "check":
        return lambda: ""
    return lambda: make(arguments[0])


def files(path: Path) -> int:
    return len([Trajectory.open(found) for found in path.glob("*.denoise")])


def test_all_workers_willing(stage: Any, tmp_path: Path) -> None:
    ray, progress, said = stage(willing)
    assert files(tmp_path) == progress.done == 6
    assert said[0] == "Opening the model on 2 workers of the cluster …"
    assert said[1].startswith("Picture 6 of 6")
    assert ray.options["num_gpus"] == 0
    assert ray.options["max_restarts"] == 0


def test_a_cluster_with_gpus_uses_them(stage: Any) -> None:
    ray, _, _ = stage(willing, resources={"CPU": 64.0, "GPU": 3.0})
    assert ray.started == 3
    assert ray.options["num_gpus"] == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: "There is no sampler 'magic'.", "no sampler 'magic'"),
        (None, "Worker 1 on node1 was lost before the first run"),
    ],
)
def test_what_cannot_be_sampled_is_refused_at_once(
    stage: Any, tmp_path: Path, answer: Any, said: str
) -> None:
    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        return answer if method == "check" else willing(number, method, arguments)

    with pytest.raises(SweepError, match=said):
        stage(answers)
    assert not (tmp_path / "sweep.json").exists()


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a hundredth of a second whenever it is looked at."""
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / 100)
    monkeypatch.setattr(cluster, "time", clock)


@pytest.mark.usefixtures("ticking")
def test_a_silent_worker_is_given_up(
    stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SILENCE", 0.2)

    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        silent = number == 2 and method in ("make", "sign_of_life")
        return None if silent else willing(number, method, arguments)

    ray, _, said = stage(answers)
    assert files(tmp_path) == 6
    assert said[1] == "Worker 2 on node2 was lost; its 2 runs will be made anew."
    assert 2 in ray.killed


@pytest.mark.usefixtures("ticking")
def test_a_worker_that_hangs_though_it_answers_is_given_up(
    stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "STALL", 0.2)

    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        hangs = number == 2 and method == "make"
        return None if hangs else willing(number, method, arguments)

    stage(answers)
    assert files(tmp_path) == 6


def test_with_no_worker_left_it_stops_and_can_go_on(stage: Any, tmp_path: Path) -> None:
    made = 0

    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        def die() -> Any:
            raise RayError("The actor died")

        nonlocal made
        if method == "make":
            made += 1
            if made > 1:
                return die
        return willing(number, method, arguments)

    with pytest.raises(SweepError, match=r"2 of 6 runs are in .* the same command goes on") as hit:
        stage(answers)
    assert hit.value.began
    assert files(tmp_path) == 2
    _, progress, _ = stage(willing)
    assert progress.done == files(tmp_path) == 6


def test_a_batch_that_kills_its_workers_is_given_up(stage: Any, tmp_path: Path) -> None:
    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        def die() -> Any:
            raise RayError("The actor died")

        poison = method == "make" and arguments[0][0].seed == 2
        return die if poison else willing(number, method, arguments)

    _, progress, _ = stage(answers, resources={"CPU": 5.0})
    assert (progress.done, progress.failed) == (4, 2)
    assert files(tmp_path) == 4
    assert set(read_failures(tmp_path).values()) == {"3 workers were lost while they made it."}


def test_a_worker_whose_gpu_is_lost_is_given_up(stage: Any, tmp_path: Path) -> None:
    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        if method == "make" and number == 2:
            return lambda: [Made(failure="The GPU stopped answering.", device_lost=True)] * 2
        return willing(number, method, arguments)

    _, progress, said = stage(answers)
    assert (progress.failed, files(tmp_path)) == (0, 6)
    assert said[1].startswith("Worker 2 on node2 was lost")


def test_what_a_worker_cannot_make_is_recorded(stage: Any, tmp_path: Path) -> None:
    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        def some() -> list[Made]:
            first, second = make(arguments[0])
            return [first, replace(second, content=b"", failure="It overflowed.")]

        def broken() -> Any:
            raise RayTaskError("Traceback\n  File\nKeyError: 'x'")

        if method == "make" and arguments[0][0].seed:
            return some if arguments[0][0].seed == 2 else broken
        return willing(number, method, arguments)

    _, progress, _ = stage(answers)
    assert (progress.done, progress.failed) == (3, 3)
    assert sorted(read_failures(tmp_path).values()) == [
        "It overflowed.",
        "KeyError: 'x'",
        "KeyError: 'x'",
    ]


def test_workers_that_would_make_other_pictures_are_not_used(stage: Any, tmp_path: Path) -> None:
    def answers(number: int, method: str, arguments: tuple[Any, ...]) -> Any:
        other = replace(IDENTITY, versions={"torch": "9"})
        if method == "open" and number == 2:
            return lambda: opened(2, identity=other)
        assert number == 1 or method == "open"
        return willing(number, method, arguments)

    _, _, said = stage(answers)
    assert files(tmp_path) == 6
    assert said[1].startswith("Worker 2 on node2 is not used: it has torch 9, not 2.13.0.")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"node": "elsewhere"}, ""),
        ({"program": "0.0.0"}, "version 0.0.0 of this program"),
        ({"identity": replace(IDENTITY, weights_hash="x")}, "its model is another one"),
        ({"identity": replace(IDENTITY, device="cuda")}, "its model is another one"),
        ({"identity": replace(IDENTITY, threads=7, name="x")}, ""),
    ],
)
def test_who_can_work_together(changes: dict[str, Any], why: str) -> None:
    found = comparable(opened(1), opened(2, **changes))
    assert why in found
    assert bool(why) == bool(found)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: opened(1, problem="There is no folder '/models/x'."), "There is no folder"),
        (None, "none had room for the model in time"),
    ],
)
def test_no_worker_could_begin(
    stage: Any, monkeypatch: pytest.MonkeyPatch, answer: Any, said: str
) -> None:
    monkeypatch.setattr(cluster, "START", 0.2)
    with pytest.raises(SweepError, match=said):
        stage(lambda *_: answer)


@pytest.mark.parametrize(
    ("resources", "said"), [({}, "no free CPU"), ({"GPU": 1.0}, "No worker of the cluster")]
)
def test_clusters_without_room(
    stage: Any, monkeypatch: pytest.MonkeyPatch, resources: dict[str, float], said: str
) -> None:
    monkeypatch.setattr(cluster, "START", 0.0)
    with pytest.raises(SweepError, match=said):
        stage(lambda *_: None, resources=resources)


# --- Connecting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://head:10001", "not supported"),
        ("nonsense", "no address of a Ray cluster"),
        ("host:99999", "no address of a Ray cluster"),
        ("", "no address of a Ray cluster"),
        ("127.0.0.1:1", "Nothing answers at 127.0.0.1:1"),
    ],
)
def test_addresses_that_lead_nowhere(address: str, said: str) -> None:
    with pytest.raises(SweepError, match=said):
        check_address(address)


def test_without_ray_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(SweepError, match=r"pip install 'denoising-visualizer\[cluster\]'"):
        cluster_connection.connect("auto")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import time; time.sleep(60)", "Ray did not answer in time"),
        (
            "import sys; sys.exit('Version mismatch: The cluster was started with:\\n"
            "    Ray: 2.1\\n    Python: 3.9')",
            "different versions of Ray or Python.* Ray: 2.1; Python: 3.9",
        ),
        ("import os; os.abort()", "No Ray cluster can be reached on this machine"),
        ("import sys; sys.exit('Could not find any.')", r"\(Could not find any\)"),
    ],
)
def test_a_trial_in_another_process_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setattr(cluster_connection, "_TRIAL", program)
    monkeypatch.setattr(cluster_connection, "CONNECT", 1.0)
    with pytest.raises(SweepError, match=said):
        cluster_connection.try_out("auto")


def test_a_worker_opens_and_makes() -> None:
    worker = SweepWorker(None, "cpu", {})
    found = worker.open()
    assert found.problem == ""
    assert found.identity is not None
    assert found.identity.name == "Built-in"
    good = SamplingRequest("a boat", seed=1, steps=2, guidance_scale=3.0)
    made = worker.make([good, replace(good, sampler="magic")], "final", 2)
    assert made[0].content[8:9] == b"{"
    assert "magic" in made[1].failure
    assert worker.check(good) == ""
    assert "magic" in worker.check(replace(good, sampler="magic"))
    steps, part = worker.sign_of_life()
    assert steps > 2
    assert part == 0


def test_a_worker_without_the_model_says_so(tmp_path: Path) -> None:
    assert SweepWorker(str(tmp_path / "none"), "cpu", {}).open().problem.endswith(".")
