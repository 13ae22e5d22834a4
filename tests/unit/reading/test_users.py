"""One user from three identities: state, seats, activity, and what is only estimated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.snapshot import RecordOwner, User, UserState
from rolecall.hubspot import wire
from rolecall.reading import (
    DisplayProperties,
    Reading,
    UserRecord,
    identities,
    profile_names,
    record_reader,
    user_reader,
)

DISPLAY = DisplayProperties(
    seat="hs_user_seat", last_active="hs_user_last_active", deactivated="hs_deactivated"
)
TOLD = wire.User("5", "anna@acme.test", "Anna", "Berg", role_ids=("2", "1"), super_admin=False)


def a_record(**values: str | None) -> wire.CrmRecord:
    """The CRM record of user 5."""
    return wire.CrmRecord(
        "700", {"hs_internal_user_id": "5", **values}, created_at="2026-01-02T03:04:05.678Z"
    )


def a_reading(
    *records: wire.CrmRecord, owners: tuple[RecordOwner, ...] = (), **more: Any
) -> Reading:
    """A portal read with these records and owners."""
    display = more.pop("display", DISPLAY)
    return Reading(identities(as_read(records, display), owners), display, **more)


def as_read(records: Iterable[wire.CrmRecord], display: DisplayProperties) -> Iterator[UserRecord]:
    """The records as a sync reads them: from JSON, with every property they have asked for."""
    asked = dict.fromkeys(name for record in records for name in record.properties)
    reader = record_reader(display, profile_names(asked, display))
    for record in records:
        yield reader.read(msgspec.json.decode(msgspec.json.encode(record), type=reader.row))


def user_of(told: wire.User, reading: Reading) -> User:
    """One user of a portal that was read so."""
    return user_reader(reading)(told)


class TestJoining:
    def test_all_three_identities_meet(self) -> None:
        """Settings id, CRM record and owner end up on one user."""
        owner = RecordOwner("88", "5", "anna@acme.test")
        record = a_record(hs_job_title="Pilot", hs_email="anna@acme.test", hs_main_phone=None)
        user = user_of(TOLD, a_reading(record, owners=(owner,)))

        assert user == User(
            id="5",
            email="anna@acme.test",
            first_name="Anna",
            last_name="Berg",
            permission_set_ids=("1", "2"),
            seat_names=(),
            crm_id="700",
            owner_id="88",
            created_at=datetime(2026, 1, 2, 3, 4, 5, 678000, UTC),
            profile={"hs_job_title": "Pilot"},
        )

    def test_the_barest_recorded_answer_is_enough(self) -> None:
        """Id and e-mail alone make a user without access."""
        user = user_of(wire.User("5", "a@b.test"), Reading(crm_read=False))

        assert user.permission_set_ids == ()
        assert user.main_team_id is None
        assert user.extra_team_ids == ()
        assert not user.super_admin

    def test_an_old_answer_tells_its_set_in_role_id(self) -> None:
        """`roleId` counts where `roleIds` is missing, and only there."""
        old = user_of(wire.User("5", "a@b.test", role_id="9"), Reading())
        new = user_of(wire.User("5", "a@b.test", role_id="9", role_ids=()), Reading())

        assert old.permission_set_ids == ("9",)
        assert new.permission_set_ids == ()

    @given(st.lists(st.text("0123456789", min_size=1, max_size=3), max_size=6))
    def test_order_on_the_wire_is_no_difference(self, ids: list[str]) -> None:
        """Two answers with the same ids in another order are the same user."""
        there = wire.User("5", "a@b.test", role_ids=tuple(ids), secondary_team_ids=tuple(ids))
        back = wire.User(
            "5", "a@b.test", role_ids=tuple(ids[::-1]), secondary_team_ids=tuple(ids[::-1])
        )

        assert user_of(there, Reading()) == user_of(back, Reading())


class TestState:
    @pytest.mark.parametrize(
        ("reading", "expected", "estimated"),
        [
            (a_reading(a_record()), UserState.ACTIVE, False),
            (a_reading(a_record(hs_deactivated="true")), UserState.DEACTIVATED, False),
            (a_reading(a_record(hs_deactivated="false")), UserState.ACTIVE, False),
            (
                a_reading(a_record(), owners=(RecordOwner("8", "5", archived=True),)),
                UserState.DEACTIVATED,
                True,
            ),
            (a_reading(), UserState.INVITED, True),
            (a_reading(crm_read=False), UserState.ACTIVE, True),
            (
                a_reading(last_logins={"anna@acme.test": datetime(2026, 1, 1, tzinfo=UTC)}),
                UserState.ACTIVE,
                False,
            ),
            (
                a_reading(a_record(inv="Pending"), display=DisplayProperties(invite_status="inv")),
                UserState.INVITED,
                False,
            ),
        ],
    )
    def test_where_a_user_stands(
        self, reading: Reading, expected: UserState, estimated: bool
    ) -> None:
        """Facts first; what no API tells is marked as an estimate."""
        user = user_of(TOLD, reading)

        assert (user.state, user.state_estimated) == (expected, estimated)

    def test_an_apps_user_is_a_service_user(self) -> None:
        """Private apps appear as users; nobody logs in with them."""
        user = user_of(wire.User("5", "x@appserviceaccount.hubspot.com"), a_reading())

        assert user.state is UserState.SERVICE


class TestSeats:
    @pytest.mark.parametrize(
        ("names", "told", "shown", "expected"),
        [
            (("B", "A"), True, "C", ("A", "B")),
            (None, True, "C", ()),
            (None, False, "Core; View-Only", ("Core", "View-Only")),
            (None, False, None, None),
            ((), False, "C", ()),
        ],
    )
    def test_unknown_is_never_none_held(
        self,
        names: tuple[str, ...] | None,
        told: bool,
        shown: str | None,
        expected: tuple[str, ...] | None,
    ) -> None:
        """The user's own seats, else the Seat column, else unknown."""
        user = wire.User("5", "a@b.test", seat_names=names)
        reading = a_reading(a_record(hs_user_seat=shown), seats_told=told)

        assert user_of(user, reading).seat_names == expected


class TestActivity:
    def test_the_crm_property_comes_before_the_login_feed(self) -> None:
        """And the user says which one it was."""
        login = {"anna@acme.test": datetime(2026, 1, 1, tzinfo=UTC)}
        with_property = user_of(
            TOLD, a_reading(a_record(hs_user_last_active="1767225600000"), last_logins=login)
        )
        without = user_of(TOLD, a_reading(a_record(hs_user_last_active=None), last_logins=login))
        neither = user_of(TOLD, a_reading(a_record()))

        assert with_property.last_active_source == "crm:hs_user_last_active"
        assert with_property.last_active_at == datetime(2026, 1, 1, tzinfo=UTC)
        assert without.last_active_source == "login feed"
        assert (neither.last_active_at, neither.last_active_source) == (None, "")

    def test_activity_is_no_part_of_the_profile(self) -> None:
        """Or every log-in would be a change of the user."""
        user = user_of(TOLD, a_reading(a_record(hs_user_last_active="2026-11-01T00:00:00Z")))

        assert user.profile == {}
