"""Renews the tables of docs/emulator.md from the emulator's own data."""

from __future__ import annotations

from pathlib import Path

from hubspot_emulator.page import with_tables

PAGE = Path(__file__).resolve().parents[1] / "docs" / "emulator.md"

if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
