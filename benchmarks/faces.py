"""The machine faces against the least they could do: constant answers, bare queries, the library."""

from __future__ import annotations

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import uvicorn

from benchmarks.measure import Figure
from rolecall.api.face import create_face as create_api
from rolecall.bootstrap import open_app
from rolecall.domain.actor import local_actor
from rolecall.domain.import_app import ImportApp
from rolecall.domain.operator import TokenScope
from rolecall.domain.person import Person
from rolecall.domain.portal import Portal
from rolecall.domain.scim import ScimRecord
from rolecall.domain.snapshot import Snapshot, User
from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Receive, Scope, Send, answer
from rolecall.import_source.face import create_face as create_import_source
from rolecall.scim.face import create_face as create_scim
from rolecall.scim.provider import provider_of
from rolecall.scim.reading import resource_of
from rolecall.services.app import App
from rolecall.services.importing.source import add_import_app
from rolecall.services.operators.tokens import create_token
from rolecall.services.scim.kept import Published
from rolecall.settings import Settings
from rolecall.signin.hubspot_signature import Signed, sign_v3
from rolecall.store import UserQuery

HUB, APP_ID, SECRET = 42, 7, "bench"
PUBLIC = "https://hooks.example.test"
EVENT = "/feature/USER_IMPORT/event/FETCH_USERS"
ROUNDS, CALLS, WORKERS = 7, 60, 4
ACTOR = local_actor("bench")


def figures() -> Iterator[Figure]:
    """Import source of 5,000 people, a SCIM page out of 50,000, a REST page out of 50,000."""
    logging.disable(logging.WARNING)  # replays of one signed request are what is measured here
    yield from asyncio.run(_all())


async def _all() -> list[Figure]:
    with tempfile.TemporaryDirectory() as home:
        async with open_app(Settings(home=Path(home))) as app:
            await _fill(app)
            return [await _import_source(app), await _scim(app), await _rest(app)]


async def _fill(app: App) -> None:
    now = datetime.now(UTC)
    people = [
        Person(f"p{n}", (f"person{n}@acme.test",), f"First{n}", f"Last{n}", department="Sales")
        for n in range(5_000)
    ]
    users = tuple(
        User(str(n), f"person{n}@acme.test", f"First{n}", f"Last{n}") for n in range(50_000)
    )
    async with app.database.begin(ACTOR, "benchmark") as work:
        await work.portals.add(Portal(HUB, "bench", "https://api.example.test", now))
        await work.people.put(people)
        await work.snapshots.seal(Snapshot(HUB, "s1", now, now, True, users=users))
    ours = ImportApp(APP_ID, PUBLIC, now)
    await add_import_app(app, ACTOR, ours, SECRET)


async def _import_source(app: App) -> Figure:
    body = msgspec.json.encode({"portalId": HUB, "appId": APP_ID})
    at = str(int(time.time() * 1000))
    proof = sign_v3(SECRET, Signed("POST", PUBLIC + EVENT, body, timestamp=at))
    headers = {
        "content-type": "application/json",
        "x-hubspot-signature-v3": proof,
        "x-hubspot-request-timestamp": at,
    }
    async with _served(create_import_source(app)) as ours:
        first = await ours.post(EVENT, content=body, headers=headers)
        assert first.status_code == 200, first.status_code
        async with _served(_constant(first.content)) as constant:
            send = {"content": body, "headers": headers}
            ratio = await _paired(
                lambda: ours.post(EVENT, **send), lambda: constant.post(EVENT, **send)
            )
    name = "import source, 5,000 users / the same bytes as a constant"
    return Figure(name, ratio, "x time", 1 / 0.6, f"{len(first.content):,} bytes, signature v3")


async def _scim(app: App) -> Figure:
    secret = await _token(app, TokenScope.SCIM, HUB)
    headers = {"authorization": f"Bearer {secret}"}
    path = "/scim/v2/Users?count=100&startIndex=20001"
    async with _served(create_scim(app)) as client:
        await client.get("/scim/v2/Users?count=1", headers=headers)
        records = await _pushed(app)
        seen = await client.get(path, headers=headers)
        assert len(seen.json()["Resources"]) == 100, seen.text[:200]
        provider = provider_of(Published(""))
        model: Any = provider.model_for("User")
        with provider:
            held = [resource_of(model, one) for one in records[:100]]

        async def ours() -> None:
            await client.get(path, headers=headers)

        async def library() -> None:
            from scim2_models import Context, ListResponse

            with provider:
                listed = ListResponse[model](
                    total_results=50_000, start_index=1, items_per_page=100, resources=held
                )
                msgspec.json.encode(listed.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))

        ratio = await _paired(ours, library, calls=6, workers=1)
    name = "SCIM page of 100 of 50,000 / the library serialising the same 100"
    return Figure(name, ratio, "x time", 2.0)


async def _pushed(app: App) -> list[ScimRecord]:
    now = datetime.now(UTC)
    async with app.database.begin(ACTOR, "benchmark") as work:
        (client,) = await work.scim.clients()
        made = [
            ScimRecord(
                client.id, "User", f"{n:06}", HUB, f"person{n}@acme.test",
                _body(n),
                now, now, subject=f"person{n}@acme.test",
            )
            for n in range(50_000)
        ]  # fmt: skip
        await work.scim.add(*made)
    return made


def _body(number: int) -> str:
    email = f"person{number}@acme.test"
    name = {"givenName": "First", "familyName": "Last"}
    told = {"userName": email, "active": True, "name": name, "emails": [{"value": email}]}
    return msgspec.json.encode(told).decode()


async def _rest(app: App) -> Figure:
    secret = await _token(app, TokenScope.READ, HUB)
    headers = {"authorization": f"Bearer {secret}"}
    path = "/api/v1/portals/bench/users?limit=100"
    async with _served(create_api(app)) as client:

        async def ours() -> None:
            answered = await client.get(path, headers=headers)
            assert answered.status_code == 200, answered.text[:200]

        async def bare(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
            async with app.database.read() as view:
                page = await view.users.find(HUB, UserQuery(limit=100))
            await answer(
                send, 200, msgspec.json.encode(page.items, enc_hook=dict), "application/json"
            )

        async with _served(bare) as least:
            ratio = await _paired(ours, lambda: least.get(path), calls=20, workers=1)
    name = "REST page of 100 of 50,000 / the bare query, serialised"
    return Figure(name, ratio, "x time", 2.0)


async def _token(app: App, scope: TokenScope, hub_id: int) -> str:
    return (await create_token(app, ACTOR, "bench", [scope], [hub_id])).secret


def _constant(body: bytes) -> AsgiApp:
    async def constant(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await receive()
        await answer(send, 200, body, "application/json")

    return constant


@asynccontextmanager
async def _served(face: AsgiApp) -> AsyncIterator[httpx2.AsyncClient]:
    """A face behind uvicorn on a real socket, and a client of it."""
    config = uvicorn.Config(
        face, port=0, log_level="error", lifespan="off", access_log=False, timeout_keep_alive=600
    )  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn tells by this flag alone
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    server.should_exit = True
    await task


async def _paired(
    left: Callable[[], Awaitable[object]],
    right: Callable[[], Awaitable[object]],
    calls: int = CALLS,
    workers: int = WORKERS,
) -> float:
    """Median of the time left takes over the time right takes, in turn, after a warm-up."""
    await _spent(left, workers, workers)
    await _spent(right, workers, workers)
    ratios = [
        await _spent(left, calls, workers) / await _spent(right, calls, workers)
        for _ in range(ROUNDS)
    ]
    return statistics.median(ratios)


async def _spent(use: Callable[[], Awaitable[object]], calls: int, workers: int) -> float:
    async def work() -> None:
        for _ in range(calls // workers):
            await use()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    return time.perf_counter() - started
