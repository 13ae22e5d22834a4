"""Wakes up due work: calls named use cases it was given, and knows nothing of them."""

from __future__ import annotations

from rolecall.wakeup.duty import Duty, Waker
from rolecall.wakeup.embedded import EmbeddedLoop

__all__ = ["Duty", "EmbeddedLoop", "Waker"]
