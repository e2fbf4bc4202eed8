"""The pages that the rail leads to: which there are, and each of them once it is first shown.

The start of the program waits for none of the lessons' pages: they are imported and built when
somebody goes there, which takes some hundredths of a second.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

if TYPE_CHECKING:
    from visualizer.ui.page import Page

DENOISE, COMPARE, NOISE = "denoise", "compare", "noise"
DESTROY, TRAIN, WORDS, PHYSICS = "destroy", "train", "words", "physics"


@dataclass(frozen=True)
class PageEntry:
    """A page as the rail tells of it, and where its class lives.

    Attributes:
        name: also of its icon.
    """

    name: str
    label: str
    about: str
    module: str
    kind: str


ENTRIES = (
    PageEntry(DENOISE, "Denoise", "One run, step by step", "denoise_page", "DenoisePage"),
    PageEntry(COMPARE, "Compare", "Side by side", "compare_page", "ComparePage"),
    PageEntry(NOISE, "Noise", "Edit the static", "noise_page", "NoisePage"),
    PageEntry(
        DESTROY,
        "Destroy",
        "Noise destroys a picture, and it is denoised again",
        "destroy.destroy_page",
        "DestroyPage",
    ),
    PageEntry(TRAIN, "Train", "How a network learns to see noise", "train.train_page", "TrainPage"),
    PageEntry(WORDS, "Words", "Which pixels listen to which word", "words.words_page", "WordsPage"),
    PageEntry(
        PHYSICS, "Physics", "Where the idea comes from", "physics.physics_page", "PhysicsPage"
    ),
)
"""In the order of the rail, and of the keys Ctrl+1, Ctrl+2 …"""


class Pages(QObject):
    """The pages by name; one that is not there yet is made when it is asked for."""

    made = Signal(str)
    """A page is there now, and nobody has seen it yet."""

    def __init__(self, stack: QStackedWidget, *given: Any, parent: QObject | None = None) -> None:
        """
        Args:
            stack: where a page stands.
            given: what every page's constructor is called with.
        """
        super().__init__(parent)
        self._stack, self._given = stack, given
        self._pages: dict[str, Page] = {}
        self._entries = {entry.name: entry for entry in ENTRIES}

    def add(self, name: str, page: Page) -> None:
        """A page that was made elsewhere."""
        self._pages[name] = page
        self._stack.addWidget(_widget(page))

    def __getitem__(self, name: str) -> Page:
        """
        Raises:
            KeyError: for a page that does not exist.
        """
        if name not in self._pages:
            entry = self._entries[name]
            module = importlib.import_module(f"visualizer.ui.{entry.module}")
            make = cast("Callable[..., Page]", getattr(module, entry.kind))
            self.add(name, make(*self._given))
            self.made.emit(name)
        return self._pages[name]

    def __iter__(self) -> Iterator[Page]:
        """Those that are there."""
        return iter(tuple(self._pages.values()))

    def show(self, name: str) -> None:
        """Put a page on top of the stack.

        Raises:
            KeyError: for a page that does not exist.
        """
        self._stack.setCurrentWidget(_widget(self[name]))


def _widget(page: Page) -> QWidget:
    """Each page is a QWidget, which a Protocol cannot say."""
    return cast("QWidget", page)
