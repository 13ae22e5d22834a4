"""The first page about a portal, its findings, and reading it again."""

from __future__ import annotations

from starlette.responses import Response

from rolecall.domain.actor import Role
from rolecall.domain.finding import Severity
from rolecall.kit.errors import NeedsPerson
from rolecall.services.glance import findings_page, glance
from rolecall.services.plans.fixing import fix_finding
from rolecall.services.requests.views import profile_titles, waiting_for
from rolecall.services.reviews.views import my_reviews
from rolecall.services.upkeep import look
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit, kept_query

PER_PAGE = 50
SEVERITIES = {one.name.lower(): one for one in reversed(Severity)}


async def home(visit: Visit) -> Response:
    """The first portal one has a role in; the list of portals where there is none."""
    if not visit.portals:
        return visit.go("/portals")
    return visit.go(f"/p/{visit.portals[0].name}/")


async def overview(visit: Visit) -> Response:
    """The overview; who may only ask for access is sent to the requests."""
    if not visit.reads:
        return visit.go(visit.url("requests"))
    seen = await glance(visit.app, visit.actor, visit.name)
    key = f"sync:{visit.here.hub_id}"
    errands = visit.desk.errands
    return visit.page(
        "overview.html",
        seen=seen,
        to_answer=await waiting_for(visit.app, visit.actor, visit.here.hub_id),
        titles=await profile_titles(visit.app, visit.actor, visit.here.hub_id),
        to_review=[
            pair
            for pair in await my_reviews(visit.app, visit.actor)
            if pair[0].hub_id == visit.here.hub_id
        ],
        syncing=errands.running(key),
        trouble=errands.failure(key),
        may_sync=visit.holds(Role.ADMIN),
        may_plan=visit.holds(Role.ADMIN, Role.APPROVER),
    )


async def read_again(visit: Visit) -> Response:
    """Begin a sync; the overview shows how it goes."""
    reading = look(visit.app, visit.actor, visit.name, full=visit.ticked("full"))
    await visit.desk.errands.start(f"sync:{visit.here.hub_id}", reading)
    return visit.go(visit.url(""), f"Reading {visit.name} from HubSpot")


async def findings(visit: Visit) -> Response:
    """Every open finding, filtered by the address."""
    severity = SEVERITIES.get(visit.query("severity"))
    rule, search = visit.query("rule"), visit.query("q")
    skip = int(visit.query("skip", "0")) if visit.query("skip", "0").isdecimal() else 0
    page = await findings_page(
        visit.app,
        visit.actor,
        visit.name,
        severity=severity,
        rule=rule,
        search=search,
        limit=PER_PAGE,
        skip=skip,
    )
    given = {"severity": visit.query("severity"), "rule": rule, "q": search}
    return visit.page(
        "findings.html",
        page=page,
        given=given,
        severities=SEVERITIES,
        skip=skip,
        per_page=PER_PAGE,
        link=lambda **more: visit.url("findings") + "?" + kept_query({**given, **more}),
        may_plan=visit.holds(Role.ADMIN, Role.APPROVER),
    )


async def mend(visit: Visit) -> Response:
    """The plan that would mend a finding; where no API can, what a person has to do."""
    successor = visit.text("successor")
    try:
        drafted = await fix_finding(visit.app, visit.actor, visit.path("finding"), successor)
    except NeedsPerson as error:
        return visit.page("by_hand.html", 409, problem=error)
    if not drafted.stored:
        return visit.go(
            visit.url("findings"), "Nothing is left to mend; the next sync will show it"
        )
    return visit.go(visit.url("plans", drafted.plan.id))


PAGES: tuple[Page, ...] = (
    get("/", home),
    get("/p/{portal}/", overview, open_to_requesters=True),
    post("/p/{portal}/sync", read_again),
    get("/p/{portal}/findings", findings),
    post("/p/{portal}/findings/{finding}/fix", mend),
)
