"""Identifiers that sort by time (UUID version 7, RFC 9562). Never reused, never guessed."""

from __future__ import annotations

import os
import threading
import time
import uuid

_MILLISECOND = 1_000_000  # nanoseconds
_lock = threading.Lock()
_last = 0


def uuid7(now_ms: int | None = None) -> str:
    """A new UUIDv7 as text, greater than every earlier one of this process.

    `now_ms` (Unix milliseconds) is for tests; with it only the millisecond sorts.
    """
    noise = int.from_bytes(os.urandom(10))
    tick = _next_tick() if now_ms is None else now_ms << 12 | (noise >> 62 & 0xFFF)
    value = (tick >> 12 & (2**48 - 1)) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64
    value |= 0b10 << 62 | noise & (2**62 - 1)
    return str(uuid.UUID(int=value))


def _next_tick() -> int:
    """Time in 1/4096 of a millisecond, always later than the last (RFC 9562, 6.2 method 3)."""
    global _last
    now = time.time_ns()
    tick = now // _MILLISECOND << 12 | now % _MILLISECOND * 4096 // _MILLISECOND
    with _lock:
        _last = max(tick, _last + 1)
        return _last
