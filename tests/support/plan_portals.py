"""Builders of snapshots and hypothesis strategies for portals, tidy and messy."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from rolecall.domain.portal import Capabilities, Tier
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, Team, User, UserState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETS = ("Sales Rep", "Marketer", "No Access")
SEATS = ("Core", "Sales Hub Professional", "View-Only")
ODD = (
    "",
    " ",
    "no",
    "Norway: no",
    "a'b\"c",
    "#x",
    "- y",
    "Ünïcode ☃",
    "tab\there",
    "nul\x00",
    "\ud83d"[:0] + "😀",
    "{a}",
    "[b",
    "*c",
    "&d",
    "null",
    "1.0",
    "=x",
    "line\nbreak",
    "\u2028",
    "\ufeffbom",
)


def a_user(number: int, **values: object) -> User:
    """User `number` with one set, a Core seat and no teams unless told otherwise."""
    plain: dict[str, object] = {
        "id": str(number),
        "email": f"user{number}@acme.test",
        "permission_set_ids": ("set1",),
        "seat_names": ("Core",),
        "crm_id": f"crm{number}",
    }
    return User(**{**plain, **values})  # type: ignore[arg-type]


def a_snapshot(*users: User, **values: object) -> Snapshot:
    """An Enterprise portal with three sets, three seats and the teams Sales > EMEA and Ops."""
    plain: dict[str, object] = {
        "hub_id": 1,
        "id": "snap1",
        "started_at": NOW,
        "sealed_at": NOW,
        "complete": True,
        "users": users,
        "permission_sets": tuple(PermissionSet(f"set{n}", name) for n, name in enumerate(SETS, 1)),
        "teams": (Team("t1", "Sales"), Team("t2", "EMEA", "t1"), Team("t3", "Ops")),
        "seats": tuple(Seat(name, remaining=None if name == "View-Only" else 5) for name in SEATS),
        "tier": Tier.ENTERPRISE,
        "capabilities": Capabilities(tier=Tier.ENTERPRISE, users_version="2026-09"),
    }
    return Snapshot(**{**plain, **values})  # type: ignore[arg-type]


def _subset(values: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    lists = st.lists(st.sampled_from(values), unique=True, max_size=most) if values else st.just([])
    return lists.map(tuple)


@st.composite
def team_trees(draw: st.DrawFn, *, messy: bool = False) -> tuple[Team, ...]:
    """Up to seven teams in a sound tree; messy ones repeat and use odd names."""
    count = draw(st.integers(0, 7))
    names = st.sampled_from((*ODD[:8], "Sales", "Sales", "EMEA")) if messy else st.none()
    teams: list[Team] = []
    for number in range(count):
        parent = draw(st.sampled_from([None, *(team.id for team in teams)]))
        name = draw(names) or f"Team {number}"
        teams.append(Team(f"t{number}", name, parent))
    return tuple(draw(st.permutations(teams)))


@st.composite
def portals(draw: st.DrawFn, *, messy: bool = False, most: int = 6) -> Snapshot:
    """A portal; messy ones hold everything HubSpot's screens can bring about."""
    teams = draw(team_trees(messy=messy))
    sets = tuple(
        PermissionSet(f"set{n}", draw(st.sampled_from(SETS + ODD)) if messy else name)
        for n, name in enumerate(SETS, 1)
    )
    stock = st.one_of(st.none(), st.integers(0, 3)) if messy else st.integers(2, 6)
    seats = tuple(
        Seat(name, remaining=None if name == "View-Only" else draw(stock)) for name in SEATS
    )
    ids = tuple(team.id for team in teams)
    users = [draw(portal_users(n, ids, messy=messy)) for n in range(draw(st.integers(0, most)))]
    return a_snapshot(*users, permission_sets=sets, teams=teams, seats=seats)


@st.composite
def portal_users(draw: st.DrawFn, number: int, team_ids: tuple[str, ...], *, messy: bool) -> User:
    """One user of such a portal."""
    main = draw(st.sampled_from([None, *team_ids]))
    extra = tuple(team for team in draw(_subset(team_ids)) if messy or team != main)
    sets = draw(_subset(("set1", "set2", "set3"), 3 if messy else 1))
    seats = draw(_subset((*SEATS, *(("Gone Seat",) if messy else ())), 2 if messy else 1))
    state = draw(st.sampled_from(list(UserState))) if messy else UserState.ACTIVE
    mail = draw(st.sampled_from(("o'brien+x", "Ünal", "no", "UPPER", "a:b#c"))) if messy else "user"
    return a_user(
        number,
        email=f"{mail}{number}@acme.test"
        if draw(st.booleans()) or not messy
        else f"{mail}{number}@x",
        permission_set_ids=sets,
        main_team_id=main,
        extra_team_ids=extra,
        seat_names=draw(st.sampled_from([seats, None])) if messy else seats,
        state=state,
        super_admin=draw(st.booleans()) if messy else False,
        crm_id=draw(st.sampled_from([None, f"crm{number}"])) if messy else f"crm{number}",
        profile=draw(_profiles()) if messy else {},
    )


def _profiles() -> st.SearchStrategy[dict[str, str]]:
    values = {
        "hs_job_title": st.sampled_from([text for text in ODD if text.strip()]),
        "hs_standard_time_zone": st.sampled_from(("Europe/Berlin", "us/eastern", "Mars/Base")),
        "hs_working_hours": st.sampled_from(
            ('[{"days":"MONDAY_TO_FRIDAY","startMinute":540,"endMinute":1020}]', "[]", "odd")
        ),
    }
    return st.fixed_dictionaries({}, optional=values)
