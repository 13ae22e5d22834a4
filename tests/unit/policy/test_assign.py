"""Who wins each slot: ranks, disputes, ends, leavers, and names the portal does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.person import Person
from rolecall.domain.snapshot import Snapshot, Team
from rolecall.policy.assign import assign, check_names
from rolecall.policy.desired import Desired, DesiredUser
from rolecall.policy.expiry import expired
from rolecall.policy.parse import parse_policy
from rolecall.policy.problems import PolicyProblems
from tests.support.plan_portals import NOW, a_snapshot, a_user

SALES = (
    "rules:\n  - {name: sales, when: {department: Sales}, permission_set: Sales Rep, seat: Core}\n"
)
EMAIL = "user1@acme.test"


def a_person(**values: object) -> Person:
    """Ann of Sales."""
    plain: dict[str, object] = {"id": "p1", "emails": (EMAIL,), "department": "Sales"}
    return Person(**{**plain, **values})  # type: ignore[arg-type]


def held(slot: Slot, value: str, origin: Origin, **values: object) -> Assignment:
    """A stored assignment of user 1."""
    return Assignment(EMAIL, 1, slot, value, origin, **values)  # type: ignore[arg-type]


def settled(
    text: str,
    *stored: Assignment,
    people: tuple[Person, ...] = (),
    snapshot: Snapshot | None = None,
    at: datetime = NOW,
) -> Desired:
    """What is desired for a file in a portal with user 1."""
    policy = parse_policy(f"version: 1\n{text}")
    return assign(policy, snapshot or a_snapshot(a_user(1)), people, stored, at)


def ann(desired: Desired) -> DesiredUser:
    """User 1's wish."""
    return desired.users[EMAIL]


class TestRanks:
    """The higher rank wins its slot, slot by slot."""

    @pytest.mark.parametrize(
        ("origin", "wins"),
        [(Origin.ELEVATION, "set3"), (Origin.REQUEST, "set2"), (Origin.SCIM, "set2")],
    )
    def test_stored_claims_stand_around_the_people_entry(self, origin: Origin, wins: str) -> None:
        """elevation > people: entry > request > SCIM."""
        entry = f"people: {{{EMAIL}: {{permission_set: Marketer}}}}"
        desired = settled(entry, held(Slot.PERMISSION_SET, "set3", origin))

        assert ann(desired).permission_sets
        assert ann(desired).permission_sets.values == (wins,)  # type: ignore[union-attr]

    def test_a_rule_fills_what_the_entry_leaves_open(self) -> None:
        """Ranks decide per slot, not per person."""
        text = f"{SALES}people: {{{EMAIL}: {{permission_set: Marketer}}}}"
        wish = ann(settled(text, people=(a_person(),)))

        assert wish.permission_sets is not None
        assert wish.seats is not None
        assert (wish.permission_sets.values, wish.seats.values) == (("set2",), ("Core",))

    def test_extra_teams_of_all_ranks_add_up(self) -> None:
        """Only extra teams hold many values."""
        text = f"people: {{{EMAIL}: {{extra_teams: [Ops]}}}}"
        wish = ann(settled(text, held(Slot.EXTRA_TEAM, "t1", Origin.REQUEST)))

        assert set(wish.extra_teams or {}) == {"t1", "t3"}

    def test_a_review_takes_a_value_from_lower_ranks(self) -> None:
        """What a review revoked is not given again by a rule; the next claim wins."""
        review = held(Slot.PERMISSION_SET, "set1", Origin.REVIEW)
        wish = ann(settled(SALES, review, people=(a_person(),)))

        assert wish.permission_sets is not None
        assert wish.permission_sets.values == ()

    def test_a_leaver_is_parked_whatever_the_file_says(self) -> None:
        """Leaver stands above everything but guardrails."""
        text = f"people: {{{EMAIL}: {{permission_set: Marketer}}}}"
        wish = ann(settled(text, people=(a_person(left=True),)))

        assert wish.presence is not None
        assert wish.presence.values == ("parked",)

    def test_two_rules_that_disagree_are_a_dispute(self) -> None:
        """Equal rank, different values: a finding and no change."""
        text = SALES + "  - {name: all, when: everyone, permission_set: Marketer}\n"
        desired = settled(text, people=(a_person(),))

        assert ann(desired).disputed == {Slot.PERMISSION_SET}
        assert ann(desired).permission_sets is None
        assert [one.rule for one in desired.findings] == ["policy.disputed"]


class TestTime:
    """Begin and end."""

    def test_until_holds_to_the_end_of_the_day_in_the_portals_zone(self) -> None:
        """The last minute of the day in Los Angeles still counts, the next does not."""
        text = f"people: {{{EMAIL}: {{permission_set: Marketer, until: 2026-11-20}}}}"
        portal = a_snapshot(a_user(1), time_zone="America/Los_Angeles")
        midnight = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        before = settled(text, snapshot=portal, at=midnight - timedelta(minutes=1))
        after = settled(text, snapshot=portal, at=midnight)

        assert ann(before).presence.values == ("present",)  # type: ignore[union-attr]
        assert ann(after).presence.values == ("parked",)  # type: ignore[union-attr]

    def test_an_ended_entry_falls_to_the_rule(self) -> None:
        """Something is left, so nobody is parked."""
        text = f"{SALES}people: {{{EMAIL}: {{permission_set: Marketer, until: 2026-11-01}}}}"
        wish = ann(settled(text, people=(a_person(),)))

        assert wish.permission_sets.values == ("set1",)  # type: ignore[union-attr]
        assert wish.presence.values == ("present",)  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("person", "expected"),
        [
            (a_person(starts_on=date(2026, 12, 1)), None),
            (a_person(starts_on=date(2026, 11, 20)), "present"),
            (a_person(ends_on=date(2026, 11, 19)), "parked"),
            (a_person(ends_on=date(2026, 11, 20)), "present"),
        ],
    )
    def test_people_begin_and_end_by_their_source(self, person: Person, expected: str) -> None:
        """Future starts wait, contracts end by themselves."""
        wish = settled(SALES, people=(person,)).users.get(EMAIL)
        found = wish.presence.values[0] if wish and wish.presence else None

        assert found == expected

    def test_an_ended_request_for_the_user_parks(self) -> None:
        """The end of what created the user off-boards it."""
        past = NOW - timedelta(days=1)
        wish = ann(settled("", held(Slot.USER, "present", Origin.REQUEST, ends_at=past)))

        assert wish.presence.values == ("parked",)  # type: ignore[union-attr]

    def test_expiry_takes_back_what_only_the_ended_claim_gave(self) -> None:
        """An ended extra team goes; one somebody else still gives stays."""
        portal = a_snapshot(a_user(1, extra_team_ids=("t1", "t3")))
        past = NOW - timedelta(days=1)
        stored = (
            held(Slot.EXTRA_TEAM, "t1", Origin.OPERATOR, ends_at=past),
            held(Slot.EXTRA_TEAM, "t3", Origin.OPERATOR, ends_at=past),
            held(Slot.EXTRA_TEAM, "t3", Origin.SCIM),
        )

        assert set(ann(expired(portal, stored, NOW)).extra_teams or {}) == {"t3"}


class TestNames:
    """Names against the portal."""

    def test_unknown_names_are_told_together_with_places_and_hints(self) -> None:
        """Every missing set, team and seat of the file, used or not."""
        text = "profiles:\n  p: {permission_set: Sales Repp, seat: Cora, main_team: EMAE}\n"
        with pytest.raises(PolicyProblems) as caught:
            settled(text)

        assert [(one.line, one.hint) for one in caught.value.problems] == [
            (3, "did you mean 'Sales Rep'?"),
            (3, "did you mean 'Core'?"),
            (3, "did you mean 'EMEA'?"),
        ]
        assert check_names(parse_policy(f"version: 1\n{text}"), a_snapshot())

    def test_names_that_repeat_need_an_id(self) -> None:
        """Ambiguity is told with both ways to write it."""
        portal = a_snapshot(teams=(Team("a", "Twin"), Team("b", "Twin")))
        with pytest.raises(PolicyProblems, match="2 teams are called 'Twin'"):
            settled("profiles: {p: {main_team: Twin}}", snapshot=portal)

        assert settled("profiles: {p: {main_team: {name: Twin, id: b}}}", snapshot=portal)

    def test_a_team_may_be_named_by_its_path(self) -> None:
        """As plans show it; short lists are told whole where nothing is near."""
        portal = a_snapshot(teams=(Team("s", "Sales"), Team("a", "Twin", "s"), Team("b", "Twin")))

        assert settled("profiles: {p: {main_team: sales / twin}}", snapshot=portal)
        with pytest.raises(PolicyProblems) as caught:
            settled("profiles: {p: {main_team: Zzz}}", snapshot=portal)
        assert "there are: Sales, Twin" == caught.value.problems[0].hint

    def test_a_stored_set_that_vanished_is_a_finding(self) -> None:
        """A claim on something gone is left out and told."""
        desired = settled("", held(Slot.PERMISSION_SET, "gone", Origin.SCIM))

        assert [one.rule for one in desired.findings] == ["policy.vanished"]

    def test_a_person_is_met_at_any_of_their_addresses(self) -> None:
        """Rules reach the user the person has here."""
        person = replace(a_person(), emails=("ann@home.test", EMAIL.upper()))

        assert EMAIL in settled(SALES, people=(person,)).users
