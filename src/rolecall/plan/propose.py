"""From a wish and a snapshot to a finished plan: diff, order, guardrails, price, duration, digest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.domain.plan import Change, Override, Plan
from rolecall.domain.portal import CredentialKind
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.collector import collector_held
from rolecall.plan.codec import sealed
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.plan.effects import effects_of, requests_of
from rolecall.plan.estimate import estimate, quota_of
from rolecall.plan.guardrails import check, with_overrides
from rolecall.plan.look import Knowledge
from rolecall.plan.order import in_order
from rolecall.plan.prices import cost_of
from rolecall.policy.desired import Desired
from rolecall.policy.document import PriceSettings


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who plans what, when and why; `plan_id` is a new uuid7 from the caller."""

    plan_id: str
    portal: str
    created_at: datetime
    created_by: str
    title: str
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything beside wish and snapshot that decides about a plan."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    overrides: tuple[Override, ...] = ()
    prices: PriceSettings | None = None
    credential: CredentialKind = CredentialKind.SERVICE_KEY


@collector_held()
def propose(
    desired: Desired,
    snapshot: Snapshot,
    options: DiffOptions,
    occasion: Occasion,
    circumstances: Circumstances,
) -> tuple[Plan, tuple[str, ...]]:
    """The sealed plan, and the ids of the overrides it used up."""
    found = diff(desired, snapshot, options)
    return assemble(found.changes, snapshot, occasion, circumstances, reported=found.reported)


@collector_held()
def assemble(
    changes: Iterable[Change],
    snapshot: Snapshot,
    occasion: Occasion,
    circumstances: Circumstances,
    *,
    reported: Sequence[Change] = (),
) -> tuple[Plan, tuple[str, ...]]:
    """A plan of given changes (an undo, a hand-over, requests): ordered, guarded, priced, sealed."""
    ordered = in_order(changes, snapshot)
    now = occasion.created_at
    verdicts = check(ordered, snapshot, circumstances.knowledge, now)
    verdicts, used = with_overrides(verdicts, circumstances.overrides, snapshot.hub_id, now)
    plan = Plan(
        id=occasion.plan_id,
        hub_id=snapshot.hub_id,
        portal=occasion.portal,
        snapshot_id=snapshot.id,
        created_at=now,
        created_by=occasion.created_by,
        title=occasion.title,
        reason=occasion.reason,
        changes=ordered,
        guardrails=verdicts,
        cost=cost_of(ordered, snapshot, circumstances.prices),
        source=occasion.source,
        reported=tuple(replace(one, id=f"r{number}") for number, one in enumerate(reported, 1)),
    )
    requests = requests_of(effects_of(plan), ordered)
    quota = quota_of(snapshot, circumstances.credential)
    cost = estimate(requests, quota, snapshot.time_zone, now)
    return sealed(replace(plan, requests=cost.requests, seconds=cost.seconds)), used
