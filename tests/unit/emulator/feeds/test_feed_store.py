"""The feed store: order, stable cursors, retention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.feeds.store import FeedStore

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _read_all(store: FeedStore, limit: int) -> list[int]:
    seen: list[int] = []
    after: str | None = None
    while True:
        rows, after = store.security.page(limit, after)
        seen += [row.id for row in rows]
        if after is None:
            return seen


class TestPaging:
    @given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 7))
    def test_pages_give_every_row_once_newest_first(self, minutes: list[int], limit: int) -> None:
        """Whatever the order of arrival, paging is complete, without doubles, newest first."""
        store = FeedStore()
        for minute in minutes:
            store.record_security("ADD_USER", NOW - timedelta(minutes=minute), 1)
        expected = sorted(store.security.rows, key=lambda row: (row.at, row.id), reverse=True)

        assert [row.id for row in expected] == _read_all(store, limit)

    def test_rows_added_between_pages_shift_nothing(self) -> None:
        """A cursor stays put while newer rows arrive."""
        store = FeedStore()
        for minute in range(5):
            store.record_security("EXPORT", NOW - timedelta(minutes=minute), 1)
        first, after = store.security.page(2)
        store.record_security("EXPORT", NOW + timedelta(minutes=1), 1)
        second, _ = store.security.page(10, after)

        assert [1, 2] == [row.id for row in first]
        assert [3, 4, 5] == [row.id for row in second]

    @pytest.mark.parametrize("cursor", ["", "x", "1-", "-1", "1-x", "²-1"])
    def test_foreign_cursor_is_refused(self, cursor: str) -> None:
        """A cursor that is not one of ours is an error, not the first page."""
        with pytest.raises(ValueError, match="unknown cursor"):
            FeedStore().security.page(1, cursor)


class TestLogins:
    def test_login_disappears_after_ninety_days_and_mobile_after_thirty(self) -> None:
        """The login feed forgets as HubSpot's does."""
        store = FeedStore()
        store.record_login(NOW - timedelta(days=89), 1, "a@acme.test")
        store.record_login(NOW - timedelta(days=91), 1, "a@acme.test")
        store.record_login(NOW - timedelta(days=31), 2, "b@acme.test", mobile=True)
        store.record_login(NOW - timedelta(days=29), 2, "b@acme.test", mobile=True)
        rows, after = store.login_page(NOW, 200)

        assert [4, 1] == [row.id for row in rows]
        assert after is None

    def test_login_page_of_one_user(self) -> None:
        """A user filter leaves only that user's attempts."""
        store = FeedStore()
        store.record_login(NOW, 1, "a@acme.test")
        store.record_login(NOW, 2, "b@acme.test", succeeded=False)
        rows, _ = store.login_page(NOW, 200, user_id=2)

        assert [False] == [row.succeeded for row in rows]


def test_target_user_is_the_object_shown() -> None:
    """An act done to a user names that user as its object."""
    event = FeedStore().record_security("ADD_ADMIN_USER", NOW, 1, 7)

    assert "7" == event.object_id
