"""Identifiers that sort by time (UUID version 7, RFC 9562). Never reused, never guessed."""

from __future__ import annotations

import os
import time
import uuid


def uuid7(now_ms: int | None = None) -> str:
    """A new UUIDv7 as text; `now_ms` (Unix milliseconds) is for tests."""
    stamp = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    noise = int.from_bytes(os.urandom(10))
    value = (stamp & (2**48 - 1)) << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64
    value |= 0b10 << 62 | noise & (2**62 - 1)
    return str(uuid.UUID(int=value))
