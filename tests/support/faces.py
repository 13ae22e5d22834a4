"""The machine faces over a house: a token of some scopes, and a client that carries it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from rolecall.domain.actor import local_actor
from rolecall.domain.operator import TokenScope
from rolecall.services.operators.tokens import create_token
from tests.support.house import House

BASE = "http://rolecall.test"
EVERYTHING = tuple(one for one in TokenScope if one is not TokenScope.SCIM)


async def a_token(house: House, *scopes: TokenScope, portal: int = 0, name: str = "test") -> str:
    """The secret of a token made by the house's operator of the command line."""
    made = await create_token(house.app, local_actor("ada"), name, scopes or EVERYTHING, [portal])
    return made.secret


@asynccontextmanager
async def calling(face: Any, secret: str = "", **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of one face."""
    own = {"authorization": f"Bearer {secret}"} if secret else {}
    transport = httpx2.ASGITransport(face, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url=BASE, headers={**own, **headers}, timeout=60
    ) as client:
        yield client
