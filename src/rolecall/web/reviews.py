"""Reviews: campaigns opened, items decided with their facts beside them, closed and proved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.responses import Response

from rolecall.domain.actor import Role
from rolecall.domain.assignment import Slot
from rolecall.domain.review import (
    Cadence,
    CampaignOrder,
    CampaignState,
    ReviewerKind,
    Scope,
    Verdict,
)
from rolecall.domain.snapshot import Snapshot
from rolecall.evidence.seal import Pack
from rolecall.kit.errors import NotThere, Refused, RolecallError
from rolecall.services.evidence.evidence import campaign_pack, holdings_pack
from rolecall.services.reviews.reviews import (
    Decision,
    RubberStamp,
    close_campaign,
    decide,
    delegate,
    escalate,
    open_campaign,
    remind,
    remove_schedule,
    save_schedule,
)
from rolecall.services.reviews.views import (
    list_campaigns,
    list_items,
    list_schedules,
    show_campaign,
)
from rolecall.services.structure import portal_lists
from rolecall.services.upkeep import settle_reviews
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit

PER_PAGE = 100
SLOTS = (Slot.PERMISSION_SET, Slot.MAIN_TEAM, Slot.EXTRA_TEAM, Slot.SEAT)


async def reviews(visit: Visit) -> Response:
    """Campaigns of the portal, and those that open by themselves."""
    hub_id = visit.here.hub_id
    campaigns = await list_campaigns(visit.app, visit.actor, hub_id)
    sees_schedules = visit.holds(Role.AUDITOR)
    return visit.page(
        "reviews.html",
        campaigns=campaigns,
        schedules=await list_schedules(visit.app, visit.actor, hub_id) if sees_schedules else (),
        may_open=visit.holds(Role.ADMIN),
    )


async def new_review(visit: Visit) -> Response:
    """The form for a campaign."""
    return await _form(visit, None)


async def _form(visit: Visit, problem: RolecallError | None) -> Response:
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    return visit.page(
        "review_new.html", 422 if problem else 200, lists=lists, problem=problem, typed=visit.form,
        slots=SLOTS, kinds=tuple(ReviewerKind), cadences=tuple(Cadence),
    )  # fmt: skip


async def open_review(visit: Visit) -> Response:
    """Open a campaign now, or let it open by itself again and again."""
    try:
        lists = await portal_lists(visit.app, visit.actor, visit.name)
        order, cadence = _order(visit, lists), visit.text("cadence")
        if cadence:
            first = visit.day("first")
            at = datetime.combine(first, time(6), UTC) if first else _soon(visit)
            every = Cadence(cadence)
            await save_schedule(visit.app, visit.actor, visit.here.hub_id, order, every, at)
            return visit.go(visit.url("reviews"), f"Opens by itself, {every.value}")
        campaign = await open_campaign(visit.app, visit.actor, visit.here.hub_id, order)
    except RolecallError as error:
        return await _form(visit, error)
    return visit.go(visit.url("reviews", campaign.id))


def _soon(visit: Visit) -> datetime:
    return visit.desk.pages.clock.now() + timedelta(days=1)


def _teams(lists: Snapshot, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the teams ticked, or typed by name where a portal has too many to tick."""
    ids = {one.id: one.id for one in lists.teams} | {
        one.name.casefold(): one.id for one in lists.teams
    }
    strange = [one for one in wanted if one not in ids and one.casefold() not in ids]
    if strange:
        raise Refused(f"no team is called {strange[0]}", hint="Structure, Teams finds its name")
    return tuple(ids.get(one) or ids[one.casefold()] for one in wanted)


def _order(visit: Visit, lists: Snapshot) -> CampaignOrder:
    """What the form asks for."""
    scope = Scope(
        slots=tuple(Slot(one) for one in visit.texts("slot") if one in {s.value for s in SLOTS}),
        teams=_teams(lists, visit.texts("team")),
        permission_sets=visit.texts("set"),
        super_admins_only=visit.ticked("super_admins"),
        only_changed=visit.ticked("only_changed"),
    )
    return CampaignOrder(
        visit.text("title"),
        scope,
        ReviewerKind(visit.text("reviewers") or ReviewerKind.MANAGER.value),
        tuple(visit.text("named").replace(",", " ").split()),
        visit.text("fallback"),
        Verdict.KEEP if visit.text("silence") == "keep" else Verdict.REVOKE,
        visit.number("due_days") or 14,
    )


async def review(visit: Visit) -> Response:
    """One campaign: its progress and its items."""
    return await _campaign(visit, None)


async def _campaign(
    visit: Visit, stamp: RubberStamp | None, chosen: tuple[str, ...] = (), verdict: str = ""
) -> Response:
    campaign_id = visit.path("campaign")
    seen = await show_campaign(visit.app, visit.actor, campaign_id)
    if seen.campaign.hub_id != visit.here.hub_id:
        raise NotThere(f"There is no campaign {campaign_id} here")
    show = visit.query("show", "waiting" if seen.mine else "all")
    page = await list_items(
        visit.app,
        visit.actor,
        campaign_id,
        reviewer=visit.actor.email if show == "waiting" else visit.query("reviewer") or None,
        decided={"waiting": False, "decided": True, "open": False}.get(show),
        after=visit.query("after") or None,
        limit=PER_PAGE,
    )
    return visit.page(
        "review.html",
        409 if stamp else 200,
        seen=seen,
        page=page,
        show=show,
        stamp=stamp,
        chosen=chosen,
        verdict=verdict,
        open_=seen.campaign.state is CampaignState.IN_REVIEW,
        sees_all=visit.holds(Role.AUDITOR, Role.APPROVER),
        me=visit.actor.email.casefold(),
    )


async def decide_form(visit: Visit) -> Response:
    """One answer or many at once."""
    campaign_id = visit.path("campaign")
    one = visit.text("one")  # `verdict:item` of a single button, or the bulk buttons
    verdict, _, item = one.partition(":")
    chosen = (item,) if item else visit.texts("item")
    if not chosen:
        raise Refused("nothing is ticked", hint="tick the lines you decided about")
    decisions = [
        Decision(
            one_id,
            _verdict(verdict),
            visit.text(f"comment-{one_id}") or visit.text("comment"),
            visit.text("reduce_to") if verdict == Verdict.REDUCE else "",
            version=_version(visit, one_id),
        )
        for one_id in chosen
    ]
    try:
        await decide(
            visit.app,
            visit.actor,
            campaign_id,
            decisions,
            confirmed=visit.ticked("confirmed"),
            seconds_looked=_seconds(visit, len(chosen)),
        )
    except RubberStamp as error:
        return await _campaign(visit, error, chosen, verdict)
    return visit.go(visit.url("reviews", campaign_id, show=visit.query("show")))


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise Refused(f"{text!r} is no decision", hint="keep, revoke or reduce") from None


def _version(visit: Visit, item_id: str) -> int | None:
    return visit.number(f"version-{item_id}")


def _seconds(visit: Visit, items: int) -> float | None:
    """How long each line was looked at; the page's own clock, where it runs scripts."""
    told = visit.number("seconds")
    return None if told is None else told / max(1, items)


async def delegate_form(visit: Visit) -> Response:
    """Put ticked items before somebody else."""
    campaign_id = visit.path("campaign")
    items = visit.texts("item")
    if not items:
        raise Refused("nothing is ticked", hint="tick the lines somebody else should decide")
    moved = await delegate(
        visit.app, visit.actor, campaign_id, items, visit.text("to"), reason=visit.text("comment")
    )
    return visit.go(
        visit.url("reviews", campaign_id), f"{len(moved)} now before {visit.text('to')}"
    )


async def manage(visit: Visit) -> Response:
    """Remind, escalate or close."""
    campaign_id, what = visit.path("campaign"), visit.text("what")
    here = visit.url("reviews", campaign_id)
    if what == "remind":
        told = await remind(visit.app, visit.actor, campaign_id)
        return visit.go(here, f"Reminded {told} reviewers")
    if what == "escalate":
        moved = await escalate(visit.app, visit.actor, campaign_id)
        return visit.go(here, f"{moved} items went to the reviewers' managers")
    await close_campaign(visit.app, visit.actor, campaign_id, reason=visit.text("reason"))
    await visit.desk.errands.start("reviews", settle_reviews(visit.app))
    return visit.go(here, "Closed. What was revoked becomes a plan and is proved by the next look.")


async def evidence(visit: Visit) -> Response:
    """The sealed pack of a campaign, which an auditor checks without us."""
    seen = await show_campaign(visit.app, visit.actor, visit.path("campaign"))
    if seen.campaign.hub_id != visit.here.hub_id:
        raise NotThere(f"There is no campaign {visit.path('campaign')} here")
    return as_file(await campaign_pack(visit.app, visit.actor, seen.campaign.id))


async def holdings(visit: Visit) -> Response:
    """Who had what on a day, sealed."""
    day = visit.day("day")
    if day is None:
        raise Refused("no day was chosen", hint="such as 2026-06-30")
    at = datetime.combine(day, time.max, _zone(visit))
    return as_file(await holdings_pack(visit.app, visit.actor, visit.here.hub_id, at))


def _zone(visit: Visit) -> tzinfo:
    """A day ends at midnight of the portal."""
    try:
        return ZoneInfo(visit.here.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def as_file(pack: Pack) -> Response:
    """A sealed pack as a download."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", pack.name)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(pack.body, media_type="application/zip", headers=headers)


async def drop_schedule(visit: Visit) -> Response:
    """Open no more campaigns by a schedule."""
    known = await list_schedules(visit.app, visit.actor, visit.here.hub_id)
    schedule_id = visit.path("schedule")
    if schedule_id not in {one.id for one in known}:
        raise NotThere(f"There is no schedule {schedule_id} here")
    await remove_schedule(visit.app, visit.actor, schedule_id)
    return visit.go(visit.url("reviews"), "It opens no more.")


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/reviews", reviews, open_to_requesters=True),
    get("/p/{portal}/reviews/new", new_review),
    post("/p/{portal}/reviews/new", open_review),
    post("/p/{portal}/reviews/schedules/{schedule}/remove", drop_schedule),
    post("/p/{portal}/reviews/holdings", holdings),
    post("/p/{portal}/reviews/{campaign}/evidence", evidence),
    get("/p/{portal}/reviews/{campaign}", review, open_to_requesters=True),
    post("/p/{portal}/reviews/{campaign}/decide", decide_form, open_to_requesters=True),
    post("/p/{portal}/reviews/{campaign}/delegate", delegate_form, open_to_requesters=True),
    post("/p/{portal}/reviews/{campaign}/manage", manage),
)
