"""Text as a cell of a table that spreadsheets open: names of images and classes are anybody's."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, which it would run."""


def harmless(text: str) -> str:
    """The same, led by an apostrophe where it could pass for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_cell(text: str) -> str:
    """Harmless, and in quotes where it holds a comma, a quote or the end of a line."""
    text = harmless(text)
    return '"' + text.replace('"', '""') + '"' if any(character in text for character in ',"\r\n') else text
