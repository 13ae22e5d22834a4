"""Text for a spreadsheet's cell that no spreadsheet takes for a formula."""

from __future__ import annotations

# What a spreadsheet program runs when a cell begins with it; the wide forms where wide text is usual.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def unformulated(text: str) -> str:
    """The text, with an apostrophe in front where it would be run, as spreadsheets themselves do."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
