"""What HubSpot's user table shows, found among the CRM user properties by label.

Internal names of Seat, Last Active and the like are published nowhere and may differ by portal,
so they are looked up in the property definitions. Source of the labels: HubSpot's user table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.hubspot.wire import Property

USER_ID = "hs_internal_user_id"
OWNER_ID = "hubspot_owner_id"
DEACTIVATED = "hs_deactivated"

# What identifies or dates a record, or is a fact of its own on User: no part of a profile.
IDENTITY = (USER_ID, OWNER_ID, DEACTIVATED)
NOT_PROFILE = frozenset(
    {
        *IDENTITY,
        "hs_object_id",
        "hs_createdate",
        "hs_lastmodifieddate",
        "createdate",
        "lastmodifieddate",
        "hs_email",
        "hs_given_name",
        "hs_family_name",
        "hs_searchable_calculated_name",
    }
)
# Documented writable properties and the phone HubSpot shows; a portal may have fewer.
PROFILE = (
    "hs_job_title",
    "hs_main_phone",
    "hs_additional_phone",
    "hs_availability_status",
    "hs_standard_time_zone",
    "hs_working_hours",
    "hs_out_of_office_hours",
    "hs_main_user_language_skill",
    "hs_secondary_user_language_skill",
    "hs_uncategorized_skills",
)

_LABELS: dict[str, tuple[str, ...]] = {
    "seat": ("seat", "seats"),
    "permission_sets": ("permission sets", "permission set", "permission set(s)"),
    "access": ("access",),
    "last_active": ("last active", "last active date"),
    "main_team": ("main team", "primary team"),
    "all_teams": ("all teams", "teams"),
    "invite_status": ("invite status", "invitation status"),
    "deactivated": ("deactivated",),
}


@dataclass(frozen=True, slots=True)
class DisplayProperties:
    """Internal names in one portal; None = this portal has no such property."""

    seat: str | None = None
    permission_sets: str | None = None
    access: str | None = None
    last_active: str | None = None
    main_team: str | None = None
    all_teams: str | None = None
    invite_status: str | None = None
    deactivated: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The internal names that were found."""
        found = (getattr(self, field) for field in _LABELS)
        return tuple(name for name in found if name is not None)


def discover(properties: Iterable[Property]) -> DisplayProperties:
    """The display properties among a portal's definitions of CRM user properties.

    HubSpot's own (`hs_...`) win over a property somebody made with the same label.
    """
    by_label: dict[str, str] = {}
    usable = [p for p in properties if not p.archived]
    for found in sorted(usable, key=lambda p: (not p.name.startswith("hs_"), p.name)):
        by_label.setdefault(" ".join(found.label.casefold().split()), found.name)
        if found.name == DEACTIVATED:
            by_label["deactivated"] = DEACTIVATED
    return DisplayProperties(
        **{
            field: next((by_label[label] for label in labels if label in by_label), None)
            for field, labels in _LABELS.items()
        }
    )


def wanted_properties(
    properties: Iterable[Property], display: DisplayProperties, more: Iterable[str] = ()
) -> tuple[str, ...]:
    """What to ask for of every CRM user: ids, display facts, profile; only what exists here."""
    there = {found.name for found in properties if not found.archived}
    asked = dict.fromkeys((*IDENTITY, *display.names, *PROFILE, *more))
    return tuple(name for name in asked if name in there)
