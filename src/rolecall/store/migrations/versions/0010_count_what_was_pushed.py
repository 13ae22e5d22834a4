"""Count what was pushed, and keep the count with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BACKFILL = """INSERT INTO scim_counts (client_id, kind, resources)
SELECT client_id, kind, count(*) FROM scim_resources GROUP BY client_id, kind"""


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    op.create_table(
        "scim_counts",
        sa.Column(
            "client_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resources", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "kind", name=op.f("pk_scim_counts")),
    )
    op.execute(BACKFILL)
