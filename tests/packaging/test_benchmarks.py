"""The benchmark runner, on benchmarks made here; and what the real ones measure with."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch

import benchmarks.__main__ as runner
from benchmarks import bench_gpu, observing_cost
from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from visualizer.diffusion import Model, SamplingRequest

if TYPE_CHECKING:
    from pathlib import Path

    from visualizer.diffusion import Step


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "benchmarks"
    made.mkdir()
    (made / "__init__.py").touch()
    monkeypatch.setattr(runner, "FOLDER", made)
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    return made


def test_the_figures_are_gathered_in_one_table(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "bench_a.py").write_text(
        'def main(): print("preparing"); print("ratio: 1.02 [1.00, 1.04] (target ≤ 1.05)")',
        encoding="utf-8",
    )
    (folder / "bench_b.py").write_text('def main(): print("worst: 3 ms")')
    assert runner.main([]) == 0
    said = capfd.readouterr().out
    assert "preparing\n" in said
    assert said.splitlines()[-3:] == [
        "|----------|-------------------|--------|",
        "| ratio    | 1.02 [1.00, 1.04] | ≤ 1.05 |",
        "| worst    | 3 ms              |        |",
    ]
    assert runner.main(["b"]) == 0
    assert "ratio" not in capfd.readouterr().out


def test_a_benchmark_that_fails_does_not_stop_the_others(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "bench_a.py").write_text("def main(): raise SystemExit(1)")
    (folder / "bench_b.py").write_text('def main(): print("worst: 3 ms")')
    assert runner.main([]) == 1
    said = capfd.readouterr().out
    assert "| worst " in said
    assert said.splitlines()[-1] == "Did not finish: a"


def test_an_unknown_benchmark_gets_a_sentence(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "bench_a.py").touch()
    assert runner.main(["c"]) == 2
    assert "No benchmark is called c; there are: a" in capfd.readouterr().err


@pytest.mark.parametrize("build", [tiny_pipeline, tiny_flow_pipeline])
def test_a_runs_time_is_told_apart(build: Any) -> None:
    listened = []

    def slow(step: Step) -> None:
        listened.append(step.index)
        began = time.perf_counter()
        while time.perf_counter() - began < 0.005:
            pass

    model = Model(build())
    request = SamplingRequest("a red car", steps=3, guidance_scale=5.0)
    cost = observing_cost.measure(model, request, 2, slow)
    # one step to warm up, then two runs; the final latent is a step too
    assert listened == [0, 1, *[0, 1, 2, 3] * 2]
    assert cost.observing > 0
    assert cost.listening * cost.step * 3 >= 4 * 0.005
    assert len(cost.ratios) == len(cost.processor_ratios) == 2


def test_a_median_lies_in_its_interval() -> None:
    ratios = (1.0, 1.1, 1.3, 0.9, 1.2)
    middle, low, high = observing_cost.middle_and_interval(ratios)
    assert middle == 1.1
    assert 0.9 <= low <= middle <= high <= 1.3
    assert observing_cost.in_words((2.0, 2.0)) == "2.000 [95 % 2.000 … 2.000]"


def test_waits_for_a_gpu_are_told_by_step_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU: the warning that torch gives there is given here, from a scheduler."""
    modes: list[str] = []
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)
    model = Model(tiny_pipeline())
    calls = 0

    def run() -> None:
        def hook(*_: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                warnings.warn("called a synchronizing CUDA operation", stacklevel=1)

        handle = model.pipeline.unet.register_forward_hook(hook)
        model.pipeline("a red car", num_inference_steps=3)
        handle.remove()

    found = bench_gpu.waits(model, run)
    assert [step for step, _ in found] == [2]
    assert ".py:" in found[0][1]
    assert modes == ["warn", "default"]


def test_a_machine_without_a_gpu_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    bench_gpu.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line in lines:
        figure = runner.FIGURE.fullmatch(line)
        assert figure is not None
        assert figure["value"] == "not measured: no GPU"
