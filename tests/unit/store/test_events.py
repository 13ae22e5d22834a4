"""Names of audit events: grammar, order, and a line for each in the docs."""

from __future__ import annotations

from pathlib import Path

from rolecall.domain.events import GRAMMAR, Event

DOCS = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def test_every_event_follows_the_grammar() -> None:
    """source:subject:action, in small letters."""
    assert [] == [event for event in Event if not GRAMMAR.fullmatch(event.value)]


def test_events_are_sorted_by_name() -> None:
    """So that two branches seldom touch the same line."""
    names = [event.value for event in Event]

    assert sorted(names) == names


def test_every_event_is_documented() -> None:
    """An auditor can look up every name."""
    text = DOCS.read_text("utf-8")

    assert [] == [event.value for event in Event if f"`{event.value}`" not in text]
