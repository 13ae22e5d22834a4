"""Joining the three ids: numbers that look alike prove nothing, and the living win."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.snapshot import RecordOwner
from rolecall.reading import DisplayProperties, UserRecord, identities, record_reader


def a_record(crm_id: str, user_id: str | None, **values: str) -> UserRecord:
    """A CRM user record."""
    told = {"id": crm_id, "properties": {"hs_internal_user_id": user_id, **values}}
    reader = record_reader(DisplayProperties(), ())
    return reader.read(msgspec.convert(told, reader.row))


class TestOwners:
    def test_equal_numbers_are_a_coincidence(self) -> None:
        """Owner 5 of user 7 is not the owner of user 5."""
        found = identities((), (RecordOwner("5", "7", "seven@acme.test"),))

        assert found.owner("5", "five@acme.test") is None
        assert found.owner("7", "x@acme.test") == RecordOwner("5", "7", "seven@acme.test")

    def test_the_crm_record_names_the_owner_too(self) -> None:
        """Where the owner tells no user, the record's owner id does."""
        owner = RecordOwner("88", None, "old@acme.test", archived=True)
        found = identities((a_record("1", "5", hubspot_owner_id="88"),), (owner,))

        assert found.owner("5", "new@acme.test") == owner

    def test_an_owner_tied_to_nobody_is_found_by_email(self) -> None:
        """In any case; never a queue, never one that belongs to another user."""
        lone = RecordOwner("1", None, "Anna@acme.test")
        queue = RecordOwner("2", None, "desk@acme.test", queue=True)
        taken = RecordOwner("3", "99", "ben@acme.test")
        found = identities((), (lone, queue, taken))

        assert found.owner("5", "anna@ACME.test") == lone
        assert found.owner("6", "desk@acme.test") is None
        assert found.owner("7", "ben@acme.test") is None

    @given(st.permutations([RecordOwner("1", "5", archived=True), RecordOwner("2", "5")]))
    def test_an_owner_in_use_wins_over_an_archived_one(self, owners: list[RecordOwner]) -> None:
        """Whatever the order of the lists."""
        assert identities((), owners).owner("5", "").id == "2"  # type: ignore[union-attr]


class TestRecords:
    @given(
        st.permutations(
            [
                a_record("1", "5", hs_deactivated="true"),
                a_record("2", "5"),
                a_record("3", None),
                a_record("4", ""),
            ]
        )
    )
    def test_of_two_records_the_one_in_use_wins(self, records: list[UserRecord]) -> None:
        """A record without a settings id belongs to nobody."""
        found = identities(records, ())

        assert {user: record.id for user, record in found.records.items()} == {"5": "2"}
