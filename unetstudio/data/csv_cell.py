"""Text as a cell of a CSV table that spreadsheets open: names of images and classes may come from anybody."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The beginnings of a formula, which a spreadsheet would run."""


def escape_formula(text: str) -> str:
    """Put an apostrophe before text that could pass for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_cell(text: str) -> str:
    """Escape formulas, and quote text that holds a comma, a quote or the end of a line."""
    text = escape_formula(text)
    return '"' + text.replace('"', '""') + '"' if any(character in text for character in ',"\r\n') else text
