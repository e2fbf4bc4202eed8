"""Rows of choices: a quiet name at the left, and what is chosen beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QWidget,
)

from visualizer.export.options import RANGES
from visualizer.ui import theme
from visualizer.ui.number_field import NumberField

LABEL_WIDTH = 11 * theme.SPACE
_NUMBER_WIDTH = 9 * theme.SPACE


class ChoiceRow(QWidget):
    """One line of a form; parts that are numbers or narrow keep their width, others share it."""

    def __init__(self, label: str, *parts: QWidget) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE)
        name = quiet_label(label, LABEL_WIDTH)
        if any(isinstance(part, Table) for part in parts):  # beside the first of its lines
            name.setContentsMargins(0, theme.SPACE // 2, 0, 0)
            line.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        else:
            line.addWidget(name, 0, Qt.AlignmentFlag.AlignVCenter)
        wide = False
        for part in parts:
            grows = not isinstance(part, QCheckBox) and part.maximumWidth() > part.minimumWidth()
            wide = wide or grows
            line.addWidget(part, 1 if grows else 0)
        if not wide:
            line.addStretch(1)


def combo(name: str, about: str, labels: Mapping[str, str] | None = None) -> QComboBox:
    """A choice among ``labels``, by key."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(about)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    for key, label in (labels or {}).items():
        made.addItem(label, key)
    return made


def number(option: str, name: str, about: str, *, decimals: int = 0) -> NumberField:
    """A number in the range that this option of an export has."""
    low, high = RANGES[option]
    made = NumberField(name, low, high, decimals=decimals, step=0.5 if decimals else 1)
    made.setToolTip(about)
    made.setFixedWidth(_NUMBER_WIDTH)
    return made


def check(label: str, about: str) -> QCheckBox:
    """A choice between yes and no."""
    made = QCheckBox(label)
    made.setAccessibleName(label)
    made.setToolTip(about)
    return made


def quiet_label(text: str, width: int = 0) -> QLabel:
    """Quiet words."""
    label = QLabel(text)
    label.setProperty("role", "quiet")
    if width:
        label.setFixedWidth(width)
    return label


class Table(QWidget):
    """Choices between yes and no, two in a row."""

    def __init__(self, checks: Iterable[QCheckBox]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, theme.SPACE // 2, 0, theme.SPACE // 2)
        grid.setSpacing(theme.SPACE)
        for place, each in enumerate(checks):
            grid.addWidget(each, place // 2, place % 2)
