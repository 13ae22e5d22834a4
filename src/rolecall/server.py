"""One process that serves every face and runs the duties: `rolecall serve` starts it by name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from rolecall.api.face import PREFIX as API
from rolecall.api.face import create_face as create_api
from rolecall.bootstrap import open_app
from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Receive, Scope, Send, answer
from rolecall.http.layers import Problems, RequestLog, SecurityHeaders
from rolecall.http.metrics import Gauge, Metrics
from rolecall.http.plain import PlainRequests
from rolecall.import_source.face import create_face as create_import_source
from rolecall.import_source.face import is_event_path
from rolecall.kit.errors import RolecallError
from rolecall.mcp import PREFIX as MCP
from rolecall.mcp import create_face as create_mcp
from rolecall.scim.face import PREFIX as SCIM
from rolecall.scim.face import create_face as create_scim
from rolecall.services.app import App
from rolecall.services.duties import waker_of
from rolecall.services.health import Figures, figures, ready
from rolecall.services.scim.planning import ScimRunner
from rolecall.web.errands import Errands
from rolecall.web.face import create_face as create_console

LOG = logging.getLogger("rolecall.server")
PLAIN = "text/plain; charset=utf-8"
SECONDS_TO_STOP = 10.0


@dataclass(slots=True)
class House:
    """Every face of one installation behind one door; the order of `_face` is the order of tries."""

    app: App
    errands: Errands = field(default_factory=Errands)
    metrics: Metrics = field(default_factory=Metrics)
    console: AsgiApp = field(init=False)
    api: AsgiApp = field(init=False)
    scim: AsgiApp = field(init=False)
    import_source: AsgiApp = field(init=False)
    mcp: AsgiApp | None = field(init=False)

    def __post_init__(self) -> None:
        """Make the faces."""
        public_url = self.app.choices.security.public_url
        self.console = create_console(self.app, public_url, self.errands)
        self.api = Problems(create_api(self.app))
        self.scim = create_scim(self.app, ScimRunner(self.app))
        self.import_source = create_import_source(self.app)
        self.mcp = create_mcp(self.app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, to the face that knows its path."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path in _TOLD:
            await getattr(self, _TOLD[path])(send)
        else:
            await self._face(path)(scope, receive, send)

    def _face(self, path: str) -> AsgiApp:
        if is_event_path(path):
            return self.import_source
        if path == API or path.startswith(f"{API}/"):
            return self.api
        if path == SCIM or path.startswith(f"{SCIM}/"):
            return self.scim
        if path == MCP and self.mcp is not None:
            return self.mcp
        return self.console

    async def healthz(self, send: Send) -> None:
        """The process answers."""
        await answer(send, 200, b"ok\n", PLAIN)

    async def readyz(self, send: Send) -> None:
        """The store answers too."""
        try:
            await ready(self.app)
        except RolecallError as error:
            await answer(send, 503, f"{error.message}\n".encode(), PLAIN)
        else:
            await answer(send, 200, b"ready\n", PLAIN)

    async def told(self, send: Send) -> None:
        """Figures for Prometheus; numbers alone, no names of people."""
        text = self.metrics.text(gauges_of(await figures(self.app)))
        await answer(send, 200, text.encode(), "text/plain; version=0.0.4; charset=utf-8")


_TOLD = {"/healthz": "healthz", "/readyz": "readyz", "/metrics": "told"}


def gauges_of(portals: tuple[Figures, ...]) -> tuple[Gauge, ...]:
    """The figures of every portal as Prometheus takes them; what is unknown is left out."""
    told = (
        ("rolecall_portal_connected", "1 while the portal can be read.", "connected"),
        ("rolecall_portal_users", "Users of the newest snapshot.", "users"),
        ("rolecall_snapshot_age_seconds", "Age of the newest snapshot.", "snapshot_age_seconds"),
        ("rolecall_plans_waiting", "Plans that wait for a person.", "waiting_plans"),
        ("rolecall_plans_running", "Plans under way or paused.", "running_plans"),
        ("rolecall_findings_open", "Open findings.", "open_findings"),
    )
    return tuple(
        Gauge(name, text, tuple(_values(portals, attribute))) for name, text, attribute in told
    )


def _values(
    portals: tuple[Figures, ...], attribute: str
) -> Iterator[tuple[tuple[tuple[str, str], ...], float]]:
    for one in portals:
        value = getattr(one, attribute)
        if value is not None:
            yield (("portal", str(one.hub_id)),), float(value)


def create_server(app: App) -> tuple[AsgiApp, House]:
    """The whole server without its loop, and what is inside."""
    house = House(app)
    https = app.choices.security.public_url.startswith("https://")
    logged = RequestLog(PlainRequests(house), house.metrics.seen)
    return SecurityHeaders(logged, https), house


@dataclass(slots=True)
class Application:
    """What uvicorn runs: opens the installation at the start, closes it at the end."""

    _serve: AsgiApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The life of the process, or one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._serve is not None:
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                app = await stack.enter_async_context(open_app())
            except RolecallError as error:
                await send({"type": "lifespan.startup.failed", "message": error.message})
                return
            self._serve, house = create_server(app)
            stop = asyncio.Event()
            running = asyncio.create_task(waker_of(app).run(stop))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            stop.set()
            await asyncio.wait({running}, timeout=SECONDS_TO_STOP)
            await house.errands.stop()
        await send({"type": "lifespan.shutdown.complete"})


def application() -> Application:
    """The factory uvicorn is given by name."""
    return Application()
