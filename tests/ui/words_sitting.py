"""A sitting on the Words page: a model without weights whose attention is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeSampler
from tests.ui.sitting import Sitting
from visualizer.diffusion import word_reading, word_swap
from visualizer.diffusion.attention import AttentionMaps, PromptToken
from visualizer.diffusion.prompt import words as words_in
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.weight_syntax import read
from visualizer.diffusion.word_reading import WordReading
from visualizer.session.worker import Worker
from visualizer.ui.words.words_page import WordsPage

PROMPT = "a red car at sunset"
WORDS = tuple(PROMPT.split())
SIDE = 4


def tokens_of(words: tuple[str, ...]) -> tuple[PromptToken, ...]:
    """One token a word, between the marks."""
    inner = [PromptToken(text, n + 1, n) for n, text in enumerate(words)]
    start, end = PromptToken("", 0, None, "start"), PromptToken("", len(words) + 1, None, "end")
    return (start, *inner, end)


def maps_of(steps: int, words: tuple[str, ...] = WORDS) -> AttentionMaps:
    """Word n is heard in column n mod SIDE alone, later ones a little more at every step."""
    made = []
    for k in range(steps):
        maps = np.full((len(words) + 2, SIDE, SIDE), 0.01, dtype=np.float16)
        for n in range(len(words)):
            maps[n + 1, :, n % SIDE] = 0.3 + 0.02 * n * k
        made.append(maps / maps.sum(axis=0))
    return AttentionMaps(words, tokens_of(words), SIDE, SIDE, tuple(made))


def reading_of(_model: object, prompt: str, *, weighted: bool = False) -> WordReading:
    """Every word looks at the word before it as much as at itself."""
    text = read(prompt).text if weighted else prompt
    words = tuple(text for _, _, text in words_in(text))
    tokens = tokens_of(words)
    count = len(tokens)
    layer = np.eye(count, dtype=np.float32)
    for k in range(1, count):
        layer[k, k] = layer[k, k - 1] = 0.5
    vectors = np.random.default_rng(3).normal(size=(count, 24)).astype(np.float32)
    return WordReading(prompt, words, tokens, layer[None], vectors, True, "FakeEncoder, 1 layer")


class Recorder:
    """One more step is known at every point but the last."""

    why_not = ""

    def __init__(self) -> None:
        self.taken = 0

    def maps(self, *, wait: bool) -> AttentionMaps:
        """What is recorded by now; ``wait`` is asked for at the end."""
        self.taken += not wait
        return maps_of(self.taken)


def apart_of(_model: object, _a: Trajectory, _b: Trajectory) -> Iterator[float]:
    """They part at step 2."""
    return iter([0.0, 0.01, 0.2, 0.3, 0.3, 0.25])


class WordsSitting(Sitting):
    """The window on its Words page. ``made`` are the requests, ``recorded`` who was listened to."""

    def __init__(self, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[SamplingRequest] = []
        self.recorded: list[SamplingRequest] = []
        fake = FakeSampler()

        def sample(
            model: Any, request: SamplingRequest, *, attention: Any = None, **more: Any
        ) -> Trajectory:
            self.made.append(request)
            if attention is not None:
                self.recorded.append(request)
            return fake(model, request, **more)

        monkeypatch.setattr(Worker, "_recorder", self._recorder)
        monkeypatch.setattr(word_reading, "read_words", reading_of)
        monkeypatch.setattr(word_reading, "nearest_words", lambda *_: [("boat", 0.5), ("cat", 0.2)])
        monkeypatch.setattr(word_swap, "guesses_apart", apart_of)
        super().__init__(qtbot, folder, sample=sample)
        fake.before_step = lambda k, cancelled: self.gate(k, cancelled)

    @staticmethod
    def _recorder(worker: Any) -> Recorder | None:
        return None if worker._model.facts.no_attention else Recorder()

    @property
    def page(self) -> WordsPage:
        """The page, made when it is first asked for."""
        page = self.window.pages["words"]
        assert isinstance(page, WordsPage)
        return page

    def open_page(self) -> WordsPage:
        """Go there and make the picture of ``PROMPT``."""
        self.window.show_page("words")
        self.run(PROMPT)
        page = self.page
        self.qtbot.waitUntil(lambda: page.subject.reading is not None)
        return page
