"""DropPanel: a panel that hangs under a button of the header and blocks nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from visualizer.ui import theme

_GAP = theme.SPACE // 2
_NEW_PLACES = (QEvent.Type.Move, QEvent.Type.Resize)


class DropPanel(QFrame):
    """Esc, a press anywhere else, and leaving it with Tab close it."""

    closed = Signal()

    def __init__(self, name: str, button: QWidget, page: QWidget) -> None:
        """It hangs under ``button``, over ``page``."""
        super().__init__(page)
        self._button = button
        self._worn = ""
        self.setObjectName("drop")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        page.installEventFilter(self)
        self.hide()

    def open_panel(self) -> None:
        """Show it under its button."""
        if not self.isHidden():
            return
        self._wear_theme()
        self.place()
        self.show()
        self.raise_()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.installEventFilter(self)
            application.focusChanged.connect(self._focus_changed)

    def close_panel(self) -> None:
        """Take it away."""
        if self.isHidden():
            return
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.removeEventFilter(self)
            application.focusChanged.disconnect(self._focus_changed)
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self)
        self.hide()
        if had_focus:
            self._button.setFocus()
        self.closed.emit()

    def toggle(self) -> None:
        """Show it, or take it away."""
        if self.isHidden():
            self.open_panel()
        else:
            self.close_panel()

    def place(self) -> None:
        """Take the place under the button that there is, no more than is wanted."""
        page = self.parentWidget()
        if page is None:
            return
        corner = self._button.mapTo(page, QPoint(self._button.width(), self._button.height()))
        wanted, margin = self.sizeHint(), 2 * theme.SPACE
        width = min(wanted.width(), page.width() - 2 * margin)
        right = min(max(corner.x(), margin + width), page.width() - margin)
        top = corner.y() + _GAP
        height = min(wanted.height(), page.height() - top - theme.SPACE)
        self.setGeometry(right - width, top, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press elsewhere in the window closes it; it follows when the window changes."""
        if self.isHidden():
            return False
        if event.type() in _NEW_PLACES and self._holds_button(watched):
            self.place()
        elif event.type() == QEvent.Type.MouseButtonPress and self._is_elsewhere(watched):
            self.close_panel()
        return False

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and not self.isHidden():
            self._wear_theme()

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        # a part of the panel that goes while it has the focus gives it to anybody for a moment
        if new is not None:
            QTimer.singleShot(0, self, self._judge_focus)

    def _judge_focus(self) -> None:
        focused = QApplication.focusWidget()
        # the page takes the focus with every press that no field wants, also one on the button
        beside = focused is not None and focused is not self.parentWidget()
        if beside and self._is_elsewhere(focused):
            self.close_panel()

    def _holds_button(self, watched: QObject) -> bool:
        """Whether the button moves with it."""
        if watched is self._button:
            return True
        page = self.parentWidget()
        if page is None or not isinstance(watched, QWidget):
            return False
        inside = watched is page or page.isAncestorOf(watched)
        return inside and watched.isAncestorOf(self._button)

    def _is_elsewhere(self, widget: QObject | None) -> bool:
        """In this window, but neither in the panel nor on its button; menus and dialogs are not."""
        if not isinstance(widget, QWidget):
            return False
        inside = widget is self or self.isAncestorOf(widget)
        return widget.window() is self.window() and not inside and widget is not self._button

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:
            self._worn = worn.name
            self.setStyleSheet(
                f"#drop {{ background: {worn.surface}; border: 1px solid {worn.edge};"
                " border-radius: 10px; }"
            )
