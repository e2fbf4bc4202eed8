"""What the live lab costs: its pace against the bare loop, and the window's heartbeat meanwhile.

The same network, drawings and batch, in two ways taken by turns in one process: with the program's
lab on its worker, in slices, telling and painting as it does in the window; and as the loop that
one would write in a notebook. A round of the lab goes from one set of samples to the next, so that
each has its share of them, and one of the bare loop is as long. Medians of their paces. The
heartbeat is that of the real window with the lab's page in it; see ``bench_heartbeat``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from visualizer.session.session import Session
    from visualizer.training.live_lab import LiveLab

Moment = tuple[int, float, float]
"""Pictures shown, the time, and the processor time of the thread that shows them."""
Paces = tuple[float, float]
"""Pictures a second, and a second of processor time: what other programs disturb less."""
ROUNDS = 5
HEART_S = 30.0
LONGEST_S = 900


def main() -> None:
    """Measure the pace, then the heartbeat, each in a process of its own."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["DENOISING_VISUALIZER_HOME"] = home
        pace = _child("from benchmarks.bench_live_lab import pace; pace()")
        heart = _child("from benchmarks.bench_live_lab import heartbeat; heartbeat()")
    print(f"live lab, pictures a second ÷ bare loop: {pace['ratio']:.3f} (target ≥ 0.95)")
    print(f"live lab, pictures a second: {pace['lab']:.0f}")
    print(f"bare loop, pictures a second: {pace['bare']:.0f}")
    print(f"the same ratio in processor time of the two threads: {pace['ratio_cpu']:.3f}")
    print(f"live lab, pictures a second of processor time: {pace['lab_cpu']:.0f}")
    print(f"heartbeat while the lab trains, p99: {heart['p99']:.1f} ms (target ≤ 8 ms)")
    print(f"heartbeat while the lab trains, worst: {heart['worst']:.1f} ms")


def _child(code: str) -> dict[str, float]:
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=LONGEST_S
    ).stdout
    found: dict[str, float] = json.loads(output)
    return found


def pace() -> None:
    """The two loops by turns, after all drawings are there, on threads that stand back alike."""
    from PySide6.QtCore import QCoreApplication

    from visualizer.session.jobs import JobThread
    from visualizer.session.train_lab import LEARNING_RATE, TrainLab
    from visualizer.session.worker import NICENESS, Worker
    from visualizer.training.live_lab import DRAWINGS, LiveLab, open_autoencoder

    application = QCoreApplication([])
    _leave_one_processor()
    worker = Worker(lambda _folder, _say: None)
    lab = TrainLab(worker)

    def let(ended: Callable[[], bool]) -> None:
        while not ended():
            application.processEvents()
            time.sleep(0.005)

    lab.start(0, LEARNING_RATE)
    let(lambda: lab.last.drawings >= DRAWINGS)
    lab.pause()
    own = LiveLab(open_autoencoder(), 0, LEARNING_RATE)
    own.drawings.add(DRAWINGS)
    bare = _bare(own)
    heard: list[Moment] = []
    painted: list[object] = []
    lab.sampled.connect(painted.append)
    clock = _clock_of("diffusion")
    lab.progressed.connect(
        lambda now: heard.append((now.pictures, time.perf_counter(), time.clock_gettime(clock)))
    )
    other = JobThread("bare", lambda error: print(error, file=sys.stderr), niceness=NICENESS)
    found: list[tuple[Paces, Paces]] = []
    for _ in range(1 + ROUNDS):  # the first one only gets to a set of samples
        heard.clear()
        painted.clear()
        lab.start(0, LEARNING_RATE)
        let(lambda: bool(painted))
        lab.pause()
        first, last = heard[0], heard[-1]
        theirs: list[Paces] = []
        long = last[1] - first[1]
        other.post(lambda into=theirs, long=long: into.append(bare(long)))  # type: ignore[misc]
        let(lambda into=theirs: bool(into))  # type: ignore[misc]
        found.append((_paces(first, last), theirs[0]))
    del found[0]
    lab.close()
    worker.close()
    other.close()
    worker.join(LONGEST_S)
    median = statistics.median
    print(
        json.dumps(
            {
                "ratio": median(ours[0] / theirs[0] for ours, theirs in found),
                "ratio_cpu": median(ours[1] / theirs[1] for ours, theirs in found),
                "lab": median(ours[0] for ours, _ in found),
                "bare": median(theirs[0] for _, theirs in found),
                "lab_cpu": median(ours[1] for ours, _ in found),
            }
        )
    )


def _paces(first: Moment, last: Moment) -> Paces:
    pictures = last[0] - first[0]
    return pictures / (last[1] - first[1]), pictures / (last[2] - first[2])


def _clock_of(name: str) -> int:
    """The processor time of a thread."""
    (thread,) = [each for each in threading.enumerate() if each.name == name]
    assert thread.ident is not None
    return time.pthread_getcpuclockid(thread.ident)


def _leave_one_processor() -> None:
    """As many threads as the window's worker has."""
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() - 1))


def _bare(lab: LiveLab) -> Callable[[float], Paces]:
    """The dozen lines with nothing around them: no slices, no words, no pictures; for seconds."""
    import torch
    import torch.nn.functional as F

    from visualizer.training.denoiser import alphas_cumprod
    from visualizer.training.lab_subjects import BATCH

    denoiser, alpha_bars = lab.denoiser, alphas_cumprod()
    optimizer = torch.optim.AdamW(denoiser.parameters(), 2e-3, betas=(0.9, 0.99), fused=True)
    weights: list[torch.Tensor] = [*denoiser.parameters()]
    averages = [weight.detach().clone() for weight in weights]
    dice = torch.Generator().manual_seed(0)

    def step() -> None:
        x0, subject = lab.drawings.choose(dice)
        t = torch.randint(0, 1000, (BATCH,), generator=dice)
        eps = torch.randn(x0.shape, generator=dice)
        alpha_bar = alpha_bars[t].view(-1, 1, 1, 1)
        x = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps
        v = alpha_bar.sqrt() * eps - (1 - alpha_bar).sqrt() * x0
        loss = F.mse_loss(denoiser(x, t, subject), v)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, 0.005)

    def one_round(seconds: float) -> Paces:
        steps, first = 0, (0, time.perf_counter(), time.thread_time())
        while time.perf_counter() - first[1] < seconds:
            step()
            steps += 1
        return _paces(first, (steps * BATCH, time.perf_counter(), time.thread_time()))

    return one_round


def heartbeat() -> None:
    """The real window with the lab in it, trained from nothing."""
    from benchmarks.bench_heartbeat import Heartbeat, with_window

    def begin(session: Session, end: Callable[[], object]) -> None:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from visualizer.lessons.page_setup import PageSetup
        from visualizer.ui.window import MainWindow

        heart = Heartbeat()
        (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]

        def ended() -> None:
            heart.stop()
            print(json.dumps(heart.found()), flush=True)
            end()

        def first(_samples: Any) -> None:
            session.train_lab.sampled.disconnect(first)
            heart.start()
            QTimer.singleShot(round(HEART_S * 1000), ended)

        def ready(_facts: object) -> None:
            window.set_up(PageSetup("train", options={"part": "lab", "start": "yes"}))

        session.train_lab.sampled.connect(first)
        session.model_ready.connect(ready)

    with_window(begin)


if __name__ == "__main__":
    main()
