"""Plain SCIM pages are what the library would have answered, member by member."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_server.service import ScimService
from scim2_server.storage import SearchPage

from rolecall.domain.scim import ScimRecord
from rolecall.scim.listing import plain_page, written
from rolecall.scim.provider import provider_of
from rolecall.scim.reading import body_of, resource_of
from rolecall.services.scim.kept import Published

BASE = "https://rolecall.test/scim/v2"
CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SERVICE = ScimService(provider_of(Published("s1", ("Core",), ("Sales Rep",))))
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
FLAG = st.none() | st.booleans()
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


VALUES = st.lists(_some(value=TEXT, type=TEXT, primary=FLAG, display=TEXT), max_size=2)
USERS = _some(
    userName=TEXT, externalId=TEXT, title=TEXT, active=FLAG, displayName=TEXT, locale=st.just("de"),
    name=_some(givenName=TEXT, familyName=TEXT), emails=VALUES, roles=VALUES, entitlements=VALUES,
    phoneNumbers=VALUES, password=TEXT,
    **{ENTERPRISE: _some(department=TEXT, organization=TEXT, manager=_some(value=TEXT))},
)  # fmt: skip
GROUPS = _some(displayName=TEXT, externalId=TEXT, members=st.lists(_some(value=TEXT), max_size=3))


def _record(kind: str, told: dict[str, Any], at: datetime, number: int) -> ScimRecord:
    with SERVICE.provider:
        model: Any = SERVICE.provider.model_for(kind)
        extended = [ENTERPRISE] if ENTERPRISE in told else []
        resource = model.model_validate({**told, "schemas": [f"{CORE}:{kind}", *extended]})
        return ScimRecord("c", kind, f"id{number}", 1, "n", body_of(resource), at, at, number)


def _by_the_library(kind: str, records: list[ScimRecord], query: dict[str, str]) -> Any:
    with SERVICE.provider:
        types = [one for one in SERVICE.provider.resource_types if one.name == kind]
        asked, _ = SERVICE.read_search_query(types, query)
        model: Any = SERVICE.provider.model_for(kind)
        start = asked.start_index_0 or 0
        stop = None if asked.count is None else start + asked.count
        page = SearchPage(len(records), [resource_of(model, one) for one in records[start:stop]])
        return json.loads(json.dumps(SERVICE.search_response(BASE, types, page, asked).body))


def _ours(path: str, records: list[ScimRecord], query: dict[str, str]) -> Any:
    page = plain_page(path, query)
    assert page is not None
    some = tuple(records[page.start : page.start + page.count])
    answer = written(page, len(records), some, BASE)
    assert answer is not None
    return json.loads(answer.raw)


@pytest.mark.parametrize(
    ("kind", "path", "bodies"), [("User", "/Users", USERS), ("Group", "/Groups", GROUPS)]
)
@pytest.mark.parametrize("query", [{}, {"count": "2"}, {"startIndex": "2", "count": "1"}])
def test_as_the_library(
    kind: str, path: str, bodies: st.SearchStrategy[dict[str, Any]], query: dict[str, str]
) -> None:
    """Any pushed resource, any place: the same members and values."""

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(bodies, MOMENTS), max_size=3))
    def held(told: list[tuple[dict[str, Any], datetime]]) -> None:
        records = [_record(kind, body, at, n) for n, (body, at) in enumerate(told, 1)]

        assert _by_the_library(kind, records, query) == _ours(path, records, query)

    held()


@pytest.mark.parametrize("query", [{"count": "0"}, {"count": "999"}, {"startIndex": "9"}])
def test_odd_places(query: dict[str, str]) -> None:
    """Nothing asked for, too much asked for, past the end."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    records = [_record("User", {"userName": f"u{n}"}, at, n) for n in range(1, 4)]

    assert _by_the_library("User", records, query) == _ours("/Users", records, query)


@pytest.mark.parametrize(
    "query",
    [
        {"filter": 'userName eq "a"'}, {"sortBy": "userName"}, {"attributes": "userName"},
        {"count": "-1"}, {"count": "x"}, {"startIndex": "0"}, {"startIndex": "9" * 12},
        {"cursor": ""}, {"count": "١"},
    ],
)  # fmt: skip
def test_what_the_library_must_judge(query: dict[str, str]) -> None:
    """Everything beyond a plain place is the library's."""
    assert plain_page("/Users", query) is None
    assert plain_page("/Schemas", {}) is None


def test_references_are_the_librarys() -> None:
    """A manager by reference is told as an address of ours."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    manager = {"value": "id2", "$ref": "Users/id2"}
    record = _record("User", {"userName": "u", ENTERPRISE: {"manager": manager}}, at, 1)
    page = plain_page("/Users", {})
    assert page is not None

    assert written(page, 1, (record,), BASE) is None
