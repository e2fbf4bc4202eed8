"""Pictures of the real window, made by a script and never by hand.

    python packaging/screenshots.py                          the README's pictures, in docs/images
    python packaging/screenshots.py --out FOLDER --all       every state in every size and theme

The window is the program's own, the model is the built-in one, and the run is a real run. Without
a display Qt's offscreen platform draws the very same window.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer, SignalInstance
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from visualizer import EXAMPLE_PROMPT
from visualizer.session.session import Session
from visualizer.settings import Settings
from visualizer.ui import theme
from visualizer.ui.window import MainWindow

README_SIZE = (1280, 800)
REVIEW_SIZES = ((960, 600), (1280, 800), (1920, 1080))
THEMES = ("dark", "light")
MID_RUN = 0.6
LOADED_MS, RUN_MS = 120_000, 300_000


class Photographer:
    """Drives one window and takes its picture."""

    def __init__(self, folder: Path, sitting: Path, wishes: argparse.Namespace) -> None:
        self.folder = folder
        self.model = wishes.model
        self.settings = Settings(
            prompt=wishes.prompt,
            seed=wishes.seed,
            steps=wishes.steps,
            theme="dark",
            folder=sitting,
        )
        self.session = Session(data_folder=sitting)
        self.window = MainWindow(self.session, self.settings)
        self.sizes: list[tuple[int, int]] = wishes.size or list(REVIEW_SIZES)
        self.themes: list[str] = wishes.theme or list(THEMES)
        self.failures: list[str] = []
        self.session.failed.connect(lambda f: self.failures.append(f"{f.title} {f.detail}"))

    def start(self) -> None:
        """Show the window and wait for the model."""
        self.window.show()
        self.settle()
        ready = self.session.model_ready
        self.session.start(self.model)
        wait_for(ready, LOADED_MS)
        self.settle()

    def close(self) -> None:
        """End the sitting."""
        self.window.close()

    def wear(self, name: str) -> None:
        """Change the theme."""
        self.window.choose_theme(name)
        self.settle()

    def resize(self, size: tuple[int, int]) -> None:
        """Change the size of the window."""
        self.window.resize(*size)
        self.settle()

    def settle(self) -> None:
        """Let everything that waits be painted."""
        for _ in range(5):
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
            pause(20)

    def take(self, name: str) -> None:
        """Take the picture of the window."""
        path = self.folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.window.grab().save(str(path))
        print(path)

    def run(
        self, stop_at: float | None = None, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """Press Enter in the prompt and wait for the run.

        Args:
            stop_at: the share of the run after which it is stopped.
            meanwhile: called once, in the middle of it.
        """
        done: list[bool] = []
        window = self.window

        def look(progress: object) -> None:
            share = progress.done / progress.total  # type: ignore[attr-defined]
            if share >= MID_RUN and meanwhile is not None and not done:
                done.append(True)
                meanwhile()
            if stop_at is not None and share >= stop_at:
                self.session.stop()

        self.session.progressed.connect(look)
        window.header.prompt.setFocus()
        finished = Waiter(self.session.run_finished)
        pause(600)  # a second press within half a second is ignored
        QTest.keyClick(window.header.prompt, Qt.Key.Key_Return)
        finished.wait(RUN_MS)
        self.session.progressed.disconnect(look)
        self.sharpen()

    def sharpen(self) -> None:
        """Wait until the pictures of the run are exact."""
        timeline = self.session.current
        if timeline is None:
            return
        for _ in range(400):
            if all(timeline.is_exact(k, "noisy") for k in range(len(timeline))):
                break
            pause(50)
        self.settle()

    def where_noise_is(self, noise_share: float) -> float:
        """The share of the run after which no more than this share of noise is left."""
        timeline = self.session.current
        if timeline is None or len(timeline) < 2:
            return 0.0
        last = len(timeline) - 1
        k = next((k for k in range(last) if timeline.level(k).noise_share <= noise_share), last)
        return k / last

    def seek(self, share: float) -> None:
        """Put the playhead at a share of the run."""
        playhead = self.session.playhead
        playhead.seek(round(share * (playhead.count - 1)))
        self.settle()
        pause(300)  # the exact picture of a view that nobody looked at before
        self.settle()


def pause(milliseconds: int) -> None:
    """Let the program run on. QTest.qWait would hold the interpreter's lock against the worker."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Waiter:
    """Waits for a signal that may come before anybody waits."""

    def __init__(self, signal: SignalInstance) -> None:
        self.came = False
        self._loop = QEventLoop()
        signal.connect(self._note)

    def _note(self, *_values: object) -> None:
        self.came = True
        self._loop.quit()

    def wait(self, milliseconds: int) -> None:
        """Wait; RuntimeError when it does not come."""
        if self.came:
            return
        QTimer.singleShot(milliseconds, self._loop.quit)
        self._loop.exec()
        if not self.came:
            raise RuntimeError("The window did not answer in time.")


def wait_for(signal: SignalInstance, milliseconds: int) -> None:
    """Wait for a signal."""
    Waiter(signal).wait(milliseconds)


def readme_pictures(camera: Photographer) -> None:
    """The window in both themes and in the middle of a run, and the animation."""
    camera.resize(README_SIZE)
    camera.wear("dark")
    camera.run(meanwhile=lambda: camera.take("window-mid-run"))
    camera.seek(camera.where_noise_is(0.3))
    camera.take("window-dark")
    camera.wear("light")
    camera.take("window-light")
    timeline = camera.session.current
    if timeline is not None and timeline.trajectory is not None:
        path = camera.folder / "ferrari.webp"
        exported = Waiter(camera.session.exported)
        camera.session.export_run(timeline, str(path))
        exported.wait(RUN_MS)
        print(path)


def every_state(camera: Photographer) -> None:
    """What a reviewer looks at: sizes × themes × states."""
    for size in camera.sizes:
        for name in camera.themes:
            camera.resize(size)
            camera.wear(name)
            shot = f"{size[0]}x{size[1]}-{name}"
            camera.run(meanwhile=lambda shot=shot: camera.take(f"{shot}-mid-run"))  # type: ignore[misc]
            camera.take(f"{shot}-finished")
            camera.seek(camera.where_noise_is(0.5))
            camera.take(f"{shot}-middle")
            camera.seek(0.0)
            camera.take(f"{shot}-static")
            for view in ("denoised", "noise", "change", "channels"):
                camera.session.playhead.set_view(view)
                camera.seek(camera.where_noise_is(0.3))
                camera.take(f"{shot}-{view}")
            camera.session.playhead.set_view("noisy")
            special_states(camera, shot)


def special_states(camera: Photographer, shot: str) -> None:
    """Errors, unknown words, long text, overlays, a stopped run."""
    window, prompt = camera.window, camera.window.header.prompt
    was = prompt.text()
    prompt.setText("a red elephant and a blue unicorn on a mountain road, " + "very " * 30 + "big")
    prompt.setCursorPosition(0)
    window.timeline_view.setFocus()
    pause(600)  # the plan that notices it is asked for a moment after the last letter
    camera.take(f"{shot}-long-prompt")
    prompt.setText("")
    QTest.keyClick(prompt, Qt.Key.Key_Return)
    camera.settle()
    camera.take(f"{shot}-empty-prompt")
    window.message.dismiss()
    prompt.setText(was)
    camera.session.open_run(str(Path(__file__)))
    pause(500)
    camera.take(f"{shot}-not-a-run")
    window.message.dismiss()
    window.shortcuts_card.toggle()
    camera.settle()
    camera.take(f"{shot}-shortcuts")
    window.shortcuts_card.toggle()
    camera.run(stop_at=0.4)
    camera.take(f"{shot}-stopped")


def size_of(text: str) -> tuple[int, int]:
    """ "960x600" as a pair."""
    width, height = text.lower().split("x")
    return int(width), int(height)


def main() -> int:
    """Take the pictures."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    root = Path(__file__).resolve().parent.parent
    reader.add_argument("--out", type=Path, default=root / "docs" / "images")
    reader.add_argument("--all", action="store_true", help="every state in every size and theme")
    reader.add_argument("--size", type=size_of, action="append", help="with --all: 960x600 …")
    reader.add_argument("--theme", choices=THEMES, action="append", help="with --all")
    reader.add_argument("--prompt", default=EXAMPLE_PROMPT)
    reader.add_argument("--seed", type=int, default=7)
    reader.add_argument("--steps", type=int, help="the model's own number by default")
    reader.add_argument("--model", help="a model folder instead of the built-in model")
    arguments = reader.parse_args()
    app = QApplication([sys.argv[0]])
    app.setApplicationName("denoising-visualizer")
    theme.apply(app, theme.DARK)
    with tempfile.TemporaryDirectory() as sitting:
        camera = Photographer(arguments.out, Path(sitting), arguments)
        camera.start()
        try:
            (every_state if arguments.all else readme_pictures)(camera)
        finally:
            camera.close()
    for failure in camera.failures:
        print(failure, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
