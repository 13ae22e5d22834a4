"""An identity provider that pushes into an emulated portal through our SCIM face."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from rolecall.domain.operator import TokenScope
from rolecall.scim.face import create_face
from rolecall.services.scim.planning import ScimRunner
from tests.support.faces import a_token, calling
from tests.support.house import House, a_house

V2 = "/scim/v2"
CORE = "urn:ietf:params:scim:schemas:core:2.0"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass
class Idp:
    """One identity provider, its token, and the house it pushes into."""

    house: House
    runner: ScimRunner
    face: Any
    client: httpx2.AsyncClient

    async def send(
        self, method: str, path: str, body: Any = None, status: int = 200, **headers: str
    ) -> Any:
        """One request as application/scim+json; its JSON."""
        sent = {"content-type": "application/scim+json; charset=utf-8", **headers}
        answer = await self.client.request(method, V2 + path, json=body, headers=sent)
        assert status == answer.status_code, answer.text
        return answer.json() if answer.content else None

    async def patch(self, path: str, *operations: dict[str, Any], status: int = 204) -> Any:
        """A PATCH of these operations."""
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.send("PATCH", path, body, status)

    async def settled(self) -> None:
        """Everything pushed so far is planned and applied."""
        await self.runner.idle()


@asynccontextmanager
async def an_idp(home: Path, *, seed: str = "tiny", database_url: str = "") -> AsyncIterator[Idp]:
    """A portal, and a provider that may push into it."""
    async with a_house(home, seed=seed, database_url=database_url) as house:
        runner = ScimRunner(house.app)
        face = create_face(house.app, runner)
        secret = await a_token(house, TokenScope.SCIM, portal=house.portal.id, name="idp")
        async with calling(face, secret) as client:
            yield Idp(house, runner, face, client)
            await runner.idle()


def a_user(name: str, **more: Any) -> dict[str, Any]:
    """What a provider sends of a person."""
    first, _, last = name.partition("@")[0].partition(".")
    return {
        "schemas": [f"{CORE}:User"],
        "userName": name,
        "name": {"givenName": first.title(), "familyName": last.title()},
        "emails": [{"value": name, "type": "work", "primary": True}],
        "active": True,
        **more,
    }
