"""A filled-in form as a request: checked, routed, answered by rule where a rule says so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolecall.domain.request import AccessRequest, RequestState, Step, StepKind
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import Refused
from rolecall.policy.offers import Offer, answer_by_rule, may_see
from rolecall.requests.lifecycle import started
from rolecall.requests.routing import Directory, may_ask, steps_of
from rolecall.requests.validity import validity_of

BREAK_GLASS_MOST = timedelta(days=1)
BREAK_GLASS_USUAL = timedelta(hours=8)
BY_RULE = "policy"  # who decided, where a rule did
LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody fills in; `requester` is who asks, by e-mail."""

    profile: str
    subject: str
    reason: str
    requester: str
    days: int | None = None
    starts_at: datetime | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    break_glass: bool = False


def file(
    form: Form,
    offer: Offer,
    snapshot: Snapshot,
    directory: Directory,
    *,
    request_id: str,
    filed_by: str,
    answer_within: timedelta,
    now: datetime,
) -> AccessRequest:
    """The request: open for its first step, or decided at once by a rule or by breaking glass.

    Raises Refused, with the way out, for what cannot be asked or given.
    """
    _check(form, offer, snapshot, directory, now)
    user = snapshot.user(form.subject)
    request = AccessRequest(
        id=request_id,
        hub_id=snapshot.hub_id,
        profile=form.profile,
        grants=offer.entry.grants,
        requester=form.requester,
        subject=form.subject,
        reason=form.reason.strip(),
        created_at=now,
        duration=_duration(form, offer),
        starts_at=form.starts_at,
        answer_by=now + answer_within,
        break_glass=form.break_glass,
        creates_user=user is None or not user.present,
        names={key: value for key, value in form.names.items() if value},
        filed_by=filed_by,
    )
    return routed(request, offer, directory, now)


def routed(
    request: AccessRequest, offer: Offer, directory: Directory, now: datetime
) -> AccessRequest:
    """The request with its steps, or with the answer a rule gives."""
    if request.break_glass:
        opened = _step_by_rule("approved", "glass broken", request.requester, now)
        return started(replace(request, steps=(opened,)), now)
    answer, why = answer_by_rule(offer, request.subject, directory.by_email)
    if answer:
        decided = replace(request, steps=(_step_by_rule(answer, why, BY_RULE, now),))
        if answer == "denied":
            return replace(decided, state=RequestState.DENIED)
        return started(decided, now)
    steps = steps_of(offer.entry, request.requester, request.subject, directory)
    return replace(request, steps=steps)


def _step_by_rule(decision: str, why: str, by: str, now: datetime) -> Step:
    return Step(StepKind.ADMIN, (), by, decision, now, why)


def _check(
    form: Form, offer: Offer, snapshot: Snapshot, directory: Directory, now: datetime
) -> None:
    may_ask(offer.entry, form.requester, form.subject)
    if not may_see(offer, form.requester, directory.by_email):
        raise Refused(
            f"{offer.entry.title} is not on offer for {form.requester}",
            hint="the catalogue in access.yaml says for whom it is",
        )
    if not form.reason.strip() or len(form.reason) > LONGEST_REASON:
        raise Refused("a request needs a reason", hint="say what the access is needed for")
    if form.break_glass and not offer.terms.break_glass:
        raise Refused(
            f"{offer.entry.title} cannot be taken by breaking glass", hint="ask for it instead"
        )
    if form.starts_at is not None and form.starts_at < now - timedelta(days=1):
        raise Refused("the access would have begun already", hint="leave the start out for now")
    found = validity_of(offer.entry, snapshot, form.subject)
    problems = (*offer.problems, *found.problems)
    if problems:
        raise Refused("; ".join(problems))


def _duration(form: Form, offer: Offer) -> timedelta | None:
    if form.break_glass:
        asked = timedelta(days=form.days) if form.days else BREAK_GLASS_USUAL
        return min(asked, BREAK_GLASS_MOST)
    most = offer.entry.max_days
    if form.days is None:
        return None if most is None else timedelta(days=most)
    if form.days < 1 or (most is not None and form.days > most):
        limit = f"at most {most} days" if most is not None else "one day or more"
        raise Refused(f"{offer.entry.title} is given for {limit}")
    return timedelta(days=form.days)
