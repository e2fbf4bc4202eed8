"""ExportFields: what is exported, and how. What matters first is seen first, the rest is folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from visualizer.export.options import FORMATS, ExportOptions
from visualizer.ui import export_words as words
from visualizer.ui import theme
from visualizer.ui.choice_rows import LABEL_WIDTH, ChoiceRow, Table, check, combo
from visualizer.ui.export_groups import CaptionGroup, Group, QualityGroup, SizeGroup, TimeGroup
from visualizer.ui.fold import Fold
from visualizer.ui.segments import Segments
from visualizer.ui.view_switch import WORDS as VIEWS

SUBJECTS = {
    "run": ("Run", "The run on the Denoise page"),
    "grid": ("Grid", "All pictures of the comparison, side by side"),
    "difference": ("Difference", "The two marked pictures, and where they differ"),
    "forward": ("Noising", "The forward process: the finished picture drowned in noise"),
    "exhibit": ("This page", "What the page shows, frame by frame"),
}
"""What can be exported: what it is called, and what it is."""
_NARROW = ("difference", "forward")
_WITHOUT_CONTENT = ("sheet", "page", "raw")
_WITH_VIEWS = ("page", "sheet")
_OF_EXHIBITS = ("webp", "gif", "apng", "mp4", "webm", "frames", "picture")
"""What frames that are no run can become."""


@dataclass(frozen=True)
class Offers:
    """What can be exported now.

    Attributes:
        refused: of each subject that cannot be, the reason.
        views: those that have pictures.
        size: of one picture, pixels; None where nobody knows it.
        automatic: how many times as large it is shown unless somebody says how large; 0 where
            that is not known.
        exhibit: whether the page shows something that is no run; that alone is offered then.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    views: tuple[str, ...] = tuple(VIEWS)
    size: tuple[int, int] | None = None
    automatic: int = 0
    exhibit: bool = False


class ExportFields(QWidget):
    """The choices, as one value: ``options``."""

    changed = Signal()  # by a person

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = ExportOptions()
        self._offers = Offers()
        self._subject = "run"
        self._filling = False
        self._make_first()
        self.time, self.scale = TimeGroup(), SizeGroup()
        self.captions, self.quality = CaptionGroup(), QualityGroup()
        self.groups: tuple[Group, ...] = (self.time, self.scale, self.captions, self.quality)
        self.folds = tuple(Fold(group.title, group.about, group) for group in self.groups)
        self.remember = check(
            "The file remembers how it was made",
            "Prompt, seed and settings are written into the file, so that this program and others "
            "can fill them in again",
        )
        self._lay_out()
        self._connect()
        self._show()

    def _make_first(self) -> None:
        self.subject = Segments("What is exported")
        for name, (label, about) in SUBJECTS.items():
            self.subject.add(name, label, about)
        self.content = Segments("What is shown of it")
        self.content.add("picture", "Picture", "The picture of every step")
        self.content.add("plot", "Noise plot", "How much noise is left, with a moving playhead")
        self.content.add("both", "Both", "The picture, and below it the noise plot")
        self.view = combo("View", "Which picture of every step")
        self.views = {name: check(label, about) for name, (label, about) in VIEWS.items()}
        kinds = {key: FORMATS[key].label for key in words.FORMAT_NOTES}
        self.format = combo("Format", "What kind of file")
        for key, label in kinds.items():
            self.format.addItem(label, key)
        self.format.setMaxVisibleItems(len(kinds))
        self.kinds: dict[str, Segments] = {}
        for key, endings in words.KINDS.items():
            self.kinds[key] = Segments("Kind of file")
            for ending, (label, about) in endings.items():
                self.kinds[key].add(ending, label, about)
        self.note = QLabel()
        self.note.setProperty("role", "small-quiet")
        self.note.setWordWrap(True)

    def _lay_out(self) -> None:
        self._content_row = ChoiceRow("Show", self.content)
        self._view_row = ChoiceRow("View", self.view)
        self._views_row = ChoiceRow("Views", Table(self.views.values()))
        first = (
            ChoiceRow("What", self.subject),
            ChoiceRow("Format", self.format),
        )
        self._kind_row = ChoiceRow("Kind", *self.kinds.values())
        noted = QHBoxLayout()
        noted.addSpacing(LABEL_WIDTH + theme.SPACE)
        noted.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        for row in (first[0], self._content_row, self._view_row, self._views_row, first[1]):
            column.addWidget(row)
        column.addWidget(self._kind_row)
        column.addLayout(noted)
        column.addSpacing(theme.SPACE)
        folds = QVBoxLayout()
        folds.setSpacing(theme.SPACE // 2)
        for fold in self.folds:
            folds.addWidget(fold)
        column.addLayout(folds)
        column.addSpacing(theme.SPACE)
        column.addWidget(self.remember)
        column.addStretch(1)

    def _connect(self) -> None:
        self.subject.chosen.connect(self._choose_subject)
        self.content.chosen.connect(self._edited)
        for each in (self.view, self.format):
            each.currentIndexChanged.connect(self._edited)
        for segments in self.kinds.values():
            segments.chosen.connect(self._choose_kind)
        for box in (*self.views.values(), self.remember):
            box.toggled.connect(self._edited)
        for group in self.groups:
            group.edited.connect(self._edited)

    # --- the value ----------------------------------------------------------------------------

    @property
    def options(self) -> ExportOptions:
        """What the fields say."""
        return self._options

    @property
    def subject_key(self) -> str:
        """Which of ``SUBJECTS`` is chosen."""
        return self._subject

    def set_options(self, options: ExportOptions) -> None:
        """Fill the fields in."""
        self._options = options
        self._show()

    def set_subject(self, name: str) -> None:
        """Choose one of ``SUBJECTS``."""
        self._subject = name
        subject: Any = name if name in _NARROW else "whole"
        options = replace(self._options, subject=subject)
        if name == "exhibit":
            options = replace(options, content="picture")
            if options.format not in _OF_EXHIBITS:
                options = replace(options, format="webp", suffix="")
        self.set_options(options)

    def set_view(self, view: str) -> None:
        """Show this view, where it is offered; a person asked for it."""
        place = self.view.findData(view)
        if place >= 0 and self._view_row.isVisibleTo(self):
            self.view.setCurrentIndex(place)

    def set_offers(self, offers: Offers) -> None:
        """Offer what can be exported now."""
        self._offers = offers
        for name, button in self.subject.buttons.items():
            button.setVisible((name == "exhibit") == offers.exhibit)
            why = offers.refused.get(name, "")
            button.setEnabled(not why)
            button.setToolTip(why or SUBJECTS[name][1])
            button.setAccessibleDescription(why)
        with self._quietly():
            self.view.clear()
            for place, view in enumerate(offers.views):
                label, about = VIEWS[view]
                self.view.addItem(label, view)
                self.view.setItemData(place, about, Qt.ItemDataRole.ToolTipRole)
        for view, box in self.views.items():
            box.setVisible(view in offers.views)
        if offers.views and self._options.view not in offers.views:
            self._options = replace(self._options, view=offers.views[0])
        self._show()

    def _choose_subject(self, name: str) -> None:
        self.set_subject(name)
        self.changed.emit()

    def _choose_kind(self, ending: str) -> None:
        # the usual one is no choice: another format has another usual one
        usual = ending == self._options.kind.suffix
        self.set_options(replace(self._options, suffix="" if usual else ending))
        self.changed.emit()

    def _edited(self, *_value: object) -> None:
        if self._filling:
            return
        read: dict[str, Any] = {
            "format": self.format.currentData(),
            "content": self.content.current,
            "view": self.view.currentData() or self._options.view,
            "remember": self.remember.isChecked(),
        }
        # of the views that are not offered now, another run may have pictures
        views = tuple(name for name, box in self.views.items() if box.isChecked())
        read["views"] = views or self._options.views
        for group in self.groups:
            read |= group.read()
        self._options = replace(self._options, **read)
        self._show()
        self.changed.emit()

    # --- showing it ---------------------------------------------------------------------------

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """What changes in the fields is nobody's wish meanwhile."""
        before, self._filling = self._filling, True
        try:
            yield
        finally:
            self._filling = before

    def _show(self) -> None:
        options, key = self._options, self._options.format
        with self._quietly():
            self.subject.set_current(self._subject)
            self.content.set_current(options.content)
            self.view.setCurrentIndex(max(self.view.findData(options.view), 0))
            self.format.setCurrentIndex(max(self.format.findData(key), 0))
            for name, box in self.views.items():
                box.setChecked(name in options.views)
            self.remember.setChecked(options.remember)
            for group, fold in zip(self.groups, self.folds, strict=True):
                group.fill(options)
                fold.set_title(group.title)
                fold.set_summary(group.summary(options))
                fold.setVisible(group.applies(options))
            self._show_kind()
            self._show_sizes()
        self.note.setText(words.FORMAT_NOTES.get(key, ""))
        framed = self._subject == "exhibit"
        content = key not in _WITHOUT_CONTENT and not framed
        self._content_row.setVisible(content)
        self._view_row.setVisible(content and options.content != "plot")
        self._offer_formats(_OF_EXHIBITS if framed else ())
        self.remember.setVisible(not framed)
        self._views_row.setVisible(key in _WITH_VIEWS)

    def _offer_formats(self, only: tuple[str, ...]) -> None:
        """Let the others sleep; () wakes all."""
        model = self.format.model()
        if not isinstance(model, QStandardItemModel):
            return
        for place in range(self.format.count()):
            key = self.format.itemData(place)
            model.item(place).setEnabled(not only or key in only)

    def _show_kind(self) -> None:
        options = self._options
        for key, segments in self.kinds.items():
            segments.setVisible(key == options.format)
        endings = words.KINDS.get(options.format, {})
        self._kind_row.setVisible(bool(endings))
        if endings:
            ending = ".jpg" if options.ending == ".jpeg" else options.ending
            self.kinds[options.format].set_current(ending)

    def _show_sizes(self) -> None:
        """What the sizes come to, where that is the size of one picture times something."""
        options, offers = self._options, self._offers
        several = self._subject in ("grid", "difference")
        plain = options.content != "plot" and options.format != "page"
        automatic = 0 if several else offers.automatic
        if options.format == "picture" and options.content == "picture" and not options.captions:
            automatic = min(automatic, 1)  # as it is
        labels = words.sizes_words(offers.size if plain else None, automatic, each=several)
        self.scale.set_sizes(labels)
