"""Shortcuts from a file and a snapshot to a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rolecall.domain.assignment import Assignment
from rolecall.domain.person import Person
from rolecall.domain.plan import Change, ChangeKind, Outcome, Plan, Receipt
from rolecall.domain.snapshot import Snapshot
from rolecall.plan.context import DiffOptions
from rolecall.plan.propose import Circumstances, Occasion, propose
from rolecall.policy.assign import assign
from rolecall.policy.parse import parse_policy
from tests.support.plan_portals import NOW

EXACT = "".join(
    f"  {name}: exact\n" for name in ("users", "permission_sets", "teams", "seats", "profile")
)
QUIET = (ChangeKind.MANUAL, ChangeKind.NO_OP)


def an_occasion(plan_id: str = "plan1", at: datetime = NOW) -> Occasion:
    """A plan of the test's operator."""
    return Occasion(plan_id, "acme", at, "local:ada", "a test", "because", "test")


def a_plan(
    text: str,
    snapshot: Snapshot,
    *,
    people: Sequence[Person] = (),
    stored: Sequence[Assignment] = (),
    parked: Mapping[str, datetime] | None = None,
    circumstances: Circumstances | None = None,
    at: datetime = NOW,
    overwrite_sets: frozenset[str] = frozenset(),
) -> Plan:
    """The plan of an access.yaml; a text without a version gets one, with every section exact."""
    if not text.startswith(("version", "#")):
        text = f"version: 1\nmanage:\n{EXACT}{text}"
    desired = assign(parse_policy(text), snapshot, people, stored, at)
    options = DiffOptions(now=at, parked=parked or {}, overwrite_sets=overwrite_sets)
    plan, _ = propose(
        desired, snapshot, options, an_occasion(at=at), circumstances or Circumstances()
    )
    return plan


def active(plan: Plan) -> list[Change]:
    """The changes that change something by themselves."""
    return [change for change in plan.changes if change.kind not in QUIET]


def done(plan: Plan) -> tuple[Receipt, ...]:
    """A receipt for every active change, as after a good apply."""
    return tuple(
        Receipt(plan.id, change.id, "effect", 1, Outcome.DONE, NOW) for change in active(plan)
    )


def brief(changes: Sequence[Change]) -> list[tuple[str, str, object, object]]:
    """Kind, subject, before and after of each change."""
    return [(c.kind.value, c.subject, c.before, c.after) for c in changes]
