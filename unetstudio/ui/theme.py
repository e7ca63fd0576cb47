"""The light and the dark theme: colour tokens, the palette and style sheet made from them, and the choice between the two."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from unetstudio.ui.preferences import Preferences
from unetstudio.ui.resources import folder

CHOICES = {"system": "Follow the system", "light": "Light", "dark": "Dark"}


@dataclass(frozen=True)
class Tokens:
    """Colours by their use; `style.qss` names them as @window, @accent_soft ..."""

    window: str  # behind everything
    surface: str  # panels, lists, menus
    raised: str  # buttons and fields
    canvas: str  # round the image: neutral, so that it tints nothing
    text: str
    muted: str  # secondary text
    faint: str  # disabled text
    border: str
    edge: str  # borders of what can be clicked or typed into
    hover: str
    pressed: str
    accent: str  # lines, icons and words in the accent colour
    accent_fill: str  # behind white words
    accent_hover: str
    accent_soft: str  # behind selected items
    good: str
    warning: str
    bad: str
    info_soft: str
    warning_soft: str
    bad_soft: str
    plot_loss: str
    plot_score: str


LIGHT = Tokens(
    window="#f3f4f6",
    surface="#fbfbfc",
    raised="#ffffff",
    canvas="#d3d5d8",
    text="#1c2028",
    muted="#5f6673",
    faint="#a5abb5",
    border="#e0e3e8",
    edge="#c9ced6",
    hover="#eaecf0",
    pressed="#dfe2e8",
    accent="#2f5fde",
    accent_fill="#2f5fde",
    accent_hover="#2450c4",
    accent_soft="#e3eafc",
    good="#17804c",
    warning="#9a5b00",
    bad="#c22f2b",
    info_soft="#eef3fe",
    warning_soft="#fdf3df",
    bad_soft="#fdeceb",
    plot_loss="#8a909c",
    plot_score="#2f5fde",
)

DARK = Tokens(
    window="#1c1d20",
    surface="#232528",
    raised="#2c2f33",
    canvas="#141517",
    text="#e6e8ec",
    muted="#9ba2ae",
    faint="#5f656f",
    border="#33363b",
    edge="#454a52",
    hover="#31343a",
    pressed="#3a3e45",
    accent="#7b9dff",
    accent_fill="#3f6bea",
    accent_hover="#5580f5",
    accent_soft="#2a3556",
    good="#4cc38a",
    warning="#e5a94a",
    bad="#f0716b",
    info_soft="#232c42",
    warning_soft="#3a3020",
    bad_soft="#402626",
    plot_loss="#8a909c",
    plot_score="#7b9dff",
)


def tokens(palette: QPalette | None = None) -> Tokens:
    """Return the tokens of the current theme, detected from the application's palette; for widgets that paint themselves."""
    current = palette or QGuiApplication.palette()
    return DARK if current.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


class Appearance(QObject):
    """The chosen theme, "system", "light" or "dark", which is applied to the whole program and remembered."""

    changed = Signal(object)  # Tokens

    def __init__(self, application: QApplication, preferences: Preferences) -> None:
        super().__init__(application)
        self._application = application
        self._preferences = preferences
        self._sheet = (folder() / "style.qss").read_text(encoding="utf-8")
        self.choice: str = preferences.get("theme", "system")
        if self.choice not in CHOICES:
            self.choice = "system"
        application.setStyle("Fusion")
        font = application.font()
        if sys.platform != "darwin" and font.pointSizeF() < 10:
            font.setPointSizeF(10)
            application.setFont(font)
        self.tokens = self._tokens_of_choice()
        self._apply()
        application.styleHints().colorSchemeChanged.connect(self._follow)

    def choose(self, choice: str) -> None:
        """Apply another theme at once and remember it."""
        self.choice = choice
        self._preferences.put("theme", choice)
        self._follow()

    def toggle(self) -> None:
        """Switch between light and dark."""
        self.choose("light" if self.tokens is DARK else "dark")

    def _tokens_of_choice(self) -> Tokens:
        if self.choice == "system":
            return DARK if self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self.choice == "dark" else LIGHT

    def _follow(self) -> None:
        if self._tokens_of_choice() is not self.tokens:
            self.tokens = self._tokens_of_choice()
            self._apply()
            self.changed.emit(self.tokens)

    def _apply(self) -> None:
        self._application.setPalette(make_palette(self.tokens))
        self._application.setStyleSheet(make_sheet(self._sheet, self.tokens))


def make_palette(t: Tokens) -> QPalette:
    """Return the palette for the parts that the style sheet does not reach."""
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: t.window,
        roles.WindowText: t.text,
        roles.Base: t.raised,
        roles.AlternateBase: t.surface,
        roles.Text: t.text,
        roles.Button: t.raised,
        roles.ButtonText: t.text,
        roles.BrightText: t.bad,
        roles.ToolTipBase: t.raised,
        roles.ToolTipText: t.text,
        roles.PlaceholderText: t.faint,
        roles.Highlight: t.accent_fill,
        roles.HighlightedText: "#ffffff",
        roles.Accent: t.accent,
        roles.Link: t.accent,
        roles.LinkVisited: t.accent,
        roles.Mid: t.edge,
        roles.Midlight: t.border,
        roles.Light: t.raised,
        roles.Dark: t.edge,
        roles.Shadow: t.edge,
    }.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(t.faint))
    palette.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(t.border))
    return palette


def make_sheet(template: str, t: Tokens) -> str:
    """Return the style sheet with every @token replaced; longer names first, so that @accent leaves @accent_soft alone."""
    icons = (folder() / "icons").as_posix()
    values = {**asdict(t), "icons": icons}
    for name in sorted(values, key=len, reverse=True):
        template = template.replace(f"@{name}", values[name])
    return template
