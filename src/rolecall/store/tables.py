"""Every table of the store, for migrations: importing this module fills the metadata."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from rolecall.store import (  # noqa: F401 - importing a module adds its tables
    answers,
    api_tokens,
    assignments,
    audit,
    credentials,
    evidence,
    facts,
    feeds,
    findings,
    handovers,
    import_apps,
    journal,
    leases,
    links,
    notice_deliveries,
    oauth_apps,
    operators,
    outbox,
    people,
    plans,
    policies,
    portals,
    preferences,
    quota,
    requests,
    reviews,
    scim,
    sessions,
    snapshots,
    syncs,
    users,
    versions,
    webhooks,
)
from rolecall.store.facts import USERS
from rolecall.store.schema import FOREVER, metadata

__all__ = ["metadata"]

# Declared here and not beside its table: naming a dialect's option loads that dialect, which
# every command on the other database would pay for.
Index(
    "ix_users_open_email",
    USERS.c.hub_id,
    USERS.c.email_key,
    sqlite_where=sql(f"valid_to = {FOREVER}"),
    postgresql_where=sql(f"valid_to = {FOREVER}"),
)
