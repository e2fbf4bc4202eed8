"""ControlPictures: the pictures that a model wants beside the prompt, one slot each."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from visualizer.ui import theme
from visualizer.ui.picture_slot import PictureSlot, picture_in

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest

_NAMES = {"image": "Picture", "mask_image": "Mask", "control_image": "Control picture"}
_EMPTY = "Drop, paste or open a picture"
_EMPTY_FOR_EDITS = "Optional: a picture to change"
_PASTED, _FROM_A_RUN = "Pasted picture", "Picture of the run"


class ControlPictures(QWidget):
    """A row that is there only where the model wants pictures.

    Pictures stay when another model comes, for the next one that wants them.
    """

    edited = Signal()
    open_asked = Signal(str)  # the argument a picture is wanted for
    read_asked = Signal(object, str)  # a Path or bytes, and the argument

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots: dict[str, PictureSlot] = {}
        self._names: dict[str, str] = {}
        self._needed = True
        self._size = (0, 0)
        self._pictures: dict[str, tuple[Picture, str]] = {}
        self._sources: dict[str, str] = {}
        self._fitted: dict[str, tuple[Picture, Picture]] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACE)
        self.setAccessibleName("Pictures for the model")
        self.hide()

    # What the window tells ---------------------------------------------------------------------

    def set_facts(self, facts: ModelFacts) -> None:
        """Offer a slot for every picture that this model wants."""
        self._needed = not facts.control_optional
        names = {argument: _NAMES.get(argument, argument) for argument in facts.control}
        if len(names) == 1 and self._needed:
            names = dict.fromkeys(names, "Control picture")
        if names != self._names:
            self._names = names
            self._make_slots()
        self.setVisible(bool(names))

    def set_size(self, size: tuple[int, int]) -> None:
        """(width, height) of the next picture."""
        if size != self._size:
            self._size = size
            for argument in self._slots:
                self._show(argument)

    def take(self, argument: str, picture: Picture | None, called: str = "") -> None:
        """A picture was read for an argument; None: it could not be."""
        slot = self._slots.get(argument)
        called = called or self._sources.pop(argument, "")
        if picture is None:
            if slot is not None:
                slot.show_reading(False)
            return
        self._pictures[argument] = picture, called
        self._fitted.pop(argument, None)
        if slot is not None:
            self._show(argument)
            self.edited.emit()

    def give(self, source: Path | bytes, argument: str = "") -> bool:
        """Put a picture that was dropped, pasted or opened into a slot; False: there is none."""
        if not argument:
            empty = (name for name in self._slots if name not in self._pictures)
            argument = next(empty, next(iter(self._slots), ""))
        slot = self._slots.get(argument)
        if slot is None:
            return False
        slot.show_reading(True)
        self._sources[argument] = source.name if isinstance(source, Path) else _PASTED
        self.read_asked.emit(source, argument)
        return True

    def paste(self) -> None:
        """Take the picture on the clipboard."""
        source = picture_in(QApplication.clipboard().mimeData())
        if source is None:
            return
        focused = (name for name, slot in self._slots.items() if slot.hasFocus())
        self.give(source, next(focused, ""))

    def show_request(self, request: SamplingRequest) -> None:
        """Fill the slots from a run."""
        for argument in self._slots:
            picture = request.extra.get(argument)
            if picture is None:
                self._clear(argument)
            elif not self._same(self.values().get(argument), picture):
                self.take(argument, picture, _FROM_A_RUN)

    # What the window asks ----------------------------------------------------------------------

    @property
    def takes_pictures(self) -> bool:
        """Whether this model wants any."""
        return bool(self._slots)

    def values(self) -> dict[str, Picture]:
        """The pictures by argument, cut to the size of the request."""
        return {name: self._fit(name) for name in self._slots if name in self._pictures}

    def missing(self) -> str:
        """A sentence on the picture that the model cannot do without, or ""."""
        for argument, name in self._names.items():
            if self._needed and argument not in self._pictures:
                return (
                    f"This model needs a {name.lower()}. Drop it on the window, paste it, or open "
                    "it below the prompt."
                )
        return ""

    def shows_request(self, request: SamplingRequest) -> bool:
        """Whether the slots hold what this run was made from."""
        values = self.values()
        return all(
            self._same(values.get(argument), request.extra.get(argument))
            for argument in self._slots
        )

    # Details -----------------------------------------------------------------------------------

    def _make_slots(self) -> None:
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._slots = {}
        for argument, name in self._names.items():
            label = QLabel(name)
            label.setProperty("role", "quiet")
            slot = PictureSlot(name, _EMPTY if self._needed else _EMPTY_FOR_EDITS)
            slot.clicked.connect(partial(self._ask, argument))
            slot.given.connect(partial(self._given, argument))
            slot.cleared.connect(partial(self._clear, argument))
            if self._row.count():
                self._row.addSpacing(theme.SPACE)
            self._row.addWidget(label)
            self._row.addWidget(slot, 1)
            self._slots[argument] = slot
            self._show(argument)
        self._row.addStretch(0)

    def _ask(self, argument: str, _checked: bool = False) -> None:
        self.open_asked.emit(argument)

    def _given(self, argument: str, source: Path | bytes) -> None:
        self.give(source, argument)

    def _show(self, argument: str) -> None:
        slot, kept = self._slots[argument], self._pictures.get(argument)
        if kept is None:
            slot.show_picture(None)
            return
        picture, called = kept
        (height, width), wanted = picture.shape[:2], self._size
        size = f"{width} × {height}"
        if (width, height) != wanted and all(wanted):
            done = "cut" if width * wanted[1] != height * wanted[0] else "scaled"
            size = f"{done} to {wanted[0]} × {wanted[1]}"
        slot.show_picture(picture, (called, size))

    def _clear(self, argument: str) -> None:
        self._pictures.pop(argument, None)
        self._fitted.pop(argument, None)
        self._show(argument)
        self.edited.emit()

    def _fit(self, argument: str) -> Picture:
        from visualizer.diffusion.given_pictures import cover

        picture, _ = self._pictures[argument]
        if not all(self._size):
            return picture
        of, fitted = self._fitted.get(argument, (None, None))
        width, height = self._size
        if of is not picture or fitted is None or fitted.shape[:2] != (height, width):
            fitted = cover(picture, width, height)
            self._fitted[argument] = picture, fitted
        return fitted

    @staticmethod
    def _same(one: Picture | None, other: Picture | None) -> bool:
        if one is other:
            return True
        return (
            one is not None
            and other is not None
            and one.shape == other.shape
            and bool((one == other).all())
        )
