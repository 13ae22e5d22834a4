"""schemathesis against our OpenAPI document on a real socket: every answer is a documented one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings

from rolecall.api.face import create_face
from tests.support.faces import EVERYTHING, a_token
from tests.support.house import a_house

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is missing")
CASES = 4  # of each operation; hundreds of requests are enough to find a wrong answer
TOKEN: dict[str, str] = {}


class Served(threading.Thread):
    """The tiny portal behind REST, on a port of its own, in a loop of its own."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self.home, self.ready, self.port = home, threading.Event(), 0
        self.server: uvicorn.Server | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with a_house(self.home) as house:
            TOKEN["secret"] = await a_token(house, *EVERYTHING)
            face = create_face(house.app)
            config = uvicorn.Config(face, port=0, log_level="error", lifespan="off")
            self.server = uvicorn.Server(config)
            task = asyncio.create_task(self.server.serve())
            while not self.server.started:  # noqa: ASYNC110 -- uvicorn tells by this flag alone
                await asyncio.sleep(0.05)
            self.port = self.server.servers[0].sockets[0].getsockname()[1]
            self.ready.set()
            await task


@pytest.fixture(scope="module")
def api_schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document as served."""
    served = Served(tmp_path_factory.mktemp("house"))
    served.start()
    assert served.ready.wait(60)
    headers = {"Authorization": f"Bearer {TOKEN['secret']}"}
    url = f"http://127.0.0.1:{served.port}/api/v1/openapi.json"
    yield schemathesis.openapi.from_url(url, headers=headers)
    assert served.server is not None
    served.server.should_exit = True
    served.join(10)


def test_every_answer_is_documented(api_schema: Any) -> None:
    """Status, content type and shape of each answer are in the document; no 500 ever."""
    operations = [found.ok() for found in api_schema.get_all_operations()]
    for operation in operations:
        _probe(operation)

    assert len(operations) > 40


def _probe(operation: Any) -> None:
    """Call one operation with some made-up cases, and check each answer."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    wanted = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]

    @settings(
        max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        headers = {"Authorization": f"Bearer {TOKEN['secret']}"}
        case.validate_response(case.call(headers=headers), checks=wanted)

    call()
