"""Plans about people by name come out the same over the witnesses as over the whole portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.person import Person
from rolecall.domain.snapshot import Snapshot, User
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.plan.guards_people import business_domains
from rolecall.plan.look import Knowledge
from rolecall.plan.propose import Circumstances, Occasion, assemble
from rolecall.plan.wishes import desired_of
from rolecall.plan.witnesses import standing_of
from rolecall.policy.assign import assign
from rolecall.policy.desired import DesiredUser
from rolecall.policy.document import ParkingSettings, Policy
from rolecall.policy.names import names_of
from rolecall.policy.problems import PolicyProblems
from tests.support.plan_portals import NOW, SEATS, a_snapshot, a_user, portals

OCCASION = Occasion("p1", "acme", NOW, "scim:c", "Pushed", "pushed", "scim:c")
VALUES = {
    Slot.USER: ("present", "parked", "absent"),
    Slot.PERMISSION_SET: ("set1", "set3", "gone"),
    Slot.SEAT: SEATS,
    Slot.MAIN_TEAM: ("t0", "t1", "t9"),
    Slot.EXTRA_TEAM: ("t0", "t2"),
}


@st.composite
def pushes(draw: st.DrawFn) -> tuple[Snapshot, list[list[Assignment]]]:
    """A messy portal of many domains, and claims about some of its people and about a newcomer."""
    snapshot = draw(portals(messy=True, most=14))
    domains = st.sampled_from(("acme.test", "b.test", "c.test", "gmail.com"))
    users = tuple(
        changed(user, email=f"u{user.id}@{draw(domains)}") if draw(st.booleans()) else user
        for user in snapshot.users
    )
    there = sorted({user.email.casefold() for user in users})
    subjects = [
        *draw(st.lists(st.sampled_from(there), max_size=4, unique=True) if there else st.just([]))
    ]
    if draw(st.booleans()):
        subjects.append(f"new@{draw(domains)}")
    claims = [[_claim(draw, subject, slot) for slot in draw(_slots())] for subject in subjects]
    return replace(snapshot, users=users), claims


def _slots() -> st.SearchStrategy[list[Slot]]:
    return st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4, unique=True)


def _claim(draw: st.DrawFn, subject: str, slot: Slot) -> Assignment:
    return Assignment(subject, 1, slot, draw(st.sampled_from(VALUES[slot])), Origin.SCIM)


def wished(snapshot: Snapshot, claims: Sequence[Sequence[Assignment]]) -> list[DesiredUser]:
    """What the claims come to, each person by themselves."""
    found = []
    for own in claims:
        person = Person(own[0].subject, (own[0].subject,))
        settled = assign(Policy(), snapshot, [person], list(own), NOW).users
        found += [replace(one, named=False) for one in settled.values()]
    return found


def outcome(snapshot: Snapshot, wishes: Sequence[DesiredUser], active: int | None) -> object:
    """The plan of these wishes, with what its guardrails say."""
    desired = desired_of(wishes, ParkingSettings(), None)
    found = diff(desired, snapshot, DiffOptions(NOW))
    circumstances = Circumstances(Knowledge(active_users=active))
    plan, _ = assemble(found.changes, snapshot, OCCASION, circumstances)
    return plan, tuple(found.reported)


def named_in(snapshot: Snapshot, claims: Sequence[Sequence[Assignment]]) -> list[User]:
    """The users the claims are about."""
    subjects = {one.subject for own in claims for one in own}
    return [user for user in snapshot.users if user.email.casefold() in subjects]


def pairs(snapshot: Snapshot) -> set[tuple[str, str]]:
    """Which seat somebody holds together with which set."""
    return {
        (seat, one)
        for user in snapshot.users
        if user.present
        for seat in user.seat_names or ()
        for one in user.permission_set_ids
    }


class TestWitnesses:
    @settings(max_examples=150)
    @given(push=pushes())
    def test_the_plan_is_the_same(self, push: tuple[Snapshot, list[list[Assignment]]]) -> None:
        """Changes, order, guardrails, price: all of it, or the same refusal."""
        snapshot, claims = push
        standing = standing_of(snapshot)
        few = standing.among(named_in(snapshot, claims))
        whole = replace(snapshot, users=tuple(sorted(snapshot.users, key=lambda one: one.id)))
        told = []
        for each, active in ((whole, None), (few, standing.active_users)):
            try:
                told.append(outcome(each, wished(each, claims), active))
            except PolicyProblems as problems:
                told.append(str(problems))

        assert told[0] == told[1]

    @given(snapshot=portals(messy=True, most=20))
    def test_names_and_domains_are_the_same(self, snapshot: Snapshot) -> None:
        """Whatever somebody holds is known, whoever else is left out."""
        few = standing_of(snapshot).snapshot

        assert names_of(snapshot) == names_of(few)
        assert business_domains(snapshot, ()) == business_domains(few, ())
        assert pairs(snapshot) == pairs(few)

    def test_a_domain_two_share_is_the_company_s(self) -> None:
        """Though the second user is a witness of nothing else."""
        snapshot = a_snapshot(*(a_user(n) for n in range(4)))
        few = standing_of(snapshot).snapshot

        assert 2 == len(few.users)
        assert {"acme.test"} == business_domains(few, ())

    def test_few_are_left_of_many(self) -> None:
        """Two of the domain, one per team, every Super Admin; and how many there were."""
        users = [a_user(n, main_team_id=f"t{n % 3 + 1}") for n in range(1_000)]
        users[700] = changed(users[700], super_admin=True)
        standing = standing_of(a_snapshot(*users))

        assert ["0", "1", "2", "700"] == [one.id for one in standing.snapshot.users]
        assert 1_000 == standing.active_users
