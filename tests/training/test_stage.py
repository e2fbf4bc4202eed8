"""Training against the clock, and what an interruption leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from visualizer.training.stage import LOG, REPORT_SECONDS, Average, Stage


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def build(path: Path, clock: Clock, said: list[str]) -> tuple[nn.Linear, Average, Stage]:
    torch.manual_seed(0)
    module = nn.Linear(3, 2)
    average = Average(module)
    stage = Stage("test", path, 10, {"module": module, "average": average}, said.append, clock)
    return module, average, stage


def steps(module: nn.Linear, average: Average, stage: Stage, clock: Clock, count: int) -> None:
    for _ in range(count):
        clock.time += 60
        with torch.no_grad():
            module.weight += stage.learning_rate(0.1)
        average.update()
        stage.tick(4, 1.0)


def test_resuming_gives_the_same_as_never_stopping(tmp_path: Path) -> None:
    clock = Clock()
    whole = build(tmp_path / "whole.pt", clock, [])
    steps(*whole, clock, 8)
    first = build(tmp_path / "halves.pt", clock, [])
    steps(*first, clock, 4)
    first[2].save()
    second = build(tmp_path / "halves.pt", clock, [])
    assert second[2].resume()
    second[2].start()
    steps(*second, clock, 4)
    assert torch.equal(whole[0].weight, second[0].weight)
    assert all(torch.equal(a, b) for a, b in zip(whole[1].weights, second[1].weights, strict=True))
    assert (second[2].step, second[2].samples, second[2].spent) == (8, 32, 480.0)


def test_the_stage_ends_on_time_with_a_small_rate(tmp_path: Path) -> None:
    clock = Clock()
    said: list[str] = []
    module, average, stage = build(tmp_path / "s.pt", clock, said)
    count = 0
    while not stage.finished:
        steps(module, average, stage, clock, 1)
        count += 1
    assert count == 10
    assert stage.learning_rate(1.0) == pytest.approx(0.01)
    assert (tmp_path / "s.pt").exists()
    assert "pictures" in said[0]
    assert "left" in said[0]


def test_an_interrupted_save_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    module, average, stage = build(tmp_path / "s.pt", clock, [])
    steps(module, average, stage, clock, 2)
    stage.save()

    def half_written(_: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half_written)
    steps(module, average, stage, clock, 1)
    with pytest.raises(KeyboardInterrupt):
        stage.save()
    monkeypatch.undo()
    again = build(tmp_path / "s.pt", clock, [])[2]
    assert again.resume()
    assert again.step == 2


def test_a_damaged_checkpoint_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "s.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="Delete it to start over"):
        build(path, Clock(), [])[2].resume()


def test_the_average_follows_its_module() -> None:
    module = nn.Linear(2, 1)
    average = Average(module, decay=0.5)
    with torch.no_grad():
        module.weight.fill_(3.0)
    for _ in range(40):
        average.update()
    copy = nn.Linear(2, 1)
    average.copy_to(copy)
    assert torch.allclose(copy.weight, module.weight, atol=1e-4)


def test_the_course_is_kept_and_taken_back_to_the_checkpoint(tmp_path: Path) -> None:
    clock = Clock()
    first = build(tmp_path / "s.pt", clock, [])
    steps(*first, clock, 2)
    first[2].save()
    for loss in (2.0, 4.0):
        clock.time += REPORT_SECONDS / 2  # one report for two steps
        first[2].tick(4, torch.tensor(loss))
    assert [(c["samples"], c["spent"], c["loss"]) for c in course(tmp_path)] == [
        (4, 60.0, 1.0),
        (8, 120.0, 1.0),
        (16, 130.0, 3.0),
    ]
    (log := tmp_path / LOG).write_text(log.read_text() + '{"stage": "te')  # and then it was ended
    other = {"stage": "another", "samples": 1000}
    log.write_text(f"{json.dumps(other)}\n{log.read_text()}")
    again = build(tmp_path / "s.pt", clock, [])
    assert again[2].resume()
    again[2].start()
    steps(*again, clock, 1)
    assert [(c["stage"], c["samples"]) for c in course(tmp_path)] == [
        ("another", 1000),
        ("test", 4),
        ("test", 8),
        ("test", 12),
    ]
    assert course(tmp_path)[-1]["rate"] == pytest.approx(again[2].learning_rate(0.1), rel=0.2)


def course(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]
