"""MCP with a real client library: looks, explains, plans and asks; never changes anything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import PlanState
from rolecall.store import AuditQuery
from tests.support.faces import BASE, a_token, calling
from tests.support.house import House, a_house

mcp = pytest.importorskip("mcp", reason="the extra mcp is missing")


@asynccontextmanager
async def assistant(house: House, *scopes: TokenScope) -> AsyncIterator[Any]:
    """An assistant's client with a token of these scopes."""
    from mcp.client.streamable_http import streamable_http_client

    from rolecall.mcp.face import McpFace

    face = McpFace(house.app)
    try:
        async with calling(face, await a_token(house, *scopes)) as http:
            transport = streamable_http_client(f"{BASE}/mcp", http_client=http)
            async with mcp.Client(transport) as client:
                yield client
    finally:
        await face.stop()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The tiny portal."""
    async with a_house(tmp_path) as made:
        yield made


async def _told(client: Any, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return json.loads(result.content[0].text)


async def test_an_assistant_looks_explains_and_plans(house: House) -> None:
    """Every reading tool answers; a plan is proposed and stays proposed."""
    async with assistant(house, TokenScope.READ, TokenScope.PLAN_PROPOSE) as client:
        tools = [one.name for one in (await client.list_tools()).tools]
        portals = await _told(client, "list_portals")
        users = await _told(client, "list_users", portal="acme")
        card = await _told(client, "show_user", portal="acme", user="ben@tiny.test")
        reasons = await _told(
            client, "why_can", portal="acme", user="ben@tiny.test", action="export contacts"
        )
        await _told(client, "who_can", portal="acme", action="export contacts")
        await _told(client, "list_findings", portal="acme")
        plan = await _told(
            client, "plan_change", portal="acme", user="ben@tiny.test", reason="joins the office",
            add_teams=["Office"],
        )  # fmt: skip
        shown = await _told(client, "show_plan", plan=plan["id"])
    before = house.member("ben@tiny.test")

    assert ["acme"] == [one["name"] for one in portals]
    assert users["total"] == len(users["users"])
    assert "ben@tiny.test" == card["user"]["email"]
    assert reasons
    assert PlanState.PROPOSED.value == shown["state"]
    assert before is not None
    assert not any("approve" in one or "apply" in one for one in tools)


async def test_a_scope_opens_its_own_tools_alone(house: House) -> None:
    """A token for asking neither looks nor plans; one for looking does not plan."""
    looks = ("list_users", {"portal": "acme"})
    plans = ("plan_change", {"portal": "acme", "user": "ben@tiny.test", "reason": "r"})
    for scope, refused in (
        (TokenScope.REQUEST_FILE, (looks, plans)), (TokenScope.READ, (plans,)),
        (TokenScope.PLAN_PROPOSE, (looks,)), (TokenScope.SCIM, (looks, plans)),
    ):  # fmt: skip
        async with assistant(house, scope) as client:
            for tool, arguments in refused:
                answer = await client.call_tool(tool, arguments)
                assert answer.is_error, (scope, tool)
                assert "needs the scope" in answer.content[0].text


async def test_calls_leave_audit_lines(house: House) -> None:
    """Each call is a line of its own, refused ones too."""
    async with assistant(house, TokenScope.READ) as client:
        await _told(client, "list_portals")
        refused = await client.call_tool(
            "plan_change", {"portal": "acme", "user": "ben@tiny.test", "reason": "x", "seat": ""}
        )
    async with house.app.database.read() as view:
        lines = await view.audit.lines(AuditQuery(event="mcp:"))

    assert refused.is_error
    assert "plan:propose" in refused.content[0].text
    assert [("plan_change", "refused"), ("list_portals", "answered")] == [
        (one.event.details["tool"], one.event.details["outcome"]) for one in lines
    ]


async def test_no_token_no_answer(house: House) -> None:
    """401 before anything is parsed."""
    from rolecall.mcp.face import create_face

    async with calling(create_face(house.app)) as nobody:
        answer = await nobody.post("/mcp", json={"jsonrpc": "2.0", "method": "tools/list", "id": 1})

    assert 401 == answer.status_code
