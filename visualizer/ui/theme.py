"""The two looks of the window, dark and light, and the one place where they reach Qt.

Widgets say what they are with the dynamic property ``role`` (``setProperty("role", "primary")``):

- QPushButton: "primary" (the one main button), "quiet" (no frame), "danger", "fold" (a line that
  unfolds); none is the usual one
- QLabel: "title", "small", "quiet", "small-quiet", "value"; QLabel or QToolButton: "chip"
- QLineEdit: "prompt"; fields with the property ``invalid`` true are framed in the danger color
- QToolButton: "drop" (text with a menu), "icon", "overlay", "segment"
- QFrame: "panel", "separator", "failure" (its "value" label is the headline)

The style sheet itself is ``assets/theme/style.qss``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from visualizer.assets import asset_path

SPACE = 8
FONT_SMALL, FONT_BODY, FONT_TITLE = 12, 14, 20  # pixels of a 100 % screen

# What a desktop without a font of its own calls its default, and what looks better if it is there.
_PLAIN_FONTS = {"", "Sans", "Sans Serif", "DejaVu Sans", "Bitstream Vera Sans", "Helvetica"}
_GOOD_FONTS = ["Inter", "Adwaita Sans", "Noto Sans", "Cantarell", "Ubuntu", "Roboto", "Open Sans"]


@dataclass(frozen=True)
class Theme:
    """A palette; every color is "#rrggbb".

    Attributes:
        ground, surface, raised, field: from the window's back to what lies on it.
        hover: under the mouse; selection: chosen text and menu entries.
        segment: the chosen part of a switch.
        line: quiet separators; edge: the frame of a control.
        text, quiet, faint: words, quiet words, and words that are switched off.
        accent: the playhead and the one main button, nothing else; on_accent: words on it.
        second: the measured line, keyboard focus and progress.
        danger: what went wrong.
        lanes: one for each lane of a comparison, in the order of ``LANES``.
    """

    name: str
    dark: bool
    ground: str
    surface: str
    raised: str
    field: str
    hover: str
    selection: str
    segment: str
    line: str
    edge: str
    text: str
    quiet: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    second: str
    danger: str
    lanes: tuple[str, ...]


LANES = (
    "#56b4e9",  # sky blue
    "#d55e00",  # vermilion
    "#009e73",  # bluish green
    "#f0e442",  # yellow
    "#cc79a7",  # reddish purple
    "#0072b2",  # blue
    "#e69f00",  # orange
    "#000000",  # black
)
"""Colors of lanes, which people of any color vision tell apart: M. Okabe and K. Ito, Color
Universal Design, 2002. The themes wear them as far as their grounds allow (``lane_color``); a
letter always goes with them."""

DARK = Theme(
    name="dark",
    dark=True,
    ground="#14161b",
    surface="#1c1f26",
    raised="#242831",
    field="#1f232b",
    hover="#2f343f",
    selection="#2c435a",
    segment="#363c48",
    line="#2b303a",
    edge="#444b58",
    text="#e9ebf0",
    quiet="#9aa2b1",
    faint="#6a7180",
    accent="#f2a33c",
    accent_hover="#f7b65f",
    on_accent="#1b1306",
    second="#5aa9e6",
    danger="#ff9a86",
    lanes=(*LANES[:7], "#c9ced8"),  # black cannot be seen here
)
LIGHT = Theme(
    name="light",
    dark=False,
    ground="#f6f6f3",
    surface="#ffffff",
    raised="#eeeeea",
    field="#ffffff",
    hover="#e3e3de",
    selection="#cfe3f2",
    segment="#ffffff",
    line="#e2e2dd",
    edge="#c3c4c0",
    text="#1a1c21",
    quiet="#59606d",
    faint="#8f949d",
    accent="#a64a00",
    accent_hover="#8f4000",
    on_accent="#ffffff",
    second="#00639c",
    danger="#a3240f",
    # the light ones are darker here, else they could not be seen
    lanes=(
        "#1f86c4",
        LANES[1],
        "#008f68",
        "#8f8500",
        "#bb5f92",
        "#00548f",
        "#b07900",
        "#1a1c21",
    ),
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
_WORN = "denoising_visualizer_theme"  # the application itself remembers what it wears


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application this look: style, palette, font and style sheet.

    Widgets that paint themselves or hold tinted icons hear of it in ``changeEvent``
    (``QEvent.Type.StyleChange``).
    """
    app.setProperty(_WORN, theme.name)
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(theme))
    QToolTip.setPalette(palette(theme))
    app.setFont(font())
    app.setStyleSheet(style_sheet(theme))


def current() -> Theme:
    """The theme the application wears now (dark before any was applied)."""
    app = QApplication.instance()
    return THEMES.get(str(app.property(_WORN)), DARK) if app else DARK


def lane_color(index: int) -> str:
    """The color of a lane in the theme worn now, "#rrggbb"; they come round again."""
    lanes = current().lanes
    return lanes[index % len(lanes)]


def font(size: int = FONT_BODY, *, bold: bool = False) -> QFont:
    """The system's own interface font in one of the three sizes."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    family = system.family()
    chosen = QFont(system)
    chosen.setFamilies([*_GOOD_FONTS, family] if family in _PLAIN_FONTS else [family, *_GOOD_FONTS])
    chosen.setPixelSize(size)
    chosen.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return chosen


def style_sheet(theme: Theme) -> str:
    """The style sheet with this theme's colors filled in."""
    folder = asset_path("theme")
    values = {**asdict(theme), "small": FONT_SMALL, "body": FONT_BODY, "title": FONT_TITLE}
    template = Template((folder / "style.qss").read_text(encoding="utf-8"))
    return template.substitute(values, assets=folder.as_posix())


def palette(theme: Theme) -> QPalette:
    """The same colors as a QPalette, so that nothing the style sheet forgets looks foreign."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    colors = {
        role.Window: theme.ground,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: theme.surface,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.quiet,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.danger,
        role.Light: theme.hover,
        role.Midlight: theme.raised,
        role.Mid: theme.edge,
        role.Dark: theme.line,
        role.Shadow: theme.ground,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.text,
        role.Link: theme.second,
        role.LinkVisited: theme.second,
        role.Accent: theme.second,
    }
    result = QPalette()
    for each, color in colors.items():
        result.setColor(each, QColor(color))
    for each in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(group.Disabled, each, QColor(theme.faint))
    return result


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget a role, also when it is on screen already."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
