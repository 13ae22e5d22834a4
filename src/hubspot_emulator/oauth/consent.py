"""The authorize page: what an app asks for, who decides, and where the answer goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from hubspot_emulator.accounts import ImportApp, app_of_client, install, may_install
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.oauth.model import authorize
from hubspot_emulator.pages import render
from hubspot_emulator.wire import Answer

if TYPE_CHECKING:
    from hubspot_emulator.routing import Call
    from hubspot_emulator.world import Portal

CARRIED = (
    *("client_id", "redirect_uri", "scope", "optional_scope", "state"),
    *("code_challenge", "code_challenge_method", "response_type"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One authorize request, checked against the app's settings."""

    app: ImportApp
    redirect_uri: str
    scopes: tuple[str, ...]
    optional: tuple[str, ...]
    state: str | None
    challenge: tuple[str, str] | None


def read_wish(call: Call, values: Mapping[str, str]) -> Wish | Answer:
    """What is asked for, or the page saying why HubSpot refuses without sending anybody back."""
    app = app_of_client(call.world, values.get("client_id"))
    if app is None:
        return _refused("Unknown client id.", "Check client_id in the install link.")
    redirect = values.get("redirect_uri", "")
    if redirect not in app.redirect_uris:
        return _refused(
            "The redirect URI in the link is none of the app's redirect URLs.",
            "Compare redirect_uri letter by letter with the app's settings.",
        )
    scopes, optional = _words(values, "scope"), _words(values, "optional_scope")
    beyond = sorted({*scopes, *optional} - {*app.scopes, *app.optional_scopes, "oauth"})
    missing = sorted(set(app.scopes) - {*scopes, *optional})
    if beyond or missing:
        return _refused(
            "The scopes in the link do not match the app's settings.",
            f"Not in the settings: {', '.join(beyond) or 'none'}."
            f" Required, not in the link: {', '.join(missing) or 'none'}.",
        )
    method = values.get("code_challenge_method") or "plain"
    if method not in ("plain", "S256"):
        return _refused("Unknown code_challenge_method.", "Use S256.")
    value = values.get("code_challenge")
    challenge = (value, method) if value else None
    return Wish(app, redirect, scopes, optional, values.get("state"), challenge)


def show(call: Call, wish: Wish, values: Mapping[str, str], error: str = "") -> Answer:
    """The page with its choice of accounts."""
    wanted = values.get("portal_id", "")
    portals = list(call.world.portals.values())
    chosen = as_id(wanted) or portals[0].id
    return render(
        "oauth",
        "authorize.html",
        status=403 if error else 200,
        app=wish.app,
        portals=portals,
        chosen=chosen,
        carried=[(name, values[name]) for name in CARRIED if name in values],
        scopes=wish.scopes,
        optional=wish.optional,
        user=values.get("user", ""),
        error=error,
    )


def decide(call: Call, wish: Wish, values: Mapping[str, str]) -> Answer:
    """Send the browser back with a code, or with the refusal; the page again if he may not."""
    if values.get("decision") != "grant":
        words = "the user denied access"
        return _back(wish, {"error": "access_denied", "error_description": words})
    wanted = values.get("portal_id", "")
    portal = call.world.portals.get(as_id(wanted) or 0) if wanted else call.portal
    if portal is None:
        return show(call, wish, values, "Choose one of the accounts.")
    user_id = _decider(call, portal, values.get("user", ""))
    if user_id is None or not may_install(portal, user_id):
        needed = "Only a Super Admin, or a user with App Marketplace access, can connect apps."
        return show(call, wish, values, needed)
    scopes = {*wish.scopes, *_available(portal, wish.optional), "oauth"}
    install(portal, wish.app, user_id, scopes, call.now)
    code = authorize(
        call.world,
        wish.app,
        portal_id=portal.id,
        user_id=user_id,
        scopes=scopes,
        redirect_uri=wish.redirect_uri,
        challenge=wish.challenge,
        now=call.now,
    )
    return _back(wish, {"code": code.value})


def _available(portal: Portal, optional: tuple[str, ...]) -> tuple[str, ...]:
    """Optional scopes are dropped silently where the account's plan does not have them."""
    if portal.tier in ("free", "starter"):
        return tuple(scope for scope in optional if not scope.startswith("settings.users.teams"))
    return optional


def _decider(call: Call, portal: Portal, email: str) -> int | None:
    if email:
        identity = call.world.identity(email)
        return None if identity is None else identity.id
    return next((user_id for user_id, one in portal.members.items() if one.super_admin), None)


def _back(wish: Wish, values: dict[str, str]) -> Answer:
    if wish.state is not None:
        values = {**values, "state": wish.state}
    joint = "&" if urlsplit(wish.redirect_uri).query else "?"
    place = f"{wish.redirect_uri}{joint}{urlencode(values)}"
    return Answer(302, None, (("Location", place),))


def _words(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(values.get(name, "").split())


def _refused(reason: str, hint: str) -> Answer:
    return render("oauth", "refused.html", status=400, reason=reason, hint=hint)
