"""Drafts the next numbered migration from what the tables declare; a person reads it over.

python scripts/migration.py "Add campaigns and review items"
"""

from __future__ import annotations

import sys
import tempfile

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from sqlalchemy import Text, create_engine

from rolecall.store.migrating import newest, upgrade
from rolecall.store.schema import Document, Moment

KEY = 'sa.Text().with_variant(sa.Text(collation="C"), "postgresql")'


def rendered(kind: str, item: object, _context: AutogenContext) -> str | bool:
    """Migrations name SQLAlchemy's own types, so that ours may change without rewriting them."""
    if kind != "type":
        return False
    if isinstance(item, Moment):
        return "sa.BigInteger()"
    if isinstance(item, Document):
        return "sa.Text()"
    if isinstance(item, Text) and "postgresql" in item._variant_mapping:
        return KEY
    return False


def main(subject: str) -> None:
    """Compare a freshly migrated database with the tables and write the difference down."""
    number = f"{int(newest() or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as home:
        engine = create_engine(f"sqlite:///{home}/draft.db")
        with engine.begin() as connection:
            if number != "0001":
                upgrade(connection)
            config = Config()
            config.set_main_option("script_location", "rolecall.store:migrations")
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            config.attributes.update(connection=connection, render_item=rendered)
            command.revision(config, subject, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(sys.argv[1])
