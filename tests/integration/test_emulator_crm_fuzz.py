"""Nonsense against the CRM: whatever is sent, the answer is HubSpot's, never a crash."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.crm import a_crm_world, talking_to

WORDS = (
    *("inputs", "id", "idProperty", "properties", "filterGroups", "filters", "propertyName"),
    *("operator", "value", "values", "highValue", "sorts", "limit", "after", "query", "direction"),
    *("name", "label", "type", "fieldType", "groupName", "options", "string", "enumeration"),
    *("hs_working_hours", "hs_object_id", "hubspot_owner_id", "email", "closedate", "amount"),
    *("EQ", "IN", "BETWEEN", "LT", "CONTAINS_TOKEN", "HAS_PROPERTY", "contactinformation"),
)
scalars = (
    st.sampled_from(WORDS)
    | st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(max_size=5)
    | st.sampled_from(["9" * 5000, "-1", "nan", "1e999", "0001-01-01", "[{}]", "*"])
)
bodies = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=12,
)
filters = st.fixed_dictionaries(
    {"propertyName": st.sampled_from(WORDS), "operator": st.sampled_from(WORDS)},
    optional={"value": scalars, "values": st.lists(scalars, max_size=2), "highValue": scalars},
)
searches = st.fixed_dictionaries(
    {"filterGroups": st.lists(st.fixed_dictionaries({"filters": st.lists(filters)}), max_size=2)},
    optional={"sorts": st.lists(scalars, max_size=2), "limit": scalars, "after": scalars},
)
rows = st.fixed_dictionaries(
    {"id": scalars, "properties": st.dictionaries(st.sampled_from(WORDS), scalars, max_size=3)},
    optional={"idProperty": scalars},
)
batches = st.fixed_dictionaries({"inputs": st.lists(rows | bodies, max_size=3)})


def _statuses(method: str, paths: list[str], **request: Any) -> list[int]:
    async def send() -> list[int]:
        made = a_crm_world(search_lag="seconds")
        deals = made.portal.crm.objects["deals"]
        deals.add(
            {"amount": "5", "closedate": "2026-01-01", "dealname": "A"}, made.world.clock.now()
        )
        async with talking_to(made) as client:
            return [(await client.request(method, path, **request)).status_code for path in paths]

    return asyncio.run(send())


@pytest.mark.parametrize("verb", ["read", "create", "update", "upsert", "archive"])
@given(body=batches | bodies)
@settings(max_examples=25, deadline=None)
def test_batches_survive_nonsense(verb: str, body: Any) -> None:
    """A batch of anything answers below 500."""
    paths = [f"/crm/v3/objects/{kind}/batch/{verb}" for kind in ("users", "contacts", "deals")]

    assert max(_statuses("POST", paths, json=body)) < 500


@given(body=searches | bodies)
@settings(max_examples=80, deadline=None)
def test_searches_survive_nonsense(body: Any) -> None:
    """A search for anything answers below 500."""
    paths = [f"/crm/objects/2026-03/{kind}/search" for kind in ("users", "contacts", "deals")]

    assert max(_statuses("POST", paths, json=body)) < 500


@given(body=bodies)
@settings(max_examples=60, deadline=None)
def test_single_writes_survive_nonsense(body: Any) -> None:
    """Creating records and properties from anything answers below 500."""
    paths = ["/crm/v3/objects/contacts", "/crm/v3/properties/contacts", "/crm/v3/objects/users"]

    assert max(_statuses("POST", paths, json=body)) < 500


@given(st.sampled_from(["limit", "after", "archived", "idProperty", "resource", "email"]), scalars)
@settings(max_examples=60, deadline=None)
def test_reads_survive_nonsense(name: str, value: Any) -> None:
    """Any parameter of a read answers below 500."""
    paths = [
        "/crm/v3/objects/users",
        "/crm/v3/objects/users/99999999999999999999999999",
        "/crm/v3/owners",
        "/crm/v3/owners/x",
        "/resource-permissions/v3/permitted-users/paged",
    ]

    assert max(_statuses("GET", paths, params={name: str(value)})) < 500
