"""Display properties of CRM users: access facts under internal names that differ by portal.

HubSpot's user table shows Seat, Permission Sets, Last Active and so on; their internal names are
published nowhere, so every portal of the emulator has its own and clients must find them by label.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hubspot_emulator.crm.definitions import PropertyDef
from hubspot_emulator.wire import timestamp

if TYPE_CHECKING:
    from hubspot_emulator.world import Membership, Portal

Reader = Callable[["Portal", "Membership"], str | None]

_STYLES = ("hs_{0}", "hs_user_{0}", "hs_{0}_display", "hs_calculated_{0}")


def _seat(_portal: Portal, membership: Membership) -> str | None:
    return ";".join(membership.seat_names) or None


def _permission_sets(portal: Portal, membership: Membership) -> str | None:
    sets = portal.permission_sets
    names = [sets[i].name for i in membership.permission_set_ids if i in sets]
    return ";".join(names) or None


def _last_active(_portal: Portal, membership: Membership) -> str | None:
    return None if membership.last_login_at is None else timestamp(membership.last_login_at)


def _team_name(portal: Portal, team_id: int | None) -> str | None:
    team = None if team_id is None else portal.teams.get(team_id)
    return None if team is None else team.name


def _main_team(portal: Portal, membership: Membership) -> str | None:
    return _team_name(portal, membership.main_team_id)


def _all_teams(portal: Portal, membership: Membership) -> str | None:
    ids = [membership.main_team_id, *membership.extra_team_ids]
    return ";".join(filter(None, (_team_name(portal, i) for i in ids))) or None


def _access(_portal: Portal, membership: Membership) -> str | None:
    if membership.super_admin:
        return "Super Admin"
    if membership.permission_set_ids:
        return "Permission set"
    return "Custom" if membership.granular else "Basic"


# label, stem of the internal name, type, how the value is read. Source of the labels: the schema
# dump and the user table named in HUBSPOT.md 2.3.
_DISPLAYED: tuple[tuple[str, str, str, Reader], ...] = (
    ("Seat", "seat", "enumeration", _seat),
    ("Permission Sets", "permission_sets", "enumeration", _permission_sets),
    ("Last Active", "last_active", "datetime", _last_active),
    ("Main team", "main_team", "string", _main_team),
    ("All teams", "all_teams", "enumeration", _all_teams),
    ("Access", "access", "string", _access),
)


def display_definitions(style: int) -> tuple[PropertyDef, ...]:
    """The display properties as a portal of this style names them."""
    return tuple(
        PropertyDef(
            _STYLES[style % len(_STYLES)].format(stem),
            label,
            kind,
            "date" if kind == "datetime" else "text",
            group="userinformation",
            read_only=True,
            calculated=True,
        )
        for label, stem, kind, _ in _DISPLAYED
    )


def display_values(style: int) -> dict[str, Reader]:
    """How each display property of this style reads a membership, by internal name."""
    pattern = _STYLES[style % len(_STYLES)]
    return {pattern.format(stem): reader for _, stem, _, reader in _DISPLAYED}


def display_names(style: int) -> frozenset[str]:
    """The internal names of the display properties of this style."""
    return frozenset(display_values(style))
