"""Let people be searched."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BATCH = 5_000


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    op.add_column("people", sa.Column("search", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    people = sa.table("people", sa.column("id"), sa.column("body"), sa.column("search"))
    known = connection.execute(sa.select(people.c.id, people.c.body)).all()
    rows = [{"key": row[0], "text": _searched(json.loads(row[1]))} for row in known]
    filled = (
        sa.update(people)
        .where(people.c.id == sa.bindparam("key"))
        .values(search=sa.bindparam("text"))
    )
    for start in range(0, len(rows), BATCH):
        connection.execute(filled, rows[start : start + BATCH])


def _searched(person: dict[str, object]) -> str:
    emails = person.get("emails") or []
    assert isinstance(emails, list)
    parts = [person.get("first_name") or "", person.get("last_name") or "", *emails]
    return " ".join(map(str, parts)).casefold()
