"""What a token and its portal can do: scopes, edition, versions in use. Reads, never writes."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from rolecall.domain.portal import Capabilities, Tier
from rolecall.hubspot import QuotaView, Reader, TokenInfo
from rolecall.hubspot.errors import BadToken, HubSpotError, MissingScopes
from rolecall.hubspot.versions import FAMILIES, TOKEN, Version
from rolecall.hubspot.wire import AccountDetails
from rolecall.sync.troubles import BROKEN, NOT_HERE

Answer = TypeVar("Answer")

# Calls a day by edition, packs of a million aside; the daily header is the only thing that tells
# Professional from Starter. Source: HubSpot's usage guidelines.
STARTER_DAY = 250_000
PROFESSIONAL_DAYS = (600_000, 700_000)


@dataclass(frozen=True, slots=True)
class VersionInUse:
    """Which version of an API answers here, and when HubSpot stops serving it; "" = not tried yet."""

    api: str
    version: str
    ends: date | None


@dataclass(frozen=True, slots=True)
class Probe:
    """Everything one probe found; `owner_*` is who the credential belongs to."""

    account: AccountDetails
    capabilities: Capabilities
    owner_user_id: str | None
    owner_email: str
    app_id: int | None
    versions: tuple[VersionInUse, ...]
    requests: int
    warnings: tuple[str, ...] = ()


async def probe(reader: Reader) -> Probe:
    """Ask once for everything that tells what is possible; raises when the token is not good."""
    account = await reader.account_details()
    token = await token_of(reader)
    lost: set[str] = set()
    sets = await _allowed(reader.permission_sets(), lost)
    teams = await _allowed(reader.teams_flat(), lost)
    seats = await _allowed(_seat_names(reader), lost)
    audit = await _allowed(_first_audit(reader), lost)
    limit, used = await _usage(reader)
    found = Capabilities(
        scopes=() if token is None else tuple(one for one in token.scopes if one not in lost),
        scopes_known=token is not None,
        permission_sets=None if sets is None else sets[0],
        teams=None if teams is None else teams[0],
        seats=None if seats is None else seats[0],
        audit_logs=None if audit is None else audit[0],
        daily_limit=limit,
        daily_used=used,
        details={"seats": ", ".join(seats[1] or ())} if seats and seats[0] else {},
    )
    owner_id = None if token is None or token.user_id is None else str(token.user_id)
    return Probe(
        account,
        _with_tier(found, reader),
        owner_id,
        await _owner_email(reader, token, owner_id),
        None if token is None else token.app_id,
        versions_of(reader),
        reader.connection.counts.requests,
    )


def tier_of(found: Capabilities) -> Tier:
    """The edition, as far as answers tell; no API says it."""
    if found.permission_sets or found.audit_logs:
        return Tier.ENTERPRISE
    if found.permission_sets is None and found.daily_limit is None:
        return Tier.UNKNOWN
    limit = found.daily_limit
    if limit is not None and PROFESSIONAL_DAYS[0] <= limit <= PROFESSIONAL_DAYS[1]:
        return Tier.PROFESSIONAL
    seats = found.details.get("seats", "").casefold()
    if limit is not None and limit <= STARTER_DAY and seats:
        # View-Only seats come with every paid account, and with none that is free.
        return Tier.STARTER if "view" in seats else Tier.FREE
    return Tier.UNKNOWN


def _with_tier(found: Capabilities, reader: Reader) -> Capabilities:
    tier = tier_of(found)
    users = next((v.version for v in versions_of(reader) if v.api == "users"), "") or "v3"
    nested = tier is Tier.ENTERPRISE if tier is not Tier.UNKNOWN else None
    return replace(found, tier=tier, users_version=users, nested_teams=nested)


async def token_of(reader: Reader) -> TokenInfo | None:
    """Whose token it is; None where HubSpot does not tell. A refused token is raised."""
    try:
        return await reader.token_info()
    except BadToken:
        raise
    except HubSpotError as error:
        if isinstance(error, NOT_HERE + BROKEN):
            return None
        raise


async def _allowed(ask: Awaitable[Answer], lost: set[str]) -> tuple[bool, Answer | None] | None:
    """Whether the portal has it, with the answer; None where only the token stands in the way.

    A refusal counts for more than the list of scopes: those it names are `lost`.
    """
    try:
        return True, await ask
    except MissingScopes as error:
        lost.update(error.required)
        return None
    except HubSpotError as error:
        if isinstance(error, NOT_HERE + BROKEN):
            return False, None
        raise


async def _seat_names(reader: Reader) -> tuple[str, ...]:
    return tuple(seat.name for seat in await reader.seats())


async def _first_audit(reader: Reader) -> None:
    async for _ in reader.audit_feed(max_pages=1):
        break


async def _usage(reader: Reader) -> tuple[int | None, int | None]:
    """Today's shared limit and use: from headers, else from HubSpot's own count."""
    quota = reader.connection.quota
    if quota.daily_limit is not None:
        return quota.daily_limit, used_of(quota)
    try:
        usage = await reader.usage_daily()
    except HubSpotError as error:
        if isinstance(error, (BadToken, *NOT_HERE, *BROKEN)):
            return None, None
        raise
    known = next((one for one in usage if one.usage_limit is not None), None)
    return (known.usage_limit, known.current_usage) if known else (None, None)


def used_of(quota: QuotaView) -> int | None:
    """Calls of today, of all private apps together."""
    if quota.daily_limit is None or quota.daily_left is None:
        return None
    return quota.daily_limit - quota.daily_left


def day_of(reader: Reader) -> tuple[int | None, int | None]:
    """Calls used today and their limit, as the answers on this connection told."""
    return used_of(reader.connection.quota), reader.connection.quota.daily_limit


async def _owner_email(reader: Reader, token: TokenInfo | None, owner_id: str | None) -> str:
    if token is not None and token.user_email:
        return token.user_email
    if owner_id is None:
        return ""
    try:
        user = await reader.user(owner_id)
    except HubSpotError as error:
        if isinstance(error, NOT_HERE + BROKEN):
            return ""
        raise
    return user.email if user else ""


def versions_of(reader: Reader) -> tuple[VersionInUse, ...]:
    """Every API called in a portal, with the version that answered, now or remembered."""
    used = reader.connection.versions_in_use()
    names = sorted(family.name for family in FAMILIES if family is not TOKEN)
    return tuple(_in_use(name, used.get(name)) for name in names)


def _in_use(api: str, found: Version | None) -> VersionInUse:
    return VersionInUse(api, found.name, found.ends) if found else VersionInUse(api, "", None)
