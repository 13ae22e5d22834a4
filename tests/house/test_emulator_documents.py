"""Documents generated from the emulator are those in the repository."""

from __future__ import annotations

from pathlib import Path

from hubspot_emulator.coverage import coverage
from hubspot_emulator.registry import all_routes
from hubspot_emulator.seeds.casebook import casebook

ROOT = Path(__file__).resolve().parents[2]


def test_coverage_is_up_to_date() -> None:
    """Run `python -m hubspot_emulator.coverage > COVERAGE.md` after changing routes."""
    assert (ROOT / "COVERAGE.md").read_text(encoding="utf-8") == coverage(all_routes())


def test_casebook_of_acme_is_up_to_date() -> None:
    """Run `python -m hubspot_emulator.seeds.casebook > docs/seed-acme.md` after changing it."""
    assert (ROOT / "docs/seed-acme.md").read_text(encoding="utf-8") == casebook()
