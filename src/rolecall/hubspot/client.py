"""Both faces of the client for `provision`, which reads before and after it writes."""

from __future__ import annotations

from rolecall.hubspot.reader import Reader
from rolecall.hubspot.writer import Writer

__all__ = ["Reader", "Writer"]
