"""What this portal and connection let a plan write; everything else becomes a manual task."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.portal import Tier
from rolecall.domain.snapshot import Snapshot

WITHOUT_SEATS = ("2026-03",)  # seatNames is not writable there (HubSpot's public API files)
TEAM_SCOPE = "settings.users.teams.write"
BILLING_SCOPE = "settings.billing.write"
PROFILE_SCOPE = "crm.objects.users.write"
_BELOW_ENTERPRISE = (Tier.FREE, Tier.STARTER, Tier.PROFESSIONAL)
_WITHOUT_TEAMS = (Tier.FREE, Tier.STARTER)


@dataclass(frozen=True, slots=True)
class Abilities:
    """True where a write is possible as far as known; unknown scopes count as granted."""

    teams: bool = True  # the Teams API: members and structure
    team_fields: bool = True  # team fields of a user
    nested_teams: bool = True
    permission_sets: bool = True
    seats: bool = True
    billing: bool = True
    profile: bool = True


def abilities(snapshot: Snapshot) -> Abilities:
    """Read from the capabilities probed at connect and stored with the snapshot."""
    caps = snapshot.capabilities

    def granted(scope: str) -> bool:
        return not caps.scopes_known or not caps.scopes or scope in caps.scopes

    has_teams = caps.teams is not False and snapshot.tier not in _WITHOUT_TEAMS
    return Abilities(
        teams=has_teams and granted(TEAM_SCOPE),
        team_fields=has_teams,
        nested_teams=caps.nested_teams is not False and snapshot.tier not in _BELOW_ENTERPRISE,
        permission_sets=caps.permission_sets is not False
        and (bool(snapshot.permission_sets) or snapshot.tier not in _BELOW_ENTERPRISE),
        seats=caps.seats is not False and caps.users_version not in WITHOUT_SEATS,
        billing=granted(BILLING_SCOPE),
        profile=granted(PROFILE_SCOPE),
    )
