"""ModelPicker: every model on this computer, and the ways to further ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.byte_words import in_words
from visualizer.ui import theme
from visualizer.ui.download_panel import DownloadPanel
from visualizer.ui.drop_panel import DropPanel
from visualizer.ui.fit_mark import Fit
from visualizer.ui.menus import later
from visualizer.ui.model_list import ModelList
from visualizer.ui.model_rows import LOOKING, rows_of

if TYPE_CHECKING:
    from visualizer.diffusion.found_models import FoundModel

_WIDTH = 72 * theme.SPACE
_LOWEST_LIST = 20 * theme.SPACE
_LINES = 3  # the panel's edges and the line above its foot
_PAGE_OF_ROWS = 6
_LONGEST_PATH = 48


class ModelPicker(DropPanel):
    """Opens under the model button; looks for models each time, and shows them as they are found.

    What was found before stays until it is known to be gone.
    """

    scan_asked = Signal()
    model_chosen = Signal(object)  # the path of a model, or None for the built-in one
    folder_asked = Signal()
    checkpoint_asked = Signal()
    add_folder_asked = Signal()
    folder_removed = Signal(str)

    def __init__(self, button: QWidget, page: QWidget) -> None:
        super().__init__("Models", button, page)
        self._found: dict[str, FoundModel] = {}
        self._confirmed: set[str] = set()
        self._opened: dict[str, FoundModel] = {}
        self._current: str | None = None
        self._folders: tuple[str, ...] = ()
        self._looking = False
        self._free = 0
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Type to filter")
        self.filter.setAccessibleName("Filter the models")
        self.filter.setToolTip("Arrow keys choose, Enter opens")
        self.filter.installEventFilter(self)
        self.filter.textChanged.connect(self._filtered)
        self.list = ModelList()
        self.list.chosen.connect(self._choose)
        self.looking = _small_label()
        self.memory = _small_label()
        self.open_button = _menu_button("Open", "Open a model that is not listed")
        self.open_menu = self._open_menu()
        self.folders_button = _menu_button("Folders", "Where models are looked for")
        self.folders_menu = QMenu(self)
        self.folders_menu.setToolTipsVisible(True)
        self.folders_button.setMenu(self.folders_menu)
        self.download_button = QPushButton("Download …")
        self.download_button.setProperty("role", "quiet")
        self.download_button.setToolTip("Get a model from the Hugging Face Hub")
        self.download_button.setAccessibleName("Download a model")
        self.download_button.clicked.connect(self.show_downloads)
        self.downloads = DownloadPanel()
        self.downloads.back_asked.connect(self.show_models)
        self.downloads.open_asked.connect(self._open_downloaded)
        self.downloads.changed.connect(self.place)
        self._fill_soon = QTimer(self)
        self._fill_soon.setSingleShot(True)
        self._fill_soon.setInterval(0)
        self._fill_soon.timeout.connect(self._fill)
        self._lay_out()
        self.set_folders(())

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        top.addWidget(self.filter)
        beside = QHBoxLayout(self.filter)
        beside.setContentsMargins(0, 0, theme.SPACE, 0)
        beside.addWidget(self.looking, 0, Qt.AlignmentFlag.AlignRight)
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedHeight(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        foot.setSpacing(theme.SPACE // 2)
        foot.addWidget(self.open_button)
        foot.addWidget(self.folders_button)
        foot.addWidget(self.download_button)
        foot.addStretch(1)
        foot.addWidget(self.memory)
        models = self._models = QWidget()
        column = QVBoxLayout(models)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addWidget(line)
        column.addLayout(foot)
        self._top, self._foot = top, foot
        self._pages = QStackedLayout(self)
        self._pages.setContentsMargins(1, 1, 1, 1)
        self._pages.addWidget(models)
        self._pages.addWidget(self.downloads)

    def _open_menu(self) -> QMenu:
        menu = QMenu(self)
        asked = (
            ("A model folder …", self.folder_asked),
            ("A checkpoint (.safetensors) …", self.checkpoint_asked),
        )
        for text, signal in asked:
            # the panel goes first: what is chosen in the dialog is loaded at once
            action = menu.addAction(text)
            action.triggered.connect(later(self.close_panel))
            action.triggered.connect(later(signal.emit))
        self.open_button.setMenu(menu)
        return menu

    # What the window tells ---------------------------------------------------------------------

    def set_current(self, path: str | None) -> None:
        """This model is the one that generates (None: the built-in one)."""
        self._current = path
        self._fill_soon.start()

    def set_folders(self, folders: Sequence[str]) -> None:
        """Where the person keeps models."""
        self._folders = tuple(folders)
        menu = self.folders_menu
        menu.clear()
        menu.addAction("Add a folder …").triggered.connect(later(self.add_folder_asked.emit))
        if folders:
            menu.addSeparator()
        for folder in folders:
            action = menu.addAction(f"Forget {_shortened(folder)}")
            action.setToolTip(f"Look no longer for models in {folder}. Nothing is deleted.")
            action.triggered.connect(later(self.folder_removed.emit, folder))
        self._fill_soon.start()

    def set_memory(self, device: str, free: int) -> None:
        """Where models run, in words, and how many bytes are free there (0: nobody knows)."""
        self._free = free
        known = (device, f"{in_words(free)} free" if free else "")
        self.memory.setText("  ·  ".join(part for part in known if part))
        self.memory.setToolTip("Where the model runs, and how much memory is free there")
        self._fill_soon.start()

    def begin_scan(self) -> None:
        """Models are being looked for."""
        self._looking = True
        self._confirmed = set()
        self.looking.setText(LOOKING)
        self._fill_soon.start()

    def add(self, model: FoundModel) -> None:
        """A model was found."""
        self._found[str(model.path)] = model
        self._confirmed.add(str(model.path))
        self._fill_soon.start()

    def add_opened(self, model: FoundModel) -> None:
        """A model was opened that no search finds."""
        self._opened[str(model.path)] = model
        self._fill_soon.start()

    def end_scan(self) -> None:
        """All were found: what was not found again is gone."""
        self._looking = False
        self.looking.setText("")
        self._found = {path: self._found[path] for path in self._found if path in self._confirmed}
        self._fill_soon.start()

    # Opening and choosing ----------------------------------------------------------------------

    def open_panel(self) -> None:
        """Look for models, and show what is known of them."""
        if not self.isHidden():
            return
        self.filter.clear()
        self.scan_asked.emit()
        self._fill()
        downloading = self.downloads.busy  # what is seen from now on
        super().open_panel()
        if downloading:
            self.show_downloads()
        else:
            self.show_models()

    def show_models(self) -> None:
        """The list."""
        self._pages.setCurrentWidget(self._models)
        self.place()
        self.list.select_first()
        self.filter.setFocus()

    def show_downloads(self) -> None:
        """The page for getting another model."""
        self._pages.setCurrentWidget(self.downloads)
        self.place()
        self.downloads.take_focus()

    def sizeHint(self) -> QSize:
        """As high as what it shows."""
        if self._pages.currentWidget() is self.downloads:
            return QSize(_WIDTH, self.downloads.heightForWidth(_WIDTH - 2) + 2)
        around = self._top.sizeHint().height() + self._foot.sizeHint().height() + _LINES
        return QSize(_WIDTH, around + max(self.list.sizeHint().height(), _LOWEST_LIST))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys in the field that move through the list."""
        if (
            watched is self.filter
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
        ):
            steps = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: _PAGE_OF_ROWS,
                Qt.Key.Key_PageUp: -_PAGE_OF_ROWS,
            }
            key = Qt.Key(event.key())
            if key in steps:
                self.list.move_selection(steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.list.choose_selected()
                return True
        return super().eventFilter(watched, event)

    def _filtered(self) -> None:
        self._fill()
        self.list.select_first()

    def _choose(self, model: FoundModel) -> None:
        self.close_panel()
        self.model_chosen.emit(None if model.origin == "builtin" else str(model.path))

    def _open_downloaded(self, path: str) -> None:
        self.close_panel()
        self.model_chosen.emit(path)

    def _fill(self) -> None:
        opened = (model for path, model in self._opened.items() if path not in self._found)
        self.list.set_rows(
            rows_of(
                (*self._found.values(), *opened),
                current=self._current,
                wanted=self.filter.text().strip(),
                looking=self._looking,
                folders=self._folders,
                fit_of=self._fit_of,
            )
        )
        if self.list.selected is None and not self.filter.text():
            self.list.select_first()
        if not self.isHidden():
            self.place()

    def _fit_of(self, model: FoundModel) -> Fit | None:
        if not self._free or not model.memory_bytes:
            return None
        from visualizer.diffusion.found_models import fits

        return fits(model.memory_bytes, self._free)


def _menu_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.setProperty("role", "drop")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button


def _small_label() -> QLabel:
    label = QLabel()
    label.setProperty("role", "small-quiet")
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _shortened(folder: str) -> str:
    home = str(Path.home())
    text = f"~{folder.removeprefix(home)}" if folder.startswith(home + "/") else folder
    half = _LONGEST_PATH // 2
    return text if len(text) <= _LONGEST_PATH else f"{text[:half]}…{text[-half:]}"
