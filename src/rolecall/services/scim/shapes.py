"""SCIM clients, mappings and log lines as faces show them."""

from __future__ import annotations

from typing import Any

from rolecall.domain.scim import ScimClient, ScimLine, ScimRecord
from rolecall.services.scim.removing import Removal


def client_shape(one: ScimClient) -> dict[str, Any]:
    """A client with its choices."""
    return {
        "id": one.id,
        "hub_id": one.hub_id,
        "name": one.name,
        "created_at": one.created_at,
        "groups": one.groups.value,
        "leaving": one.leaving.value,
        "most_people": one.most_people,
        "most_leavers_a_day": one.most_leavers_a_day,
        "welcome_email": one.welcome_email,
        "trouble": one.trouble,
    }


def removal_shape(one: Removal) -> dict[str, Any]:
    """What went, or would go, with a client."""
    return {
        "client": client_shape(one.client),
        "users": one.users,
        "groups": one.groups,
        "claims_ended": one.claims,
        "plans_cancelled": one.plans,
    }


def group_shape(one: ScimRecord) -> dict[str, Any]:
    """A pushed group and what it is mapped to, e.g. team 12; target null = nothing."""
    kind, _, value = one.target.partition(":")
    return {
        "id": one.id,
        "name": one.name,
        "target": {"kind": kind, "id": value} if value else None,
        "modified_at": one.modified_at,
    }


def line_shape(one: ScimLine) -> dict[str, Any]:
    """A line of the log."""
    return {
        "id": one.id,
        "at": one.at,
        "method": one.method,
        "path": one.path,
        "status": one.status,
        "told": one.told,
        "kind": one.kind,
        "resource_id": one.resource_id,
        "sent": one.sent,
        "can_replay": bool(one.asked) or (one.method == "DELETE" and bool(one.kind)),
    }
