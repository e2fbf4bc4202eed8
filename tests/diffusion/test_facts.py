"""Advice and vocabularies of model folders: read where they make sense, else done without."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from visualizer.assets import asset_path
from visualizer.diffusion.facts import Recommended, Vocabulary

DEFAULT = Recommended(steps=30, guidance_scale=7.5, sizes=((512, 512),))


def test_sensible_advice_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "recommended.json"
    file.write_text('{"steps": 4, "guidance_scale": 0, "sizes": [[64, 64], [96, 64]]}')
    assert Recommended.load(file, DEFAULT) == Recommended(4, 0.0, ((64, 64), (96, 64)))
    file.write_text('{"steps": 10000}')
    assert Recommended.load(file, DEFAULT) == Recommended(10_000, 7.5, DEFAULT.sizes)
    file.write_text('{"steps": 30, "quick_steps": 8}')
    assert Recommended.load(file, DEFAULT).quick_steps == 8
    file.write_text('{"steps": 30, "quick_steps": null}')
    assert Recommended.load(file, DEFAULT).quick_steps is None
    file.write_text('{"sizes": []}')
    assert Recommended.load(file, DEFAULT).sizes == ()
    assert Recommended.load(tmp_path / "nothing.json", DEFAULT) == DEFAULT


def test_what_the_builtin_model_recommends_makes_sense() -> None:
    folder = asset_path("builtin-model")
    assert Recommended.load(folder / "recommended.json", DEFAULT) != DEFAULT
    vocabulary = Vocabulary.load(folder / "vocabulary.json")
    assert vocabulary is not None
    assert "red" in vocabulary.words


SENSELESS = [
    '{"steps": 1e999}',
    '{"steps": -5}',
    '{"steps": 0}',
    '{"steps": 10001}',
    '{"steps": true}',
    '{"steps": "many"}',
    '{"steps": NaN}',
    '{"guidance_scale": 1e999}',
    '{"guidance_scale": NaN}',
    '{"guidance_scale": -1}',
    '{"guidance_scale": 1' + "0" * 400 + "}",
    '{"guidance_scale": 1' + "0" * 5000 + "}",
    '{"guidance_scale": [1]}',
    '{"sizes": [[0, 0]]}',
    '{"sizes": [[1000000000, 8]]}',
    '{"sizes": [[64, 7]]}',
    '{"sizes": [[64, 1e999]]}',
    '{"sizes": [[64]]}',
    '{"sizes": [64, 64]}',
    '{"sizes": ["ab"]}',
    '{"sizes": 5}',
    '{"sizes": ' + json.dumps([[64, 64]] * 65) + "}",
    '{"steps": 4, "sizes": [[0, 0]]}',
    '{"steps": 4, "quick_steps": "few"}',
    '{"steps": 4, "quick_steps": true}',
    '{"steps": 4, "quick_steps": 0}',
    '{"steps": 4, "quick_steps": 4}',
    '{"steps": ' + "[" * 200_000,
    "[" * 200_000,
    "[4]",
    "",
]


@pytest.mark.parametrize("text", SENSELESS, ids=lambda text: text[:40])
def test_senseless_advice_is_no_advice(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recommended.json"
    file.write_text(text)
    assert Recommended.load(file, DEFAULT) == DEFAULT
    assert Vocabulary.load(file) is None


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "recommended.json"
    file.write_text('{"steps": 4, "words": ["red"]}')
    assert Vocabulary.load(file) == Vocabulary(frozenset({"red"}))
    with file.open("a") as more:
        more.write(" " * 2_000_000)
    assert Recommended.load(file, DEFAULT) == DEFAULT
    assert Vocabulary.load(file) is None
    os.truncate(file, 20_000_000_000)
    assert Vocabulary.load(file) is None


def test_a_file_elsewhere_is_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text('{"steps": 4, "words": ["red"]}')
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "recommended.json").symlink_to(outside)
    assert Recommended.load(folder / "recommended.json", DEFAULT) == DEFAULT
    assert Vocabulary.load(folder / "recommended.json") is None


@pytest.mark.parametrize("words", ["red", [1, None, {}], {"red": 1}, []])
def test_a_vocabulary_of_no_words_is_none(tmp_path: Path, words: Any) -> None:
    file = tmp_path / "vocabulary.json"
    file.write_text(json.dumps({"words": words}))
    assert Vocabulary.load(file) is None
