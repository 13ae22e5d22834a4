"""Signing in through an OpenID Connect provider: state, nonce and PKCE bound to one browser."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from rolecall.domain.events import Event
from rolecall.domain.operator import LinkPurpose, Operator
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.operators.links import LinkUseless, make_link, use_link
from rolecall.services.operators.sign_in import (
    NOBODY_KNOWN,
    STRANGER,
    SignedIn,
    SignInRefused,
    Visitor,
    begin_session,
)
from rolecall.signin.bearer import hash_of
from rolecall.signin.oidc import Handshake, Identity, IdentityProvider, new_handshake
from rolecall.store import UnitOfWork

CALLBACK = "/sign-in/provider"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the cookie it must bring back."""

    url: str
    binding: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A session begun by the provider, and the page the person wanted."""

    signed_in: SignedIn
    return_to: str


def safe_return(path: str) -> str:
    """A path of our own, or "/": nobody is sent to another site after signing in."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours and not parts.scheme and not parts.netloc and "\\" not in path else "/"


async def depart(app: App, return_to: str = "/") -> Departure:
    """Begin a log-in at the provider; raises Refused where none is configured, ProviderDown."""
    provider = _provider(app)
    handshake = new_handshake()
    details = {
        "return_to": safe_return(return_to),
        "nonce": handshake.nonce,
        "verifier": handshake.verifier,  # worth nothing without the code the browser gets
        "state": hash_of(handshake.state),
    }
    async with app.database.begin(STRANGER, "log-in at the provider") as work:
        link = await make_link(work, LinkPurpose.OIDC, subject="oidc", details=details)
    url = await provider.authorize_url(handshake, _redirect_uri(app))
    return Departure(url, link.token)


async def arrive(
    app: App,
    *,
    state: str,
    code: str,
    binding: str,
    visitor: Visitor = NOBODY_KNOWN,
    former_token: str = "",
) -> Arrival:
    """End a log-in: the browser that began it, once, within ten minutes.

    An identity seen for the first time is joined to the operator invited with its verified
    e-mail. Raises SignInRefused, LinkUseless, ProviderRefused, ProviderDown.
    """
    provider = _provider(app)
    handshake, return_to = await _handshake(app, state, binding)
    identity = await provider.identify(code, handshake, _redirect_uri(app))
    operator = await _operator(app, identity)
    return Arrival(await begin_session(app, operator, visitor, former_token), return_to)


async def _handshake(app: App, state: str, binding: str) -> tuple[Handshake, str]:
    async with app.database.work() as work:
        link = await use_link(work, binding, LinkPurpose.OIDC)
    if not hmac.compare_digest(link.details["state"], hash_of(state)):
        raise LinkUseless("this log-in was not begun in this browser", hint="sign in again")
    handshake = Handshake(state, link.details["nonce"], link.details["verifier"])
    return handshake, link.details["return_to"]


async def _operator(app: App, identity: Identity) -> Operator:
    async with app.database.begin(STRANGER, "log-in at the provider") as work:
        operator = await work.operators.by_identity(identity.issuer, identity.subject)
        if operator is None and identity.email_verified:
            operator = await _joined(work, identity)
        if operator is None or operator.disabled:
            work.record(Event.OPERATOR_SESSION_REFUSED, subject=identity.email)
    if operator is None or operator.disabled:
        who = identity.email or identity.subject
        raise SignInRefused(
            f"{who} may not sign in here", hint="an admin can invite this e-mail address"
        )
    return operator


async def _joined(work: UnitOfWork, identity: Identity) -> Operator | None:
    """The operator with the verified e-mail, from now on known by the identity."""
    operator = await work.operators.by_email(identity.email)
    if operator is None or operator.disabled or operator.oidc_subject:
        return None
    linked = replace(
        operator,
        oidc_issuer=identity.issuer,
        oidc_subject=identity.subject,
        name=operator.name or identity.name,
    )
    await work.operators.change(linked)
    details = {"issuer": identity.issuer, "identity": identity.subject}
    work.record(Event.OPERATOR_LINK_MADE, subject=operator.email, details=details)
    return linked


def _provider(app: App) -> IdentityProvider:
    if app.provider is None:
        raise Refused(
            "there is no identity provider to sign in with",
            hint="set ROLECALL_OIDC_ISSUER and ROLECALL_OIDC_CLIENT_ID",
        )
    return app.provider


def _redirect_uri(app: App) -> str:
    base = app.choices.security.public_url
    if not base:
        raise Refused(
            "Rolecall does not know its own address",
            hint="set ROLECALL_PUBLIC_URL to what browsers type",
        )
    return f"{base}{CALLBACK}"
