"""What Rolecall does with HubSpot and the scopes each part needs: the one table of both.

Used by connect, the docs and the least-privilege advice. Each group of scopes is satisfied by
any one of them; a feature needs all its groups. Source: HubSpot's public API specification.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.domain.portal import Feature

MODES = ("read", "write", "offboard")

USERS_READ = ("settings.users.read", "crm.objects.users.read")
USERS_WRITE = ("settings.users.write", "crm.objects.users.write")

FEATURES: tuple[Feature, ...] = (
    Feature(
        "users",
        "Users and permission sets",
        (USERS_READ,),
        "read",
        "nothing can be read; the portal cannot be connected",
    ),
    Feature(
        "teams",
        "Teams and who is in them",
        (("settings.users.teams.read",),),
        "read",
        "teams have no names and no tree, and team findings are silent",
    ),
    Feature(
        "record-owners",
        "Record owners, archived ones included",
        (("crm.objects.owners.read",),),
        "read",
        "nobody learns whose records are left behind by deactivated or removed users",
    ),
    Feature(
        "profiles",
        "Job titles, last activity, deactivated users",
        (("crm.objects.users.read",),),
        "read",
        "deactivated and invited users look active, and dormant users stay unseen",
    ),
    Feature(
        "activity",
        "Log-in, security and audit feeds",
        (("account-info.security.read",),),
        "read",
        "last log-ins and who changed what are unknown",
    ),
    Feature(
        "seat-stock",
        "How many seats are left (HubSpot has no scope for reading alone)",
        (("settings.billing.write",),),
        "write",
        "the stock of seats is unknown, so no plan assigns a paid seat",
    ),
    Feature(
        "record-counts",
        "Records left behind by people who are gone",
        (
            ("crm.objects.contacts.read",),
            ("crm.objects.companies.read",),
            ("crm.objects.deals.read",),
            ("tickets", "crm.objects.tickets.read"),
        ),
        "read",
        "records of gone owners are not counted, and their finding is silent",
    ),
    Feature(
        "change-users",
        "Add, change, park and remove users",
        (USERS_WRITE,),
        "write",
        "plans can be made but not applied",
    ),
    Feature(
        "change-profiles",
        "Keep job title, phone and time zone equal to HR",
        (("crm.objects.users.write",),),
        "write",
        "profiles cannot be written",
    ),
    Feature(
        "change-teams",
        "Change teams and who is in them",
        (("settings.users.teams.write",),),
        "write",
        "team changes become manual tasks, also for users with several permission sets",
    ),
    Feature(
        "change-seats",
        "Assign and take paid seats, and permission sets that carry one",
        (("settings.billing.write",),),
        "write",
        "paid seats cannot be assigned or taken back",
    ),
    Feature(
        "hand-over",
        "Give records to a successor before somebody leaves",
        (
            ("crm.objects.contacts.write",),
            ("crm.objects.companies.write",),
            ("crm.objects.deals.write",),
            ("tickets", "crm.objects.tickets.write"),
        ),
        "offboard",
        "leavers keep their records until somebody moves them by hand",
    ),
)

# Implied by every token or install; never surplus.
IMPLICIT = frozenset({"oauth"})
# Older words for scopes, as the documents of other vendors write them.
FORMER_NAMES = {
    "crm.objects.owners": "crm.objects.owners.read",
    "billing-write": "settings.billing.write",
}


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """Granted scopes held against the table; a feature is here when all its groups are met."""

    granted: tuple[str, ...]
    available: tuple[Feature, ...]
    missing: tuple[tuple[Feature, tuple[tuple[str, ...], ...]], ...]  # with the unmet groups
    surplus: tuple[str, ...]


def scope_report(granted: Iterable[str]) -> ScopeReport:
    """What these scopes allow, what they lack, and which of them nothing uses."""
    held = {FORMER_NAMES.get(scope, scope) for scope in granted}
    unmet = {
        feature.id: tuple(group for group in feature.scopes if not held & set(group))
        for feature in FEATURES
    }
    used = {scope for feature in FEATURES for group in feature.scopes for scope in group}
    return ScopeReport(
        granted=tuple(sorted(held)),
        available=tuple(feature for feature in FEATURES if not unmet[feature.id]),
        missing=tuple((feature, unmet[feature.id]) for feature in FEATURES if unmet[feature.id]),
        surplus=tuple(sorted(held - used - IMPLICIT)),
    )


def minimal_scopes(mode: str) -> tuple[str, ...]:
    """The fewest scopes for a mode and those below it: read, write, offboard."""
    wanted = MODES[: MODES.index(mode) + 1]
    groups = [group for f in FEATURES if f.mode in wanted for group in f.scopes]
    single = {group[0] for group in groups if len(group) == 1}
    chosen = set(single)
    for group in groups:
        if not chosen & set(group):
            chosen.add(group[-1])  # the newer name of an any-of pair
    return tuple(sorted(chosen))
