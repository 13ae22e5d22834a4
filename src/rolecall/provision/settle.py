"""Decides what an effect needs next, from its journal row and what HubSpot shows. Pure.

The one rule of exactly once: a write goes out only while HubSpot shows the planned `before`,
and whatever is on record as sent is judged by looking, never by memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rolecall.domain.plan import Change, Outcome, Route
from rolecall.provision.aspects import Observation, Standing, aspect_of, standing, wanted


@dataclass(frozen=True, slots=True)
class Judged:
    """One change with its final outcome and a sentence for the receipt."""

    change: Change
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next: the settled changes, and those still to be written (may be none)."""

    settled: tuple[Judged, ...]
    to_send: tuple[Change, ...]


def before_sending(
    changes: Sequence[Change], seen: Observation, attempt: int, own: bool = False
) -> Next:
    """Judge the changes of one effect by a fresh look, `attempt` writes having been sent before.

    Already there: done when we sent it, already so when not. A creation that finds its subject
    there is ours only when `own` says so, else refused: nobody is adopted silently. Neither
    before nor after: refused, somebody changed it outside since the plan was made.
    """
    settled: list[Judged] = []
    to_send: list[Change] = []
    for change in changes:
        where = standing(change, seen)
        if where is Standing.AFTER:
            settled.append(_there(change, attempt, own))
        elif where is Standing.ELSEWHERE and not _halfway(change, seen, attempt):
            settled.append(Judged(change, Outcome.REFUSED, _outside(change, seen)))
        else:
            to_send.append(change)
    return Next(tuple(settled), tuple(to_send))


def _there(change: Change, attempt: int, own: bool) -> Judged:
    creates = change.kind.value.startswith("create_")
    if creates and not own:
        return Judged(
            change,
            Outcome.REFUSED,
            f"{change.subject} is there already and was not made by this plan; "
            "sync and plan again to change it",
        )
    return Judged(change, Outcome.DONE if attempt else Outcome.ALREADY)


def _halfway(change: Change, seen: Observation, attempt: int) -> bool:
    """Between leaving the former main team and joining the new one we see neither."""
    return attempt > 0 and aspect_of(change) == "main_team" and not seen["main_team"]


def _outside(change: Change, seen: Observation) -> str:
    now = seen.get(aspect_of(change)) or "nothing"
    return f"changed outside since the plan was made: HubSpot shows {now}; sync and plan again"


def after_sending(changes: Sequence[Change], seen: Observation) -> Next:
    """Judge written changes by reading back; what still shows `before` may only be late."""
    settled: list[Judged] = []
    late: list[Change] = []
    for change in changes:
        where = standing(change, seen)
        if where is Standing.AFTER:
            settled.append(Judged(change, Outcome.DONE))
        elif where is Standing.UNSEEN:
            settled.append(Judged(change, Outcome.UNKNOWN, "HubSpot does not show this here"))
        else:
            late.append(change)
    return Next(tuple(settled), tuple(late))


def not_kept(change: Change, seen: Observation) -> Judged:
    """HubSpot took the write, but shows something else even after waiting."""
    now = seen.get(aspect_of(change)) or "nothing"
    message = f"HubSpot accepted the write but shows {now} instead of {wanted(change) or 'nothing'}"
    return Judged(change, Outcome.FAILED, message)


def side_effects(
    changes: Sequence[Change], before: Observation, after: Observation
) -> tuple[str, ...]:
    """Aspects that changed although no change of the effect is about them, as sentences."""
    meant = {aspect_of(change) for change in changes}
    return tuple(
        f"{aspect} also changed from {before[aspect] or 'nothing'} to {after[aspect] or 'nothing'}"
        for aspect in sorted(before.keys() & after.keys() - meant)
        if before[aspect] != after[aspect]
    )


READ_ONLY_ROUTES = frozenset({Route.MANUAL, Route.NOTHING})
