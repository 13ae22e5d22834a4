"""Rows of the feeds as their APIs print them, and which rows a version shows. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubspot_emulator.feeds.store import AuditEvent, LoginEvent, Place, SecurityEvent
from hubspot_emulator.wire import timestamp, without_nulls

if TYPE_CHECKING:
    from hubspot_emulator.world import World

# Types that v3 and 2026-03 have, 2025-09 and 2026-09 not (specification of August 2026).
DROPPED = frozenset(
    {
        "CONTACT_OWNER_AUTO_ASSIGN_DISABLED",
        "CONTACT_OWNER_AUTO_ASSIGN_ENABLED",
        "EMAIL_LOGGING_SYNC_SET_ALL",
        "EMAIL_LOGGING_SYNC_SET_CONTACTS",
        "EMAIL_LOGGING_SYNC_SET_REPLIES",
        "SERVICE_KEY_AUTO_ROTATE",
        "SERVICE_KEY_ROTATION_SCHEDULE_REMOVED",
        "SERVICE_KEY_ROTATION_SCHEDULE_SET",
        "SERVICE_KEY_ROTATION_SCHEDULE_UPDATED",
        "TEMPLATE_DELETED",
        "TWO_FACTOR_PROTECTED_ENDPOINT_BLOCKED",
        "TWO_FACTOR_PROTECTED_ENDPOINT_SUCCEEDED",
    }
)


def shows(version: str, event_type: str) -> bool:
    """Whether this version of the security feed knows the type at all."""
    return not version.startswith(("2025-09", "2026-09")) or event_type not in DROPPED


def security_row(world: World, event: SecurityEvent) -> dict[str, Any]:
    """One row of the security feed; absent facts are left out."""
    return without_nulls(
        {
            "id": str(event.id),
            "type": event.type,
            "createdAt": timestamp(event.at),
            "userId": event.actor_id,
            "actingUser": email_of(world, event.actor_id),
            "objectId": event.object_id,
            "infoUrl": event.info_url,
            **_place(event.place),
        }
    )


def login_row(event: LoginEvent) -> dict[str, Any]:
    """One row of the login feed."""
    return without_nulls(
        {
            "id": str(event.id),
            "loginAt": timestamp(event.at),
            "loginSucceeded": event.succeeded,
            "userId": event.user_id,
            "email": event.email,
            "userAgent": event.user_agent,
            **_place(event.place),
        }
    )


def audit_row(world: World, event: AuditEvent) -> dict[str, Any]:
    """One row of the central audit log."""
    who = {"userId": event.actor_id, "userEmail": email_of(world, event.actor_id)}
    return without_nulls(
        {
            "id": str(event.id),
            "category": event.category,
            "subCategory": event.sub_category,
            "action": event.action,
            "targetObjectId": event.target_id,
            "occurredAt": timestamp(event.at),
            "actingUser": without_nulls(who),
        }
    )


def email_of(world: World, user_id: int) -> str | None:
    """The address of whoever acted; None when it was HubSpot itself."""
    identity = world.identities.get(user_id)
    return None if identity is None else identity.email


def _place(place: Place) -> dict[str, str]:
    return {
        "ipAddress": place.ip,
        "location": place.location,
        "countryCode": place.country,
        "regionCode": place.region,
    }
