"""Server time of every page on 50,000 users, the table against its bare query, bytes of a first visit."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from msgspec import structs

from benchmarks.measure import Figure
from rolecall.bootstrap import open_app
from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.operator import Operator
from rolecall.domain.person import Person
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, Team, User
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.counted import count
from rolecall.services.findings.findings import refresh_findings
from rolecall.services.inventory.users import Wanted, list_users
from rolecall.services.operators.sign_in import NOBODY_KNOWN, begin_session
from rolecall.services.people.people import correlate_portal
from rolecall.settings import Settings
from rolecall.store import StoredPolicy, UserQuery
from rolecall.web.face import create_face
from rolecall.web.rendering import environment

USERS = 50_000
HUB = 147_000_000
URL = "http://localhost"
RUNS = 7
MOST_BYTES = 200_000
FILTER = "/p/large/users?q=42&state=active&set=7&sort=last_active"
BASE = "/p/large"
PAGES = (
    f"{BASE}/", f"{BASE}/findings", f"{BASE}/users", FILTER, f"{BASE}/users/new",
    f"{BASE}/users/4200", f"{BASE}/users/4200/why?can=export+contacts",
    f"{BASE}/users/4200/compare?with=4201", f"{BASE}/reports", f"{BASE}/reports/new",
    f"{BASE}/structure", f"{BASE}/structure/sets/7", f"{BASE}/structure/teams",
    f"{BASE}/structure/teams?q=team+19", f"{BASE}/structure/seats", f"{BASE}/structure/packs",
    f"{BASE}/structure/packs/8x8", f"{BASE}/structure/packs/8x8?q=42&show=unknown", f"{BASE}/structure/people",
    f"{BASE}/structure/people?q=last42&situation=linked", f"{BASE}/plans", f"{BASE}/plans/tasks",
    f"{BASE}/requests", f"{BASE}/requests/new", f"{BASE}/requests/new?profile=rep&subject=user42@acme.test",
    f"{BASE}/reviews", f"{BASE}/reviews/new", f"{BASE}/settings", f"{BASE}/settings/operators",
    f"{BASE}/settings/tokens", f"{BASE}/settings/notices", f"{BASE}/settings/audit", "/account",
    "/portals",
)  # fmt: skip
# They are about the whole portal and say so; measured apart, as few runs are enough.
WHOLE = (f"{BASE}/structure/access", f"{BASE}/users.csv")
POLICY = """\
version: 1
portal: large
profiles:
  rep: {permission_set: Set 7, seat: Core}
catalogue:
  rep: {steps: [manager], max_days: 30}
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """An open installation with one large portal, and a client that is signed in."""

    app: App
    client: httpx2.AsyncClient


def figures() -> Iterator[Figure]:
    """Median and worst per page; the ratio of the filtered table; bytes of a first visit."""
    yield from asyncio.run(_measured())


async def _measured() -> list[Figure]:
    with tempfile.TemporaryDirectory() as home:
        async with _bench(Path(home)) as bench:
            found = [figure for path in PAGES for figure in await _page(bench, path)]
            found += [figure for path in WHOLE for figure in await _page(bench, path, 2)]
            return [*found, await _ratio(bench), *await _bytes(bench)]


async def _page(bench: Bench, path: str, runs: int = RUNS) -> list[Figure]:
    first = await _timed(lambda: _got(bench, path))
    spent = [await _timed(lambda: _got(bench, path)) for _ in range(runs)]
    median, worst = statistics.median(spent) * 1000, max(spent) * 1000
    note = f"worst {worst:.0f} ms, first {first * 1000:.0f} ms"
    return [Figure(path, median, "ms", None, note)]


async def _got(bench: Bench, path: str) -> httpx2.Response:
    answer = await bench.client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return answer


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _ratio(bench: Bench) -> Figure:
    """The page over the bare query and the bare rendering of the same rows, in turn."""
    ratios = []
    for _ in range(RUNS):
        page = await _timed(lambda: _got(bench, FILTER))
        ratios.append(page / (await _timed(lambda: _bare(bench.app))))
    return Figure("filtered table / bare query + rendering", statistics.median(ratios), "x", 2.0)


TABLE = (
    "{% for u in users %}<tr><td><a href='/p/large/users/{{ u.id }}'>{{ u.email }}</a></td>"
    "<td>{{ u.name }}</td><td>{{ u.state.value }}</td><td>{{ u.permission_set_ids|join }}</td>"
    "<td>{{ u.main_team_id }}</td><td>{{ u.seat_names|join }}</td><td>{{ u.last_active_at }}</td>"
    "</tr>{% endfor %}"
)


async def _bare(app: App) -> None:
    query = UserQuery(
        search="42",
        states=frozenset({_user(0).state}),
        permission_set_id="7",
        sort="last_active",
        limit=100,
    )
    async with app.database.read() as view:
        page = await view.users.find(HUB, query)
    environment().from_string(TABLE).render(users=page.items)


async def _bytes(bench: Bench) -> list[Figure]:
    """The largest page with its style and script, as sent."""
    files = sum(
        [
            len((await _got(bench, path)).content)
            for path in _assets((await _got(bench, PAGES[0])).text)
        ]
    )
    pages = (*PAGES, *WHOLE[:1])
    sizes = {path: len((await _got(bench, path)).content) for path in pages}
    largest = max(sizes, key=lambda path: sizes[path])
    note = f"largest page {largest}"
    return [Figure("bytes of a first visit", sizes[largest] + files, "B", MOST_BYTES, note)]


def _assets(html: str) -> list[str]:
    parts = html.split('"')
    return list(dict.fromkeys(part for part in parts if part.startswith("/static/")))


@asynccontextmanager
async def _bench(home: Path) -> AsyncIterator[Bench]:
    async with open_app(Settings(home=home, public_url=URL)) as app:
        await _furnish(app)
        operator = Operator(uuid7(), "o@acme.test", app.clock.now(), roles=_ADMIN)
        async with app.database.begin(SYSTEM, "benchmark") as work:
            await work.operators.add(operator)
        signed = await begin_session(app, operator, NOBODY_KNOWN)
        transport = httpx2.ASGITransport(create_face(app, URL))
        cookies = {"rolecall-session": signed.token}
        async with httpx2.AsyncClient(
            transport=transport, base_url=URL, cookies=cookies, timeout=120
        ) as client:
            await list_users(app, operator.actor(), "large", Wanted(limit=1))
            yield Bench(app, client)


_ADMIN = {0: frozenset({Role.ADMIN})}
START = datetime(2026, 11, 20, tzinfo=UTC)


async def _furnish(app: App) -> None:
    portal = Portal(HUB, "large", "http://hubspot.test", START)
    teams = tuple(
        Team(str(n), f"Team {n}", str(n // 10) if n >= 10 else None) for n in range(2_000)
    )
    snapshot = Snapshot(
        HUB, uuid7(), START, START, True,
        users=tuple(_user(n) for n in range(USERS)),
        permission_sets=tuple(PermissionSet(str(n), f"Set {n}") for n in range(40)),
        teams=teams,
        seats=(Seat("Core", remaining=20), Seat("View-Only")),
    )  # fmt: skip
    async with app.database.begin(SYSTEM, "benchmark") as work:
        await work.portals.add(portal)
        await work.snapshots.seal(snapshot)
        stored = StoredPolicy(HUB, POLICY, "bench", "benchmark", START)
        await work.policies.put_in_force(stored)
        await work.people.put(map(_person, range(USERS)))
        await correlate_portal(work, HUB)
    # What every sync ends with: nobody waits for it.
    await refresh_findings(app, portal)
    await count(app, portal)


def _person(number: int) -> Person:
    emails = (f"user{number}@acme.test",)
    manager = f"user{number // 10}@acme.test"
    key = str(number)
    return Person(
        uuid7(), emails, f"First{number % 700}", f"Last{number}", "hr", key, manager_email=manager
    )


def _user(number: int) -> User:
    plain = User(str(number), f"user{number}@acme.test", f"First{number % 700}", f"Last{number}")
    return structs.replace(
        plain,
        permission_set_ids=(str(number % 40),),
        main_team_id=str(number % 2_000),
        seat_names=("Core" if number % 3 else "View-Only",),
        last_active_at=START - timedelta(hours=number % 4000),
        created_at=START - timedelta(days=900),
    )
