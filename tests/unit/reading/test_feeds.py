"""Feed lines and their times, in every form HubSpot sends them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.snapshot import FeedEvent
from rolecall.hubspot import wire
from rolecall.reading import events_of, last_logins, moment

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


class TestMoment:
    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-01T12:00:00.000Z",
            "2026-11-01T12:00:00Z",
            "2026-11-01T13:00:00+01:00",
            "2026-11-01T12:00:00",
            "1793534400000",
            1793534400000,
        ],
    )
    def test_every_form_is_the_same_moment(self, value: str | int) -> None:
        """ISO with or without zone and fraction, and Unix milliseconds."""
        assert moment(value) == AT

    @given(st.none() | st.text(max_size=30) | st.integers())
    def test_nothing_breaks_it(self, value: str | int | None) -> None:
        """What is no time is None."""
        found = moment(value)

        assert found is None or found.tzinfo is UTC


class TestEvents:
    def test_each_feed_becomes_events(self) -> None:
        """Who, what, when, on what; ids as text."""
        rows = (
            wire.LoginEvent("1", "2026-11-01T12:00:00Z", False, 5, "a@b.test", "10.0.0.1"),
            wire.SecurityEvent("2", "ADD_USER", 1793534400000, "5", "a@b.test", 6),
            wire.AuditEvent(
                "3", "PIPELINE", "DEAL", "UPDATE", "9", "2026-11-01T12:00:00Z",
                wire.AuditActor(5, "a@b.test"),
            ),
        )  # fmt: skip

        assert events_of(rows) == (
            FeedEvent("login", "1", "LOGIN_FAILED", AT, "5", "a@b.test", None, {"ip": "10.0.0.1"}),
            FeedEvent("security", "2", "ADD_USER", AT, "5", "a@b.test", "6"),
            FeedEvent("audit", "3", "PIPELINE/DEAL/UPDATE", AT, "5", "a@b.test", "9"),
        )

    def test_a_line_without_time_is_left_out(self) -> None:
        """An event nobody can place in time is none."""
        assert (
            events_of((wire.LoginEvent("1"), wire.SecurityEvent("2"), wire.AuditEvent("3"))) == ()
        )

    def test_the_newest_success_counts(self) -> None:
        """Failed attempts are no activity, and order does not matter."""
        rows = (
            wire.LoginEvent("1", "2026-10-01T12:00:00Z", True, 5),
            wire.LoginEvent("2", "2026-11-01T12:00:00Z", True, 5),
            wire.LoginEvent("3", "2026-11-02T12:00:00Z", False, 5),
            wire.LoginEvent("4", "2026-09-01T12:00:00Z", True, 5),
        )

        assert last_logins(events_of(rows)) == {"5": AT}
