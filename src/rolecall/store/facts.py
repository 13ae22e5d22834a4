"""Tables of the history: every fact holds from one snapshot of its portal until another.

Snapshots of a portal are numbered (`seq`); a row holds for `valid_from <= seq < valid_to`.
"""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Index,
    Integer,
    Table,
    Text,
    literal_column,
)

from rolecall.store.schema import FOREVER, Document, Key, metadata, moment, text

SNAPSHOTS = Table(
    "snapshots",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    moment("started_at"),
    moment("sealed_at"),
    Column("complete", Boolean, nullable=False),
    Column("gaps", Document, nullable=False),
    text("tier"),
    text("time_zone"),
    Column("capabilities", Document, nullable=False),
    Column("counts", Document, nullable=False),
    Column("changes", Integer, nullable=False),
    text("input_digest"),
    Index("ix_snapshots_sealed_at", "hub_id", "sealed_at"),
)
# One row per version of a user. Lists are text with a line per value, so that `LIKE` finds one.
# `search` is the case-folded name and e-mail: what both databases sort and search alike.
USERS = Table(
    "users",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Key, primary_key=True),
    Column("valid_from", Integer, primary_key=True, autoincrement=False),
    Column("valid_to", Integer, nullable=False),
    Column("email_key", Key, nullable=False),
    Column("search", Key, nullable=False),
    text("email"),
    text("first_name"),
    text("last_name"),
    Column("super_admin", Boolean, nullable=False),
    text("permission_sets"),
    Column("main_team", Text),
    text("extra_teams"),
    Column("seats", Text),
    Column("state", Key, nullable=False),
    Column("state_estimated", Boolean, nullable=False),
    Column("crm_id", Text),
    Column("owner_id", Text),
    Column("owner_archived", Boolean, nullable=False),
    Column("last_active_at", BigInteger),
    text("last_active_source"),
    Column("created_at", BigInteger),
    text("profile"),
    sqlite_with_rowid=False,
)
# When nothing but the last activity of a user changed, which is most of what changes.
ACTIVITY = Table(
    "activity",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Key, primary_key=True),
    Column("valid_from", Integer, primary_key=True, autoincrement=False),
    Column("valid_to", Integer, nullable=False),
    Column("last_active_at", BigInteger),
    text("last_active_source"),
    sqlite_with_rowid=False,
)
# Permission sets, teams, seats and record owners, each whole as JSON.
FACTS = Table(
    "facts",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("valid_from", Integer, primary_key=True, autoincrement=False),
    Column("valid_to", Integer, nullable=False),
    Column("digest", BigInteger, nullable=False),
    text("body"),
    sqlite_with_rowid=False,
)
DAILY_COUNTS = Table(
    "daily_counts",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("counts", Document, nullable=False),
)


def digest_of(encoded: bytes) -> int:
    """64 bits that change when the encoded fact does, as a signed number."""
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big", signed=True)


def holds_at(table: Table, seq: int) -> ColumnElement[bool]:
    """The row holds in this snapshot."""
    return (table.c.valid_from <= seq) & (table.c.valid_to > seq)


def is_open(table: Table) -> ColumnElement[bool]:
    """The row holds in the newest snapshot."""
    return table.c.valid_to == literal_column(str(FOREVER))
