"""The roots of every error tree, sorted by what the caller must do.

RolecallError
├── Retryable     the same call may succeed later; `retry_after` says when, if known
├── NeedsPerson   somebody must act first (a scope, a token, a seat, a decision)
├── Refused       the request itself is wrong or not allowed; repeating changes nothing
└── Broken        an assumption of ours does not hold; a bug or a damaged store
"""

from __future__ import annotations


class RolecallError(Exception):
    """Something went wrong; the message names the place, the hint the way out."""

    @property
    def trace(self) -> str:
        """What the other side's support finds the call by; empty where nobody else was asked."""
        return ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Retryable(RolecallError):
    """The same call may succeed later."""

    def __init__(
        self, message: str, *, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NeedsPerson(RolecallError):
    """Somebody must act before this can succeed."""


class Refused(RolecallError):
    """The request is wrong or not allowed; repeating it changes nothing."""


class AlreadyThere(Refused):
    """It exists already; nothing was changed."""

    http_status = 409


class NotThere(Refused):
    """There is no such thing, or it is not for the caller to see."""

    http_status = 404


class OutOfDate(Refused):
    """It changed since it was read; nothing was changed."""

    http_status = 409


class Broken(RolecallError):
    """An assumption does not hold: a bug, or a damaged store."""
