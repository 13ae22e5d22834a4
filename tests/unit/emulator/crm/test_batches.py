"""Batches against one-by-one writes: the same records change, the same ids are missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.crm.batch import model
from hubspot_emulator.crm.generate import give_records
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.routing import Call
from hubspot_emulator.wire import ApiError
from tests.support.crm import NOW, TOKEN, CrmWorld, a_crm_world

AMOUNTS = ("1", "2", "", "lots")
inputs = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(AMOUNTS)), max_size=8)


def _call(made: CrmWorld) -> Call:
    token = made.world.tokens.find(TOKEN)
    assert token is not None
    return Call(made.world, made.portal, token, "POST", {}, {}, b"", {}, "v3", NOW)


def _deals(made: CrmWorld) -> tuple[ObjectStore, list[int]]:
    """Six deals, the last of them archived."""
    ids = give_records(made.portal, "deals", made.owner_id(0), 6, until=NOW)
    store = made.portal.crm.objects["deals"]
    store.archive(store.records[ids[5]], NOW)
    return store, ids


def _amounts(store: ObjectStore, ids: list[int]) -> dict[int, str | None]:
    return {i: store.records[i].properties.get("amount") for i in ids}


def _rows(ids: list[int], chosen: list[tuple[int, str]]) -> list[dict[str, Any]]:
    named = [*ids, 1, 2]
    return [{"id": str(named[n]), "properties": {"amount": value}} for n, value in chosen]


@given(inputs)
@settings(max_examples=60, deadline=None)
def test_an_update_is_whole_or_nothing(chosen: list[tuple[int, str]]) -> None:
    """A batch with a bad value or a repeated id changes nothing; else every live record changes."""
    made = a_crm_world()
    store, ids = _deals(made)
    before = _amounts(store, ids)
    refused = len({n for n, _ in chosen}) < len(chosen) or any(v == "lots" for _, v in chosen)
    call, rows = _call(made), _rows(ids, chosen)
    if refused:
        with pytest.raises(ApiError, match=r"not valid|Duplicate IDs"):
            model.update(call, store, rows)
        assert _amounts(store, ids) == before
        return
    outcome = model.update(call, store, rows)

    wanted = {ids[n]: value or None for n, value in chosen if n < 5}
    assert _amounts(store, ids) == {**before, **wanted}
    assert len(outcome.missing) == len(chosen) - len(wanted)


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6, unique=True))
@settings(max_examples=40, deadline=None)
def test_upsert_twice_is_upsert_once(names: list[str]) -> None:
    """Repeating an upsert creates nothing and leaves the same contacts."""
    made = a_crm_world()
    store = made.portal.crm.objects["contacts"]
    rows = [
        {"idProperty": "email", "id": f"{name}@x.test", "properties": {"lastname": name}}
        for name in names
    ]
    first = model.upsert(_call(made), store, rows)
    second = model.upsert(_call(made), store, rows)

    assert [one.new for one in first] == [True] * len(names)
    assert [one.new for one in second] == [False] * len(names)
    assert [one.record.id for one in first] == [one.record.id for one in second]
    assert len(store.active) == len(names)
