"""Structure: permission sets, teams, seats, packs, people, and access.yaml."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from rolecall.domain.actor import Role
from rolecall.domain.person import Situation
from rolecall.domain.snapshot import Team
from rolecall.kit.errors import NotThere, Refused, RolecallError
from rolecall.plan.view import view
from rolecall.policy.problems import PolicyProblems, Problem
from rolecall.services.counted import counted_overview, seat_report
from rolecall.services.drafts.orders import MoveTeam
from rolecall.services.inventory.notes import ResourceNote, note_set, notes_of_sets
from rolecall.services.inventory.users import Wanted, list_users
from rolecall.services.people.people import import_people, link_person, people_page
from rolecall.services.permissions.packs import list_packs, pack_page
from rolecall.services.plans.drafting import Drafted, propose
from rolecall.services.plans.policies import plan_access
from rolecall.services.structure import (
    WHOLE_TREE,
    access_text,
    portal_lists,
    preview_access,
    set_contents,
    teams_page,
)
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit, number_of

PEOPLE_PER_PAGE = 100
RESULTS_PER_PAGE = 50
MOST_TEXT = 120_000  # characters of a file one edits in a browser; larger ones are downloaded
MOST_MEMBERS = 200


async def sets(visit: Visit) -> Response:
    """Permission sets with their members and what operators know of them."""
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    counted = await counted_overview(visit.app, visit.actor, visit.name)
    members = dict(counted.permission_sets) if counted else {}
    return visit.page(
        "sets.html",
        lists=lists,
        members=members,
        notes=await notes_of_sets(visit.app, visit.actor, visit.name),
    )


async def one_set(visit: Visit) -> Response:
    """One set: who holds it, what is in it by evidence, who answers for it."""
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    found = next((one for one in lists.permission_sets if one.id == visit.path("set")), None)
    if found is None:
        raise NotThere(f"There is no permission set {visit.path('set')} here")
    contents = await set_contents(visit.app, visit.actor, visit.name, found.id)
    wanted = Wanted(permission_set=found.id, limit=MOST_MEMBERS)
    notes = await notes_of_sets(visit.app, visit.actor, visit.name)
    return visit.page(
        "set.html",
        one=found,
        lists=lists,
        contents=contents,
        members=await list_users(visit.app, visit.actor, visit.name, wanted),
        note=notes.get(found.id, ResourceNote()),
        may_note=visit.holds(Role.ADMIN),
    )


async def write_note(visit: Visit) -> Response:
    """Keep who answers for a set and what it is for."""
    note = ResourceNote(visit.text("owner"), visit.text("purpose"))
    await note_set(visit.app, visit.actor, visit.name, visit.path("set"), note)
    return visit.go(visit.url("structure", "sets", visit.path("set")), "Kept.")


async def teams(visit: Visit) -> Response:
    """The team tree with its members; `move` and `below` in the address are a move in the making."""
    return await _teams(visit, visit.query("move"), visit.query("below", "?"), None)


async def _teams(visit: Visit, move: str, below: str, problem: RolecallError | None) -> Response:
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    may_plan = visit.holds(Role.ADMIN, Role.APPROVER)
    names = {one.id: one.name for one in lists.teams}
    inside, search = visit.query("in"), visit.query("q")
    skip = number_of(visit.query("skip"), "skip") or 0
    moving = {"move": move if may_plan and move in names else ""}
    return visit.page(
        "teams.html",
        422 if problem else 200,
        lists=lists,
        page=await teams_page(
            visit.app, visit.actor, visit.name, inside=inside, search=search, skip=skip
        ),
        search=search,
        skip=skip,
        per_page=WHOLE_TREE,
        link=lambda **to: visit.url("structure", "teams", **moving, **to),
        may_plan=may_plan,
        moved=next((one for one in lists.teams if may_plan and one.id == move), None),
        below=below if below in {"", *names} - within(lists.teams, move) else None,
        names=names,
        within=within(lists.teams, move),
        problem=problem,
        typed=visit.form,
    )


def within(teams: tuple[Team, ...], team_id: str) -> frozenset[str]:
    """A team with everything below it: where it cannot go."""
    found = {team_id}
    while more := {one.id for one in teams if one.parent_id in found} - found:
        found |= more
    return frozenset(found)


async def move_team(visit: Visit) -> Response:
    """A plan that puts a team below another one."""
    team, below = visit.text("team"), visit.text("below")
    try:
        order = MoveTeam(team, below, visit.text("reason"))
        drafted = await propose(visit.app, visit.actor, visit.name, order)
    except Refused as error:
        return await _teams(visit, team, below, error)
    if not drafted.stored:
        return visit.go(visit.url("structure", "teams"), "It is there already.")
    return visit.go(visit.url("plans", drafted.plan.id))


async def seats(visit: Visit) -> Response:
    """What seats cost, and which could come back."""
    return visit.page(
        "seats.html",
        report=await seat_report(visit.app, visit.actor, visit.name),
        may_plan=visit.holds(Role.ADMIN, Role.APPROVER),
    )


async def packs(visit: Visit) -> Response:
    """Requirement packs of integrations."""
    return visit.page("packs.html", listed=list_packs(visit.app))


async def one_pack(visit: Visit) -> Response:
    """Who is ready for an integration, who is not, and what each of them lacks."""
    listed = {one.pack.id: one for one in list_packs(visit.app).packs}
    found = listed.get(visit.path("pack"))
    if found is None:
        raise NotThere(f"There is no pack {visit.path('pack')}")
    show, search = visit.query("show"), visit.query("q")
    skip = number_of(visit.query("skip"), "skip") or 0
    page = await pack_page(
        visit.app, visit.actor, visit.name, found.pack,
        verdict=show, search=search, limit=RESULTS_PER_PAGE, skip=skip,
    )  # fmt: skip
    return visit.page(
        "pack.html", pack=found.pack, page=page, show=show, search=search, skip=skip,
        per_page=RESULTS_PER_PAGE,
    )  # fmt: skip


async def people(visit: Visit) -> Response:
    """Humans and their users, and users who are nobody's."""
    return await _people(visit, None)


async def _people(visit: Visit, problem: RolecallError | None) -> Response:
    told, search = visit.query("situation"), visit.query("q")
    skip = number_of(visit.query("skip"), "skip") or 0
    page = await people_page(
        visit.app,
        visit.actor,
        visit.name,
        situation=Situation(told) if told in set(Situation) else None,
        search=search,
        limit=PEOPLE_PER_PAGE,
        skip=skip,
    )
    return visit.page(
        "people.html",
        422 if problem else 200,
        page=page,
        situations=tuple(Situation),
        situation=told,
        search=search,
        skip=skip,
        per_page=PEOPLE_PER_PAGE,
        may_change=visit.holds(Role.ADMIN),
        problem=problem,
    )


async def take_people(visit: Visit) -> Response:
    """Take over a people list."""
    file = visit.file("list")
    try:
        if file is None:
            raise Refused("no file was chosen", hint="a CSV or a workbook with a column of e-mails")
        found = await import_people(
            visit.app, visit.actor, await file.read(), accept_shrink=visit.ticked("shrink")
        )
    except RolecallError as error:
        return await _people(visit, error)
    told = f"{len(found.reading.people)} people read, {len(found.moves.leavers)} leavers"
    return visit.go(visit.url("structure", "people"), told)


async def confirm_link(visit: Visit) -> Response:
    """Say whose user it is."""
    await link_person(visit.app, visit.actor, visit.name, visit.text("user"), visit.text("person"))
    return visit.go(visit.url("structure", "people"), "Linked.")


async def access(visit: Visit) -> Response:
    """access.yaml: the one in force, or the portal written down."""
    found = await access_text(visit.app, visit.actor, visit.name)
    large = len(found.text) > MOST_TEXT
    return visit.page(
        "access.html", text="" if large else found.text, large=large, in_force=found.in_force,
        drafted=None, seen=None, problems=(), problem=None, may_plan=visit.holds(Role.ADMIN),
    )  # fmt: skip


async def access_download(visit: Visit) -> Response:
    """The same as a file."""
    found = await access_text(visit.app, visit.actor, visit.name)
    headers = {"content-disposition": 'attachment; filename="access.yaml"'}
    return PlainTextResponse(found.text, media_type="application/yaml", headers=headers)


async def plan_file(visit: Visit) -> Response:
    """Check a file, show its plan, or store that plan."""
    file = visit.file("file")
    try:
        text = (await file.read()).decode() if file else visit.raw("text")
    except UnicodeDecodeError:
        raise Refused("the file is not UTF-8 text", hint="save it as UTF-8") from None
    found = await access_text(visit.app, visit.actor, visit.name)
    drafted: Drafted | None = None
    problem: RolecallError | None = None
    problems: tuple[Problem, ...] = ()
    try:
        if visit.text("what") == "plan":
            stored = await plan_access(visit.app, visit.actor, visit.name, text)
            if stored.stored:
                return visit.go(visit.url("plans", stored.plan.id))
            drafted = stored
        else:
            drafted = await preview_access(visit.app, visit.actor, visit.name, text)
    except PolicyProblems as error:
        problems = error.problems
    except RolecallError as error:
        problem = error
    return visit.page(
        "access.html",
        422 if problems or problem else 200,
        text="" if len(text) > MOST_TEXT else text,
        large=len(text) > MOST_TEXT,
        in_force=found.in_force,
        drafted=drafted,
        seen=view(drafted.plan) if drafted else None,
        problems=problems,
        problem=problem,
        may_plan=visit.holds(Role.ADMIN),
    )


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/structure", sets),
    get("/p/{portal}/structure/sets/{set}", one_set),
    post("/p/{portal}/structure/sets/{set}", write_note),
    get("/p/{portal}/structure/teams", teams),
    post("/p/{portal}/structure/teams", move_team),
    get("/p/{portal}/structure/seats", seats),
    get("/p/{portal}/structure/packs", packs),
    get("/p/{portal}/structure/packs/{pack}", one_pack),
    get("/p/{portal}/structure/people", people),
    post("/p/{portal}/structure/people", take_people),
    post("/p/{portal}/structure/people/link", confirm_link),
    get("/p/{portal}/structure/access", access),
    get("/p/{portal}/structure/access.yaml", access_download),
    post("/p/{portal}/structure/access", plan_file),
)
