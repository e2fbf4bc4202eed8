"""NumberField: a quiet box for a number, which says so when it had to correct what was typed."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

_INDENT = 6
MAX_SEED = 2**32 - 1  # visualizer.diffusion.request.MAX_SEED, without importing numpy for it


class NumberField(QDoubleSpinBox):
    """A spin box without its arrows: type, press the arrow keys, or turn the wheel.

    A double holds every whole number up to 2⁵³, so that the same box serves seeds beyond what a
    QSpinBox can hold. Anything that looks like a number may be typed or pasted; when the field is
    left, a number out of range moves to the nearest one allowed and ``corrected`` says so.
    """

    corrected = Signal(str)
    changed = Signal()  # by a person or by ``set_number``
    entered = Signal()  # Enter was pressed; ``interpretText`` takes over what is typed

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        *,
        decimals: int = 0,
        step: float = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name = name
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
        self.setKeyboardTracking(True)
        self.lineEdit().setTextMargins(_INDENT, 0, _INDENT, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.valueChanged.connect(lambda _value: self.changed.emit())

    def whole(self) -> int:
        """The value as a whole number."""
        return int(self.value())

    def set_number(self, value: float) -> None:
        """Set the value, however it was typed before."""
        self.setValue(value)

    # QAbstractSpinBox asks these three ---------------------------------------------------------

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Any number may stand in the field while it is typed; letters may not."""
        typed = text.strip()
        if typed in ("", "-", "+", ".", ","):
            return QValidator.State.Intermediate, text, position
        number = _number(typed)
        if number is None:
            return QValidator.State.Invalid, text, position
        inside = self.minimum() <= number <= self.maximum()
        whole = self.decimals() > 0 or number == int(number)
        good = inside and whole
        state = QValidator.State.Acceptable if good else QValidator.State.Intermediate
        return state, text, position

    def fixup(self, text: str) -> str:
        """What a number out of range becomes when the field is left."""
        number = _number(text.strip())
        if number is None:
            return self.textFromValue(self.value())
        nearest = min(max(number, self.minimum()), self.maximum())
        if self.decimals() == 0:
            nearest = math.floor(nearest)
        fixed = self.textFromValue(nearest)
        if number != nearest:
            low, high = self.textFromValue(self.minimum()), self.textFromValue(self.maximum())
            kind = "a whole number" if self.decimals() == 0 else "a number"
            self.corrected.emit(
                f"The {self._name} is {kind} from {low} to {high}; {text.strip()} became {fixed}."
            )
        return fixed

    def valueFromText(self, text: str) -> float:
        """The number that the text says, or the value before it."""
        number = _number(text.strip())
        return self.value() if number is None else number

    def textFromValue(self, value: float) -> str:
        """Plain digits: a seed is copied into other programs."""
        return str(int(value)) if self.decimals() == 0 else f"{value:.{self.decimals()}f}"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes the number over, and asks for the picture."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier
        ):
            # whoever hears of it may first take away an old message, then let the number speak
            self.entered.emit()
            self.interpretText()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only a field that has the focus turns: a wheel that passes over it changes nothing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever comes by Tab wants to type another number, not to append to this one."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
