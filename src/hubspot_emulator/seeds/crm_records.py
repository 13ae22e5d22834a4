"""Contacts, companies, deals and tickets with owners, made in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from hubspot_emulator.crm.definitions import user_property

if TYPE_CHECKING:
    from hubspot_emulator.world import Portal

ACCOUNT_MANAGER = "account_manager"  # a custom user-type property, next to the owner
_INDUSTRIES = ("Logistics", "Energy", "Retail", "Healthcare", "Education", "Machinery")


def define_account_manager(portal: Portal) -> None:
    """A second property that names a user, on companies and deals, as portals like to have."""
    for kind in ("companies", "deals"):
        portal.crm.objects[kind].define(user_property(ACCOUNT_MANAGER, "Account Manager"))


def plant_records(
    portal: Portal,
    kind: str,
    count: int,
    at: datetime,
    *,
    owner_id: int | None = None,
    names: Mapping[str, str] | None = None,
) -> list[int]:
    """Add `count` records of a kind, owned by this owner id, and give back their ids.

    `names` are further properties, such as a custom user property.
    """
    store = portal.crm.objects[kind]
    extra = dict(names or {})
    if owner_id is not None:
        extra["hubspot_owner_id"] = str(owner_id)
    made = []
    for _ in range(count):
        number = len(store.records) + 1
        made.append(store.add({**_properties(kind, number), **extra}, at).id)
    return made


def _properties(kind: str, number: int) -> dict[str, str | None]:
    if kind == "contacts":
        email = f"contact{number}@customer{number % 211}.example"
        names = {"firstname": f"Contact{number % 97}", "lastname": f"No{number}"}
        return {"email": email, "lifecyclestage": "lead", **names}
    if kind == "companies":
        industry = _INDUSTRIES[number % len(_INDUSTRIES)]
        domain = f"customer{number}.example"
        return {"name": f"Customer {number} Ltd", "domain": domain, "industry": industry}
    if kind == "deals":
        stage = "contractsent" if number % 3 else "closedwon"
        amount = str(500 * (number % 40 + 1))
        named = {"dealname": f"Deal {number}", "amount": amount}
        return {"pipeline": "default", "dealstage": stage, **named}
    return {"subject": f"Ticket {number}", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
