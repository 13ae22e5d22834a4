"""What an effect needs next, judged by what HubSpot shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.plan import Change, ChangeKind, Outcome, Phase
from rolecall.provision.aspects import (
    ABSENT,
    PRESENT,
    Standing,
    aspect_of,
    joined,
    planned_from,
    standing,
    wanted,
)
from rolecall.provision.settle import after_sending, before_sending, side_effects

TEXTS = st.sampled_from(["", "1", "2", "3"])


def a_change(kind: ChangeKind = ChangeKind.SET_PERMISSION_SET, **changes: object) -> Change:
    """A change of Ben's permission set from 1 to 2."""
    change = Change("c1", kind, "user", "ben@acme.test", "100", "1", "2", "mover", Phase.MOVE)
    return replace(change, **changes)


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 3))
def test_a_write_goes_out_only_from_the_planned_before(
    before: str, after: str, now: str, attempt: int
) -> None:
    """Never a write when HubSpot shows the wish already or something unplanned."""
    change = a_change(before=before or None, after=after or None)

    state = before_sending([change], {"permission_set": now}, attempt)

    assert (now == before and now != after) is bool(state.to_send)
    assert 1 == len(state.to_send) + len(state.settled)


@pytest.mark.parametrize(("attempt", "outcome"), [(0, Outcome.ALREADY), (2, Outcome.DONE)])
def test_already_so_and_done_differ_by_who_did_it(attempt: int, outcome: Outcome) -> None:
    """Found there before the first write: already so; after a write: done."""
    state = before_sending([a_change()], {"permission_set": "2"}, attempt)

    assert [outcome] == [judged.outcome for judged in state.settled]


def test_nobody_is_adopted_silently() -> None:
    """A user to be created who is there already is refused, unless it was our own write."""
    create = a_change(ChangeKind.CREATE_USER, before=None, after="present")

    stranger = before_sending([create], {PRESENT: PRESENT}, 0)
    own = before_sending([create], {PRESENT: PRESENT}, 1, own=True)

    assert [Outcome.REFUSED] == [judged.outcome for judged in stranger.settled]
    assert [Outcome.DONE] == [judged.outcome for judged in own.settled]


def test_an_aspect_not_told_is_unknown_never_done() -> None:
    """Where the version does not tell seats, a seat change cannot be proved."""
    seats = a_change(ChangeKind.SET_SEATS, before=("Core",), after=("View-Only",))

    state = after_sending([seats], {"permission_set": "1"})

    assert [Outcome.UNKNOWN] == [judged.outcome for judged in state.settled]


@given(st.lists(st.sampled_from(["Core", "Sales Hub Professional", "View-Only"]), unique=True))
def test_order_of_many_values_does_not_matter(names: list[str]) -> None:
    """Seats compare as a set."""
    change = a_change(ChangeKind.SET_SEATS, before=(), after=tuple(names))

    assert Standing.AFTER is standing(change, {"seats": joined(list(reversed(names)))})


@pytest.mark.parametrize(
    ("kind", "before", "after", "aspect"),
    [
        (ChangeKind.ADD_EXTRA_TEAM, None, "12", "extra_team:12"),
        (ChangeKind.DROP_EXTRA_TEAM, "12", None, "extra_team:12"),
    ],
)
def test_extra_teams_are_aspects_of_their_own(
    kind: ChangeKind, before: str | None, after: str | None, aspect: str
) -> None:
    """Joining one team says nothing about another."""
    change = a_change(kind, before=before, after=after)

    assert (aspect, before or ABSENT, after or ABSENT) == (
        aspect_of(change),
        planned_from(change),
        wanted(change),
    )


def test_what_nobody_asked_for_is_told() -> None:
    """A set lost on the way is named, the planned change is not."""
    before = {"permission_set": "1", "main_team": "7"}
    after = {"permission_set": "2", "main_team": ""}

    assert ("main team also changed from 7 to nothing",) == side_effects(
        [a_change()], before, after
    )


def test_a_planned_extra_team_is_no_surprise() -> None:
    """Extra teams are written one by one and seen all together; names stand for ids."""
    joins = a_change(ChangeKind.ADD_EXTRA_TEAM, before=None, after="8")
    before = {"extra_team:8": "", "extra_teams": "7"}
    joined_teams = {"extra_team:8": "8", "extra_teams": joined(("7", "8"))}
    lost_one = {"extra_team:8": "8", "extra_teams": "8"}

    assert () == side_effects([joins], before, joined_teams)
    assert ("extra teams also changed from Sales to Deals",) == side_effects(
        [joins], before, lost_one, {"7": "Sales", "8": "Deals"}
    )
