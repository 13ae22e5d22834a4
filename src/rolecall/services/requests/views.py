"""What people see of requests: the catalogue for them, a preview of a form, lists, one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Slot
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import PlanState
from rolecall.domain.request import AccessRequest, CatalogueEntry, RequestState, Step
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import Refused
from rolecall.kit.paging import Page
from rolecall.plan.prices import price_of
from rolecall.policy.offers import Offer, answer_by_rule, may_see, offers_of
from rolecall.policy.parse import parse_policy
from rolecall.requests.routing import may_answer, may_ask, steps_of
from rolecall.requests.validity import validity_of, values_of
from rolecall.services.app import App
from rolecall.services.requests.requests import (
    has_role,
    may_see_request,
    need_filing,
    person_of,
    refuse_own,
    requester_of,
    seen_request,
)
from rolecall.services.requests.standing import Standing, standing_of
from rolecall.services.rights import NotAllowed, may_read, need_scope
from rolecall.store import RequestQuery
from rolecall.store.errors import NotThere


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """A profile one may ask for: what it gives in words, on what terms, at what price."""

    entry: CatalogueEntry
    gives: tuple[tuple[str, str], ...]  # (slot, label)
    break_glass: bool
    monthly: tuple[float, float] | None  # of its paid seats, low and high; None = not known
    currency: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestPreview:
    """What a form would lead to; nothing is stored. `problems` stop it."""

    item: CatalogueItem
    subject: str
    new_user: bool
    holds: tuple[tuple[str, str], ...]  # what the subject has now in the same slots
    seats_left: tuple[tuple[str, int | None], ...]
    steps: tuple[Step, ...]
    by_rule: str  # approved | denied | ""
    why: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    snapshot_at: datetime


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request as this actor sees it, with what they may do about it."""

    request: AccessRequest
    gives: tuple[tuple[str, str], ...]
    may_answer: bool
    why_not: str
    may_withdraw: bool
    may_give_back: bool
    may_extend: bool
    plan_state: PlanState | None
    preview: RequestPreview | None  # for who answers: what it costs and gives; None = not on offer


async def catalogue(app: App, actor: Actor, hub_id: int) -> tuple[CatalogueItem, ...]:
    """What this actor may ask for in this portal, in the file's order."""
    need_scope(actor, TokenScope.REQUEST_FILE, "see the catalogue")
    _need_role(actor, hub_id)
    async with app.database.read() as view:
        standing = await standing_of(view, hub_id, about={actor.email})
    return tuple(
        _item(offer, standing)
        for offer in offers_of(standing.policy, standing.snapshot)
        if may_see(offer, actor.email, standing.people)
    )


async def profile_titles(app: App, actor: Actor, hub_id: int) -> Mapping[str, str]:
    """The titles of profiles by name, as the catalogue in force words them."""
    need_scope(actor, TokenScope.REQUEST_FILE, "see the catalogue")
    _need_role(actor, hub_id)
    async with app.database.read() as view:
        stored = await view.policies.in_force(hub_id)
    return _titles(stored.text) if stored else {}


@lru_cache(maxsize=16)
def _titles(text: str) -> Mapping[str, str]:
    catalogue = parse_policy(text).catalogue or {}
    return {name: terms.title for name, terms in catalogue.items() if terms.title}


async def preview_request(
    app: App, actor: Actor, hub_id: int, profile: str, subject: str = "", requester: str = ""
) -> RequestPreview:
    """What asking for this profile for this e-mail would mean; raises Refused for no such profile."""
    need_filing(app, actor, hub_id)
    async with app.database.read() as view:
        who = await requester_of(view, actor, hub_id, requester)
        about = {who, subject.strip()}
        standing = await standing_of(view, hub_id, about=about)
    found = _preview(standing, profile, who, subject.strip() or who)
    return found if _may_know(actor, hub_id, found.subject) else _discreet(found)


def _may_know(actor: Actor, hub_id: int, subject: str) -> bool:
    """Whether what somebody holds may be told: to themselves, and to who may look at the portal."""
    return may_read(actor, hub_id) or actor.email.casefold() == subject.casefold()


def _discreet(preview: RequestPreview) -> RequestPreview:
    """What asking would mean, without what the other person holds."""
    return replace(preview, holds=(), warnings=())


async def list_requests(
    app: App,
    actor: Actor,
    hub_id: int,
    *,
    states: frozenset[RequestState] | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[AccessRequest]:
    """Requests of a portal, newest first: all for who may see all, else one's own."""
    need_scope(actor, TokenScope.READ, "list requests")
    _need_role(actor, hub_id)
    sees_all = any(actor.holds(role, hub_id) for role in (Role.APPROVER, Role.AUDITOR))
    about = None if sees_all else (actor.email or actor.id)
    query = RequestQuery(frozenset({hub_id}), states, about, after, limit)
    async with app.database.read() as view:
        return await view.requests.find(query)


async def waiting_for(
    app: App, actor: Actor, hub_id: int | None = None
) -> tuple[AccessRequest, ...]:
    """Open requests this actor can answer now, oldest first, in one portal or in all of theirs."""
    need_scope(actor, TokenScope.REQUEST_ANSWER, "see requests to answer")
    async with app.database.read() as view:
        found = await view.requests.unfinished()
    mine = (one for one in found if one.state is RequestState.OPEN and hub_id in {None, one.hub_id})
    return tuple(one for one in mine if not why_not_answer(one, actor))


async def show_request(app: App, actor: Actor, request_id: str) -> RequestView:
    """One request with what this actor may do; NotThere for one they may not know of."""
    need_scope(actor, TokenScope.READ, "show requests")
    async with app.database.read() as view:
        request = await seen_request(view, actor, request_id)
        about = {request.requester, request.subject}
        standing = await standing_of(view, request.hub_id, about=about)
        state = None
        if request.plan_id is not None:
            try:
                state = await view.plans.state(request.plan_id)
            except NotThere:
                state = None
    why_not = why_not_answer(request, actor)
    party = _is_party(actor, request)
    running = request.state is RequestState.ACTIVE
    return RequestView(
        request=request,
        gives=tuple((slot.value, standing.label(slot.value, one)) for slot, one in request.grants),
        may_answer=not why_not,
        why_not=why_not,
        may_withdraw=party and request.state is RequestState.OPEN,
        may_give_back=party and (running or request.state is RequestState.APPROVED),
        may_extend=party and running and request.ends_at is not None,
        plan_state=state,
        preview=_preview_of(
            standing,
            request,
            known=not why_not or _may_know(actor, request.hub_id, request.subject),
        ),
    )


def why_not_answer(request: AccessRequest, actor: Actor) -> str:
    """Why this actor may not answer the waiting step; the empty text when they may."""
    if not may_see_request(actor, request):
        return "not yours to see"
    try:
        refuse_own(request, actor)
        may_answer(request, actor.email, actor.holds(Role.APPROVER, request.hub_id))
    except Refused as error:
        return error.message
    return ""


def _preview_of(
    standing: Standing, request: AccessRequest, *, known: bool
) -> RequestPreview | None:
    try:
        found = _preview(standing, request.profile, request.requester, request.subject)
    except Refused:
        return None
    return found if known else _discreet(found)


def _preview(standing: Standing, profile: str, requester: str, subject: str) -> RequestPreview:
    offers = {one.entry.profile: one for one in offers_of(standing.policy, standing.snapshot)}
    offer = offers.get(profile)
    if offer is None:
        raise Refused(f"there is no profile {profile!r} to ask for")
    found = validity_of(offer.entry, standing.snapshot, subject)
    by_rule, why = answer_by_rule(offer, subject, standing.people)
    user = standing.snapshot.user(subject)
    return RequestPreview(
        item=_item(offer, standing),
        subject=subject,
        new_user=user is None or not user.present,
        holds=_holds(offer.entry, standing, subject),
        seats_left=_left(offer.entry, standing.snapshot),
        steps=steps_of(offer.entry, requester, subject, standing.directory),
        by_rule=by_rule,
        why=why,
        problems=(*_asking_problems(offer, requester, subject, standing), *offer.problems,
                  *found.problems),
        warnings=found.warnings,
        snapshot_at=standing.snapshot.sealed_at,
    )  # fmt: skip


def _asking_problems(
    offer: Offer, requester: str, subject: str, standing: Standing
) -> tuple[str, ...]:
    problems = []
    try:
        may_ask(offer.entry, requester, subject)
    except Refused as error:
        problems.append(error.message)
    if not may_see(offer, requester, standing.people):
        problems.append(f"{offer.entry.title} is not on offer for {requester}")
    return tuple(problems)


def _item(offer: Offer, standing: Standing) -> CatalogueItem:
    low = high = 0.0
    known = True
    for seat in values_of(offer.entry, Slot.SEAT):
        price = price_of(seat, standing.snapshot.tier, standing.policy.prices)
        known = known and price is not None
        low += price.low if price else 0.0
        high += price.high if price else 0.0
    prices = standing.policy.prices
    return CatalogueItem(
        entry=offer.entry,
        gives=tuple(
            (slot.value, standing.label(slot.value, one)) for slot, one in offer.entry.grants
        ),
        break_glass=offer.terms.break_glass,
        monthly=(low, high) if known else None,
        currency=prices.currency if prices else "USD",
        problems=offer.problems,
    )


def _holds(entry: CatalogueEntry, standing: Standing, subject: str) -> tuple[tuple[str, str], ...]:
    user = standing.snapshot.user(subject)
    if user is None or not user.present:
        return ()
    held = {
        Slot.PERMISSION_SET: user.permission_set_ids,
        Slot.SEAT: user.seat_names or (),
        Slot.MAIN_TEAM: (user.main_team_id,) if user.main_team_id else (),
        Slot.EXTRA_TEAM: user.extra_team_ids,
    }
    asked = dict.fromkeys(slot for slot, _ in entry.grants)
    return tuple(
        (slot.value, standing.label(slot.value, one))
        for slot in asked
        for one in held.get(slot, ())
    )


def _left(entry: CatalogueEntry, snapshot: Snapshot) -> tuple[tuple[str, int | None], ...]:
    left = {seat.name: seat.remaining for seat in snapshot.seats}
    return tuple((seat, left.get(seat)) for seat in values_of(entry, Slot.SEAT))


def _is_party(actor: Actor, request: AccessRequest) -> bool:
    own = person_of(actor) in {request.requester.casefold(), request.subject.casefold()}
    return (own and has_role(actor, request.hub_id)) or actor.holds(Role.ADMIN, request.hub_id)


def _need_role(actor: Actor, hub_id: int) -> None:
    if not has_role(actor, hub_id):
        raise NotAllowed(
            f"{actor.name or actor.id} has no role in this portal",
            hint="an admin can give the role requester",
        )
