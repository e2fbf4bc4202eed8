"""The sampler: its rule in one list, and how it spaces its noise levels in a small one beside it.

A model may have forty samplers, which are some fifteen rules in up to four spacings: one list of
them all would be long, and nobody looks for the twenty-third.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from visualizer.ui import theme

if TYPE_CHECKING:
    from visualizer.diffusion.facts import SamplerName

_USUAL = "usual spacing"
SPACINGS = {
    "karras": "Karras spacing",
    "exponential": "exponential spacing",
    "beta": "beta spacing",
}
"""Endings of samplers' keys, and what people call these spacings."""
_FIRST = ("dpmpp_2m", "euler", "euler_a", "ddim", "unipc", "dpmpp_2m_sde", "dpmpp_sde", "lcm")
_LAST = ("ddpm", "lms", "pndm", "plms")
"""The rules that most people use, and those that newer ones have replaced."""
_EXPLAINED = (
    "How the noise levels are spread over the steps: as usual for this sampler; Karras, with more "
    "steps where little noise is left; exponential, by the same factor from step to step; beta, "
    "with more steps at both ends. The plot below shows each before it runs"
)


class ElidingComboBox(QComboBox):
    """A combo box that says with "…" that its text goes on. (A style sheet takes that away.)"""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt does it, with a shorter text."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        text = option.currentText
        option.currentText = self.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, field.width() - theme.SPACE // 2
        )
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class SamplerField(QWidget):
    """Two lists that together name one sampler; the second is there where it has a choice."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._variants: dict[str, dict[str, str]] = {}  # rule ► spacing ► key
        self.rule = ElidingComboBox()
        self.rule.setAccessibleName("Sampler")
        self.rule.setToolTip("The rule by which a little noise is taken away at every step")
        self.rule.addItem("the model’s own", None)
        self.rule.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.rule.setMinimumContentsLength(9)
        self.rule.setMaxVisibleItems(24)
        self.rule.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.spacing = ElidingComboBox()
        self.spacing.setAccessibleName("Spacing of the noise levels")
        self.spacing.setToolTip(_EXPLAINED)
        self.spacing.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.spacing.setMinimumContentsLength(10)
        self.spacing.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.rule, 1)
        row.addWidget(self.spacing)
        self.setFocusProxy(self.rule)
        self.rule.currentIndexChanged.connect(self._rule_changed)
        self.spacing.currentIndexChanged.connect(lambda _index: self.changed.emit())

    def set_field_height(self, height: int) -> None:
        """Both as high as the fields beside them."""
        for field in (self.rule, self.spacing):
            field.setProperty("role", "quiet")
            field.setFixedHeight(height)

    def key(self) -> str | None:
        """The key of the sampler that is chosen, or None for the model's own."""
        spacings = self._variants.get(self.rule.currentData() or "", {})
        return spacings.get(self.spacing.currentData() or "")

    def offer(self, names: Sequence[SamplerName], own: str) -> None:
        """List what a model can run, and choose its own.

        Args:
            own: what people call the model's own sampler.
        """
        self._variants = variants_of(names)
        labels = {name.key: name.label for name in names}
        self.rule.blockSignals(True)
        self.rule.clear()
        self.rule.addItem(f"{own} (its own)" if own else "the model’s own", None)
        if self._variants:
            self.rule.insertSeparator(1)
        for rule in self._variants:
            self.rule.addItem(labels[rule], rule)
        self.rule.setCurrentIndex(0)
        self.rule.blockSignals(False)
        texts = [self.rule.itemText(i) for i in range(self.rule.count())]
        widest = max(map(self.rule.fontMetrics().horizontalAdvance, texts))
        self.rule.view().setMinimumWidth(widest + 5 * theme.SPACE)
        self._offer_spacings()

    def choose(self, key: str | None) -> None:
        """Choose a sampler; the model's own where it has none of this name."""
        for rule, spacings in self._variants.items():
            for spacing, variant in spacings.items():
                if variant == key:
                    self.rule.setCurrentIndex(self.rule.findData(rule))
                    self.spacing.setCurrentIndex(max(self.spacing.findData(spacing), 0))
                    return
        self.rule.setCurrentIndex(0)

    def _rule_changed(self) -> None:
        self._offer_spacings()
        self.changed.emit()

    def _offer_spacings(self) -> None:
        """Those of the rule; the one chosen before where it has that too."""
        chosen = self.spacing.currentData()
        spacings = self._variants.get(self.rule.currentData() or "", {})
        self.spacing.blockSignals(True)
        self.spacing.clear()
        for spacing in spacings:
            self.spacing.addItem(SPACINGS.get(spacing, _USUAL), spacing)
        self.spacing.setCurrentIndex(max(self.spacing.findData(chosen), 0))
        self.spacing.blockSignals(False)
        self.spacing.setVisible(len(spacings) > 1)


def variants_of(names: Sequence[SamplerName]) -> dict[str, dict[str, str]]:
    """Samplers by rule and spacing: {"euler": {"": "euler", "karras": "euler_karras"}, …}."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        rule, _, spacing = name.key.rpartition("_")
        if spacing in SPACINGS and rule in found:
            found[rule][spacing] = name.key
        else:
            found[name.key] = {"": name.key}
    order = {rule: place for place, rule in enumerate((*_FIRST, "", *_LAST))}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], order[""])))
