"""Keep pages as they were read, with the digest so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; there is no way back but a backup. A sync that was under way reads anew."""
    op.drop_table("sync_pages")
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "sync_pages",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("resource", key, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "resource", "number", name=op.f("pk_sync_pages")),
        sqlite_with_rowid=False,
    )
