"""The foreign checker scim2-tester against our SCIM face on a real socket: no error."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx2
import pytest
import uvicorn

from hubspot_emulator.world import PermissionSet
from rolecall.scim.face import create_face
from rolecall.services.plans.plans import list_plans
from rolecall.services.scim.planning import ScimRunner
from tests.support.pushing import V2, an_idp

scim2_client = pytest.importorskip("scim2_client.engines.httpx2", reason="scim2-client is missing")


class Quiet(ScimRunner):
    """A runner that plans nothing."""

    def wake(self, client_id: str) -> None:
        """Nobody is planned for."""


async def test_scim2_tester_finds_nothing(tmp_path: Path) -> None:
    """Discovery, resources, filters, paging, PATCH of every attribute: not one error."""
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import Status, check_server

    async with an_idp(tmp_path, seed="blank") as idp:
        # Made-up people are not planned for: the checker makes hundreds. In a blank portal no
        # e-mail domain is a stranger's.
        named = PermissionSet(id=9_000_001, name="Sales Rep")
        idp.house.portal.permission_sets[named.id] = named
        await idp.house.sync()
        face = create_face(idp.house.app, Quiet(idp.house.app))
        config = uvicorn.Config(face, port=0, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 -- uvicorn tells by this flag alone
            await asyncio.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        token = idp.client.headers["authorization"]
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}{V2}", headers={"authorization": token}, timeout=60
        ) as http:
            results = await asyncio.to_thread(check_server, SyncSCIMClient(http))
        server.should_exit = True
        await task
        plans = await list_plans(idp.house.app, idp.house.actor)
        wrong = [one for one in results if one.status in (Status.ERROR, Status.CRITICAL)]

        assert "" == "\n".join(f"{one.title}: {one.reason}" for one in wrong)
        assert Counter(one.status for one in results)[Status.SUCCESS] > 100
        assert () == plans
