"""HubSpot's records of one user, team or page as domain values; the only place that knows both."""

from __future__ import annotations

from rolecall.reading.display import DisplayProperties, discover, wanted_properties
from rolecall.reading.feeds import event_of, events_of, last_logins
from rolecall.reading.identities import Identities, identities
from rolecall.reading.moments import moment
from rolecall.reading.records import RecordReader, UserRecord, profile_names, record_reader
from rolecall.reading.resources import (
    Membership,
    memberships_of,
    owner_of,
    permission_set_of,
    seat_of,
    team_of,
    teams_of,
)
from rolecall.reading.users import (
    Reading,
    permission_set_ids_of,
    state_of,
    user_reader,
)

__all__ = [
    "DisplayProperties",
    "Identities",
    "Membership",
    "Reading",
    "RecordReader",
    "UserRecord",
    "discover",
    "event_of",
    "events_of",
    "identities",
    "last_logins",
    "memberships_of",
    "moment",
    "owner_of",
    "permission_set_ids_of",
    "permission_set_of",
    "profile_names",
    "record_reader",
    "seat_of",
    "state_of",
    "team_of",
    "teams_of",
    "user_reader",
    "wanted_properties",
]
