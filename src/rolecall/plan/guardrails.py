"""Every guardrail over one plan, and the one-shot overrides that let a plan pass some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from rolecall.domain.plan import Change, GuardrailVerdict, Override
from rolecall.domain.snapshot import Snapshot
from rolecall.plan import guards_access, guards_people
from rolecall.plan.look import Knowledge, Look, Verdicts, look_at

GUARDRAILS: tuple[Callable[[Look], Verdicts], ...] = (
    guards_people.removal_brake,
    guards_people.last_super_admins,
    guards_people.operator_himself,
    guards_people.billing_contact,
    guards_people.protected_people,
    guards_people.credential_creator,
    guards_people.foreign_email,
    guards_access.incomplete_snapshot,
    guards_access.super_admin_untouched,
    guards_access.several_sets,
    guards_access.seat_stock,
    guards_access.beyond_rights,
    guards_access.seat_and_set,
    guards_access.known_values,
    guards_access.teams_empty,
)


def check(
    changes: Iterable[Change], snapshot: Snapshot, knowledge: Knowledge, now: datetime
) -> tuple[GuardrailVerdict, ...]:
    """What every guardrail says, overrides not yet considered."""
    look = look_at(changes, snapshot, knowledge, now)
    return tuple(verdict for guardrail in GUARDRAILS for verdict in guardrail(look))


def with_overrides(
    verdicts: Sequence[GuardrailVerdict], overrides: Sequence[Override], hub_id: int, now: datetime
) -> tuple[tuple[GuardrailVerdict, ...], tuple[str, ...]]:
    """The verdicts after overrides, and the ids of the overrides used up by that."""
    used: list[str] = []
    passed: list[GuardrailVerdict] = []
    for verdict in verdicts:
        override = _match(verdict, overrides, hub_id, now)
        if override is None:
            passed.append(verdict)
            continue
        used.append(override.id)
        message = f"{verdict.message}; allowed once by {override.actor}: {override.reason}"
        passed.append(replace(verdict, stops=False, message=message, hint=""))
    return tuple(passed), tuple(dict.fromkeys(used))


def _match(
    verdict: GuardrailVerdict, overrides: Sequence[Override], hub_id: int, now: datetime
) -> Override | None:
    if not (verdict.stops and verdict.overridable):
        return None
    for override in overrides:
        if override.guardrail != verdict.guardrail or override.hub_id != hub_id:
            continue
        if now < override.expires_at and _covers(override, verdict):
            return override
    return None


def _covers(override: Override, verdict: GuardrailVerdict) -> bool:
    """An override for named people lets pass nothing about anybody else."""
    named = {subject.casefold() for subject in override.subjects}
    return not named or {subject.casefold() for subject in verdict.subjects} <= named
