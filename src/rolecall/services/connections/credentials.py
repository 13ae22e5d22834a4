"""Credentials as people bring them: recognised, checked, explained. Nothing here is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from rolecall.domain.portal import CredentialKind
from rolecall.kit.errors import Refused
from rolecall.sync.ports import NewCredential

# HubSpot's API keys were UUIDs, with the data region in front outside North America.
LEGACY_KEY = re.compile(
    r"(?:[a-z]{2}\d-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
LONGEST = 4_096  # characters of a token; OAuth access tokens are long

SERVICE_KEY_CLICKS = (
    "in HubSpot, open Development (or Settings gear > Integrations), then Keys > Service keys",
    "Create service key, name it Rolecall",
    "Add scopes: the ones listed below",
    "Create, then show and copy the key (it starts with pat-)",
    "save it in a file only you can read, then: rolecall portal add NAME --token-file FILE",
)
PRIVATE_APP_CLICKS = (
    "Settings gear > Integrations > Private Apps",
    "open the app you have, or Create a private app > Basic Info: give it a name",
    "Scopes: choose the ones listed below",
    "Create app > Continue creating",
    "copy the token (HubSpot's older pages call it API key)",
    "save it in a file only you can read, then: rolecall portal add NAME --token-file FILE",
)
WHO_MAY = (
    "a Super Admin, or somebody with developer tools access who holds the scopes; the key itself"
    " needs no Super Admin"
)
NO_SUPER_ADMIN = (
    "tools that work in HubSpot's screens ask for a Super Admin, because there one can assign only"
    " permission sets whose permissions one holds; an API connection needs its scopes alone"
)
INTEGRATION_USER_CLICKS = (
    "in HubSpot: Settings gear > Users & Teams > Create user, with an address no single person owns",
    "give it developer tools access and the permissions behind the scopes; Super Admin is not needed",
    "sign in as that user and create the service key there",
    "rolecall portal reconnect NAME --token-file FILE",
)


def token_from(path: Path) -> NewCredential:
    """A service key or private-app token out of a file; Refused says what is wrong with it.

    Both begin with pat- and tell the same about themselves, so nobody has to say which it is.
    """
    token = _text_of(path).strip()
    if LEGACY_KEY.fullmatch(token):
        raise Refused(
            f"{path} holds a HubSpot API key (hapikey); HubSpot has refused those since 2022",
            hint="create a service key instead; `rolecall portal add` without a token shows how",
        )
    if not token or len(token) > LONGEST or any(c.isspace() or not c.isprintable() for c in token):
        raise Refused(
            f"{path} does not hold a token", hint="put the token alone into the file, on one line"
        )
    return NewCredential(CredentialKind.TOKEN, {"token": token})


def oauth_app_from(path: Path) -> Mapping[str, str]:
    """An OAuth app out of a JSON file: client_id and client_secret, redirect_uri, scope, and the
    tokens of an installation that exists already."""
    try:
        told = json.loads(_text_of(path))
    except json.JSONDecodeError as error:
        raise Refused(f"{path}:{error.lineno}: {error.msg}", hint="the file is JSON") from error
    if not isinstance(told, dict):
        raise Refused(f"{path} does not hold a JSON object")
    missing = [name for name in ("client_id", "client_secret") if not told.get(name)]
    if missing:
        raise Refused(f"{path} lacks {' and '.join(missing)}", hint="docs/getting-started.md")
    return {name: _word(value) for name, value in told.items() if value is not None}


def checked_address(api_base: str) -> str:
    """The address of an API as given; Refused when no request could go there."""
    parts = urlsplit(api_base)
    if parts.scheme in {"http", "https"} and parts.hostname and _has_good_port(parts):
        return api_base
    raise Refused(
        f"{api_base!r} is no address of an API",
        hint="such as https://api.hubapi.com, which is what it is when you leave it out",
    )


def travels_openly(api_base: str) -> bool:
    """A token sent there could be read on the way."""
    parts = urlsplit(api_base)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}


def _has_good_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        hint = "name a file you can read, with the token alone in it"
        raise Refused(f"Cannot read {path}: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path} does not hold text", hint="is it the right file?") from error


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
