"""Property values as they are taken, refused, stored and told; each test's docstring has its source."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.crm import a_crm_world, talking_to

ROOT = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"


async def _kim(client: httpx2.AsyncClient) -> str:
    """The address of a new contact called Kim."""
    made = await client.post(ROOT, json={"properties": {"firstname": "Kim"}})
    return f"{ROOT}/{made.json()['id']}"


async def _define(client: httpx2.AsyncClient, kind: str, field: str) -> None:
    """A property `probe` of this type."""
    body = {"name": "probe", "label": "Probe", "type": kind, "fieldType": field}
    made = await client.post(PROPERTIES, json={**body, "groupName": "contactinformation"})
    assert made.status_code == 201


async def _sent(client: httpx2.AsyncClient, value: object) -> httpx2.Response:
    """The answer to writing `probe`."""
    return await client.patch(await _kim(client), json={"properties": {"probe": value}})


class TestTakenAway:
    """What a client sees of a value that is no more."""

    @pytest.mark.parametrize(("switch", "seen"), [("empty", ""), ("null", None)])
    async def test_cleared_is_not_never_set(self, switch: str, seen: str | None) -> None:
        """An empty string stands for a cleared value (a warehouse connector, April 2026)."""
        asked = {"properties": "firstname,lastname"}
        made = a_crm_world()
        made.world.switches.choose("cleared_value", switch)
        async with talking_to(made) as client:
            at = await _kim(client)
            changed = await client.patch(at, json={"properties": {"firstname": ""}})
            read = await client.get(at, params=asked)
            listed = await client.get(ROOT, params=asked)
            inputs = {"inputs": [{"id": at.rsplit("/", 1)[1]}], "properties": ["firstname"]}
            batch = await client.post(f"{ROOT}/batch/read", json=inputs)

        assert changed.json()["properties"]["firstname"] == seen
        assert read.json()["properties"]["firstname"] == seen
        assert read.json()["properties"]["lastname"] is None
        assert listed.json()["results"][0]["properties"]["firstname"] == seen
        assert batch.json()["results"][0]["properties"]["firstname"] == seen

    async def test_cleared_is_unset_to_search(self) -> None:
        """HAS_PROPERTY passes a cleared value over."""
        with_name = {"filterGroups": [{"filters": [_has("firstname")]}]}
        async with talking_to(a_crm_world()) as client:
            at = await _kim(client)
            before = await client.post(f"{ROOT}/search", json=with_name)
            await client.patch(at, json={"properties": {"firstname": ""}})
            after = await client.post(f"{ROOT}/search", json=with_name)

        assert (before.json()["total"], after.json()["total"]) == (1, 0)

    async def test_null_leaves_the_value(self) -> None:
        """A null is taken and does nothing (an issue of HubSpot's Node client, February 2023)."""
        async with talking_to(a_crm_world()) as client:
            at = await _kim(client)
            changed = await client.patch(at, json={"properties": {"firstname": None}})

        assert changed.status_code == 200
        assert changed.json()["properties"]["firstname"] == "Kim"


class TestTypes:
    """Values of another type than text."""

    @pytest.mark.parametrize("value", [" 12", "12 ", "12\u00a0"])
    async def test_blanks_around_a_value_are_refused(self, value: str) -> None:
        """So HubSpot's changelog for all types but text, since April 7th, 2025."""
        async with talking_to(a_crm_world()) as client:
            await _define(client, "number", "number")
            refused = await _sent(client, value)

        assert refused.status_code == 400
        assert refused.json()["category"] == "VALIDATION_ERROR"
        assert "includes leading or trailing whitespace." in refused.json()["message"]
        assert refused.json()["errors"][0]["code"] == "LEADING_TRAILING_WHITESPACE"

    async def test_text_keeps_its_blanks(self) -> None:
        """The same does not hold for text."""
        async with talking_to(a_crm_world()) as client:
            changed = await client.patch(
                await _kim(client), json={"properties": {"lastname": " O "}}
            )

        assert changed.json()["properties"]["lastname"] == " O "

    @pytest.mark.parametrize("value", ["2022-05-16", "1652659200000", 1652659200000])
    async def test_days_are_told_as_iso_dates(self, value: Any) -> None:
        """HubSpot's FAQ on timestamps: taken in milliseconds or as ISO 8601, told as ISO 8601."""
        async with talking_to(a_crm_world()) as client:
            await _define(client, "date", "date")
            changed = await _sent(client, value)

        assert changed.json()["properties"]["probe"] == "2022-05-16"

    async def test_days_begin_at_midnight(self) -> None:
        """HubSpot's FAQ: a date that is not midnight UTC is an error."""
        async with talking_to(a_crm_world()) as client:
            await _define(client, "date", "date")
            refused = await _sent(client, "1652729820000")

        assert refused.status_code == 400
        assert refused.json()["errors"][0]["code"] == "INVALID_DATE"

    @pytest.mark.parametrize(
        "value", ["2020-02-29T03:30:17.000Z", "2020-02-29T04:30:17+01:00", 1582947017000]
    )
    async def test_moments_are_told_in_utc(self, value: Any) -> None:
        """HubSpot's FAQ: times are told in UTC, with Z."""
        async with talking_to(a_crm_world()) as client:
            await _define(client, "datetime", "date")
            changed = await _sent(client, value)

        assert changed.json()["properties"]["probe"] == "2020-02-29T03:30:17.000Z"

    @pytest.mark.parametrize("value", ["soon", "9" * 30])
    async def test_no_moment(self, value: str) -> None:
        """What is neither milliseconds nor ISO 8601 is no valid long."""
        async with talking_to(a_crm_world()) as client:
            await _define(client, "datetime", "date")
            refused = await _sent(client, value)

        assert refused.json()["errors"][0]["code"] == "INVALID_LONG"


@pytest.mark.parametrize(
    ("answer", "media_type", "status"),
    [
        ("read", "text/plain", 201),
        ("refuse_415", "text/plain", 415),
        ("refuse_415", "application/x-www-form-urlencoded", 415),
        ("refuse_415", "application/json; charset=utf-8", 201),
    ],
)
async def test_a_body_that_hides_its_type(answer: str, media_type: str, status: int) -> None:
    """415 was seen by clients of other endpoints in 2015, 2021 and 2024."""
    made = a_crm_world()
    made.world.switches.choose("wrong_content_type", answer)
    async with talking_to(made) as client:
        created = await client.post(
            ROOT, content=b'{"properties": {}}', headers={"Content-Type": media_type}
        )

    assert created.status_code == status


def _has(name: str) -> dict[str, str]:
    return {"propertyName": name, "operator": "HAS_PROPERTY"}
