"""What can go wrong with a call to HubSpot, sorted by what the caller must do next.

    HubSpotError
    ├── (Retryable)    RateLimited         burst or search limit, still there after our own waits
    │                  DailyLimitReached   the portal's shared calls of today are spent
    │                  Unavailable         HubSpot is down, moving or the portal is locked
    │                  Unreachable         no connection or no answer to a read
    │                  Unreadable          an answer came, but not the one HubSpot promises
    ├── (NeedsPerson)  BadToken            HubSpot does not know the token
    │                  TokenExpired        the token's time is over
    │                  GrantLost           the app was uninstalled or its refresh token revoked
    │                  MissingScopes       the token may not do this; `required` says what may
    │                  FeatureMissing      the portal's edition does not have this
    │                  NoSeat              no free seat for what was asked
    ├── (Refused)      Invalid             HubSpot says the request is wrong
    │                  NotActivated        the user never accepted an invitation
    │                  Forbidden           not allowed, and no scope would change that
    │                  NotFound            proved absent: HubSpot's own 404, never an HTML page
    │                  Conflict            it exists already
    │                  VersionMissing      no API version we know offers this here
    └── UnknownOutcome sent, but no answer: only reading back tells; never repeat it blindly

Never holds a credential: every text passes `kit.redact` first.
"""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.kit.errors import NeedsPerson, Refused, Retryable, RolecallError
from rolecall.kit.redact import redacted


@dataclass(frozen=True, slots=True)
class Failure:
    """The call that failed and what HubSpot said; `path` is a template without ids or secrets."""

    method: str
    path: str
    status: int | None = None  # None: no answer
    category: str = ""
    sub_category: str = ""
    correlation_id: str = ""
    policy: str = ""  # policyName of a 429
    message: str = ""  # HubSpot's own words, redacted
    details: tuple[str, ...] = ()  # codes and messages of the nested errors
    fields: tuple[str, ...] = ()  # of our body, that the nested errors point at


class HubSpotError(RolecallError):
    """A call to HubSpot did not do what was asked; `failure` holds the facts."""

    def __init__(self, message: str, failure: Failure, *, hint: str | None = None) -> None:
        super().__init__(redacted(message), hint=hint)
        self.failure = failure

    @property
    def trace(self) -> str:
        """HubSpot's correlation id of the call."""
        return self.failure.correlation_id

    @property
    def sentence(self) -> str:
        """What is the matter in one short sentence, without the call: its class's own."""
        return (type(self).__doc__ or "").partition(".")[0]

    @property
    def status(self) -> int | None:
        """HTTP status, None where no answer came."""
        return self.failure.status

    @property
    def correlation_id(self) -> str:
        """HubSpot's id of the exchange, for its support; empty where none was sent."""
        return self.failure.correlation_id

    def __str__(self) -> str:
        return self.message


class _Later(HubSpotError, Retryable):
    """Retryable with the facts of the call."""

    def __init__(
        self,
        message: str,
        failure: Failure,
        *,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        HubSpotError.__init__(self, message, failure, hint=hint)
        self.retry_after = retry_after


class RateLimited(_Later):
    """HubSpot's burst or search limit is still exhausted after we waited."""


class DailyLimitReached(_Later):
    """HubSpot API shared rate limit reached for today."""


class Unavailable(_Later):
    """HubSpot cannot answer now."""


class Unreachable(_Later):
    """HubSpot did not answer."""


class Unreadable(_Later):
    """HubSpot's answer could not be understood."""


class BadToken(HubSpotError, NeedsPerson):
    """HubSpot does not accept the token."""


class TokenExpired(BadToken):
    """The token's time is over."""


class GrantLost(BadToken):
    """The app is no longer installed in this portal, or its refresh token was revoked."""


class MissingScopes(HubSpotError, NeedsPerson):
    """The token lacks a scope; any one of `required` suffices."""

    def __init__(
        self,
        message: str,
        failure: Failure,
        *,
        hint: str | None = None,
        required: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, failure, hint=hint)
        self.required = required


class FeatureMissing(HubSpotError, NeedsPerson):
    """The portal's edition does not have this feature."""


class NoSeat(HubSpotError, NeedsPerson):
    """No free seat; HubSpot may also say so for a moment after a removal."""


class Invalid(HubSpotError, Refused):
    """HubSpot says the request is wrong."""


class NotActivated(Invalid):
    """The user never accepted an invitation, so names cannot be changed."""


class Forbidden(HubSpotError, Refused):
    """HubSpot does not allow this, and no scope would change that."""


class NotFound(HubSpotError, Refused):
    """HubSpot says there is no such thing."""


class Conflict(HubSpotError, Refused):
    """It exists already."""


class VersionMissing(HubSpotError, Refused):
    """No API version known to us offers this in this portal."""


class UnknownOutcome(HubSpotError):
    """The request was sent and no answer came: it may have happened; read back before going on."""
