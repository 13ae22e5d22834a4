"""The arithmetic of shared quota: never more than the limit in any window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rolecall.store.quota import GUARD, granted

SECOND = 1_000_000


class TestGranted:
    """When the next request may leave."""

    @given(
        limit=st.integers(1, 7),
        pauses=st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=60),
        delays=st.lists(st.integers(0, GUARD - 1), min_size=60, max_size=60),
    )
    def test_no_window_ever_holds_more_than_the_limit(
        self, limit: int, pauses: list[int], delays: list[int]
    ) -> None:
        """Even when every request leaves a little late, by less than the guard."""
        times: list[int] = []
        now, sent = 0, []
        for pause, delay in zip(pauses, delays, strict=False):
            now += pause
            moment, used, times = granted(times, 0, now, limit, SECOND)
            sent.append(moment + delay)
            assert moment >= now
            assert 1 <= used <= limit
        sent.sort()

        assert all(later - first > SECOND for first, later in zip(sent, sent[limit:], strict=False))

    def test_a_hold_is_waited_for(self) -> None:
        """After a 429 nothing leaves before its end."""
        moment, used, _ = granted([], 500, 100, 3, SECOND)

        assert (500, 1) == (moment, used)

    def test_an_empty_window_lets_a_burst_through(self) -> None:
        """The first `limit` requests leave at once."""
        times: list[int] = []
        for number in range(1, 4):
            moment, used, times = granted(times, 0, 100, 3, SECOND)
            assert (100, number) == (moment, used)
