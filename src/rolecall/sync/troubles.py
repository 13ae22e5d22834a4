"""Which errors of HubSpot end a sync, which leave one part unread, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.features import FEATURES
from rolecall.hubspot.errors import (
    BadToken,
    DailyLimitReached,
    FeatureMissing,
    Forbidden,
    HubSpotError,
    Invalid,
    MissingScopes,
    RateLimited,
    Unavailable,
    Unreadable,
    VersionMissing,
)

# Nothing else would answer either, so the run stops and can be continued.
ENDING = (BadToken, DailyLimitReached, RateLimited)
# The portal's calls of today are spent; tomorrow the same run goes on.
ENDING_TODAY = (DailyLimitReached,)
# The token or the edition cannot read it: that part is unread, the rest is whole.
NOT_HERE = (MissingScopes, FeatureMissing, Forbidden, VersionMissing)
# It should have answered: that part is unread, and the snapshot incomplete.
BROKEN = (Unavailable, Unreadable, Invalid)


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the portal that was not read; `torn` makes the snapshot incomplete."""

    part: str
    reason: str
    torn: bool = False
    scopes: tuple[str, ...] = ()  # any one would do
    passing: bool = False  # it may well answer next time, and users are whole without it

    def __str__(self) -> str:
        return f"{self.part}: {self.reason}"


def gap_of(part: str, error: HubSpotError) -> Gap:
    """The gap an error leaves; raises the error again when it ends the whole run."""
    if isinstance(error, MissingScopes):
        return Gap(part, lacking(error.required), scopes=error.required)
    if isinstance(error, FeatureMissing):
        return Gap(part, "not in this portal's HubSpot edition")
    if isinstance(error, VersionMissing):
        return Gap(part, "no API version of this portal offers it")
    if isinstance(error, Forbidden):
        return Gap(part, f"HubSpot does not allow it ({error.failure.message})")
    if isinstance(error, BROKEN):
        return Gap(part, error.message, torn=True)
    raise error


def lacking(scopes: tuple[str, ...]) -> str:
    """Which scope is missing (any one of these would do), and what that costs."""
    if not scopes:
        return "the token lacks a scope HubSpot does not name"
    wanted = set(scopes)
    costs = [one.without for one in FEATURES if any(set(group) <= wanted for group in one.scopes)]
    cost = f"; without it {costs[0]}" if costs else ""
    return f"the token lacks the scope {' or '.join(scopes)}{cost}"
