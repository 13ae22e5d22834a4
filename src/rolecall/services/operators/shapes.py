"""Operators and API tokens as plain values: what --json and REST show alike.

Secrets are in the one answer that makes them, and nowhere else.
"""

from __future__ import annotations

from typing import Any

from rolecall.domain.operator import ApiToken, Operator
from rolecall.services.operators.tokens import NewToken

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


def linked_shape(one: Operator, address: str) -> Plain:
    """An operator with the link on which they choose a password, shown this once."""
    return {**operator_shape(one), "link": address}


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


def new_token_shape(made: NewToken) -> Plain:
    """A token with its secret, shown this once."""
    return {**token_shape(made.token), "secret": made.secret}
