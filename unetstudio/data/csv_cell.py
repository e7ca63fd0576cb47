"""Text in cells of CSV tables, made safe for spreadsheets: names of images and classes are untrusted."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters that begin a formula, which a spreadsheet would run."""


def escape_formula(text: str) -> str:
    """Prefix text that looks like a formula with an apostrophe; spreadsheets pass over spaces and line breaks before it."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def csv_cell(text: str) -> str:
    """Escape formulas, and quote text with commas, quotes or line breaks."""
    text = escape_formula(text)
    return '"' + text.replace('"', '""') + '"' if any(character in text for character in ',"\r\n') else text
