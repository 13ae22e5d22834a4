"""Tokens on request, as the control surface gives them; HubSpot makes these in its screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from hubspot_emulator.accounts import ImportApp, install, register_app
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.oauth.model import ACCESS_SECONDS, give_access, give_grant
from hubspot_emulator.oauth.telling import scopes_of
from hubspot_emulator.tokens import Token, TokenKind

if TYPE_CHECKING:
    from hubspot_emulator.world import Portal, World

_FIELDS = {"kind", "portal", "scopes", "expires_in", "limits", "user", "app"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One token as asked for; `scopes` None means all."""

    kind: TokenKind
    portal: Portal
    scopes: frozenset[str] | None
    expires_in: float | None
    limits: Literal["real", "off"]
    user_id: int | None
    app: ImportApp | None


def read_wanted(world: World, body: dict[str, Any]) -> Wanted:
    """What a request for a token asks; ValueError names what is wrong with it."""
    unknown = sorted(set(body) - _FIELDS)
    if unknown:
        raise ValueError(f"unknown field {', '.join(unknown)}; known: {', '.join(sorted(_FIELDS))}")
    kind = body.get("kind", "private_app")
    if kind not in get_args(TokenKind):
        raise ValueError(f"kind is one of {', '.join(get_args(TokenKind))}, not {kind!r}")
    portal = _portal(world, body.get("portal"))
    return Wanted(
        kind=kind,
        portal=portal,
        scopes=_scopes(body.get("scopes", "all")),
        expires_in=_seconds(body.get("expires_in")),
        limits=_limits(body.get("limits")),
        user_id=_creator(world, portal, body.get("user")),
        app=_app(world, body.get("app")),
    )


def mint(world: World, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Make the token; gives back everything a client needs to use it."""
    token, app = _oauth(world, wanted, now) if wanted.kind == "oauth" else _key(world, wanted, now)
    token.limits = wanted.limits
    answer = {"token": token.value, "app_id": token.app_id, "portal_id": token.portal_id}
    if app is None:
        return answer
    client = {"client_id": app.client_id, "client_secret": app.client_secret}
    return {**answer, "refresh_token": token.refresh_token, **client}


def _key(world: World, wanted: Wanted, now: datetime) -> tuple[Token, None]:
    ends = None if wanted.expires_in is None else now + timedelta(seconds=wanted.expires_in)
    region = wanted.portal.hosting
    digits = f"{world.random.getrandbits(128):032x}"
    parts = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    token = Token(
        value=f"pat-{region}-{parts}",
        kind=wanted.kind,
        portal_id=wanted.portal.id,
        app_id=world.new_id("app", 3_000_001),
        scopes=wanted.scopes,
        user_id=wanted.user_id,
        expires_at=ends,
    )
    return world.tokens.issue(token), None


def _oauth(world: World, wanted: Wanted, now: datetime) -> tuple[Token, ImportApp]:
    app = wanted.app or register_app(world, "Minted app")
    if wanted.user_id is not None:
        install(wanted.portal, app, wanted.user_id, scopes_of(wanted.scopes), now)
    grant = give_grant(world, app, wanted.portal.id, wanted.user_id, wanted.scopes)
    seconds = ACCESS_SECONDS if wanted.expires_in is None else wanted.expires_in
    return give_access(world, grant, now, seconds), app


def _portal(world: World, wanted: object) -> Portal:
    if wanted is None:
        return next(iter(world.portals.values()))
    portal = world.portals.get(as_id(str(wanted)) or 0)  # read as JSON or out of a text
    if portal is None:
        raise ValueError(f"no portal {wanted!r}; there are: {', '.join(map(str, world.portals))}")
    return portal


def _scopes(wanted: object) -> frozenset[str] | None:
    if wanted == "all":
        return None
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        raise ValueError(f'scopes is "all" or a list of names, not {wanted!r}')
    return frozenset(wanted)


def _seconds(wanted: object) -> float | None:
    if wanted is None:
        return None
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise ValueError(f"expires_in is a number of seconds, not {wanted!r}")
    return float(wanted)


def _limits(wanted: object) -> Literal["real", "off"]:
    if wanted == "off":
        return "off"
    if wanted not in (None, "real"):
        raise ValueError(f"limits is real or off, not {wanted!r}")
    return "real"


def _creator(world: World, portal: Portal, email: object) -> int | None:
    if email is None:
        return next((user for user, one in portal.members.items() if one.super_admin), None)
    identity = world.identity(email) if isinstance(email, str) else None
    if identity is None or identity.id not in portal.members:
        raise ValueError(f"no user {email!r} in portal {portal.id}")
    return identity.id


def _app(world: World, app_id: object) -> ImportApp | None:
    if app_id is None:
        return None
    app = world.import_apps.get(app_id) if isinstance(app_id, int) else None
    if app is None:
        raise ValueError(f"no app {app_id!r}; there are: {', '.join(map(str, world.import_apps))}")
    return app
