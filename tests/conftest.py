"""Fixtures every test may ask for."""

from __future__ import annotations

from tests.support.emulator import door, emulator

__all__ = ["door", "emulator"]
