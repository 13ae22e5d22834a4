"""Who calls the REST face: a bearer token, its owner's rights cut to its scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from rolecall.domain.actor import Actor
from rolecall.domain.operator import TokenScope
from rolecall.domain.portal import Portal
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named, portal_to_ask
from rolecall.services.operators.tokens import authenticate
from rolecall.services.rights import need_scope

BEARER = HTTPBearer(auto_error=False, description="A token of `rolecall token create`")


class NotSignedIn(Refused):
    """There is no token, or it is not valid (any more)."""

    http_status = 401


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the installation, and who asks."""

    app: App
    actor: Actor

    async def portal(self, name: str) -> Portal:
        """A portal the caller may look at, by name; NotThere otherwise."""
        return await portal_named(self.app, self.actor, name)

    async def hub_id(self, name: str) -> int:
        """The hub id of a portal in which the caller may do anything at all; NotThere otherwise."""
        return (await portal_to_ask(self.app, self.actor, name)).hub_id


async def _call(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> Call:
    app: App = request.app.state.rolecall
    actor = await authenticate(app, bearer.credentials) if bearer else None
    if actor is None:
        raise NotSignedIn("no valid token", hint="send Authorization: Bearer rct_...")
    return Call(app, actor)


async def _reading(call: Annotated[Call, Depends(_call)]) -> Call:
    need_scope(call.actor, TokenScope.READ, "read")
    return call


Caller = Annotated[Call, Depends(_call)]
Reader = Annotated[Call, Depends(_reading)]
