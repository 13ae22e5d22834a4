"""One effect, from journal row to receipts: look, write down, write, look again.

Killed at any line, the next run starts with a look and goes on from what HubSpot shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from rolecall.domain.plan import Change, Effect, Outcome, Refusal, Route
from rolecall.hubspot.errors import (
    BadToken,
    Conflict,
    DailyLimitReached,
    Forbidden,
    HubSpotError,
    Invalid,
    MissingScopes,
    NoSeat,
    NotFound,
    RateLimited,
    Unavailable,
    UnknownOutcome,
)
from rolecall.kit.errors import Broken, NeedsPerson, Retryable
from rolecall.provision.aspects import ABSENT, PRESENT
from rolecall.provision.observe import Look, look
from rolecall.provision.ports import Desk, Moment
from rolecall.provision.send import Write, send, ways_of, write_of
from rolecall.provision.settle import (
    Judged,
    after_sending,
    before_sending,
    not_kept,
    side_effects,
)

PLAIN = (Invalid, Forbidden)  # a 400 or 403 that says no more than no
REMOVALS = frozenset({Route.REMOVE_USER, Route.DELETE_TEAM})
NEW_ACCESS_ROUTES = frozenset({Route.PUT_USER, Route.JOIN_TEAM, Route.LEAVE_TEAM})


class Stopped(Exception):
    """The run cannot go on now: the day's calls are spent, or a person must act.

    `effect` is as journaled last. `unsent` True: the write on record was refused at the door, so
    it does not count as an attempt.
    """

    def __init__(self, error: HubSpotError, effect: Effect, *, unsent: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.effect = effect
        self.unsent = unsent


class Impossible(Exception):
    """This effect alone cannot be carried out; `effect` is as journaled last."""

    def __init__(self, message: str, effect: Effect) -> None:
        super().__init__(message)
        self.effect = effect


class Halted(Exception):
    """A person paused or cancelled the plan; the effect goes on from its books or is closed."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What became of one write."""

    created: str | None = None
    unknown: bool = False
    refusal: HubSpotError | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of an effect, and the id of its subject, made by it or known before."""

    judged: tuple[Judged, ...]
    subject_id: str | None = None


async def carry_out(desk: Desk, effect: Effect, changes: tuple[Change, ...]) -> Carried:
    """Bring one effect to its receipts; raises Stopped when the run must wait."""
    settled: list[Judged] = []
    created: str | None = None
    answered: set[int] = set()  # the ways of saying it that HubSpot took or refused, to no avail
    while True:
        seen = await _look(desk, effect, changes)
        own = _is_own(effect, seen, created)
        state = before_sending(changes, seen.seen, effect.attempt, own, desk.names)
        state_left = [c for c in state.to_send if c not in [j.change for j in settled]]
        settled += [j for j in state.settled if j.change not in [s.change for s in settled]]
        if not state_left:
            return await _close(desk, effect, settled, seen, created)
        if effect.attempt >= desk.patience.attempts:
            settled += [Judged(c, Outcome.FAILED, _gave_up(effect)) for c in state_left]
            return await _close(desk, effect, settled, seen, created)
        write = _prepared(effect, state_left, seen)
        effect = await desk.books.sending(effect, write.fingerprint, _remembered(seen))
        _tell(desk, "journaled", effect)
        sent = await _send(desk, effect, write)
        created = sent.created or created
        if sent.created is not None:
            effect = replace(effect, subject_id=sent.created)
        if not sent.unknown:
            answered.add((effect.attempt - 1) % ways_of(state_left))
        other_way = len(answered) < ways_of(state_left)
        if other_way and isinstance(sent.refusal, Invalid):
            continue
        if sent.refusal is not None:
            settled += _refused(state_left, sent.refusal)
            correlation = sent.refusal.correlation_id
            return await _close(desk, effect, settled, seen, created, correlation)
        if not sent.unknown:
            judged = await _read_back(desk, effect, tuple(state_left), seen)
            if other_way and any(one.outcome is Outcome.FAILED for one in judged):
                continue
            settled += judged
            return await _close(desk, effect, settled, seen, created)
        await desk.clock.sleep(desk.patience.before_look(effect.attempt))


def _refused(changes: Sequence[Change], error: HubSpotError) -> list[Judged]:
    """Refused by HubSpot; how, is kept where the error tree has no better name for it."""
    failure, how = error.failure, None
    if type(error) in PLAIN and failure.status is not None:
        how = Refusal(failure.status, failure.category, failure.fields)
    return [Judged(change, Outcome.REFUSED, error.message, how) for change in changes]


def _prepared(effect: Effect, changes: Sequence[Change], seen: Look) -> Write:
    try:
        return write_of(effect, changes, seen)
    except Broken as error:
        raise Impossible(error.message, effect) from error


def _is_own(effect: Effect, seen: Look, created: str | None) -> bool:
    """A creation found there is ours when we wrote down its absence before our first attempt."""
    if created is not None:
        return True
    was_absent = effect.observed.get(PRESENT) == ABSENT
    return effect.attempt > 0 and was_absent and seen.seen.get(PRESENT) == PRESENT


def _remembered(seen: Look) -> dict[str, str]:
    """What the journal keeps of the look before the first write."""
    known = {"alike": ",".join(seen.alike)} if seen.alike else {}
    return {**seen.seen, **known}


async def _look(desk: Desk, effect: Effect, changes: tuple[Change, ...]) -> Look:
    try:
        seen = await look(desk.reader, effect, changes, seats_told=desk.seats_told)
    except HubSpotError as error:
        if isinstance(error, Retryable | NeedsPerson):
            raise Stopped(error, effect) from error
        raise Impossible(error.message, effect) from error
    return _recognised(effect, seen) if effect.route is Route.CREATE_TEAM else seen


def _recognised(effect: Effect, seen: Look) -> Look:
    """A team of the wanted name that was not there before our first attempt is ours."""
    if effect.attempt == 0:
        return seen
    before = set(effect.observed.get("alike", "").split(","))
    made = [team for team in seen.alike if team not in before]
    return replace(seen, seen={PRESENT: PRESENT}, subject_id=made[0]) if made else seen


async def _send(desk: Desk, effect: Effect, write: Write) -> _Sent:
    try:
        created = await send(desk.writer, write)
    except UnknownOutcome:
        _tell(desk, "unknown", effect)
        return _Sent(unknown=True)
    except Conflict as error:
        # Sent before without an answer: the conflict is with ourselves, the next look tells.
        return _Sent(unknown=True) if effect.attempt > 1 else _Sent(refusal=error)
    except NotFound as error:
        # Gone since we looked: by our own write, answered twice, or by somebody; looking tells.
        return _Sent(unknown=True) if effect.route in REMOVALS else _Sent(refusal=error)
    except (BadToken, MissingScopes, DailyLimitReached, RateLimited, Unavailable) as error:
        raise Stopped(error, effect, unsent=True) from error
    except NoSeat as error:
        return await _no_seat(desk, effect, error)
    except HubSpotError as error:
        return _Sent(refusal=error)
    _tell(desk, "sent", effect)
    return _Sent(created)


async def _no_seat(desk: Desk, effect: Effect, error: NoSeat) -> _Sent:
    """Just after a removal HubSpot's seat books lag behind; only this answer is tried again."""
    if effect.attempt > len(desk.patience.seat_pauses):
        return _Sent(refusal=error)
    await desk.clock.sleep(desk.patience.seat_pauses[effect.attempt - 1])
    return _Sent(unknown=True)


async def _read_back(
    desk: Desk, effect: Effect, changes: tuple[Change, ...], before: Look
) -> list[Judged]:
    """Compare field by field; what is late gets a few more looks, what stays wrong has failed."""
    seen = await _look(desk, effect, changes)
    _tell(desk, "read_back", effect)
    state = after_sending(changes, seen.seen)
    judged = list(state.settled)
    for pause in desk.patience.pauses:
        if not state.to_send:
            break
        await desk.clock.sleep(pause)
        seen = await _look(desk, effect, changes)
        state = after_sending(state.to_send, seen.seen)
        judged += state.settled
    judged += [not_kept(change, seen.seen, desk.names) for change in state.to_send]
    surprises = side_effects(changes, before.seen, seen.seen, desk.names)
    return [_with(j, surprises) for j in judged] if surprises and before.user else judged


def _with(judged: Judged, surprises: tuple[str, ...]) -> Judged:
    return replace(judged, message="; ".join([*filter(None, [judged.message]), *surprises]))


async def _close(
    desk: Desk,
    effect: Effect,
    judged: Sequence[Judged],
    seen: Look,
    created: str | None,
    correlation_id: str = "",
) -> Carried:
    done = any(item.outcome is Outcome.DONE for item in judged)
    effective = None
    if done and effect.route in NEW_ACCESS_ROUTES:
        effective = desk.clock.now() + timedelta(seconds=desk.patience.effective_after)
    await desk.books.settled(
        effect,
        judged,
        correlation_id=correlation_id,
        effective_at=effective,
        subject_id=created or seen.subject_id,
    )
    return Carried(tuple(judged), created or seen.subject_id)


def _gave_up(effect: Effect) -> str:
    return f"sent {effect.attempt} times, and HubSpot still shows the former state"


def _tell(desk: Desk, name: str, effect: Effect) -> None:
    desk.watch(Moment(name, effect.id, effect.subject, effect.number, 0))
