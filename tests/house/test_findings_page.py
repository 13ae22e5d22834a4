"""docs/findings.md is what the rules say."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from rolecall.insights import RULES, Thresholds
from rolecall.insights.page import findings_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"


def test_page_is_up_to_date() -> None:
    """The page equals the generated text; `python scripts/findings_page.py` renews it."""
    assert findings_page() == PAGE.read_text(encoding="utf-8")


def test_every_rule_is_documented() -> None:
    """Each rule has a title, a reason, a paragraph, and names thresholds that exist."""
    known = {one.name for one in fields(Thresholds)}
    poor = [r.id for r in RULES.values() if not (r.title and r.why and len(r.docs) > 40)]

    assert [] == poor
    assert set() == {name for r in RULES.values() for name in r.thresholds} - known


def test_every_threshold_is_used_by_a_rule() -> None:
    """No threshold is left that no rule names."""
    used = {name for r in RULES.values() for name in r.thresholds}

    assert set() == {one.name for one in fields(Thresholds)} - used
