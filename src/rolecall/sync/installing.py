"""Installing an OAuth app in a portal: the address to agree at, and the code traded for tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.domain.portal import CredentialKind
from rolecall.hubspot import (
    Challenge,
    OAuthApp,
    OAuthTokens,
    Sender,
    TokenEndpoint,
    authorize_url,
)
from rolecall.hubspot.oauth import AUTHORIZE_BASE
from rolecall.kit.clock import Clock
from rolecall.kit.errors import Refused
from rolecall.sync.ports import NewCredential


@dataclass(frozen=True, slots=True)
class PendingInstall:
    """An authorisation under way; keep it until the admin comes back."""

    app: OAuthApp
    challenge: Challenge = field(repr=False)
    url: str


def pending_install(facts: Mapping[str, str], authorize_base: str | None) -> PendingInstall:
    """Where the portal's admin must go, with fresh state and proof key."""
    app, challenge = _app_of(facts), Challenge.new()
    return PendingInstall(
        app, challenge, authorize_url(app, challenge, authorize_base or AUTHORIZE_BASE)
    )


def resumed_install(facts: Mapping[str, str], state: str, verifier: str) -> PendingInstall:
    """An authorisation that was begun with these; nobody is sent anywhere again."""
    return PendingInstall(_app_of(facts), Challenge(state, verifier), "")


def _app_of(facts: Mapping[str, str]) -> OAuthApp:
    return OAuthApp(
        facts["client_id"],
        facts["client_secret"],
        facts["redirect_uri"],
        tuple(facts.get("scope", facts.get("scopes", "oauth")).split()),
        tuple(facts.get("optional_scope", facts.get("optional_scopes", "")).split()),
    )


async def installed(
    pending: PendingInstall, told: Mapping[str, str], sender: Sender, api_base: str, clock: Clock
) -> NewCredential:
    """The credential behind the answer of the authorise page; Refused when it is not ours."""
    if "error" in told:
        raise Refused(
            f"HubSpot did not install the app: {told.get('error_description', told['error'])}"
        )
    if not hmac.compare_digest(told.get("state", ""), pending.challenge.state):
        raise Refused("The answer belongs to another authorisation", hint="run it again")
    endpoint = TokenEndpoint(sender, pending.app, api_base)
    if not told.get("code"):
        raise Refused("HubSpot's answer carries no code", hint="run it again")
    done = await endpoint.exchange(told["code"], pending.challenge.verifier, clock.now())
    return _credential(pending.app, done.tokens)


async def revived(
    facts: Mapping[str, str], sender: Sender, api_base: str, clock: Clock
) -> NewCredential:
    """The credential of an app that is installed already, by its refresh token."""
    app = OAuthApp(facts["client_id"], facts["client_secret"])
    tokens = await TokenEndpoint(sender, app, api_base).refresh(facts["refresh_token"], clock.now())
    return _credential(app, tokens)


def _credential(app: OAuthApp, tokens: OAuthTokens) -> NewCredential:
    return NewCredential(
        CredentialKind.OAUTH,
        {
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_at": tokens.expires_at.isoformat(),
        },
    )
