"""Log lines as JSON, one a line, each with what it belongs to: the request, the duty, the plan.

What a line belongs to is told once, around the work (`about`), and is on every line written below,
whoever writes it; tasks begun inside take it along. Credentials are struck out of every line.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any

from rolecall.kit.errors import RolecallError
from rolecall.kit.redact import redacted
from rolecall.kit.visible import visible_in_json

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about")
_NOTHING: Mapping[str, str] = {}


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Lines written inside carry these facts too; empty ones say nothing."""
    token = _ABOUT.set({**about_now(), **{name: value for name, value in facts.items() if value}})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def about_now() -> Mapping[str, str]:
    """What a line written here would belong to."""
    return _ABOUT.get(_NOTHING)


def of(error: RolecallError) -> dict[str, Any]:
    """`extra` of a line about an error of ours: its kind, and what the other side calls the call."""
    return {"facts": {"error": type(error).__name__, "upstream_correlation_id": error.trace}}


class JsonLine(logging.Formatter):
    """Time, level, place, message; then what it belongs to, and the facts the writer gave.

    A writer gives facts as `extra={"facts": {...}}`; empty ones are left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever is in the message."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
            **about_now(),
        }
        facts = getattr(record, "facts", _NOTHING)
        line |= {name: value for name, value in facts.items() if value not in ("", None)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return visible_in_json(redacted(json.dumps(line, ensure_ascii=False, default=str)))


def write_lines(stream: IO[str] | None = None) -> logging.Handler:
    """Write the house's lines, and others' warnings, to stderr as JSON; the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("rolecall").setLevel(logging.INFO)
    return handler
