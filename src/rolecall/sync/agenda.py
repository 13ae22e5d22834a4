"""What one run will read, by what token and portal allow; the rest is a gap that is said. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rolecall.domain.portal import Capabilities
from rolecall.reading.feeds import AUDIT, LOGIN, SECURITY
from rolecall.sync import resources
from rolecall.sync.probing import tier_of
from rolecall.sync.resources import Resource
from rolecall.sync.troubles import Gap, lacking

NOT_IN_EDITION = "not in this portal's HubSpot edition"

# Any one scope of a row suffices (domain.features); users themselves are always asked for.
TEAM_SCOPES = ("settings.users.teams.read",)
SEAT_SCOPES = ("settings.billing.write",)
OWNER_SCOPES = ("crm.objects.owners.read",)
CRM_SCOPES = ("crm.objects.users.read",)
FEED_SCOPES = ("account-info.security.read",)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What to read, and what is left out for a reason known beforehand."""

    resources: tuple[Resource[Any], ...]
    crm_users: bool
    feeds: tuple[str, ...]
    gaps: tuple[Gap, ...]


def agenda_of(found: Capabilities, *, trust: bool = True) -> Agenda:
    """What to read; without `trust`, what an earlier probe found missing is tried again."""
    lists: list[Resource[Any]] = [resources.users()]
    gaps: list[Gap] = []

    def wanted(part: str, scopes: tuple[str, ...], offered: bool | None) -> bool:
        if found.scopes_known and not set(scopes) & set(found.scopes):
            gaps.append(Gap(part, lacking(scopes), scopes=scopes))
            return False
        if trust and offered is False:
            gaps.append(Gap(part, NOT_IN_EDITION))
            return False
        return True

    if not (trust and found.permission_sets is False):
        lists.append(resources.permission_sets())
    else:
        gaps.append(Gap(resources.PERMISSION_SETS, NOT_IN_EDITION))
    if wanted(resources.TEAMS, TEAM_SCOPES, found.teams):
        lists += [resources.teams(), resources.team_tree()]
    if wanted(resources.SEATS, SEAT_SCOPES, found.seats):
        lists.append(resources.seats())
    if wanted(resources.OWNERS, OWNER_SCOPES, None):
        lists += [resources.owners(), resources.archived_owners()]
    crm_users = wanted(resources.CRM_USERS, CRM_SCOPES, None)
    feeds: tuple[str, ...] = ()
    if wanted("log-in and security feeds", FEED_SCOPES, None):
        audit = not (trust and found.audit_logs is False)
        feeds = (LOGIN, SECURITY, AUDIT) if audit else (LOGIN, SECURITY)
    return Agenda(tuple(lists), crm_users, feeds, tuple(gaps))


def unread_names(gaps: tuple[Gap, ...]) -> frozenset[str]:
    """Resources that were not read, companions of a skipped one included."""
    names = {gap.part for gap in gaps}
    if resources.OWNERS in names:
        names.add(resources.ARCHIVED_OWNERS)
    if resources.TEAMS in names:
        names.add(resources.TEAM_TREE)
    return frozenset(names)


def learned(found: Capabilities, agenda: Agenda, gaps: tuple[Gap, ...]) -> Capabilities:
    """The capabilities as this run met them."""
    feeds = {f"{feed} feed" for feed in agenda.feeds}
    asked = {resource.name for resource in agenda.resources} | feeds
    missing = {gap.part for gap in gaps if not (gap.torn or gap.scopes or gap.passing)}

    def seen(part: str, before: bool | None) -> bool | None:
        return part not in missing if part in asked else before

    met = replace(
        found,
        permission_sets=seen(resources.PERMISSION_SETS, found.permission_sets),
        teams=seen(resources.TEAMS, found.teams),
        seats=seen(resources.SEATS, found.seats),
        audit_logs=seen(f"{AUDIT} feed", found.audit_logs),
    )
    return replace(met, tier=tier_of(met))
