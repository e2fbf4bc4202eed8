"""A sitting for tests: the real window, a model without weights, a gate before every step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler, Gate
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.facts import Plan, SamplerName, Vocabulary
from visualizer.diffusion.prompt import read_prompt, truncation_notice
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.views import View
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline
from visualizer.settings import Settings
from visualizer.ui.window import MainWindow

RUN_MS = 20_000
STEPS = 6
ALL = 10**6
FAKE = object()
"""Sample with the fake sampler, one step at a time."""


class TaughtModel(FakeModel):
    """A fake model that was taught a few words, as the built-in one was."""

    def __init__(self) -> None:
        super().__init__("Built-in")
        objects, colors = ("car", "castle", "boat", "cat"), ("red", "green", "blue", "orange")
        places, times = ("lake", "road"), ("sunset", "night")
        little = ("a", "an", "by", "at", "on", "mountain", "ferrari")
        words = frozenset((*objects, *colors, *places, *times, *little))
        self.facts = replace(
            self.facts,
            samplers=(SamplerName("ddim", "DDIM"), SamplerName("euler", "Euler")),
            own_sampler="DPM++ 2M Karras",
            max_words=22,
            vocabulary=Vocabulary(words, objects, colors, places, times),
        )

    def plan(self, request: SamplingRequest) -> Plan:
        """One word is one token."""
        reading = read_prompt(request.prompt, None, self.facts.max_words)
        read = min(reading.words_read, self.facts.max_words)
        return replace(
            super().plan(request), notice=truncation_notice(replace(reading, words_read=read))
        )


class Sitting:
    """A window, its session, and the hands of a person."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        open_model: Any = None,
        sample: Any = FAKE,
        settings: Settings | None = None,
    ) -> None:
        self.qtbot = qtbot
        self.model = TaughtModel()
        self.gate = Gate(ALL)
        sampler = self.sampler = FakeSampler()
        sampler.before_step = lambda k, cancelled: self.gate(k, cancelled)
        self.settings = settings or Settings(steps=STEPS, folder=folder)
        self.session = Session(
            data_folder=folder,
            open_model=open_model or (lambda _folder, _say: self.model),
            sample=sampler if sample is FAKE else sample,
            sample_lanes=sampler.lanes if sample is FAKE else None,
        )
        self.failures: list[Any] = []
        self.session.failed.connect(self.failures.append)
        self.window = MainWindow(self.session, self.settings)

    def start(self) -> None:
        """Show the window and wait for the model."""
        self.show()
        with self.qtbot.waitSignal(self.session.model_ready, timeout=RUN_MS):
            self.session.load_model(None)

    def show(self) -> None:
        """Show the window and wait for its first frame and its plot."""
        with self.qtbot.waitExposed(self.window):
            self.window.show()
        self.window.activateWindow()
        self.qtbot.waitUntil(lambda: self.window.denoise.timeline_view.plot is not None)

    def close(self) -> None:
        """End the sitting."""
        self.gate.allow(ALL)
        if not self.window.close():  # something is being written: whoever asks again means it
            self.window.close()
        self.window.deleteLater()
        self.session.deleteLater()
        # pytest keeps this object until every fixture has ended, and pyqtgraph's menus have no
        # other owner than Python
        del self.window, self.session

    # --- hands --------------------------------------------------------------------------------

    def type_prompt(self, text: str) -> None:
        """Click into the prompt, replace what is there."""
        prompt = self.window.header.prompt
        self.qtbot.mouseClick(prompt, Qt.MouseButton.LeftButton)
        prompt.selectAll()
        if text.isascii():
            self.qtbot.keyClicks(prompt, text)
        else:
            prompt.insert(text)  # as pasted: QTest has no keys for it

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """Press a key where the focus is."""
        target = self.window.focusWidget() or self.window
        self.qtbot.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)

    def run(self, prompt: str = "a red car at sunset", wait: int = RUN_MS) -> Timeline:
        """Type a prompt, press Enter, wait for the run."""
        self.type_prompt(prompt)
        self.session._pressed_at = 0.0  # a person takes longer than half a second between two runs
        with self.qtbot.waitSignal(self.session.run_finished, timeout=wait):
            self.press(Qt.Key.Key_Return)
        timeline = self.session.current
        assert timeline is not None
        return timeline

    def begin(self, steps: int = 2) -> Timeline:
        """Start a run and hold it after some points."""
        self.gate = Gate(steps)
        with self.qtbot.waitSignal(self.session.run_started, timeout=RUN_MS):
            self.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        timeline = self.session.current
        assert timeline is not None
        self.qtbot.waitUntil(lambda: len(timeline) >= steps, timeout=RUN_MS)
        return timeline

    def drag_playhead(self, start: int, end: int) -> None:
        """Press on the timeline at one point and drag to another."""
        view = self.window.denoise.timeline_view
        y = view.filmstrip.height() // 2
        first, last = (QPoint(round(view.axis.x(k)), y) for k in (start, end))
        self.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=first)
        self.qtbot.mouseMove(view, (first + last) / 2)
        self.qtbot.mouseMove(view, last)
        self.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=last)

    def let_finish(self) -> None:
        """Let the run come to its end."""
        with self.qtbot.waitSignal(self.session.run_finished, timeout=RUN_MS):
            self.gate.allow(ALL)

    # --- eyes ---------------------------------------------------------------------------------

    def exact(self, k: int, view: str = "noisy") -> None:
        """Wait for the exact picture of a point under the playhead."""
        timeline = self.session.current
        assert timeline is not None
        self.qtbot.waitUntil(lambda: timeline.is_exact(k, view), timeout=RUN_MS)

    def expected(self, k: int, view: View = "noisy") -> Picture:
        """What the run itself says the picture of a point is."""
        timeline = self.session.current
        assert timeline is not None
        assert timeline.trajectory is not None
        return timeline.trajectory.with_decoder(self.model).picture(k, view)

    def seen(self) -> NDArray[np.uint8]:
        """The picture on the canvas, read back pixel by pixel from the screen."""
        canvas = self.window.denoise.canvas
        canvas.set_hard_pixels(True)
        picture = canvas.picture
        assert picture is not None
        height, width, _ = picture.shape
        target = canvas.target_rect()
        screen = pixels(canvas)
        xs = (target.x() + (np.arange(width) + 0.5) * target.width() / width).astype(int)
        ys = (target.y() + (np.arange(height) + 0.5) * target.height() / height).astype(int)
        return screen[np.ix_(ys, xs)]


def pixels(widget: QWidget) -> NDArray[np.uint8]:
    """What a widget paints, (H, W, 3) uint8."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    buffer = np.frombuffer(image.constBits(), dtype=np.uint8)
    lines = buffer.reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
