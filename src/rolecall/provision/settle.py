"""Decides what an effect needs next, from its journal row and what HubSpot shows. Pure.

The one rule of exactly once: a write goes out only while HubSpot shows the planned `before`,
and whatever is on record as sent is judged by looking, never by memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolecall.domain.plan import Change, Outcome, Refusal, Route
from rolecall.provision.aspects import (
    EXTRA_TEAM,
    EXTRA_TEAMS,
    SEPARATOR,
    Observation,
    Standing,
    aspect_of,
    joined,
    standing,
    told,
    wanted,
    words,
)

NO_NAMES: Mapping[str, str] = {}  # of sets and teams by id, for messages


@dataclass(frozen=True, slots=True)
class Judged:
    """One change with its final outcome and a sentence for the receipt."""

    change: Change
    outcome: Outcome
    message: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next: the settled changes, and those still to be written (may be none)."""

    settled: tuple[Judged, ...]
    to_send: tuple[Change, ...]


def before_sending(
    changes: Sequence[Change],
    seen: Observation,
    attempt: int,
    own: bool = False,
    names: Mapping[str, str] = NO_NAMES,
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
            settled.append(Judged(change, Outcome.REFUSED, _outside(change, seen, names)))
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


def _outside(change: Change, seen: Observation, names: Mapping[str, str]) -> str:
    now = told(seen.get(aspect_of(change), ""), names)
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


def not_kept(change: Change, seen: Observation, names: Mapping[str, str] = NO_NAMES) -> Judged:
    """HubSpot took the write, but shows something else even after waiting."""
    now, meant = told(seen.get(aspect_of(change), ""), names), told(wanted(change), names)
    message = f"HubSpot accepted the write but shows {now} instead of {meant}"
    return Judged(change, Outcome.FAILED, message)


def side_effects(
    changes: Sequence[Change],
    before: Observation,
    after: Observation,
    names: Mapping[str, str] = NO_NAMES,
) -> tuple[str, ...]:
    """Aspects that changed although no change of the effect is about them, as sentences."""
    meant = {aspect_of(change) for change in changes}
    expected = dict(before) | {EXTRA_TEAMS: _extra_teams(changes, before)}
    return tuple(
        f"{words(aspect)} also changed from {told(before[aspect], names)}"
        f" to {told(after[aspect], names)}"
        for aspect in sorted(before.keys() & after.keys() - meant)
        if expected[aspect] != after[aspect]
    )


def _extra_teams(changes: Sequence[Change], before: Observation) -> str:
    """The extra teams the changes leave behind, for they are written one by one."""
    teams = set(filter(None, before.get(EXTRA_TEAMS, "").split(SEPARATOR)))
    for change in changes:
        if aspect_of(change).startswith(EXTRA_TEAM):
            teams -= {str(change.before)}
            teams |= {str(change.after)} if change.after else set()
    return joined(tuple(teams))


READ_ONLY_ROUTES = frozenset({Route.MANUAL, Route.NOTHING})
