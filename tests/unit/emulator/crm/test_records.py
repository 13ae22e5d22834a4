"""The record store: ordered ids, unique values, history, bulk generation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.crm.generate import define_user_property, generate_records, give_records
from hubspot_emulator.crm.ids import IdSet
from hubspot_emulator.crm.kinds import CONTACTS
from hubspot_emulator.crm.objects.model import page
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.crm.store import CrmStore
from hubspot_emulator.crm.working_hours import same_hours
from hubspot_emulator.feeds.store import FeedStore
from hubspot_emulator.world import Portal

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def _portal() -> Portal:
    return Portal(42, "Acme", "enterprise", NOW, CrmStore(42), FeedStore())


class TestIdSet:
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 30))))
    def test_reads_in_order(self, moves: list[tuple[bool, int]]) -> None:
        """However ids come and go, reading gives them ascending."""
        ids, expected = IdSet(), set[int]()
        for adds, number in moves:
            (ids.add if adds else ids.discard)(number)
            (expected.add if adds else expected.discard)(number)

            assert ids.in_order() == sorted(expected)


class TestPaging:
    @given(st.sets(st.integers(0, 40)), st.integers(1, 7))
    def test_pages_hold_every_record_once(self, gone: set[int], limit: int) -> None:
        """Following `after` from page to page meets each live record exactly once."""
        store = ObjectStore(CONTACTS, 100)
        for _ in range(30):
            store.add({}, NOW)
        for number in gone & set(range(30)):
            store.archive(store.records[100 + number], NOW)
        met: list[int] = []
        after: int | None = 0
        while after is not None:
            records, after = page(store, after, limit, archived=False)
            met.extend(record.id for record in records)

        assert met == [100 + n for n in range(30) if n not in gone]


class TestObjectStore:
    def test_a_unique_value_moves_with_its_record(self) -> None:
        """A changed unique value is found under the new name and free under the old."""
        store = ObjectStore(CONTACTS, 1)
        record = store.add({"email": "old@x.test"}, NOW)
        store.change(record, {"email": "New@x.test"}, NOW)

        assert store.find_unique("email", "old@x.test") is None
        assert store.find_unique("email", "new@X.test") is record
        store.archive(record, NOW)
        assert store.find_unique("email", "new@x.test") is None

    def test_history_starts_with_the_first_value(self) -> None:
        """Versions of a property begin at creation, and a no-op adds none."""
        store = ObjectStore(CONTACTS, 1)
        record = store.add({"firstname": "Ann"}, NOW)
        later = NOW + timedelta(days=1)

        assert store.change(record, {"firstname": "Anna"}, later)
        assert not store.change(record, {"firstname": "Anna"}, later + timedelta(days=1))
        assert record.updated_at == later
        assert record.history == {"firstname": [(NOW, "Ann"), (later, "Anna")]}

    def test_a_late_index_knows_older_records(self) -> None:
        """A user property defined after the fact indexes what is already there."""
        portal = _portal()
        store = portal.crm.objects["deals"]
        record = store.add({"second_owner": "7"}, NOW)
        define_user_property(portal, "deals")

        assert store.owned("second_owner", "7").in_order() == [record.id]


class TestGenerate:
    def test_the_same_arguments_give_the_same_records(self) -> None:
        """Two portals of one id and seed agree in every value."""
        one, other = _portal(), _portal()
        for portal in (one, other):
            define_user_property(portal, "deals")
            generate_records(
                portal, "deals", 200, owner_ids=(1, 2), second_owner="second_owner", until=NOW
            )
        values = [
            [r.properties for r in portal.crm.objects["deals"].records.values()]
            for portal in (one, other)
        ]

        assert values[0] == values[1]
        assert {r.get("hubspot_owner_id") for r in values[0]} == {None, "1", "2"}

    def test_given_records_all_belong_to_one_owner(self) -> None:
        """`give_records` leaves none without the owner."""
        portal = _portal()
        made = give_records(portal, "0-1", 9, 50, until=NOW)

        assert portal.crm.objects["contacts"].owned("hubspot_owner_id", "9").in_order() == made


def test_hours_are_compared_by_meaning() -> None:
    """Five days listed apart are the same hours as MONDAY_TO_FRIDAY."""
    days = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")
    apart = ",".join(f'{{"days":"{day}","startMinute":1,"endMinute":2}}' for day in days)

    assert same_hours(f"[{apart}]", '[{"endMinute":2,"startMinute":1,"days":"MONDAY_TO_FRIDAY"}]')
    assert not same_hours(f"[{apart}]", None)
