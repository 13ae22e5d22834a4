"""docs/emulator.md tells every switch, fault, act and control request there is."""

from __future__ import annotations

from pathlib import Path

from hubspot_emulator.page import with_tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "emulator.md"


def test_tables_are_up_to_date() -> None:
    """The tables equal the data; `python scripts/emulator_page.py` renews them."""
    text = PAGE.read_text(encoding="utf-8")

    assert with_tables(text) == text
