"""API tokens: made once in clear, kept as a hash, bounded by scopes and by their owner's roles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor, Role, local_actor
from rolecall.domain.events import Event
from rolecall.domain.operator import (
    ALL_PORTALS,
    ROLES_OF_SCOPE,
    ApiToken,
    Operator,
    TokenScope,
)
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.operators.second_factor import own_operator
from rolecall.services.rights import NotAllowed, need_scope, need_writing
from rolecall.signin.bearer import hash_of, new_secret
from rolecall.store import View
from rolecall.store.errors import NotThere

KIND = "rct"
USED_EVERY = timedelta(minutes=1)
HINT = 4  # last characters shown, so that people find a token in their own places


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is never shown again."""

    token: ApiToken
    secret: str = field(repr=False)


async def create_token(
    app: App,
    actor: Actor,
    name: str,
    scopes: Collection[TokenScope],
    portals: Collection[int],
    *,
    expires_at: datetime | None = None,
) -> NewToken:
    """A token of one's own for these portals (0 = all of one's own); the secret, this once.

    Raises NotAllowed for a scope one's own roles do not cover, Refused for an end in the past.
    """
    need_writing(app, "make tokens")
    need_scope(actor, TokenScope.MANAGE, "make tokens")
    now = app.clock.now()
    if not name.strip() or not scopes or not portals:
        raise Refused("a token needs a name, a scope and a portal")
    if expires_at is not None and expires_at <= now:
        raise Refused("the token would have ended already", hint="choose a later day")
    for scope in scopes:
        for hub_id in portals:
            _need_cover(actor, scope, hub_id)
    async with app.database.begin(actor, f"made the token {name}") as work:
        owner_id = await _owner_id(work, actor)
        secret = new_secret(KIND)
        token = ApiToken(
            uuid7(), name.strip(), owner_id, frozenset(scopes), frozenset(portals), now, expires_at,
            hint=secret[-HINT:],
        )  # fmt: skip
        await work.api_tokens.add(token, hash_of(secret))
        details = {"scopes": ", ".join(sorted(scopes)), "portals": _shown(token.portals)}
        work.record(Event.API_TOKEN_CREATED, subject=token.name, details=details)
    return NewToken(token, secret)


async def list_tokens(app: App, actor: Actor) -> tuple[ApiToken, ...]:
    """One's own tokens; an admin of all portals sees everybody's."""
    need_scope(actor, TokenScope.MANAGE, "list tokens")
    async with app.database.read() as view:
        owner_id = await _owner_id(view, actor)
        found = await view.api_tokens.all()
    over_all = actor.holds(Role.ADMIN, ALL_PORTALS)
    return tuple(token for token in found if over_all or token.owner_id == owner_id)


async def revoke_token(app: App, actor: Actor, token_id: str) -> ApiToken:
    """End a token for good, and show it; NotThere for one that is not one's own to end."""
    need_scope(actor, TokenScope.MANAGE, "revoke tokens")
    async with app.database.begin(actor, "revoked a token") as work:
        token = await work.api_tokens.get(token_id)
        owner_id = await _owner_id(work, actor)
        over_all = actor.holds(Role.ADMIN, ALL_PORTALS)
        if token is None or not (over_all or token.owner_id == owner_id):
            raise NotThere(f"There is no token {token_id}", hint="see `rolecall token list`")
        if await work.api_tokens.revoke(token_id, work.now):
            work.record(Event.API_TOKEN_REVOKED, subject=token.name)
            token = replace(token, revoked_at=work.now)
    return token


async def rotate_token(
    app: App, actor: Actor, token_id: str, *, expires_at: datetime | None = None
) -> NewToken:
    """A new secret for one's own token, which stays the same to whatever knows it by its id.

    The former secret ends at once. Raises NotThere for one that is not one's own, Refused for one
    that was revoked.
    """
    need_writing(app, "make tokens")
    need_scope(actor, TokenScope.MANAGE, "make tokens")
    if expires_at is not None and expires_at <= app.clock.now():
        raise Refused("the token would have ended already", hint="choose a later day")
    async with app.database.begin(actor, "a new secret for a token") as work:
        token = await work.api_tokens.get(token_id)
        if token is None or token.owner_id != await _owner_id(work, actor):
            raise NotThere(f"There is no token {token_id}", hint="see `rolecall token list`")
        if token.revoked_at is not None:
            raise Refused(f"{token.name} was revoked", hint="make another with `token create`")
        secret = new_secret(KIND)
        rotated = replace(token, expires_at=expires_at, hint=secret[-HINT:])
        await work.api_tokens.replace(rotated, hash_of(secret))
        work.record(Event.API_TOKEN_ROTATED, subject=token.name)
    return NewToken(rotated, secret)


async def authenticate(app: App, secret: str, via: str = "api") -> Actor | None:
    """Whom a bearer secret stands for; None when unknown, revoked, expired, its owner gone.

    The actor holds of its owner's roles of today those its scopes need, in its portals alone.
    """
    if not secret.startswith(f"{KIND}_"):
        return None
    async with app.database.read() as view:
        token = await view.api_tokens.by_hash(hash_of(secret))
        owner = await _owner(view, token) if token else None
        now = view.now
    if token is None or owner is None or not _alive(token, now):
        return None
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        async with app.database.work() as work:
            await work.api_tokens.used(token.id, now)
    return actor_of_token(token, owner, via)


async def actor_of_id(app: App, token_id: str, via: str = "api") -> Actor | None:
    """Whom a token stands for that was shown to us before; None when it is worth nothing now."""
    async with app.database.read() as view:
        token = await view.api_tokens.get(token_id)
        owner = await _owner(view, token) if token else None
        now = view.now
    if token is None or owner is None or not _alive(token, now):
        return None
    return actor_of_token(token, owner, via)


def actor_of_token(token: ApiToken, owner: Actor, via: str) -> Actor:
    """The token as an actor: the owner's roles, cut to its portals and scopes."""
    wanted = frozenset[Role]().union(*(ROLES_OF_SCOPE[scope] for scope in token.scopes))
    everywhere = ALL_PORTALS in token.portals
    portals = owner.roles.keys() if everywhere else token.portals
    roles = {hub_id: _bounded(owner, hub_id, wanted) for hub_id in portals}
    scopes = frozenset(scope.value for scope in token.scopes)
    return Actor(f"token:{token.id}", token.name, roles, owner.email, scopes, via, owner.id)


def _bounded(owner: Actor, hub_id: int, wanted: frozenset[Role]) -> frozenset[Role]:
    return frozenset(role for role in wanted if owner.holds(role, hub_id))


def _alive(token: ApiToken, now: datetime) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def _need_cover(actor: Actor, scope: TokenScope, hub_id: int) -> None:
    if not any(actor.holds(role, hub_id) for role in ROLES_OF_SCOPE[scope]):
        raise NotAllowed(
            f"{actor.name or actor.id} may not make a token with the scope {scope.value}",
            hint="a token never holds more than who made it",
        )


async def _owner_id(view: View, actor: Actor) -> str:
    """The operator's id; of a command line linked to none, its own name."""
    if actor.id.startswith("local:"):
        linked = await view.operators.by_local_user(actor.id.removeprefix("local:"))
        return linked.id if linked else actor.id
    if actor.id.startswith("token:"):
        raise NotAllowed("a token cannot make or end tokens", hint="sign in to do that")
    return (await own_operator(view, actor)).id


async def _owner(view: View, token: ApiToken) -> Actor | None:
    if token.owner_id.startswith("local:"):
        return local_actor(token.owner_id.removeprefix("local:"))
    operator: Operator | None = await view.operators.get(token.owner_id)
    return operator.actor() if operator and not operator.disabled else None


def _shown(portals: frozenset[int]) -> str:
    return "all" if ALL_PORTALS in portals else ", ".join(str(one) for one in sorted(portals))
