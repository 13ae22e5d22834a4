"""Access requests: file, answer, withdraw, extend, give back. Nobody answers their own.

Filing needs any role in the portal; answering, being named by the step or approver there. What
time brings about is `request_clock`, what pages show `request_views`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor, Role, same_person
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, LinkPurpose, TokenScope
from rolecall.domain.request import AccessRequest, RequestState
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.kit.ids import uuid7
from rolecall.policy.offers import Offer, offers_of
from rolecall.requests import filing
from rolecall.requests.lifecycle import (
    answered,
    assignments_of,
    extension_of,
    given_back,
    withdrawn,
)
from rolecall.requests.routing import may_answer
from rolecall.requests.wishing import reference_of
from rolecall.services.app import App
from rolecall.services.operators.links import make_link, peek_link, use_link
from rolecall.services.operators.operators import checked_email
from rolecall.services.requests.standing import standing_of
from rolecall.services.rights import NotAllowed, need_scope, need_writing
from rolecall.store import RequestQuery, UnitOfWork, View
from rolecall.store.errors import NotThere
from rolecall.store.requests import UNFINISHED

ANSWER_LINKS = (LinkPurpose.REQUEST_APPROVE, LinkPurpose.REQUEST_REFUSE)
MOST_OPEN = 50  # of one requester; beyond, somebody scripts nonsense


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What somebody fills in. `requester` is for admins on the command line alone."""

    profile: str
    reason: str
    subject: str = ""  # whom it is for, by e-mail; "" = oneself
    days: int | None = None  # None = as long as the catalogue allows
    starts_at: datetime | None = None
    first_name: str = ""
    last_name: str = ""
    break_glass: bool = False
    requester: str = ""


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """Tokens for the two links of a notice; shown to the approver alone."""

    approve: str = field(repr=False)
    refuse: str = field(repr=False)


async def file_request(app: App, actor: Actor, hub_id: int, form: RequestForm) -> AccessRequest:
    """Ask for a profile of the catalogue; the request as it was filed, or decided by a rule.

    Raises Refused for what cannot be asked or given, NotAllowed without a role in the portal.
    """
    need_filing(app, actor, hub_id)
    async with app.database.read() as view:
        requester = await requester_of(view, actor, hub_id, form.requester)
        standing = await standing_of(view, hub_id, about={requester, form.subject})
        managers = await approver_emails(view, hub_id)
    offer = _offer(offers_of(standing.policy, standing.snapshot), form.profile)
    request = filing.file(
        _filled(form, requester),
        offer,
        standing.snapshot,
        standing.directory,
        request_id=uuid7(),
        filed_by=person_of(actor),
        answer_within=timedelta(days=app.choices.security.request_answer_days),
        now=app.clock.now(),
    )
    async with app.database.begin(actor, request.reason) as work:
        await _refuse_twice(work, request)
        await work.requests.add(request)
        _tell_filed(work, request, offer, managers)
    return request


async def answer(
    app: App, actor: Actor, request_id: str, *, yes: bool, reason: str = ""
) -> AccessRequest:
    """Answer the step that waits; the clock starts when the last one says yes.

    Raises NotThere for a request one may not see, Refused for one's own or an answered one,
    OutOfDate when somebody else was faster.
    """
    need_writing(app, "answer requests")
    need_scope(actor, TokenScope.REQUEST_ANSWER, "answer requests")
    async with app.database.begin(actor, reason or "answered a request") as work:
        request = await seen_request(work, actor, request_id)
        refuse_own(request, actor)
        may_answer(request, actor.email, actor.holds(Role.APPROVER, request.hub_id))
        return await answered_in(work, request, person_of(actor), yes=yes, reason=reason)


async def answer_by_link(app: App, token: str, *, reason: str = "") -> AccessRequest:
    """Answer by the link of a notice, once; what it answers is in the link (`peek_link` shows it).

    Raises LinkUseless, Refused.
    """
    need_writing(app, "answer requests")
    link = await peek_link(app, token)
    actor = Actor(f"link:{link.id}", link.email, email=link.email, via="link")
    yes = link.purpose is LinkPurpose.REQUEST_APPROVE
    async with app.database.begin(actor, reason or f"answered by link: {link.email}") as work:
        await use_link(work, token, *ANSWER_LINKS)
        await _refuse_disabled(work, link.email)
        request = await work.requests.get(link.subject)
        step = request.waiting_step
        named = step is not None and link.email.casefold() in step.approvers
        by_role = not named and await _is_approver(work, link.email, request.hub_id)
        refuse_own(request, actor)
        may_answer(request, link.email, by_role)
        return await answered_in(work, request, link.email.casefold(), yes=yes, reason=reason)


async def answer_links(work: UnitOfWork, request: AccessRequest, email: str) -> AnswerLinks:
    """Fresh links for one approver; whoever sends notices makes them at the moment of sending."""
    made = [
        await make_link(work, one, subject=request.id, email=email, hub_id=request.hub_id)
        for one in ANSWER_LINKS
    ]
    return AnswerLinks(made[0].token, made[1].token)


async def withdraw(app: App, actor: Actor, request_id: str) -> AccessRequest:
    """Take back a request nobody has answered; its requester may, or an admin."""
    need_writing(app, "withdraw requests")
    need_scope(actor, TokenScope.REQUEST_FILE, "withdraw requests")
    async with app.database.begin(actor, "withdrew a request") as work:
        request = await seen_request(work, actor, request_id)
        _need_party(actor, request, "withdraw")
        after = await work.requests.change(withdrawn(request))
        await work.links.withdraw(request.id, work.now, ANSWER_LINKS)
        _record(work, Event.REQUEST_ACCESS_WITHDRAWN, after)
    return after


async def give_back(app: App, actor: Actor, request_id: str, reason: str = "") -> AccessRequest:
    """End access before its time; its subject or requester may, or an admin."""
    need_writing(app, "give access back")
    need_scope(actor, TokenScope.REQUEST_FILE, "give access back")
    async with app.database.begin(actor, reason or "no longer needed") as work:
        request = await seen_request(work, actor, request_id)
        _need_party(actor, request, "give back")
        after = await work.requests.change(given_back(request, work.now))
        _record(work, Event.REQUEST_ACCESS_RETURNED, after)
    return after


async def extend(
    app: App, actor: Actor, request_id: str, *, days: int, reason: str
) -> AccessRequest:
    """Ask for more time: a request of its own through the same steps, while the other runs on."""
    async with app.database.read() as view:
        request = await seen_request(view, actor, request_id)
        about = {request.requester, request.subject, actor.email}
        standing = await standing_of(view, request.hub_id, about=about)
        managers = await approver_emails(view, request.hub_id)
    need_filing(app, actor, request.hub_id)
    _need_party(actor, request, "extend")
    if not reason.strip():
        raise Refused("more time needs a reason")
    offer = _offer(offers_of(standing.policy, standing.snapshot), request.profile)
    _check_days(offer, days)
    now = app.clock.now()
    asker = actor.email or request.requester
    asked = extension_of(request, uuid7(), timedelta(days=days), reason.strip(), asker, now)
    answer_by = now + timedelta(days=app.choices.security.request_answer_days)
    asked = replace(asked, filed_by=person_of(actor), answer_by=answer_by)
    more = filing.routed(asked, offer, standing.directory, now)
    async with app.database.begin(actor, reason) as work:
        await _refuse_second_extension(work, request)
        await work.requests.add(more)
        _tell_filed(work, more, offer, managers)
        if more.state is RequestState.APPROVED:
            more = await carried_on(work, more)
    return more


async def answered_in(
    work: UnitOfWork, request: AccessRequest, by: str, *, yes: bool, reason: str
) -> AccessRequest:
    """Write an answer down in this transaction, with its line and its notices."""
    after = await work.requests.change(answered(request, by, yes, reason, work.now))
    if not yes:
        _record(work, Event.REQUEST_ACCESS_DENIED, after, by)
    elif after.state is RequestState.APPROVED:
        _record(work, Event.REQUEST_ACCESS_APPROVED, after, by)
        after = await carried_on(work, after)
    if after.state is not RequestState.OPEN:
        await work.links.withdraw(request.id, work.now, ANSWER_LINKS)
    topic = "request.open" if after.state is RequestState.OPEN else f"request.{after.state.value}"
    managers = await approver_emails(work, request.hub_id)
    work.notify(topic, notice_of(after, managers), hub_id=after.hub_id)
    return after


async def carried_on(work: UnitOfWork, more: AccessRequest) -> AccessRequest:
    """An approved extension of what still runs takes over at once; nothing changes in the portal."""
    if not more.extends:
        return more
    former = await work.requests.get(more.extends)
    if former.state is not RequestState.ACTIVE:
        return more  # it ended meanwhile: the extension begins like any request
    held = await work.assignments.find(more.hub_id, reference=reference_of(former.id))
    await work.assignments.end([one.id for one in held], work.now)
    taken = replace(more, state=RequestState.ACTIVE, starts_at=former.starts_at)
    await work.assignments.put(assignments_of(taken), work.now)
    note = f"goes on as request {more.id}"
    await work.requests.change(replace(former, state=RequestState.ENDED, note=note))
    _record(work, Event.REQUEST_ACCESS_EXTENDED, taken)
    return await work.requests.change(taken)


async def seen_request(view: View, actor: Actor, request_id: str) -> AccessRequest:
    """A request this actor may know of; NotThere for any other, as for none."""
    request = await view.requests.get(request_id)
    if not may_see_request(actor, request):
        raise NotThere(f"There is no request {request_id}", hint="see `rolecall request list`")
    return request


def may_see_request(actor: Actor, request: AccessRequest) -> bool:
    """Parties and approvers by e-mail, if they have any role there; admins, approvers, auditors."""
    if any(actor.holds(role, request.hub_id) for role in (Role.APPROVER, Role.AUDITOR)):
        return True
    named = {one for step in request.steps for one in step.approvers}
    named |= {request.requester.casefold(), request.subject.casefold()}
    return has_role(actor, request.hub_id) and actor.email.casefold() in named


def has_role(actor: Actor, hub_id: int) -> bool:
    """Holds any role in this portal."""
    return bool(actor.roles.get(hub_id) or actor.roles.get(ALL_PORTALS))


def person_of(actor: Actor) -> str:
    """What makes two actors one person: the e-mail, else who made the token, else the actor."""
    return actor.person


def refuse_own(request: AccessRequest, actor: Actor) -> None:
    """Raise Refused for who filed the request, whatever name they acted under."""
    if request.filed_by and same_person(request.filed_by, person_of(actor)):
        raise Refused(
            "nobody answers a request of their own or for themselves",
            hint="another approver of the step, or an admin, can answer it",
        )


def need_filing(app: App, actor: Actor, hub_id: int) -> None:
    """Raise unless this actor may ask for anything in this portal."""
    need_writing(app, "file requests")
    need_scope(actor, TokenScope.REQUEST_FILE, "file requests")
    if not has_role(actor, hub_id):
        raise NotAllowed(
            f"{actor.name or actor.id} may not ask for access in this portal",
            hint="an admin can give the role requester",
        )


async def requester_of(view: View, actor: Actor, hub_id: int, named: str = "") -> str:
    """Who asks: the actor's own e-mail; of an unlinked command line whom an admin names."""
    if actor.email:
        return actor.email
    kind, _, name = actor.id.partition(":")
    linked = await view.operators.by_local_user(name) if kind == "local" else None
    if linked:
        return linked.email
    if named and actor.holds(Role.ADMIN, hub_id):
        return checked_email(named)
    raise NeedsPerson(
        f"{actor.name or actor.id} has no e-mail to ask with",
        hint="link it with `rolecall operator link EMAIL`, or name who asks with --requester",
    )


async def approver_emails(view: View, hub_id: int) -> tuple[str, ...]:
    """Operators who may answer what falls to the admins of a portal."""
    found = await view.operators.all()
    return tuple(one.email for one in found if one.actor().holds(Role.APPROVER, hub_id))


def notice_of(request: AccessRequest, managers: Iterable[str]) -> Mapping[str, str]:
    """What a notice about a request tells; `to` is who should do something, or wants to know."""
    step = request.waiting_step if request.state is RequestState.OPEN else None
    to = (step.approvers or tuple(managers)) if step else (request.requester, request.subject)
    answered = [one for one in request.steps if one.decision]
    return {
        "request": request.id,
        "profile": request.profile,
        "requester": request.requester,
        "subject": request.subject,
        "reason": request.reason,
        "to": ", ".join(dict.fromkeys(one.casefold() for one in to)),
        "ends": f"{request.ends_at:%Y-%m-%d %H:%M} UTC" if request.ends_at else "",
        "note": request.note,
        "answered_by": answered[-1].decided_by if answered else "",
        "answer": answered[-1].reason if answered else "",
    }


async def _refuse_disabled(view: View, email: str) -> None:
    operator = await view.operators.by_email(email)
    if operator is not None and operator.disabled:
        raise NotAllowed(f"{email} may no longer answer requests")


async def _is_approver(view: View, email: str, hub_id: int) -> bool:
    operator = await view.operators.by_email(email)
    return operator is not None and operator.actor().holds(Role.APPROVER, hub_id)


def _filled(form: RequestForm, requester: str) -> filing.Form:
    return filing.Form(
        profile=form.profile,
        subject=checked_email(form.subject.strip() or requester),
        reason=form.reason,
        requester=requester,
        days=form.days,
        starts_at=form.starts_at,
        names={"first_name": form.first_name.strip(), "last_name": form.last_name.strip()},
        break_glass=form.break_glass,
    )


def _offer(offers: Iterable[Offer], profile: str) -> Offer:
    found = {offer.entry.profile: offer for offer in offers}
    if profile not in found:
        known = ", ".join(sorted(found)) or "none: access.yaml has no profiles"
        raise Refused(f"there is no profile {profile!r} to ask for", hint=f"on offer: {known}")
    return found[profile]


def _check_days(offer: Offer, days: int) -> None:
    most = offer.entry.max_days
    if days < 1 or (most is not None and days > most):
        raise Refused(f"{offer.entry.title} is given for at most {most} days at a time")


def _need_party(actor: Actor, request: AccessRequest, what: str) -> None:
    parties = {request.requester.casefold(), request.subject.casefold()}
    own = actor.email.casefold() in parties and has_role(actor, request.hub_id)
    if not own and not actor.holds(Role.ADMIN, request.hub_id):
        raise NotAllowed(
            f"{actor.name or actor.id} may not {what} this request",
            hint="its requester, the person it is for, or an admin may",
        )


async def _refuse_twice(work: UnitOfWork, request: AccessRequest) -> None:
    """One unfinished request per person and profile; and nobody floods the approvers."""
    query = RequestQuery(
        frozenset({request.hub_id}), UNFINISHED, request.requester, limit=MOST_OPEN + 1
    )
    mine = (await work.requests.find(query)).items
    if len(mine) > MOST_OPEN:
        raise Refused("too many requests of yours are unfinished", hint="withdraw some")
    query = RequestQuery(frozenset({request.hub_id}), UNFINISHED, request.subject)
    for one in (await work.requests.find(query)).items:
        same = one.profile == request.profile
        if same and one.subject.casefold() == request.subject.casefold():
            hint = "extend it instead" if one.state is RequestState.ACTIVE else "see its page"
            raise Refused(
                f"{request.subject} has a request for {request.profile} that is {one.state.value}",
                hint=hint,
            )


async def _refuse_second_extension(work: UnitOfWork, request: AccessRequest) -> None:
    query = RequestQuery(
        frozenset({request.hub_id}),
        frozenset({RequestState.OPEN, RequestState.APPROVED}),
        request.subject,
    )
    for one in (await work.requests.find(query)).items:
        if one.extends == request.id:
            raise Refused("an extension of this access is asked for already")


def _tell_filed(
    work: UnitOfWork, request: AccessRequest, offer: Offer, managers: tuple[str, ...]
) -> None:
    _record(work, Event.REQUEST_ACCESS_ASKED, request)
    facts = notice_of(request, managers)
    if request.break_glass:
        _record(work, Event.REQUEST_GLASS_BROKEN, request)
        told = dict.fromkeys((*managers, offer.entry.owner))
        facts = {**facts, "to": ", ".join(one for one in told if one), "urgent": "yes"}
        work.notify("request.glass_broken", facts, hub_id=request.hub_id)
        return
    if request.state is RequestState.DENIED:
        _record(work, Event.REQUEST_ACCESS_DENIED, request, filing.BY_RULE)
    elif request.state is RequestState.APPROVED:
        _record(work, Event.REQUEST_ACCESS_APPROVED, request, filing.BY_RULE)
    work.notify(f"request.{request.state.value}", facts, hub_id=request.hub_id)


def _record(work: UnitOfWork, event: Event, request: AccessRequest, by: str = "") -> None:
    details = {"request": request.id, "profile": request.profile, "by": by}
    work.record(
        event,
        subject=request.subject,
        hub_id=request.hub_id,
        details={key: value for key, value in details.items() if value},
    )
