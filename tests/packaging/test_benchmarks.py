"""The benchmark runner, on benchmarks made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import benchmarks.__main__ as runner

if TYPE_CHECKING:
    from pathlib import Path


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
