"""One user: what they hold and why, at any date, what they own, and leaving without losses."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.responses import Response

from rolecall.domain.actor import Role
from rolecall.kit.errors import Refused, RolecallError
from rolecall.services.drafts.offboarding import Impact, held_shown, preview_offboarding
from rolecall.services.drafts.orders import ALL_OBJECTS, RULES, OffboardUser
from rolecall.services.inventory.cards import Fact, UserCard, differences, show_user, user_history
from rolecall.services.inventory.times import PastUser, holdings_now, user_on
from rolecall.services.permissions.answers import age_of, why_can
from rolecall.services.plans.drafting import propose
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit, day_of

SLIDER_DAYS = 365
OBJECTS = ("contacts", "companies", "deals", "tickets")


async def user(visit: Visit) -> Response:
    """The page of one user; `on` shows them as they were at the end of a day."""
    card = await show_user(visit.app, visit.actor, visit.name, visit.path("user"))
    today = visit.desk.pages.clock.now()
    on = day_of(visit.query("on"), "on")
    past = None
    if on is not None:
        past = await _past(visit, card, datetime.combine(on, time.max, _zone(visit)))
    days = min(SLIDER_DAYS, max(1, (today - (card.first_seen or today)).days + 1))
    return visit.page(
        "user.html",
        card=card,
        facts=[one for one in card.facts if not _is_detail(one)],
        details=[one for one in card.facts if _is_detail(one)],
        holdings=await holdings_now(visit.app, visit.actor, visit.name, card.row.user.id),
        history=tuple(
            reversed(await user_history(visit.app, visit.actor, visit.name, card.row.user.id))
        ),
        on=on,
        past=past,
        between=differences(past.row, card.row) if past and past.row else (),
        slider=days,
        slider_at=days if on is None else max(0, days - (today.date() - on).days),
        may_plan=visit.holds(Role.ADMIN, Role.APPROVER),
    )


def _is_detail(fact: Fact) -> bool:
    """Ids, and what HubSpot's user record says once more of sets, teams, seats and activity."""
    return fact.name in _IDS or fact.name.startswith("hs_user_")


_IDS = frozenset({"settings id", "CRM record", "record owner"})


async def _past(visit: Visit, card: UserCard, at: datetime) -> PastUser:
    return await user_on(visit.app, visit.actor, visit.name, card.row.user.id, at)


def _zone(visit: Visit) -> ZoneInfo:
    """A day ends at midnight of the portal."""
    try:
        return ZoneInfo(visit.here.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


async def compare(visit: Visit) -> Response:
    """Two users side by side, equal rows left out."""
    left = await show_user(visit.app, visit.actor, visit.name, visit.path("user"))
    right, problem = None, None
    if other := visit.query("with"):
        try:
            right = await show_user(visit.app, visit.actor, visit.name, other)
        except RolecallError as error:
            problem = error
    rows = [
        one
        for one in (differences(left.row, right.row) if right else ())
        if one.field not in _NO_COMPARISON and not one.field.startswith("hs_user_")
    ]
    return visit.page(
        "user_compare.html", left=left, right=right, rows=rows, problem=problem,
        may_plan=visit.holds(Role.ADMIN, Role.APPROVER),
    )  # fmt: skip


# What always differs between two people and says nothing about their access.
_NO_COMPARISON = frozenset({"id", "email", "first_name", "last_name", "crm_id", "owner_id"})


async def why(visit: Visit) -> Response:
    """Whether they can, by which evidence, and the smallest change that would let them."""
    card = await show_user(visit.app, visit.actor, visit.name, visit.path("user"))
    phrase, found, problem = visit.query("can"), None, None
    if phrase:
        try:
            who = card.row.user.email
            found = await why_can(visit.app, visit.actor, visit.name, who, phrase)
        except RolecallError as error:
            problem = error
    return visit.page(
        "user_why.html", card=card, phrase=phrase, found=found, problem=problem,
        rests_on=age_of(found.standpoint) if found else "",
    )  # fmt: skip


async def offboard(visit: Visit) -> Response:
    """What a leaver would leave behind, and who takes it."""
    return await _offboard_form(visit, None)


async def _offboard_form(visit: Visit, problem: RolecallError | None) -> Response:
    card = await show_user(visit.app, visit.actor, visit.name, visit.path("user"))
    impact, blind = await _impact(visit, card)
    return visit.page(
        "user_offboard.html",
        422 if problem else 200,
        card=card,
        impact=impact,
        blind=blind,
        held_shown=held_shown,
        rules=RULES,
        objects=OBJECTS,
        problem=problem,
        typed=visit.form,
    )


async def _impact(visit: Visit, card: UserCard) -> tuple[Impact | None, RolecallError | None]:
    """The count at HubSpot now; what cannot be counted now is said."""
    email = card.row.user.email
    try:
        return await preview_offboarding(visit.app, visit.actor, visit.name, email), None
    except RolecallError as error:
        return None, error


async def plan_offboarding(visit: Visit) -> Response:
    """The plan for a leaver: hand over, park, later remove."""
    card = await show_user(visit.app, visit.actor, visit.name, visit.path("user"))
    successors = {name: visit.text(f"to_{name}") for name in OBJECTS if visit.text(f"to_{name}")}
    if visit.text("to"):
        successors[ALL_OBJECTS] = visit.text("to")
    order = OffboardUser(
        card.row.user.email,
        successors,
        rule=visit.text("rule"),
        keep_records=visit.ticked("keep"),
        reason=visit.text("reason"),
    )
    try:
        drafted = await propose(visit.app, visit.actor, visit.name, order)
    except Refused as error:
        return await _offboard_form(visit, error)
    if not drafted.stored:
        return visit.go(visit.url("users", card.row.user.id), "Nothing is left to take away")
    return visit.go(visit.url("plans", drafted.plan.id))


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/users/{user}", user),
    get("/p/{portal}/users/{user}/compare", compare),
    get("/p/{portal}/users/{user}/why", why),
    get("/p/{portal}/users/{user}/offboard", offboard),
    post("/p/{portal}/users/{user}/offboard", plan_offboarding),
)
