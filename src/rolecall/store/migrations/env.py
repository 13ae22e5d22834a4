"""How alembic runs our migrations: on the caller's connection, in the caller's transaction."""

from __future__ import annotations

from alembic import context

from rolecall.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
    compare_type=False,
    render_item=context.config.attributes.get("render_item"),
)
with context.begin_transaction():
    context.run_migrations()
