"""RememberedPictures: a picture that is opened or dropped fills the fields with how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.metadata_reader import MetadataReader, ReadResult
from visualizer.ui import remembered_words as words
from visualizer.ui.failure_bar import Offer

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.grid import Axis
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.metadata.remembered import Remembered
    from visualizer.ui.axis_fields import AxisFields, WrittenAxis
    from visualizer.ui.header import Header, Written

_PUT_BACK = "Put back"
_TO_THE_MODEL = "To give it to the model, drop it on its place below the prompt."
_GIVEN = "It is given to the model instead."


class RememberedPictures(QObject):
    """Nothing is run: the person looks at the fields, and presses Generate.

    A picture that remembers nothing is handed to a model that takes pictures.
    """

    noted = Signal(str, list, object)  # what became of it, what was lost, an Offer or None
    failed = Signal(object)  # Failure
    comparison_found = Signal()  # what the fields ask for now is a comparison

    def __init__(
        self, header: Header, axis_fields: AxisFields, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._header, self._axis_fields = header, axis_fields
        self._facts: ModelFacts | None = None
        self._until_ready: ReadResult | None = None
        self._before = ""
        self._given = False
        self._reader = MetadataReader(self)
        self._reader.finished.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def open(self, source: Path | bytes, *, before: str = "", give: bool = False) -> None:
        """Read a picture; ``noted`` or ``failed`` follows.

        Args:
            source: a file, or its content.
            before: what is to be said first.
            give: whether a picture that remembers nothing is for the model, if that takes any.
        """
        self._before, self._given = before, give
        self._reader.read(source)

    def set_facts(self, facts: ModelFacts) -> None:
        """There is a model: what waited for it can be filled in."""
        self._facts = facts
        waiting, self._until_ready = self._until_ready, None
        if waiting is not None and waiting.remembered is not None:
            self._fill(waiting)

    def close(self) -> None:
        """Read nothing more."""
        self._reader.close()

    def join(self, seconds: float) -> bool:
        """Wait for what is being read."""
        return self._reader.join(seconds)

    @Slot(object)
    def _take(self, result: ReadResult) -> None:
        self._until_ready = None
        name = words.begun(words.called(result.source))
        if result.remembered is not None:
            self._fill(result)
        elif self._given and self._header.control.give(result.source):
            if result.failure is None:
                self._note(f"{name} remembers no settings. {_GIVEN}")
        elif result.failure is not None:
            self.failed.emit(result.failure)
        else:
            takes = self._facts is None or self._header.control.takes_pictures
            also = "" if takes else ", and this model takes no picture beside the prompt"
            self._note(f"{name} remembers no settings{also}.")

    def _fill(self, result: ReadResult) -> None:
        remembered, name = result.remembered, words.called(result.source)
        assert remembered is not None
        if self._facts is None:
            # which samplers and sizes there are is not known yet
            self._until_ready = result
            self._note(f"The settings of {name} are filled in when the model is loaded.")
            return
        if remembered.request is None:
            said = words.not_taken_over(remembered, self._facts)
            self._note(words.taken_over(name, remembered, compared=False), said)
            return
        former = self._header.written(), self._axis_fields.written()
        self._header.fill_in(remembered.request)
        compared = self._fill_axes(remembered)
        header, row = self._header, self._header.settings_row
        said = [
            *words.not_taken_over(remembered, self._facts),
            *words.changed(
                remembered.request,
                header.prompt.text(),
                row.avoid.text(),
                row.steps.whole(),
                row.guidance.value(),
            ),
        ]
        if self._given and self._header.control.takes_pictures:
            said.insert(0, _TO_THE_MODEL)
        text = words.taken_over(name, remembered, compared=compared)
        if not compared:
            text = f"{text} {self._fill_single_axes(remembered.request)}".strip()
        text = f"{text} {words.what_next(compared=compared)}"
        about = "Let the fields say again what they said before"
        self._note(text, said, Offer(_PUT_BACK, about, lambda: self._put_back(*former)))

    def _put_back(self, written: Written, axes: tuple[WrittenAxis, WrittenAxis]) -> None:
        self._header.put_back(written)
        self._axis_fields.put_back(axes)

    def _fill_axes(self, remembered: Remembered) -> bool:
        """Say on the Compare page what changes from lane to lane, where that can be told."""
        axes = axes_of_lanes(remembered)
        if axes is None:
            return False
        shown = self._axis_fields.show_axes(*axes)
        if shown:
            self.comparison_found.emit()
        return shown

    def _fill_single_axes(self, request: SamplingRequest) -> str:
        """Where the Compare page is shown its fields count, not those of the header: fill them.

        Returns:
            What is to be said of it, or "".
        """
        if self._axis_fields.isHidden():
            return ""
        header, row = self._header, self._header.settings_row
        values = {
            "seed": header.seed.whole(),
            "prompt": header.prompt.text().strip(),
            "negative_prompt": row.avoid.text().strip() or None,
            "sampler": row.sampler_key(),
        }
        if request.steps is not None:
            values["steps"] = row.steps.whole()
        if request.guidance_scale is not None:
            values["guidance_scale"] = row.guidance.value()
        return words.one_picture(self._axis_fields.show_one_picture(values))

    def _note(self, text: str, lost: Sequence[str] = (), offer: Offer | None = None) -> None:
        self.noted.emit(f"{self._before} {text}".strip(), list(lost), offer)


def axes_of_lanes(remembered: Remembered) -> tuple[Axis, Axis | None] | None:
    """What changes from column to column and from row to row of a comparison; None: no such table.

    The lanes stand in the order in which they were shown, row by row.
    """
    from visualizer.diffusion.grid import Cell, axes_of

    requests = [lane.request for lane in remembered.lanes if lane.request is not None]
    count = len(requests)
    if count < 2 or count != len(remembered.lanes):
        return None
    for across in range(count, 0, -1):
        if count % across:
            continue
        cells = [Cell(r, *divmod(i, across), "") for i, r in enumerate(requests)]
        axes = axes_of(cells)
        if axes is not None:
            return axes
    return None
