"""Sets, teams, seats and owners: what HubSpot does not tell stays unknown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.snapshot import PermissionSet, RecordOwner, Seat, Team
from rolecall.hubspot import wire
from rolecall.reading import (
    Membership,
    memberships_of,
    owner_of,
    permission_set_of,
    seat_of,
    teams_of,
)


class TestTeams:
    def test_both_apis_make_one_tree(self) -> None:
        """Parents from one API, teams from both."""
        flat = (wire.TeamFlat("1", "Sales"), wire.TeamFlat("2", "EMEA"), wire.TeamFlat("9", "Old"))
        tree = (wire.TeamNode("1", "Sales"), wire.TeamNode("2", "EMEA", "1"))

        assert teams_of(flat, tree) == (
            Team("1", "Sales"),
            Team("2", "EMEA", "1"),
            Team("9", "Old"),
        )

    def test_a_parent_outside_our_view_does_not_dangle(self) -> None:
        """Every parent of the answer is in the answer."""
        assert teams_of((), (wire.TeamNode("2", "EMEA", "77"),)) == (Team("2", "EMEA"),)

    @given(
        st.lists(
            st.tuples(st.integers(1, 5), st.lists(st.integers(1, 6)), st.lists(st.integers(1, 6))),
            max_size=5,
            unique_by=lambda row: row[0],
        )
    )
    def test_every_member_told_is_a_membership(
        self, rows: list[tuple[int, list[int], list[int]]]
    ) -> None:
        """No member is lost on the way from teams to users."""
        flat = [
            wire.TeamFlat(str(team), "", tuple(map(str, main)), tuple(map(str, extra)))
            for team, main, extra in rows
        ]
        found = memberships_of(flat)

        for team in flat:
            for user in team.user_ids or ():
                assert found[user].main is not None
            for user in team.secondary_user_ids or ():
                assert team.id in found[user].extra

    def test_missing_lists_are_empty(self) -> None:
        """A team without members tells none."""
        assert memberships_of([wire.TeamFlat("1", "A", ("5",), None)]) == {"5": Membership("1", ())}


class TestSeats:
    def test_zero_left_is_not_unknown(self) -> None:
        """HubSpot telling nothing is None, telling none left is 0."""
        assert seat_of(wire.Seat("Core", None, 0)) == Seat("Core", "", 0)
        assert seat_of(wire.Seat("View-Only")) == Seat("View-Only", "", None)


class TestOwners:
    def test_an_archived_owner_tells_its_user_as_inactive(self) -> None:
        """Numbers become text, like settings ids."""
        told = wire.Owner("1", user_id_including_inactive=5, archived=True)

        assert owner_of(told) == RecordOwner("1", "5", archived=True)

    def test_an_owner_may_know_nobody(self) -> None:
        """Both ids null was seen; queues have none by nature."""
        assert owner_of(wire.Owner("1")).user_id is None
        assert owner_of(wire.Owner("1", type="QUEUE")).queue


class TestSets:
    def test_a_set_without_the_billing_flag_needs_no_billing_scope(self) -> None:
        """Absent means no."""
        assert permission_set_of(wire.PermissionSet("1", "Rep")) == PermissionSet("1", "Rep")
