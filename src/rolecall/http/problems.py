"""Every error as problem details (RFC 9457): one mapping from our error tree to HTTP."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rolecall.http.asgi import Send, answer
from rolecall.kit.errors import Broken, NeedsPerson, Refused, Retryable, RolecallError
from rolecall.kit.redact import redacted

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:rolecall:problem:"

# What the caller must do decides the status; the first match wins.
_STATUS: tuple[tuple[type[RolecallError], int, str], ...] = (
    (Retryable, 503, "Try again later"),
    (NeedsPerson, 409, "Somebody must act first"),
    (Refused, 422, "Refused"),
    (Broken, 500, "Something is broken here"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem as RFC 9457 has it; `more` are further members."""

    status: int
    title: str
    detail: str = ""
    kind: str = "about:blank"
    instance: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """JSON; empty members are left out."""
        members: dict[str, Any] = {"type": self.kind, "title": self.title, "status": self.status}
        members |= {"detail": self.detail} if self.detail else {}
        members |= {"instance": self.instance} if self.instance else {}
        return json.dumps({**members, **self.more}, ensure_ascii=False).encode()


def problem_of(error: RolecallError, instance: str = "") -> Problem:
    """The problem a face answers for one of our errors; credentials are redacted."""
    status, title = _status_of(error)
    more: dict[str, Any] = {"hint": redacted(error.hint)} if error.hint else {}
    if isinstance(error, Retryable) and error.retry_after is not None:
        more["retry_after"] = math.ceil(error.retry_after)
    kind = TYPE_BASE + type(error).__name__
    return Problem(status, title, redacted(error.message), kind, instance, more)


def _status_of(error: RolecallError) -> tuple[int, str]:
    own = getattr(error, "http_status", None)
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return (own if isinstance(own, int) else status), title
    return 500, "Something is broken here"


async def send_problem(send: Send, problem: Problem) -> None:
    """Answer a problem; Retry-After is set where it is known."""
    after = problem.more.get("retry_after")
    extra = [(b"retry-after", str(after).encode())] if after is not None else []
    await answer(send, problem.status, problem.body(), MEDIA_TYPE, extra)
