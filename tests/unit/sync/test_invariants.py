"""Invariants of snapshots: quiet on good ones, loud on each kind of contradiction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rolecall.domain.snapshot import PermissionSet, Snapshot, Team, User, UserState
from rolecall.sync.invariants import violations

AT = datetime(2026, 11, 20, tzinfo=UTC)
GOOD = Snapshot(
    7,
    "one",
    AT,
    AT,
    True,
    users=(
        User("1", "a@x.test", main_team_id="10", permission_set_ids=("5",), crm_id="c1"),
        User("2", "b@x.test", main_team_id="11", extra_team_ids=("10",), crm_id="c2"),
    ),
    permission_sets=(PermissionSet("5", "Sales"),),
    teams=(Team("10", "All"), Team("11", "Sales", "10")),
)
ANNA, BEN = GOOD.users


def test_a_good_snapshot_is_quiet() -> None:
    """Nothing to say about a picture without contradictions."""
    assert () == violations(GOOD)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (replace(GOOD, users=(ANNA, structs.replace(BEN, id="1"))), "there twice"),
        (
            replace(GOOD, users=(ANNA, structs.replace(BEN, email="A@X.test"))),
            "two users have the e-mail",
        ),
        (
            replace(GOOD, users=(ANNA, structs.replace(BEN, crm_id="c1"))),
            "belongs to two users",
        ),
        (
            replace(GOOD, users=(structs.replace(ANNA, main_team_id="99"), BEN)),
            "team that is not listed",
        ),
        (
            replace(GOOD, users=(structs.replace(ANNA, permission_set_ids=("9",)),)),
            "set that is not",
        ),
        (
            replace(GOOD, users=(structs.replace(BEN, extra_team_ids=("11",)),)),
            "main and extra",
        ),
        (replace(GOOD, teams=(Team("10", "All", "11"), Team("11", "S", "10"))), "own ancestor"),
        (replace(GOOD, teams=(*GOOD.teams, Team("12", "T", "77"))), "parent that is not listed"),
        (replace(GOOD, sealed_at=AT - timedelta(1)), "sealed before"),
        (
            replace(GOOD, users=(User("3", "c@x", state=UserState.REMOVED, state_estimated=True),)),
            "must be proved",
        ),
    ],
)
def test_each_contradiction_is_named(broken: Snapshot, said: str) -> None:
    """Every broken invariant yields a sentence."""
    assert any(said in text for text in violations(broken)), violations(broken)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=7))
def test_any_forest_is_a_tree_or_named(parents: list[int]) -> None:
    """A tree of teams is quiet exactly when every walk upwards ends."""
    names = [str(n) for n in range(len(parents))]
    teams = tuple(
        Team(name, name, None if parent == n else str(parent))
        for n, (name, parent) in enumerate(zip(names, parents, strict=True))
    )
    told = violations(Snapshot(7, "one", AT, AT, True, teams=teams))

    assert _all_end(dict(zip(names, (t.parent_id for t in teams), strict=True))) == (not told)


def _all_end(parents: dict[str, str | None]) -> bool:
    for start in parents:
        at: str | None = start
        for _ in range(len(parents) + 1):
            if at is None:
                break
            if at not in parents:
                return False
            at = parents[at]
        if at is not None:
            return False
    return True
