"""ModelChoice: hands the picker's wishes to who looks for models and downloads them, and back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from visualizer.session.downloads import Downloads
from visualizer.session.failure import Failure
from visualizer.session.free_memory import free_memory
from visualizer.session.model_finder import ModelFinder
from visualizer.ui import files
from visualizer.ui.download_panel import Offer
from visualizer.ui.licenses import license_words
from visualizer.ui.model_picker import ModelPicker

if TYPE_CHECKING:
    from visualizer.diffusion.download_plan import DownloadPlan
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.found_models import FoundModel
    from visualizer.settings import Settings

_RATE_SECONDS = 5.0
_OVERHEAD = 1.15
_SINGLE_PRECISION = (
    "StableDiffusionPipeline",
    "StableDiffusionXL",
    "Kandinsky",
    "PixArt",
    "Latent",
)
"""Beginnings of pipelines whose plain weights are usually stored in 32 bits, newer ones in 16."""


class ModelChoice(QObject):
    """Which model: those that are here, those that were opened, and those that can be had."""

    model_chosen = Signal(object)  # a path, or None for the built-in model
    failed = Signal(object)  # Failure
    noted = Signal(str)

    def __init__(self, picker: ModelPicker, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._picker, self._settings, self._window = picker, settings, window
        self._finder = ModelFinder(self)
        self._downloads = Downloads(self)
        self._facts: ModelFacts | None = None
        self._scan_id = 0
        self._known: set[str] = set()
        self._plan: DownloadPlan | None = None
        self._rate = Rate()
        picker.set_folders(settings.model_folders)
        self._connect()

    def _connect(self) -> None:
        picker, page, finder = self._picker, self._picker.downloads, self._finder
        picker.model_chosen.connect(self.model_chosen)
        picker.scan_asked.connect(self.scan)
        picker.folder_asked.connect(self._ask_folder)
        picker.checkpoint_asked.connect(self._ask_checkpoint)
        picker.add_folder_asked.connect(self._add_folder)
        picker.folder_removed.connect(self._remove_folder)
        page.look_up_asked.connect(self._look_up)
        page.download_asked.connect(self._download)
        page.cancel_asked.connect(self._downloads.cancel)
        queued = Qt.ConnectionType.QueuedConnection
        finder.found.connect(self._found, queued)
        finder.scanned.connect(self._scanned, queued)
        finder.described.connect(self._described, queued)
        finder.failed.connect(self.failed, queued)
        downloads = self._downloads
        downloads.described.connect(self._offer, queued)
        downloads.progressed.connect(self._progressed, queued)
        downloads.downloaded.connect(self._downloaded, queued)
        downloads.cancelled.connect(page.show_stopped, queued)
        downloads.failed.connect(self._download_failed, queued)

    def close(self) -> None:
        """Give up what goes on."""
        for worker in self.workers:
            worker.close()

    def join(self, seconds: float) -> bool:
        """Wait for its end."""
        until = time.monotonic() + seconds
        ended = [worker.join(until - time.monotonic()) for worker in self.workers]
        return all(ended)

    @property
    def workers(self) -> tuple[ModelFinder, Downloads]:
        """Who has a thread."""
        return self._finder, self._downloads

    def take_facts(self, facts: ModelFacts, path: str | None) -> None:
        """This model generates now; one that no search finds is listed from here on."""
        self._facts = facts
        self._picker.set_current(path)
        self._show_memory()
        if path is not None and path not in self._known:
            self._finder.describe(path, half_precision=self._halves)

    # Looking for models ------------------------------------------------------------------------

    def scan(self) -> None:
        """Look for models everywhere."""
        self._show_memory()
        self._picker.begin_scan()
        self._scan_id = self._finder.scan(self._settings.model_folders, half_precision=self._halves)

    @property
    def _halves(self) -> bool:
        """Whether models run in 16 bits here, for the estimate of memory."""
        return self._facts is not None and self._facts.device != "cpu"

    def _show_memory(self) -> None:
        facts = self._facts
        if facts is not None:
            label = facts.device_label or facts.device
            self._picker.set_memory(label, free_memory(facts.device))

    def _found(self, scan_id: int, model: FoundModel) -> None:
        if scan_id == self._scan_id:
            self._known.add(model.path)
            self._picker.add(model)

    def _scanned(self, scan_id: int) -> None:
        if scan_id == self._scan_id:
            self._picker.end_scan()

    def _described(self, model: FoundModel | None) -> None:
        if model is not None:
            self._picker.add_opened(model)

    # Folders -----------------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        path = files.ask_folder(self._window)
        if path:
            self.model_chosen.emit(path)

    def _ask_checkpoint(self) -> None:
        path = files.ask_checkpoint(self._window)
        if path:
            self.model_chosen.emit(path)

    def _add_folder(self) -> None:
        folder = files.ask_folder(self._window, "Add a folder with models")
        if folder and folder not in self._settings.model_folders:
            self._set_folders([*self._settings.model_folders, folder])

    def _remove_folder(self, folder: str) -> None:
        self._set_folders([each for each in self._settings.model_folders if each != folder])

    def _set_folders(self, folders: list[str]) -> None:
        self._settings.model_folders = folders
        self._picker.set_folders(folders)
        self.scan()

    # Downloads ---------------------------------------------------------------------------------

    def _look_up(self, repository: str) -> None:
        self._plan = None
        self._downloads.describe(repository)

    def _offer(self, plan: DownloadPlan) -> None:
        from visualizer.diffusion.found_models import fits

        self._plan = plan
        memory = memory_bytes(plan, halves=self._halves)
        free = free_memory(self._facts.device) if self._facts is not None else 0
        self._picker.downloads.show_offer(
            Offer(
                repository=plan.repository,
                family=plan.family,
                license=license_words(plan.license),
                download_bytes=plan.bytes - plan.bytes_here,
                present_bytes=plan.bytes_here,
                free_bytes=plan.free_bytes,
                memory_bytes=memory,
                fit=fits(memory, free) if free else None,
                problem=plan.problem,
            )
        )

    def _download(self, _repository: str) -> None:
        if self._plan is not None:
            self._rate = Rate()
            self._downloads.start(self._plan)

    def _progressed(self, done: int, total: int) -> None:
        rate = self._rate.take(done, time.monotonic())
        self._picker.downloads.show_progress(done, total, rate)

    def _downloaded(self, path: str) -> None:
        page = self._picker.downloads
        if not page.isVisible() and self._plan is not None:
            self.noted.emit(f"{self._plan.repository} is here: open it under “Model”.")
        page.show_done(path)
        self.scan()

    def _download_failed(self, failure: Failure) -> None:
        page = self._picker.downloads
        page.show_failure(failure.detail or failure.title)
        if not page.isVisible():
            self.failed.emit(failure)


class Rate:
    """How quickly bytes arrive, over the last seconds."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = []

    def take(self, done: int, now: float) -> float:
        """So many bytes are there now; bytes a second, 0 while that cannot be said."""
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _RATE_SECONDS:
            del self._marks[0]
        then, before = self._marks[0]
        return (done - before) / (now - then) if now - then > 0.5 else 0.0


def memory_bytes(plan: DownloadPlan, *, halves: bool) -> int:
    """About what a model will need when it is open; the hub does not say how its numbers are kept.

    Args:
        halves: whether it will run in 16 bits.
    """
    weights = [file for file in plan.files if Path(file.name).suffix == files.CHECKPOINT]
    single = plan.pipeline_class.startswith(_SINGLE_PRECISION) and not any(
        ".fp16." in file.name for file in weights
    )
    numbers = sum(file.size for file in weights) / (4 if single else 2)
    return round(numbers * (2 if halves else 4) * _OVERHEAD)
