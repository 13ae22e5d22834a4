"""The version table: order, ends, and which version can write what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rolecall.hubspot import MemoryVersions, VersionFact
from rolecall.hubspot.negotiation import Negotiation
from rolecall.hubspot.versions import FAMILIES, SEATS, TEAMS, USERS, Family
from rolecall.kit.clock import HandClock
from tests.support.hubspot import START


class TestTable:
    @pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
    def test_newest_first_and_paths_without_slash_at_the_end(self, family: Family) -> None:
        """The order of the table is the order of trying."""
        names = [version.name for version in family.versions if version.name[:2] == "20"]

        assert names == sorted(names, key=lambda name: name[:7], reverse=True)
        assert all(v.prefix.startswith("/") and v.prefix[-1] != "/" for v in family.versions)

    def test_dated_versions_end_eighteen_months_after_release(self) -> None:
        """HubSpot's promise for dated versions."""
        ends = {v.name: v.ends for v in USERS.versions}

        assert ends["2026-03"] == date(2027, 9, 30)
        assert ends["2026-09"] == date(2028, 3, 8)

    def test_seat_names_are_never_written_with_2026_03(self) -> None:
        """A write of seats goes to a version that has the field."""
        names = [v.name for v in USERS.offering(frozenset({"seatNames"}))]

        assert names == ["2026-09", "2026-09-beta", "v3"]

    def test_seats_and_team_writes_exist_in_2026_09_only(self) -> None:
        """Older versions have neither."""
        for family in (SEATS, TEAMS):
            assert {v.name for v in family.versions} == {"2026-09", "2026-09-beta"}


class TestNegotiation:
    async def test_an_older_version_is_used_for_a_day(self) -> None:
        """Remembered versions come first; after a day the newer ones are tried again."""
        clock = HandClock(START)
        memory = MemoryVersions()
        await memory.remember(42, VersionFact("users", "v3", clock.now()))

        soon = await Negotiation(memory, 42, clock).order(USERS)
        clock.advance(timedelta(days=1, seconds=1))
        later = await Negotiation(memory, 42, clock).order(USERS)

        assert soon[0].name == "v3"
        assert later[0].name == "2026-09"
        assert len(soon) == len(later) == 4

    async def test_facts_of_another_release_are_skipped(self) -> None:
        """A family or version this release does not know is no error."""
        clock = HandClock(START)
        memory = MemoryVersions()
        await memory.remember(42, VersionFact("users", "2031-03", clock.now()))
        await memory.remember(42, VersionFact("robots", "v9", clock.now()))
        negotiation = Negotiation(memory, 42, clock)

        assert (await negotiation.order(USERS))[0].name == "2026-09"
        assert negotiation.in_use() == {}
