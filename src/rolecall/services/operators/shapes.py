"""Operators and API tokens as plain values: what --json and REST show alike; never a secret."""

from __future__ import annotations

from typing import Any

from rolecall.domain.operator import ApiToken, Operator

Plain = dict[str, Any]


def operator_shape(one: Operator) -> Plain:
    """Somebody who may sign in, with roles by hub id; 0 = every portal."""
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "roles": {str(hub_id): sorted(some) for hub_id, some in one.roles.items()},
        "local_user": one.local_user,
        "second_factor": one.second_factor,
        "disabled": one.disabled,
        "signed_in_at": one.signed_in_at,
    }


def token_shape(one: ApiToken) -> Plain:
    """A token by what is known of it; `hint` is its last characters."""
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "portals": sorted(one.portals),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "last_used_at": one.last_used_at,
        "revoked_at": one.revoked_at,
        "hint": one.hint,
    }
