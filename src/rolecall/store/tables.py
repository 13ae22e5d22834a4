"""Every table of the store, for migrations: importing this module fills the metadata."""

from __future__ import annotations

from rolecall.store import (  # noqa: F401 - importing a module adds its tables
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
    sessions,
    snapshots,
    syncs,
    users,
    versions,
)
from rolecall.store.schema import metadata

__all__ = ["metadata"]
