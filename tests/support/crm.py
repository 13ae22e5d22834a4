"""A small emulated portal for CRM tests: a few users with owners, and a client that speaks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2

from hubspot_emulator.app import create_app
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.crm.store import add_user_record
from hubspot_emulator.portals import add_member, add_portal, empty_world
from hubspot_emulator.tokens import Token
from hubspot_emulator.world import Portal, World

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TOKEN = "pat-na1-crm-tests"
NAMES = (("Anna", "Berg"), ("Ben", "Okafor"), ("Chiara", "Rossi"), ("Dmitri", "Volkov"))


@dataclass(frozen=True)
class CrmWorld:
    """A world with one portal and the people of NAMES in it."""

    world: World
    portal: Portal

    @property
    def user_ids(self) -> list[int]:
        """Settings ids in the order of NAMES."""
        return list(self.portal.members)

    def owner_id(self, place: int) -> int:
        """The owner id of the user at this place of NAMES."""
        owner = self.portal.crm.owner_of(self.user_ids[place])
        assert owner is not None
        return owner.id

    def record_id(self, place: int) -> int:
        """The CRM record id of the user at this place of NAMES."""
        return self.portal.crm.user_record_ids[self.user_ids[place]]


def a_crm_world(*, limits: str = "off", **switches: str) -> CrmWorld:
    """A frozen-clock world with one enterprise portal; `switches` by name."""
    clock = EmulatorClock()
    clock.freeze(NOW)
    mode = "real" if limits == "real" else "off"
    world = empty_world(limits=mode, switches=switches, clock=clock)  # type: ignore[arg-type]
    portal = add_portal(world, "Acme")
    for first, last in NAMES:
        email = f"{first}.{last}@acme.test".casefold()
        identity, member = add_member(world, portal, email, names=(first, last))
        add_user_record(portal, identity, member, NOW)
    world.tokens.issue(Token(TOKEN, "private_app", portal.id, 1))
    return CrmWorld(world, portal)


@asynccontextmanager
async def talking_to(made: CrmWorld, token: str = TOKEN) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the emulator over ASGI, with the token of this portal."""
    transport = httpx2.ASGITransport(create_app(made.world))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://emulator.test", headers=headers
    ) as client:
        yield client


def where(name: str, operator: str, value: object = None, **more: object) -> dict[str, object]:
    """A search body with one filter."""
    one = {"propertyName": name, "operator": operator, **more}
    if value is not None:
        one["value"] = value
    return {"filterGroups": [{"filters": [one]}]}
