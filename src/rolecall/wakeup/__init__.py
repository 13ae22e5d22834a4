"""Wakes up due work: calls named use cases it was given, and knows nothing of them."""

from __future__ import annotations

from rolecall.wakeup.embedded import Duty, EmbeddedLoop

__all__ = ["Duty", "EmbeddedLoop"]
