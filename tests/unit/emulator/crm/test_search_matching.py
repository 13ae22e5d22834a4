"""Search against a naive filter: indexes, id ranges and paging may not change the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.crm.definitions import user_property
from hubspot_emulator.crm.kinds import DEALS
from hubspot_emulator.crm.records import ObjectStore, OldVersion, Record
from hubspot_emulator.crm.search.model import run
from hubspot_emulator.crm.search.query import CAPS, parse
from hubspot_emulator.wire import ApiError

NOW = datetime(2026, 11, 20, tzinfo=UTC)
OWNERS = ("101", "102", "103")
WORDS = ("maple", "Maple Foods", "atlas", "Atlas Labs", "x")

owners = st.sampled_from(OWNERS) | st.none()
rows = st.fixed_dictionaries(
    {
        "hubspot_owner_id": owners,
        "second_owner": owners,
        "dealname": st.sampled_from(WORDS) | st.none(),
        "amount": st.integers(0, 5).map(str) | st.none(),
    }
)
ids = st.integers(1, 14).map(str)


def _one(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    simple = st.builds(
        lambda operator, value: {"propertyName": name, "operator": operator, "value": value},
        st.sampled_from(["EQ", "NEQ", "LT", "LTE", "GT", "GTE"]),
        values,
    )
    listed = st.builds(
        lambda operator, chosen: {"propertyName": name, "operator": operator, "values": chosen},
        st.sampled_from(["IN", "NOT_IN"]),
        st.lists(values, min_size=1, max_size=3),
    )
    present = st.sampled_from(["HAS_PROPERTY", "NOT_HAS_PROPERTY"]).map(
        lambda operator: {"propertyName": name, "operator": operator}
    )
    between = st.builds(
        lambda low, high: {
            "propertyName": name,
            "operator": "BETWEEN",
            "value": low,
            "highValue": high,
        },
        values,
        values,
    )
    return simple | listed | present | between


filters = (
    _one("hubspot_owner_id", st.sampled_from(OWNERS))
    | _one("second_owner", st.sampled_from(OWNERS))
    | _one("amount", st.integers(0, 5).map(str))
    | _one("hs_object_id", ids)
    | _one("dealname", st.sampled_from([word.casefold() for word in WORDS]))
)
groups = st.lists(
    st.lists(filters, min_size=1, max_size=3).map(lambda chosen: {"filters": chosen}), max_size=3
)


def _store(values: list[dict[str, str | None]]) -> ObjectStore:
    store = ObjectStore(DEALS, 1)
    store.define(user_property("second_owner", "Second owner"))
    for row in values:
        store.add({name: value for name, value in row.items() if value is not None}, NOW)
    return store


def _naive(store: ObjectStore, record: Record, one: dict[str, Any]) -> bool:
    value, operator = store.value(record, one["propertyName"]), one["operator"]
    numeric = one["propertyName"] in ("amount", "hs_object_id")

    def shaped(text: str) -> Any:
        return float(text) if numeric else text.casefold()

    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (value is not None) == (operator == "HAS_PROPERTY")
    if value is None:
        return operator in ("NEQ", "NOT_IN")
    seen = shaped(value)
    if operator in ("IN", "NOT_IN"):
        return (seen in [shaped(v) for v in one["values"]]) == (operator == "IN")
    wanted = shaped(one["value"])
    return {
        "EQ": seen == wanted,
        "NEQ": seen != wanted,
        "LT": seen < wanted,
        "LTE": seen <= wanted,
        "GT": seen > wanted,
        "GTE": seen >= wanted,
        "BETWEEN": operator == "BETWEEN" and wanted <= seen <= shaped(one.get("highValue", "0")),
    }[operator]


def _expected(store: ObjectStore, body: dict[str, Any]) -> list[int]:
    return [
        record.id
        for record in store.records.values()
        if not record.archived
        and (
            not body["filterGroups"]
            or any(
                all(_naive(store, record, f) for f in g["filters"]) for g in body["filterGroups"]
            )
        )
    ]


def _search(store: ObjectStore, body: dict[str, Any], believed: Any = None) -> list[int]:
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        query = parse({**body, "after": str(after)}, 100, store, CAPS["18"])
        page = run(store, query, believed or {}, unset_matches=True)
        found.extend(record.id for record in page.records)
        after = page.after
        assert page.total >= len(found)
    return found


class TestSearch:
    @given(st.lists(rows, max_size=14), groups, st.integers(1, 5))
    @settings(max_examples=120, deadline=None)
    def test_equals_a_naive_filter(
        self, values: list[dict[str, str | None]], chosen: list[Any], limit: int
    ) -> None:
        """Whatever the filters and the page size, the pages hold exactly the matching records."""
        store = _store(values)
        body = {"filterGroups": chosen, "limit": limit}

        assert _search(store, body) == _expected(store, body)

    @given(st.lists(rows, min_size=1, max_size=10), groups, st.data())
    @settings(max_examples=80, deadline=None)
    def test_indexes_follow_changes(
        self, values: list[dict[str, str | None]], chosen: list[Any], data: st.DataObject
    ) -> None:
        """After changes and archiving, an indexed search still equals the naive one."""
        store = _store(values)
        for record in list(store.records.values()):
            if data.draw(st.booleans()):
                store.change(record, data.draw(rows), NOW)
            if data.draw(st.booleans()):
                store.archive(record, NOW)
        body = {"filterGroups": chosen, "limit": 3}

        assert _search(store, body) == _expected(store, body)

    @given(st.lists(rows, min_size=1, max_size=10), groups, st.data())
    @settings(max_examples=80, deadline=None)
    def test_lag_shows_the_portal_as_it_was(
        self, values: list[dict[str, str | None]], chosen: list[Any], data: st.DataObject
    ) -> None:
        """With every change still believed away, search answers as before the changes."""
        store = _store(values)
        body = {"filterGroups": chosen, "limit": 3}
        before = _expected(store, body)
        believed = {}
        for record in list(store.records.values()):
            version = OldVersion(NOW, dict(record.properties))
            believed[record.id] = Record(record.id, version.values or {}, NOW, NOW)
            store.change(record, data.draw(rows), NOW)
            if data.draw(st.booleans()):
                store.archive(record, NOW)

        assert _search(store, body, believed) == before

    @given(st.lists(rows, max_size=12), st.booleans())
    @settings(max_examples=40, deadline=None)
    def test_sorts_unset_last(self, values: list[dict[str, str | None]], descending: bool) -> None:
        """A sort orders by number, records without a value come last, ties keep the id order."""
        store = _store(values)
        sort = {"propertyName": "amount", "direction": "DESCENDING" if descending else "ASCENDING"}
        found = _search(store, {"sorts": [sort], "filterGroups": [], "limit": 5})
        amounts = [store.records[i].properties.get("amount") for i in found]
        known = [int(a) for a in amounts if a is not None]

        assert known == sorted(known, reverse=descending)
        assert all(a is None for a in amounts[len(known) :])


class TestTokens:
    @pytest.mark.parametrize(
        ("pattern", "value", "matches"),
        [
            ("*@acme.test", "anna@acme.test", True),
            ("*@acme.test", "anna@other.test", False),
            ("acme", "anna@acme.test", True),
            ("acm", "anna@acme.test", False),
            ("acm*", "anna@acme.test", True),
            ("foods maple", "Maple Foods", True),
            ("maple", None, False),
        ],
    )
    def test_contains_token(self, pattern: str, value: str | None, matches: bool) -> None:
        """Whole words match in any order and case; `*` stands for any run of characters."""
        store = _store([{"dealname": value}])
        for operator, expected in (
            ("CONTAINS_TOKEN", matches),
            ("NOT_CONTAINS_TOKEN", not matches),
        ):
            one = {"propertyName": "dealname", "operator": operator, "value": pattern}
            body = {"filterGroups": [{"filters": [one]}], "limit": 1}

            assert bool(_search(store, body)) == expected

    def test_upper_case_in_a_list_never_matches(self) -> None:
        """IN compares text in lower case, so upper-case values find nothing (search guide)."""
        store = _store([{"dealname": "Maple"}])
        one = {"propertyName": "dealname", "operator": "IN"}

        assert _search(store, {"filterGroups": [{"filters": [{**one, "values": ["Maple"]}]}]}) == []
        assert _search(store, {"filterGroups": [{"filters": [{**one, "values": ["maple"]}]}]}) == [
            1
        ]


class TestLimits:
    @pytest.mark.parametrize(
        ("body", "length"),
        [
            ({"limit": 201}, 10),
            ({"limit": "many"}, 10),
            ({"after": "9999", "limit": 2}, 10),
            ({"after": "x"}, 10),
            ({"sorts": ["amount", "dealname"]}, 10),
            ({"filterGroups": [{"filters": [{"operator": "EQ", "value": "1"}]}]}, 10),
            ({}, 3001),
        ],
    )
    def test_refused(self, body: dict[str, Any], length: int) -> None:
        """Every documented limit answers 400."""
        with pytest.raises(ApiError) as caught:
            parse(body, length, _store([]), CAPS["18"])

        assert caught.value.status == 400

    @pytest.mark.parametrize(
        ("shape", "cap", "allowed"),
        [
            ((6, 6, 6), "18", True),
            ((7,), "18", False),
            ((6, 6, 6, 1), "18", False),
            ((1, 1, 1, 1, 1, 1), "25", False),
            ((10, 10, 5), "25", True),
            ((10, 10, 6), "25", False),
        ],
    )
    def test_filter_counts(self, shape: tuple[int, ...], cap: str, allowed: bool) -> None:
        """Five groups, six filters each, eighteen in all; ten and twenty-five by switch."""
        one = {"propertyName": "amount", "operator": "HAS_PROPERTY"}
        body = {"filterGroups": [{"filters": [one] * count} for count in shape]}
        try:
            parse(body, 10, _store([]), CAPS[cap])
            passed = True
        except ApiError:
            passed = False

        assert passed == allowed


class TestParse:
    @pytest.mark.parametrize("operator", [{}, [], None, 7, "LIKE"])
    def test_a_strange_operator_is_refused(self, operator: Any) -> None:
        """Whatever stands where the operator should is a 400, never a crash."""
        condition = {"propertyName": "amount", "operator": operator, "value": "1"}
        body = {"filterGroups": [{"filters": [condition]}]}

        with pytest.raises(ApiError) as refused:
            parse(body, 10, ObjectStore(DEALS, 1), CAPS["18"])
        assert refused.value.status == 400

    def test_a_limit_may_be_text(self) -> None:
        """Clients send numbers as text, and Java reads them."""
        assert (
            parse({"limit": "5", "after": "10"}, 10, ObjectStore(DEALS, 1), CAPS["18"]).limit == 5
        )
