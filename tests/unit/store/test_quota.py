"""The arithmetic of shared quota: never more than the limit in any window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rolecall.store.quota import Grants, Rule, granted

SECOND = 1_000_000
GUARD = 250_000


def a_rule(limit: int, holder: str = "a") -> Rule:
    """So many a second, asked for by one client."""
    return Rule(limit, SECOND, GUARD, holder)


class TestGranted:
    """When the next request may leave."""

    @given(
        limit=st.integers(1, 7),
        asked=st.lists(
            st.tuples(st.integers(0, 3 * SECOND), st.sampled_from("abc")), min_size=1, max_size=60
        ),
        late=st.fixed_dictionaries({one: st.integers(0, GUARD - 1) for one in "abc"}),
    )
    def test_no_window_ever_holds_more_than_the_limit(
        self, limit: int, asked: list[tuple[int, str]], late: dict[str, int]
    ) -> None:
        """Even when the requests of one client leave later than another's, by less than the guard."""
        found = Grants([])
        now, sent = 0, []
        for pause, holder in asked:
            now += pause
            moment, used, found = granted(found, now, a_rule(limit, holder))
            sent.append(moment + late[holder])
            assert moment >= now
            assert 1 <= used <= limit
        sent.sort()

        assert all(last - first >= SECOND for first, last in zip(sent, sent[limit:], strict=False))

    def test_only_shared_windows_are_guarded(self) -> None:
        """Alone a window is a window; what another client took counts until it is certainly out."""
        found = Grants([])
        moments = []
        for holder in "aaaaaabaaa":
            moment, _, found = granted(found, 0, a_rule(2, holder))
            moments.append(moment)

        alone = [0, 0, SECOND, SECOND, 2 * SECOND, 2 * SECOND]
        shared = [3 * SECOND + GUARD] * 2
        assert alone + shared == moments[:8]
        assert [4 * SECOND + 2 * GUARD] * 2 == moments[8:]

    def test_a_hold_is_waited_for(self) -> None:
        """After a 429 nothing leaves before its end."""
        moment, used, _ = granted(Grants([], held_until=500), 100, a_rule(3))

        assert (500, 1) == (moment, used)

    def test_an_empty_window_lets_a_burst_through(self) -> None:
        """The first `limit` requests leave at once."""
        found = Grants([])
        for number in range(1, 4):
            moment, used, found = granted(found, 100, a_rule(3))
            assert (100, number) == (moment, used)
