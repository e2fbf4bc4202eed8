"""Pictures that are kept, and found again for the same weights, prompts and seeds only."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.evaluation.examples import ALONE
from tests.training.evaluation.fake_model import FakePipeline
from visualizer.training.evaluation import generated
from visualizer.training.evaluation.generated import Generator, Settings, keep, kept
from visualizer.training.evaluation.prompts import Asked


def asked(count: int) -> list[Asked]:
    return [Asked(f"a red car {k}", ALONE, k) for k in range(count)]


def test_kept_pictures_come_back_for_the_same_prompts_and_seeds_only(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "plain-00000.npz"
    some = asked(3)
    drawn = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    assert kept(path, some) is None
    keep(path, some, drawn)
    found = kept(path, some)
    assert found is not None
    assert np.array_equal(found, drawn)
    assert kept(path, some[:2]) is None
    assert kept(path, [*some[:2], replace(some[2], seed=9)]) is None
    path.write_bytes(path.read_bytes()[:-40])
    assert kept(path, some) is None, "a damaged file is made again"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    monkeypatch.setattr(
        "visualizer.diffusion.samplers.fresh_scheduler", lambda own, *_args, **_named: own
    )
    identity = argparse.Namespace(weights_hash="w" * 64)
    return argparse.Namespace(pipeline=FakePipeline(), identity=identity, device="cpu")


def test_pictures_are_made_once(tmp_path: Path, fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "CHUNK", 10)
    said: list[str] = []
    chosen = Settings(30, 5.0)
    made = Generator(fake, chosen, tmp_path, said.append).pictures("plain", asked(13))
    assert [int(picture[0, 0, 0]) for picture in made] == [*range(13)]
    assert fake.pipeline.batches == [8, 2, 3]
    assert len(said) == 2
    again = Generator(fake, chosen, tmp_path, said.append).pictures("plain", asked(13))
    assert np.array_equal(again, made)
    assert len(fake.pipeline.batches) == 3
    fake.identity.weights_hash = "x" * 64  # of other weights nothing is there yet
    Generator(fake, chosen, tmp_path, said.append).pictures("plain", asked(3))
    assert fake.pipeline.batches == [8, 2, 3, 3]
