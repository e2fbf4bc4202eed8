"""Text of a lesson on the screen: Markdown to be read, and buttons that hold sentences."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from visualizer.ui import theme

_LINE_HEIGHT = 138.0  # percent
_AFTER = 0.55  # of the type size, below a paragraph
_HEADING = 1.1  # of the type size


class ReadingText(QLabel):
    """Markdown that wraps; links open in a browser."""

    def __init__(
        self, markdown: str = "", size: int = theme.FONT_BODY, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.markdown, self._size = markdown, size
        self._quiet = False
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setOpenExternalLinks(True)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._render()

    def say(self, markdown: str) -> None:
        """Say something else."""
        self.markdown = markdown
        self._render()

    def set_size(self, size: int) -> None:
        """Another type size, in pixels."""
        if size != self._size:
            self._size = size
            self._render()

    def set_quiet(self) -> None:
        """Words that stand back."""
        self._quiet = True
        self._render()

    def changeEvent(self, event: QEvent) -> None:
        """Links and quiet words wear the theme's colors."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._render()

    def _render(self) -> None:
        self.setText(as_html(self.markdown, self._size, quiet=self._quiet))
        self.setAccessibleName(self.markdown)


def as_html(markdown: str, size: int, *, quiet: bool = False) -> str:
    """Markdown as the rich text of a label, without any HTML that stands in it."""
    worn = theme.current()
    document = QTextDocument()
    document.setDefaultFont(theme.font(size))
    features = QTextDocument.MarkdownFeature
    document.setMarkdown(markdown, features.MarkdownDialectGitHub | features.MarkdownNoHTML)
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        cursor.setPosition(block.position())
        form = QTextBlockFormat(block.blockFormat())
        form.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        last = not block.next().isValid()
        form.setTopMargin(0)
        form.setBottomMargin(0 if last else round(_AFTER * size))
        cursor.setBlockFormat(form)
        if form.headingLevel():
            _set_heading(cursor, size)
        block = block.next()
    color = QColor(worn.quiet if quiet else worn.text).name()
    # a label's own color and size come from the style sheet, which does not know this text
    return f'<div style="color:{color}; font-size:{size}px">{_body(document.toHtml())}</div>'


def _set_heading(cursor: QTextCursor, size: int) -> None:
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    letters = QTextCharFormat()
    letters.setFont(theme.font(round(_HEADING * size), bold=True))
    cursor.setCharFormat(letters)


def _body(html: str) -> str:
    begin, end = html.index("<body"), html.index("</body>")
    return html[html.index(">", begin) + 1 : end]


class SentenceButton(QPushButton):
    """A button as high as the sentences in it need; labels are added to ``column``."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.column = QVBoxLayout(self)
        space = theme.SPACE
        self.column.setContentsMargins(space + 4, space, space + 4, space)
        self.column.setSpacing(space // 2)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add(self, label: QLabel) -> None:
        """One more text below the others; a click on it is a click on the button."""
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.column.addWidget(label)

    def hasHeightForWidth(self) -> bool:
        """Sentences wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """What the sentences need."""
        return self.column.heightForWidth(width)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        width = max(self.width(), 20 * theme.SPACE)
        return QSize(20 * theme.SPACE, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """No sentence is cut off."""
        return QSize(10 * theme.SPACE, self.heightForWidth(max(self.width(), 10 * theme.SPACE)))
