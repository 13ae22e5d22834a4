"""Portals of any size: exact, the same every time, and quick."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.building import create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.seeds.names import local_part
from hubspot_emulator.world import Membership, World


def _world(users: int) -> World:
    clock = EmulatorClock(frozen=datetime(2026, 11, 1, tzinfo=UTC))
    return create_world(users=users, clock=clock)


def _members(world: World) -> dict[int, Membership]:
    return next(iter(world.portals.values())).members


class TestGenerate:
    @given(st.integers(1, 400))
    @settings(max_examples=15, deadline=None)
    def test_exactly_that_many_members_with_their_own_addresses(self, users: int) -> None:
        """N rows in the settings list, no address twice, every team and set known."""
        portal = next(iter(_world(users).portals.values()))
        emails = {one.email.casefold() for one in _world(users).identities.values()}

        assert users == len(portal.members) == len(emails)
        for member in portal.members.values():
            assert member.main_team_id is None or member.main_team_id in portal.teams
            assert set(member.permission_set_ids) <= set(portal.permission_sets)
            assert member.created_at <= datetime(2026, 11, 1, tzinfo=UTC)

    def test_equal_arguments_give_equal_portals(self) -> None:
        """Two runs agree on everybody."""
        one, other = _world(300), _world(300)

        assert one.identities == other.identities
        assert _members(one) == _members(other)

    def test_plausible_mix(self) -> None:
        """Mostly at work, some dormant, some invited, few Super Admins."""
        members = [*next(iter(_world(2_000).portals.values())).members.values()]
        waiting = sum(one.activated_at is None for one in members)
        admins = sum(one.super_admin for one in members)

        assert 20 <= waiting <= 140
        assert 2 <= admins <= 25

    def test_ten_thousand_within_seconds(self) -> None:
        """Size is no reason to wait (100,000 take about six seconds on two cores)."""
        started = time.perf_counter()
        _world(10_000)

        assert time.perf_counter() - started < 8

    @pytest.mark.parametrize("users", [0, -3])
    def test_impossible_sizes_are_refused(self, users: int) -> None:
        """A portal without users does not exist."""
        with pytest.raises(ValueError, match="at least one user"):
            create_world(users=users)

    def test_unknown_seed_is_refused_by_name(self) -> None:
        """The message lists what there is."""
        with pytest.raises(ValueError, match="tiny, acme, enterprise, blank"):
            create_world(seed="nope")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("Jürgen", "Großmann", "juergen.grossmann"),
        ("Þóra", "Kjær", "thora.kjaer"),
        ("Łucja", "Wiśniewska", "lucja.wisniewska"),
        ("Defne", "Yılmaz", "defne.yilmaz"),
    ],
)
def test_addresses_are_spelled_in_plain_letters(first: str, last: str, expected: str) -> None:
    """Mail systems take ASCII."""
    assert expected == local_part(first, last)
