"""What proves a manual task done, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from rolecall.domain.plan import Change, ChangeKind, ManualTask, Phase
from rolecall.domain.snapshot import Snapshot, Team, UserState
from rolecall.plan.proofs import proof_of
from tests.support.portals import NOW, a_snapshot, a_user, an_event

BEFORE = NOW - timedelta(hours=1)
USER = a_user("7", "ben@acme.test", permission_set_ids=("100",), extra_team_ids=("11",))


def _change(before: object = None, after: object = None, **details: str) -> Change:
    return Change(
        "0001", ChangeKind.MANUAL, "user", USER.email, USER.id, before, after,  # type: ignore[arg-type]
        "because", Phase.MOVE, details=details,
    )  # fmt: skip


def _task(proof: str) -> ManualTask:
    return ManualTask("t", 42, "do it", (), "", USER.email, proof=proof)


def _seen(*users: object, **changes: object) -> Snapshot:
    return a_snapshot(users or (USER,), started_at=NOW, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("proof", "change", "user"),
    [
        ("state:super_admin=true", _change(), {"super_admin": True}),
        ("state:super_admin=false", _change(), {"super_admin": False}),
        ("state:user=deactivated", _change(), {"state": UserState.DEACTIVATED}),
        ("state:user=active", _change(), {"state": UserState.ACTIVE}),
        ("state:email", _change(after="B@acme.test"), {"email": "b@acme.test"}),
        ("state:permission_sets", _change(after=("100", "101")),
         {"permission_set_ids": ("101", "100")}),
        ("state:seats", _change(after=("View-Only",)), {"seat_names": ("View-Only",)}),
        ("state:teams", _change(after="12"), {"extra_team_ids": ("11", "12")}),
        ("state:teams", _change(before="11"), {"extra_team_ids": ()}),
    ],
)  # fmt: skip
def test_a_later_snapshot_proves_it(proof: str, change: Change, user: dict[str, object]) -> None:
    """The snapshot shows what was asked for."""
    seen = _seen(structs.replace(USER, **user))  # type: ignore[arg-type]

    assert "snapshot" in proof_of(_task(proof), change, seen, (), BEFORE)


def test_an_older_snapshot_proves_nothing() -> None:
    """What was read before the task was made says nothing about it."""
    seen = _seen(structs.replace(USER, super_admin=True))

    assert "" == proof_of(_task("state:super_admin=true"), _change(), seen, (), NOW)


def test_the_feed_proves_it_for_this_user_alone() -> None:
    """An event about somebody else, or from before, closes nothing."""
    task, seen = _task("feed:DEACTIVATE_USER"), _seen()
    mine = an_event("DEACTIVATE_USER", object_id="7", actor_email="root@acme.test")
    other = an_event("DEACTIVATE_USER", object_id="8")
    early = an_event("DEACTIVATE_USER", BEFORE - timedelta(days=1), object_id="7")

    assert "root@acme.test" in proof_of(task, _change(), seen, (other, mine), BEFORE)
    assert "" == proof_of(task, _change(), seen, (other, early), BEFORE)


def test_who_is_gone_is_deactivated_enough() -> None:
    """Removed altogether is more than was asked for; a list with gaps proves no absence."""
    gone = _seen(structs.replace(USER, state=UserState.REMOVED))
    torn = replace(_seen(a_user("9")), complete=False)

    assert proof_of(_task("state:user=deactivated"), _change(), gone, (), BEFORE)
    assert "" == proof_of(_task("state:user=deactivated"), _change(), torn, (), BEFORE)


@pytest.mark.parametrize(
    ("slot", "after", "teams", "done"),
    [
        ("create_team", "EMEA", (Team("9", "EMEA"),), True),
        ("delete_team", None, (), True),
        ("rename_team", "North", (Team("7", "North"),), True),
        ("rename_team", "North", (Team("7", "South"),), False),
        ("move_team", "3", (Team("7", "Any", "3"),), True),
        ("move_team", "3", (Team("7", "Any", "4"),), False),
    ],
)
def test_teams_prove_themselves(
    slot: str, after: str | None, teams: tuple[Team, ...], done: bool
) -> None:
    """Made, renamed, moved or gone, as the tree shows."""
    change = _change(after=after, slot=slot, name="EMEA")
    seen = _seen(teams=teams)

    assert done is bool(proof_of(_task("state:team"), change, seen, (), BEFORE))
