"""The SCIM face as one ASGI application: who pushes, which portal, and a log of what was sent."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from typing import Any

from scim2_models import (
    ForbiddenException,
    InvalidSyntaxException,
    SCIMException,
    UnauthorizedException,
)
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from rolecall.domain.scim import ScimLine
from rolecall.http.asgi import App as AsgiApp
from rolecall.http.layers import BodyLimit
from rolecall.http.strict_json import Unfit, checked
from rolecall.kit.errors import RolecallError
from rolecall.kit.ids import uuid7
from rolecall.kit.redact import redacted
from rolecall.scim.listing import Written, plain_page, written
from rolecall.scim.provider import provider_of
from rolecall.scim.quirks import mended
from rolecall.scim.storage import Attempt, Declined, PushStorage
from rolecall.services.app import App
from rolecall.services.scim.clients import Pusher, pusher_of
from rolecall.services.scim.kept import Published, keep_line, page_of_kept, published_values
from rolecall.services.scim.planning import ScimRunner

PREFIX = "/scim"
MOST_BYTES = 4 * 2**20  # a group of some twenty thousand members
KEPT_BYTES = 65_536  # of a body in the log
PROVIDERS = 16  # portals whose schemas are kept ready
LOG = logging.getLogger("rolecall.scim")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def create_face(app: App, runner: ScimRunner | None = None) -> AsgiApp:
    """The ASGI application for every path under /scim/v2; it wants the whole path."""
    face: Any = ScimFace(app, runner or ScimRunner(app))  # the library types messages as dicts
    return BodyLimit(face, MOST_BYTES)


class _NoStorage(PushStorage):
    """Where there is no client yet: discovery alone is answered."""

    def __init__(self) -> None:
        """Nothing to read."""


class ScimFace(ASGIApplication):
    """The library's application with our authentication, our log, and a service per portal."""

    def __init__(self, app: App, runner: ScimRunner) -> None:
        super().__init__(_NoStorage(), provider_of(Published("")))
        self.app = app
        self.runner = runner
        self.log = LOG
        self._services: OrderedDict[str, ScimService] = OrderedDict()

    def get_base_url(self, scope: Any) -> str:  # type: ignore[override]
        """Our configured address; the host a client names is used only where there is none."""
        public = self.app.choices.security.public_url
        if public:
            return f"{public}{PREFIX}/v2"
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        return f"{scope['scheme']}://{host}{PREFIX}/v2"

    @staticmethod
    def get_path(scope: Any) -> str:
        """The path below /scim, mounted or not."""
        return str(scope["path"]).removeprefix(PREFIX)

    async def read_request(self, scope: Any, receive: Any) -> ScimRequest:
        """The request; header values that are not text are read byte by byte."""
        decoded = [
            (k.decode("latin-1").encode(), v.decode("latin-1").encode())
            for k, v in scope["headers"]
        ]
        query = scope["query_string"].decode("latin-1").encode("ascii", "replace")
        told = {**scope, "headers": decoded, "query_string": query}
        request: ScimRequest = await super().read_request(told, receive)
        return request

    async def dispatch_request(self, request: ScimRequest) -> ScimResponse:
        """Authenticate, serve over the caller's own storage, and log what was written."""
        if not self.needs_auth(request):
            return await self.handler.handle(request)
        pusher = await self._pusher(request)
        if plain := await self._plain(request, pusher):
            return plain
        service, sent = await self._service(pusher), request.body
        storage = PushStorage(self.app, self.runner, pusher, service.provider)
        try:
            if request.body and request.method not in _READS:
                request.body = _fit(request.method, request.body)
            response = await AsyncScimHandler(service, storage).handle(request)
        except Exception as error:  # noqa: BLE001 -- whatever it is goes into the log
            response = self.handle_exception(request, error)
        await self._keep(request, sent, response, pusher, storage)
        return response

    async def _plain(self, request: ScimRequest, pusher: Pusher) -> Written | None:
        """A page by place alone, without the library; None for everything else."""
        page = plain_page(request.path, request.query) if request.method == "GET" else None
        if page is None:
            return None
        total, records = await page_of_kept(self.app, pusher, (page.kind,), page.start, page.count)
        return written(page, total, records, request.base_url)

    @staticmethod
    async def send_response(response: ScimResponse, send: Any) -> None:
        """An answer that is bytes already goes out as it is."""
        if not isinstance(response, Written):
            await ASGIApplication.send_response(response, send)
            return
        headers = [(key.encode(), value.encode()) for key, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.raw})

    async def _pusher(self, request: ScimRequest) -> Pusher:
        kind, _, secret = (request.header("Authorization") or "").partition(" ")
        try:
            found = await pusher_of(self.app, secret.strip()) if kind.lower() == "bearer" else None
        except RolecallError as error:
            raise ForbiddenException(detail=redacted(error.message)) from error
        if found is None:
            raise UnauthorizedException(detail="no valid token")
        return found

    async def _service(self, pusher: Pusher) -> ScimService:
        """The service of a portal as of its newest snapshot."""
        key = f"{pusher.portal.hub_id}/{pusher.snapshot_id}"
        if key not in self._services:
            published = await published_values(self.app, pusher)
            self._services[key] = ScimService(provider_of(published))
            if len(self._services) > PROVIDERS:
                self._services.popitem(last=False)
        return self._services[key]

    async def _keep(
        self,
        request: ScimRequest,
        sent: bytes,
        response: ScimResponse,
        pusher: Pusher,
        storage: PushStorage,
    ) -> None:
        """Writes and refusals go into the log, without passwords."""
        status = int(response.status)
        if request.method in _READS and status < 400:
            return
        attempt = storage.attempt or Attempt("")
        told = response.body.get("detail", "") if isinstance(response.body, dict) else ""
        line = ScimLine(
            uuid7(),
            pusher.client.id,
            self.app.clock.now(),
            request.method,
            request.path,
            _redacted(sent),
            status,
            str(told) if status >= 400 else "",
            kind=attempt.kind,
            resource_id=attempt.resource_id,
            after=attempt.body,
        )
        await keep_line(self.app, line, attempt.asked)

    def handle_exception(self, request: ScimRequest, exception: Exception) -> ScimResponse:
        """Our errors are explained refusals; anything else is the library's to answer."""
        if isinstance(exception, RolecallError):
            exception = Declined(exception)
        response: ScimResponse = super().handle_exception(request, exception)
        return response


def _fit(method: str, body: bytes) -> bytes:
    """The body without quirks; InvalidSyntaxException for what is no plain JSON."""
    try:
        told = checked(body)
    except Unfit as error:
        raise InvalidSyntaxException(detail=str(error)) from error
    return json.dumps(mended(method, told)).encode()


def _redacted(body: bytes) -> str:
    """The body as text, bounded, with every password struck out.

    Of what is no plain JSON the size alone: nobody can tell where in it a password is.
    """
    if not body:
        return ""
    try:
        told: Any = checked(body)
    except Unfit as error:
        return f"({len(body)} bytes, not kept: {error})"
    return json.dumps(_without_password(told), ensure_ascii=False)[:KEPT_BYTES]


def _without_password(value: Any) -> Any:
    if isinstance(value, dict):
        if str(value.get("path", "")).casefold().endswith("password"):
            return {**value, "value": "(not kept)"}
        return {
            key: "(not kept)" if key.casefold().endswith("password") else _without_password(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_without_password(one) for one in value]
    return value


__all__ = ["SCIMException", "create_face"]
