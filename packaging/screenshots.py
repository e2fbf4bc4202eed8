"""Pictures of the real window, made by a script and never by hand.

    python packaging/screenshots.py                          the README's pictures, in docs/images
    python packaging/screenshots.py --out FOLDER --all       every state in every size and theme
    python packaging/screenshots.py --out FOLDER --compare   the same of the Compare page alone
    python packaging/screenshots.py --out FOLDER --export    the same of the export panel alone

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
from visualizer.export.options import ExportOptions
from visualizer.lessons.page_setup import PageSetup
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

    def compare(self, across: tuple[str, str], down: tuple[str, str], meanwhile: str = "") -> None:
        """Spread the request over one or two fields, and wait for the lanes.

        Args:
            across, down: (field, values as they are typed); ("", "") for nothing.
            meanwhile: the name of a picture of the middle of it.
        """
        window, lanes = self.window, self.session.lanes
        window.show_page("compare")
        for axis, (field, text) in (
            (window.compare.axis_fields.across, across),
            (window.compare.axis_fields.down, down),
        ):
            axis.set_field(field)
            if field:
                axis.set_text(text)
        done: list[bool] = []

        def look(progress: object) -> None:
            if progress.done >= MID_RUN * progress.total and meanwhile and not done:  # type: ignore[attr-defined]
                done.append(True)
                self.take(meanwhile)

        lanes.progressed.connect(look)
        pause(600)  # a second press within half a second is ignored
        finished = Waiter(self.session.running_changed, False)
        window.generate()
        finished.wait(RUN_MS)
        lanes.progressed.disconnect(look)
        for _ in range(200):
            shown = [(lane.timeline, lanes.point(lane)) for lane in lanes.lanes]
            if all(t is None or k is None or t.is_exact(k, "noisy") for t, k in shown):
                break
            pause(50)
        self.settle()


def pause(milliseconds: int) -> None:
    """Let the program run on. QTest.qWait would hold the interpreter's lock against the worker."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Waiter:
    """Waits for a signal that may come before anybody waits."""

    def __init__(self, signal: SignalInstance, *wanted: object) -> None:
        """With values, only a signal that brings the same counts."""
        self.came = False
        self._wanted = wanted
        self._loop = QEventLoop()
        signal.connect(self._note)

    def _note(self, *values: object) -> None:
        if self._wanted and values != self._wanted:
            return
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
    compare_pictures(camera)
    lesson_pictures(camera)
    camera.window.show_page("denoise")
    timeline = camera.session.current
    if timeline is not None and timeline.trajectory is not None:
        path = camera.folder / "ferrari.webp"
        exported = Waiter(camera.session.exports.exported)
        camera.session.exports.start(timeline, str(path), ExportOptions())
        exported.wait(RUN_MS)
        print(path)


def compare_pictures(camera: Photographer) -> None:
    """The Compare page in both themes."""
    camera.resize(README_SIZE)
    camera.wear("dark")
    words = "a red Ferrari on a mountain road at sunset\na red Ferrari by a lake at night"
    camera.compare(("seed", "7-10"), ("prompt", words))
    lanes = camera.session.lanes
    lanes.set_focus(lanes.lanes[1].id)
    lanes.set_pair((lanes.lanes[0].id, lanes.lanes[1].id))
    reference = lanes.reference
    assert reference is not None
    assert reference.timeline is not None
    levels = [reference.timeline.level(k).noise_share for k in range(lanes.total)]
    lanes.playhead.seek(next(k for k, share in enumerate(levels) if share <= 0.3))
    camera.settle()
    pause(300)
    for name in THEMES:
        camera.wear(name)
        camera.take(f"compare-{name}")


def lesson_pictures(camera: Photographer) -> None:
    """The pages of the lessons, dark: a word that is pointed at, points half-way, a lesson."""
    window = camera.window
    camera.resize(README_SIZE)
    camera.wear("dark")
    window.show_page("words")
    finished = Waiter(camera.session.run_finished)
    pause(600)  # a second press within half a second is ignored
    window.set_up(
        PageSetup(
            "words",
            prompt=EXAMPLE_PROMPT,
            seed=7,
            run=True,
            options={"part": "attention", "word": "Ferrari"},
        )
    )
    finished.wait(RUN_MS)
    camera.sharpen()
    camera.seek(0.8)
    camera.take("words-dark")
    window.show_page("physics")
    learned = Waiter(camera.session.physics_lab.learning_changed, False)
    window.set_up(PageSetup("physics", options={"shape": "swiss roll", "way": "ode"}))
    learned.wait(RUN_MS)
    window.playhead.pause()
    window.playhead.seek(round(0.45 * (window.playhead.count - 1)))
    camera.settle()
    camera.take("physics-dark")
    window.set_up(PageSetup("denoise", playhead=0.6))
    window.toggle_lessons()
    pause(800)
    camera.take("lessons-dark")
    window.toggle_lessons()


def every_compare_state(camera: Photographer) -> None:
    """What is looked at on the Compare page: sizes × themes × states."""
    window, lanes = camera.window, camera.session.lanes
    for size in camera.sizes:
        for name in camera.themes:
            camera.resize(size)
            camera.wear(name)
            shot = f"{size[0]}x{size[1]}-{name}-compare"
            lanes.replace(())
            window.show_page("compare")
            window.compare.axis_fields.show_seeds("1-4")
            camera.settle()
            camera.take(f"{shot}-empty")
            camera.compare(("seed", "1-4"), ("", ""), f"{shot}-four-mid-run")
            camera.take(f"{shot}-four")
            camera.compare(
                ("seed", "7-10"),
                ("prompt", "a red Ferrari on a mountain road at sunset | a green boat on a lake"),
                f"{shot}-table-mid-run",
            )
            lanes.playhead.seek(round(0.6 * lanes.total))
            pause(800)
            camera.take(f"{shot}-table")
            window.compare.grid.enlarge(lanes.lanes[0].id)
            pause(300)
            camera.take(f"{shot}-enlarged")
            window.compare.grid.enlarge(None)
            camera.compare(("steps", "5, 10, 20"), ("", ""))
            lanes.playhead.seek(lanes.total // 2)
            pause(500)
            camera.take(f"{shot}-steps")
            camera.compare(("seed", "1-4"), ("guidance_scale", "1, 3, 5, 8"))
            camera.take(f"{shot}-sixteen")
            window.compare.axis_fields.across.set_text("1-17")
            camera.settle()
            camera.take(f"{shot}-too-many")


def show_panel(camera: Photographer, options: ExportOptions) -> None:
    """Open the export panel, and wait for its estimate and its first pictures."""
    panel = camera.window.export_panel
    panel.fields.set_options(options)
    estimated = Waiter(camera.session.export_preview.estimated)
    camera.window.toggle_export()
    estimated.wait(RUN_MS)
    panel.stage.seek(2 * panel.stage.count // 3)
    pause(800)
    camera.settle()


def every_export_state(camera: Photographer) -> None:
    """What is looked at on the export panel: sizes × themes × choices."""
    window = camera.window
    captions = ("prompt", "seed", "step", "noise")
    choices = {
        "animation": ExportOptions(),
        "both": ExportOptions(format="gif", content="both", captions=captions),
        "light": ExportOptions(format="mp4", content="plot", background="light"),
        "page": ExportOptions(format="page"),
        "sheet": ExportOptions(format="sheet"),
    }
    camera.run()
    for size in camera.sizes:
        for name in camera.themes:
            camera.resize(size)
            camera.wear(name)
            for label, options in choices.items():
                show_panel(camera, options)
                shot = f"{size[0]}x{size[1]}-{name}-export-{label}"
                camera.take(shot)
                for fold in window.export_panel.fields.folds:
                    fold.button.setChecked(True)
                camera.settle()
                camera.take(f"{shot}-unfolded")
                for fold in window.export_panel.fields.folds:
                    fold.button.setChecked(False)
                window.toggle_export()


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
    window.denoise.timeline_view.setFocus()
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
    reader.add_argument("--compare", action="store_true", help="the same of the Compare page")
    reader.add_argument("--export", action="store_true", help="the same of the export panel")
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
            if arguments.compare:
                every_compare_state(camera)
            elif arguments.export:
                every_export_state(camera)
            else:
                (every_state if arguments.all else readme_pictures)(camera)
        finally:
            camera.close()
    for failure in camera.failures:
        print(failure, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
