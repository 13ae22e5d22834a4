"""Fixtures every test may ask for."""

from __future__ import annotations

from hypothesis import settings

from tests.support.databases import database, database_url
from tests.support.emulator import door, emulator

__all__ = ["database", "database_url", "door", "emulator"]

# A deadline per example fails on a busy machine and proves nothing about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
