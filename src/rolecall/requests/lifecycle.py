"""What happens to a request over time: answers, start, end, reminders, extension, return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolecall.domain.assignment import Assignment, Origin
from rolecall.domain.request import AccessRequest, RequestState, Step
from rolecall.kit.errors import Refused

REMIND_EVERY = timedelta(days=1)
REMIND_BEFORE_END = timedelta(days=3)


def answered(
    request: AccessRequest, by: str, yes: bool, reason: str, now: datetime
) -> AccessRequest:
    """The request after one answer; the clock starts when the last step says yes."""
    step = request.waiting_step
    if request.state is not RequestState.OPEN or step is None:
        raise Refused(f"this request is {request.state.value}; there is nothing to answer")
    if not yes and not reason.strip():
        raise Refused("a refusal needs a reason", hint="say what would have to be different")
    decided = replace(
        step,
        decided_by=by,
        decision="approved" if yes else "denied",
        decided_at=now,
        reason=reason,
    )
    steps = _replaced(request.steps, step, decided)
    if not yes:
        return replace(request, steps=steps, state=RequestState.DENIED)
    after = replace(request, steps=steps)
    return after if after.waiting_step else started(after, now)


def _replaced(steps: tuple[Step, ...], old: Step, new: Step) -> tuple[Step, ...]:
    at = steps.index(old)
    return (*steps[:at], new, *steps[at + 1 :])


def started(request: AccessRequest, now: datetime) -> AccessRequest:
    """Approved: the time asked for counts from now or from the wished start, the later one."""
    begins = max(now, request.starts_at) if request.starts_at else now
    ends = begins + request.duration if request.duration else None
    return replace(request, state=RequestState.APPROVED, starts_at=begins, ends_at=ends)


def assignments_of(request: AccessRequest) -> tuple[Assignment, ...]:
    """The claims an approved request makes; when they end, the next rank below rules again."""
    if request.state not in {RequestState.APPROVED, RequestState.ACTIVE}:
        return ()
    return tuple(
        Assignment(
            request.subject.casefold(),
            request.hub_id,
            slot,
            value,
            Origin.REQUEST,
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            reason=request.reason,
            reference=f"request:{request.id}",
        )
        for slot, value in request.grants
    )


def extension_of(
    request: AccessRequest, request_id: str, by: timedelta, reason: str, asker: str, now: datetime
) -> AccessRequest:
    """A new wish for more time: a request of its own, while the running one runs to its end."""
    if request.state is not RequestState.ACTIVE or request.ends_at is None:
        raise Refused("only running access with an end can be extended")
    if by <= timedelta(0):
        raise Refused("more time is a positive number of days")
    return replace(
        request,
        id=request_id,
        requester=asker,
        reason=reason,
        created_at=now,
        duration=by,
        starts_at=request.ends_at,
        ends_at=None,
        state=RequestState.OPEN,
        steps=(),
        break_glass=False,
        plan_id=None,
        note=f"extension of access that ends {request.ends_at:%Y-%m-%d %H:%M} UTC",
        extends=request.id,
        reminded_at=None,
        end_reminded_at=None,
        version=0,
    )


def given_back(request: AccessRequest, now: datetime) -> AccessRequest:
    """Returned before its end; what has begun ends now, with the former access back."""
    if request.state not in {RequestState.APPROVED, RequestState.ACTIVE}:
        raise Refused(f"this request is {request.state.value}; there is nothing to give back")
    begun = request.state is RequestState.ACTIVE or request.plan_id is not None
    state = request.state if begun else RequestState.ENDED
    return replace(request, state=state, ends_at=now)


def withdrawn(request: AccessRequest) -> AccessRequest:
    """Taken back by its requester before it was answered."""
    if request.state is not RequestState.OPEN:
        raise Refused(f"this request is {request.state.value} and cannot be withdrawn")
    return replace(request, state=RequestState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due for one request.

    `act` is expire, remind, begin, follow (its plan), miss, remind_end or end.
    """

    act: str
    request: AccessRequest


def due_acts(requests: Iterable[AccessRequest], now: datetime) -> tuple[Due, ...]:
    """What time has brought about; the caller carries it out and stores the result."""
    return tuple(due for request in requests if (due := _due(request, now)) is not None)


def _due(request: AccessRequest, now: datetime) -> Due | None:
    if request.state is RequestState.OPEN:
        return _due_unanswered(request, now)
    if request.state is RequestState.APPROVED:
        return _due_approved(request, now)
    if request.state is not RequestState.ACTIVE or request.ends_at is None:
        return None
    if now >= request.ends_at:
        return Due("end", replace(request, state=RequestState.ENDED))
    near = now >= request.ends_at - REMIND_BEFORE_END
    if near and request.end_reminded_at is None and _long_enough(request):
        return Due("remind_end", replace(request, end_reminded_at=now))
    return None


def _due_approved(request: AccessRequest, now: datetime) -> Due | None:
    if request.plan_id is not None:
        return Due("follow", request)
    if request.ends_at is not None and now >= request.ends_at:
        note = "its time was over before it could begin"
        return Due("miss", replace(request, state=RequestState.FAILED, note=note))
    return Due("begin", request) if (request.starts_at or now) <= now else None


def _due_unanswered(request: AccessRequest, now: datetime) -> Due | None:
    if request.answer_by is not None and now >= request.answer_by:
        return Due("expire", replace(request, state=RequestState.EXPIRED))
    told = [request.created_at, *_answers(request)]
    told += [request.reminded_at] if request.reminded_at else []
    if now - max(told) >= REMIND_EVERY:
        return Due("remind", replace(request, reminded_at=now))
    return None


def _long_enough(request: AccessRequest) -> bool:
    """Access of a few hours needs no reminder three days before its end."""
    return request.duration is None or request.duration > REMIND_BEFORE_END


def _answers(request: AccessRequest) -> list[datetime]:
    return [step.decided_at for step in request.steps if step.decided_at is not None]
