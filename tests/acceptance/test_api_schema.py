"""schemathesis against our OpenAPI document on a real socket: every answer is a documented one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.faces import served_api

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is missing")
CASES = 4  # of each operation; hundreds of requests are enough to find a wrong answer
TOKEN: dict[str, str] = {}


@pytest.fixture(scope="module")
def api_schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document as served."""
    with served_api(tmp_path_factory.mktemp("house")) as served:
        TOKEN["secret"] = served.secret
        headers = {"Authorization": f"Bearer {served.secret}"}
        yield schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json", headers=headers)


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
