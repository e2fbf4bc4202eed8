"""The folded choices of an export: time, size, captions, quality. Each knows where it matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from visualizer.export.options import BACKGROUNDS, ExportOptions, is_color
from visualizer.ui import export_words as words
from visualizer.ui import theme
from visualizer.ui.choice_rows import ChoiceRow, Table, check, combo, number, quiet_label
from visualizer.ui.number_field import NumberField
from visualizer.ui.segments import Segments

_GROUNDS = {"dark": theme.DARK.ground, "light": theme.LIGHT.surface}
"""Colors to begin with for whoever wants another one."""


class Group(QWidget):
    """Some of the options; ``edited`` when a person changed one."""

    edited = Signal()
    title = ""
    about = ""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, theme.SPACE // 2, 0, theme.SPACE)
        self._column.setSpacing(theme.SPACE)

    def _add(self, label: str, *parts: QWidget) -> ChoiceRow:
        row = ChoiceRow(label, *parts)
        self._column.addWidget(row)
        return row

    def _edited(self, *_value: object) -> None:
        self.edited.emit()

    def applies(self, options: ExportOptions) -> bool:
        """Whether any of it makes a difference."""
        raise NotImplementedError

    def summary(self, options: ExportOptions) -> str:
        """What the options come to, in a few words."""
        raise NotImplementedError

    def fill(self, options: ExportOptions) -> None:
        """Show these options."""
        raise NotImplementedError

    def read(self) -> dict[str, Any]:
        """What the fields say, by the names of options."""
        raise NotImplementedError


class TimeGroup(Group):
    """Which steps, and how fast."""

    title, about = "Steps and timing", "Which steps, how fast, and in which direction"

    def __init__(self) -> None:
        super().__init__()
        self.steps = combo("Steps", "The first and the last step are always there", words.STEPS)
        self.every = number("every", "Distance of steps", "2: every second step is shown")
        self.count = number("count", "Number of steps", "How many steps are shown")
        self.speed = combo(
            "Speed",
            "Automatic: the whole takes about four seconds",
            {"auto": "Automatic", "own": "Frames a second"},
        )
        self.fps = number(
            "fps", "Frames a second", "How many frames are shown a second", decimals=1
        )
        self.hold = number("hold", "Seconds", "How long the last frame stands", decimals=1)
        self.direction = Segments("Direction")
        for name, (label, about) in words.DIRECTIONS.items():
            self.direction.add(name, label, about)
        self._add("Steps", self.steps, self.every, self.count)
        self._speed_row = self._add("Speed", self.speed, self.fps)
        self._hold_row = self._add("Hold", self.hold, quiet_label("seconds on the last frame"))
        self._direction_row = self._add("Direction", self.direction)
        for each in (self.steps, self.speed):
            each.currentIndexChanged.connect(self._edited)
        for field in (self.every, self.count, self.fps, self.hold):
            field.changed.connect(self._edited)
        self.direction.chosen.connect(self._edited)

    def applies(self, options: ExportOptions) -> bool:
        """A single picture has no time."""
        return options.format not in ("picture", "raw")

    def summary(self, options: ExportOptions) -> str:
        """ "Every 2 steps, both ways"."""
        return words.steps_words(options)

    def fill(self, options: ExportOptions) -> None:
        """Show these options."""
        sheet = options.format == "sheet"  # it has room for some steps only
        self.steps.setItemText(0, words.EVENLY if sheet else words.STEPS["all"])
        self.steps.setCurrentIndex(self.steps.findData(options.steps))
        self.speed.setCurrentIndex(0 if options.fps is None else 1)
        self.direction.set_current(options.direction)
        _fill_number(self.every, options.every)
        _fill_number(self.count, options.count)
        _fill_number(self.hold, options.hold)
        if options.fps is not None:
            _fill_number(self.fps, options.fps)
        timed = options.kind.moves and options.format != "frames"
        self._speed_row.setVisible(timed)
        self._hold_row.setVisible(timed)
        self._direction_row.setVisible(options.kind.moves)
        self.every.setVisible(options.steps == "every")
        self.count.setVisible(options.steps == "noise")
        self.fps.setVisible(options.fps is not None)

    def read(self) -> dict[str, Any]:
        """What the fields say."""
        return {
            "steps": self.steps.currentData(),
            "every": self.every.whole(),
            "count": self.count.whole(),
            "fps": self.fps.value() if self.speed.currentIndex() else None,
            "hold": self.hold.value(),
            "direction": self.direction.current,
        }


class SizeGroup(Group):
    """How large, and how it is enlarged."""

    title, about = "Size", "How large it is, and how its pixels are enlarged"

    def __init__(self) -> None:
        super().__init__()
        self.scale = combo("Size", "Automatic: enlarged until it is worth watching", words.SIZES)
        self.pixels = Segments("Pixels")
        self.pixels.add("smooth", "Smooth", "Enlarged smoothly")
        self.pixels.add("square", "Square", "Every pixel stays a square")
        self._scale_row = self._add("Enlarge", self.scale)
        self._add("Pixels", self.pixels)
        self.scale.currentIndexChanged.connect(self._edited)
        self.pixels.chosen.connect(self._edited)

    def applies(self, options: ExportOptions) -> bool:
        """Numbers have no size."""
        return options.format != "raw"

    def summary(self, options: ExportOptions) -> str:
        """ "× 2, square pixels"."""
        return words.size_words(options)

    def fill(self, options: ExportOptions) -> None:
        """Show these options."""
        self._scale_row.setVisible(options.format != "sheet")  # as large as its columns need
        self.scale.setCurrentIndex(self.scale.findData(options.size))
        self.pixels.set_current(options.pixels)

    def set_sizes(self, labels: Mapping[str, str]) -> None:
        """Say what the choices come to: ``export_words.sizes_words``."""
        for key, label in labels.items():
            self.scale.setItemText(self.scale.findData(key), label)

    def read(self) -> dict[str, Any]:
        """What the fields say."""
        return {"size": self.scale.currentData(), "pixels": self.pixels.current}


class CaptionGroup(Group):
    """What is written beside the picture, and on what ground."""

    title = "Captions"
    about = "What is written beside the picture, and on what ground"

    def __init__(self) -> None:
        super().__init__()
        self._background = "auto"
        self.captions = {
            name: check(label, about) for name, (label, about) in words.CAPTIONS.items()
        }
        self.place = Segments("Place of the captions")
        self.place.add("below", "Below", "Below the picture")
        self.place.add("above", "Above", "Above the picture")
        self.place.add("over", "Over it", "Over the picture’s lower edge")
        self.background = Segments("Background")
        self.background.add("auto", *words.background_words(ExportOptions()))
        self.background.add("dark", "Dark", "Behind captions, plots and grids")
        self.background.add("light", "Light", "Behind captions, plots and grids")
        self.background.add("own", "Color", "A color of your own")
        self.color = QLineEdit()
        self.color.setAccessibleName("Background color")
        self.color.setToolTip("Six digits as on web pages, for example #1c2733")
        self.color.setMaxLength(7)
        self._captions_row = self._add("Captions", Table(self.captions.values()))
        self._place_row = self._add("Place", self.place)
        self._add("Background", self.background)
        self._color_row = self._add("Color", self.color)
        for each in self.captions.values():
            each.toggled.connect(self._edited)
        for segments in (self.place, self.background):
            segments.chosen.connect(self._edited)
        self.color.textEdited.connect(self._edited)
        self.color.editingFinished.connect(self._show_color)

    def applies(self, options: ExportOptions) -> bool:
        """Numbers stand alone."""
        return options.format != "raw"

    def summary(self, options: ExportOptions) -> str:
        """ "Prompt and seed, on light"."""
        return words.captions_words(options)

    def fill(self, options: ExportOptions) -> None:
        """Show these options."""
        self._background = options.background
        for name, each in self.captions.items():
            each.setChecked(name in options.captions)
        self.place.set_current(options.caption_place)
        name, about = words.background_words(options)
        unchosen = self.background.buttons["auto"]
        unchosen.setText(name)
        unchosen.setAccessibleName(name)
        unchosen.setToolTip(about)
        own = options.background not in BACKGROUNDS
        self.background.set_current("own" if own else options.background)
        if self.color.hasFocus():
            self._tint()
        else:
            self._show_color()
        able = options.format not in words.TOLD  # they have their own
        self.title = "Captions" if able else "Background"
        self._captions_row.setVisible(able)
        self._place_row.setVisible(able and bool(options.captions))
        self._color_row.setVisible(own)

    @property
    def _color(self) -> str:
        """The background as a color."""
        before = self._background
        return _GROUNDS.get("dark" if before == "auto" else before, before)

    def _show_color(self) -> None:
        self.color.setText(self._color)
        self._tint()

    def _tint(self) -> None:
        color = self._color
        ink = "#000000" if QColor(color).lightness() > 127 else "#ffffff"
        self.color.setStyleSheet(f"QLineEdit {{ background: {color}; color: {ink}; }}")

    def read(self) -> dict[str, Any]:
        """What the fields say; half a color is none yet."""
        background = self.background.current
        if background == "own":
            typed = self.color.text().strip()
            background = typed if is_color(typed) else self._color
        return {
            "captions": tuple(name for name, each in self.captions.items() if each.isChecked()),
            "caption_place": self.place.current,
            "background": background,
        }


class QualityGroup(Group):
    """What only some formats have: how faithful, and how large."""

    title, about = "Quality", "How faithful it is, and how large the file becomes"

    def __init__(self) -> None:
        super().__init__()
        self.quality = number("quality", "Quality", "1 is smallest, 100 is best")
        self.lossless = check("Lossless", "Every pixel as it is; larger")
        self.codec = Segments("Codec")
        self.codec.add("vp9", "VP9", "Every browser plays it")
        self.codec.add("av1", "AV1", "Smaller; newer browsers play it")
        self.colors = number("colors", "Colors", "How many colors a picture has")
        self.dither = Segments("Dithering")
        for name, (label, about) in words.DITHERS.items():
            self.dither.add(name, label, about)
        self.shared = Segments("Palette")
        self.shared.add("each", "Each frame", "Every frame has colors of its own")
        self.shared.add("shared", "Shared", "All frames have the same colors: nothing flickers")
        self._colors_row = self._add("Colors", self.colors)
        self._dither_row = self._add("Dithering", self.dither)
        self._palette_row = self._add("Palette", self.shared)
        self._codec_row = self._add("Codec", self.codec)
        self._quality_row = self._add("Level", self.quality, self.lossless)
        for field in (self.quality, self.colors):
            field.changed.connect(self._edited)
        for segments in (self.codec, self.dither, self.shared):
            segments.chosen.connect(self._edited)
        self.lossless.toggled.connect(self._edited)

    def applies(self, options: ExportOptions) -> bool:
        """Most formats have one quality only."""
        return words.has_quality(options) or options.format == "gif"

    def summary(self, options: ExportOptions) -> str:
        """ "256 colors, dithered"."""
        return words.quality_words(options)

    def fill(self, options: ExportOptions) -> None:
        """Show these options."""
        _fill_number(self.quality, options.quality)
        _fill_number(self.colors, options.colors)
        self.codec.set_current(options.codec)
        self.dither.set_current(options.dither)
        self.shared.set_current(options.palette)
        self.lossless.setChecked(options.lossless)
        for row in (self._colors_row, self._dither_row, self._palette_row):
            row.setVisible(options.format == "gif")
        self._codec_row.setVisible(options.format == "webm")
        self._quality_row.setVisible(words.has_quality(options))
        lossless = words.has_lossless(options)
        self.lossless.setVisible(lossless)
        self.quality.setEnabled(not (lossless and options.lossless))

    def read(self) -> dict[str, Any]:
        """What the fields say."""
        return {
            "quality": self.quality.whole(),
            "lossless": self.lossless.isChecked(),
            "codec": self.codec.current,
            "colors": self.colors.whole(),
            "dither": self.dither.current,
            "palette": self.shared.current,
        }


def _fill_number(field: NumberField, value: float) -> None:
    """A number that is being typed is not touched: "1." would become "1"."""
    if not field.hasFocus():
        field.set_number(value)
