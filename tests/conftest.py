"""Fixtures every test may ask for."""

from __future__ import annotations

from tests.support.databases import database, database_url
from tests.support.emulator import door, emulator

__all__ = ["database", "database_url", "door", "emulator"]
