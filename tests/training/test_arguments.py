"""Numbers on the command lines of training and evaluation: what makes no sense is refused."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from visualizer.training import command
from visualizer.training.arguments import positive_number, whole_number
from visualizer.training.evaluation import command as evaluation
from visualizer.training.evaluation import judge_training


def test_numbers_are_read() -> None:
    assert positive_number("0.5") == 0.5
    assert whole_number("1") == 1


@pytest.mark.parametrize("text", ["0", "-3", "nan", "inf", "many", ""])
def test_a_time_is_above_nothing_and_ends(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"'{text}' is no number above 0"):
        positive_number(text)


@pytest.mark.parametrize("text", ["0", "-3", "1.5", "many", ""])
def test_a_count_is_whole_and_counts_something(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"'{text}' is no whole number"):
        whole_number(text)


def _train(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    parser.parse_args(words)


def _evaluate(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    parser.parse_args(words)


def _train_judge(words: list[str]) -> None:
    judge_training.main(["--output", "judge.safetensors", *words])


@pytest.mark.parametrize(
    ("ask", "option"),
    [
        (_train, "--minutes"),
        (_train, "--scenes"),
        (_evaluate, "--count"),
        (_evaluate, "--pairs"),
        (_evaluate, "--varied"),
        (_evaluate, "--steps"),
        (_train_judge, "--minutes"),
        (_train_judge, "--drawings"),
        (_train_judge, "--unseen"),
    ],
)
def test_nothing_is_begun_with_a_number_that_would_fail_later(
    ask: Callable[[list[str]], None],
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("0", "-1"):
        with pytest.raises(SystemExit) as left:
            ask([f"{option}={text}"])
        assert left.value.code == 2
        assert f"argument {option}: '{text}' is no" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
