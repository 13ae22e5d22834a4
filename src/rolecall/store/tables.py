"""Every table of the store, for migrations: importing this module fills the metadata."""

from __future__ import annotations

from rolecall.store import unit_of_work, versions
from rolecall.store.schema import metadata

__all__ = ["metadata", "unit_of_work", "versions"]
