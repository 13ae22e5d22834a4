"""A store of an earlier release, with people, portals and a trail in it, under this release's code."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from rolecall.domain.actor import AuditEvent
from rolecall.store import AuditQuery, Database
from rolecall.store.audit import exported
from rolecall.store.migrating import upgrade
from rolecall.store.people import PeopleQuery
from rolecall.store.schema import to_micros
from rolecall.store.verify_chain import START, line_hash
from tests.integration.test_store_migrations import BODY, sync_url

HUB = 7
NAMES = (("p1", "Ärne", "ÖSTLUND", "Arne@Acme.test"), ("p2", "Ben", "O'Neil", "ben+x@acme.test"))


def fill(connection: Connection) -> None:
    """What a release before 0008 kept, row by row as it wrote them."""
    connection.execute(
        text("INSERT INTO portals VALUES (:hub, 'acme', 'connected', :body)"),
        {"hub": HUB, "body": BODY},
    )
    for key, first, last, email in NAMES:
        person = {"id": key, "emails": [email], "first_name": first, "last_name": last}
        body = json.dumps(person, ensure_ascii=False)
        connection.execute(
            text(
                "INSERT INTO people (id, source, source_key, body) VALUES (:id, 'hr', :id, :body)"
            ),
            {"id": key, "body": body},
        )
        connection.execute(
            text("INSERT INTO people_emails VALUES (:email, :id)"),
            {"email": email.casefold(), "id": key},
        )
    _trail(connection)


def _trail(connection: Connection) -> None:
    """Three lines of a chain, hashed as always."""
    previous = START
    for seq in (1, 2, 3):
        at = datetime(2026, 1, seq, tzinfo=UTC)
        event = AuditEvent("portal:connection:checked", "local:ada", at, "ünusual", HUB, "acme")
        digest = line_hash(exported(seq, event, previous))
        connection.execute(
            text(
                "INSERT INTO audit VALUES (:seq, :at, :event, :actor, :reason, :hub, :subject,"
                " '{}', :previous, :hash)"
            ),
            {
                "seq": seq, "at": to_micros(at), "event": event.event, "actor": event.actor,
                "reason": event.reason, "hub": HUB, "subject": "acme", "previous": previous,
                "hash": digest,
            },
        )  # fmt: skip
        previous = digest
    connection.execute(text("UPDATE audit_head SET seq = 3, hash = :hash"), {"hash": previous})


@pytest.mark.parametrize("former", ["0004", "0005", "0006", "0007"])
async def test_what_was_kept_is_there(database_url: str, former: str) -> None:
    """People are found by a part of their name, whatever its case; the trail still proves itself."""
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        upgrade(connection, former)
        fill(connection)
    database = await Database.open(database_url)
    async with database.read() as view:
        found = {
            part: [
                one.person.id for one in (await view.people.lines(HUB, asked)).items if one.person
            ]
            for part in ("ärne", "östlund", "o'neil", "BEN+X", "acme")
            for asked in [PeopleQuery(search=part)]
        }
        known = [one.first_name for one in await view.people.by_email("arne@acme.test")]
        verdict = await view.audit.verify()
        lines = await view.audit.lines(AuditQuery(HUB))
    await database.close()
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("UPDATE audit SET reason = 'forged' WHERE seq = 2"))
    engine.dispose()

    assert {"ärne": ["p1"], "östlund": ["p1"], "o'neil": ["p2"], "BEN+X": ["p2"]} == {
        part: ids for part, ids in found.items() if part != "acme"
    }
    assert {"p1", "p2"} == set(found["acme"])
    assert ["Ärne"] == known
    assert ("", 3) == (verdict.fault, verdict.lines)
    assert [3, 2, 1] == [one.seq for one in lines]
