"""HubSpot's answers decode, whatever is missing, null or new in them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.hubspot import wire
from rolecall.hubspot.paging import cursor

STRUCTS: list[type[msgspec.Struct]] = [
    found
    for found in vars(wire).values()
    if isinstance(found, type)
    and issubclass(found, wire.Wire)
    and found not in (wire.Wire, wire.Listed, wire.BatchResult)
]
LEAST: dict[str, Any] = {
    "id": "1",
    "name": "x",
    "userId": "2",
    "portalId": 3,
    "access_token": "t",
    "results": [],
}


def _least(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Only what the struct insists on."""
    return {
        field.encode_name: LEAST[field.encode_name]
        for field in msgspec.structs.fields(struct)
        if field.required
    }


class TestLeniency:
    @pytest.mark.parametrize("struct", STRUCTS, ids=lambda s: s.__name__)
    @settings(max_examples=15)
    @given(extra=st.dictionaries(st.text(min_size=1).map("new".__add__), st.integers() | st.none()))
    def test_unknown_fields_are_ignored(
        self, struct: type[msgspec.Struct], extra: dict[str, Any]
    ) -> None:
        """Fields nobody knows change nothing."""
        least = _least(struct)
        plain = msgspec.json.decode(json.dumps(least), type=struct)

        assert plain == msgspec.json.decode(json.dumps(extra | least), type=struct)

    def test_the_recorded_user_without_role_and_team(self) -> None:
        """As recorded in March 2026: absent optionals are dropped, not null."""
        raw = (
            b'{"id":"88842095","email":"a@b.test","firstName":"A","lastName":"B",'
            b'"roleIds":[],"superAdmin":true}'
        )
        user = msgspec.json.decode(raw, type=wire.User)

        assert user == wire.User("88842095", "a@b.test", "A", "B", role_ids=(), super_admin=True)

    def test_the_recorded_owner(self) -> None:
        """Settings ids are text, an owner's user id is a number."""
        raw = (
            b'{"id":"534941","email":"a@b.test","type":"PERSON","userId":534941,'
            b'"userIdIncludingInactive":534941,"createdAt":"2026-03-11T13:13:59.578Z",'
            b'"updatedAt":"2026-03-11T13:13:59.578Z","archived":false}'
        )
        owner = msgspec.json.decode(raw, type=wire.Owner)

        assert owner.user_id == 534941
        assert owner.id == "534941"

    def test_token_answers_show_no_token(self) -> None:
        """Not even a debugger's repr of the token endpoint's answer holds a secret."""
        grant = msgspec.json.decode(
            b'{"access_token":"s3cret","refresh_token":"r"}', type=wire.OAuthGrant
        )

        assert "s3cret" not in repr(grant)


class TestCursor:
    @pytest.mark.parametrize(
        ("paging", "expected"),
        [
            ({}, None),
            ({"paging": None}, None),
            ({"paging": {}}, None),
            ({"paging": {"next": {}}}, None),
            ({"paging": {"next": {"after": ""}}}, None),
            ({"paging": {"next": {"after": "17"}}}, "17"),
            ({"paging": {"next": {"after": 17, "link": "x"}}}, "17"),
        ],
    )
    def test_the_last_page_is_known_in_every_form(
        self, paging: dict[str, Any], expected: str | None
    ) -> None:
        """Recorded answers drop `paging`; some tests of others send it empty."""
        raw = json.dumps({"results": []} | paging)

        assert cursor(msgspec.json.decode(raw, type=wire.Listed[wire.User])) == expected
