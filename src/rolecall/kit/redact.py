"""Takes credentials out of text before it reaches a log, an error or a screen."""

from __future__ import annotations

import re

_SECRETS = re.compile(
    r"(?P<name>pat-[a-z]{2}\d-)[A-Za-z0-9-]{4,}"
    r"|(?P<scheme>[Bb]earer\s+)[A-Za-z0-9._~+/=-]{6,}"
    r"|(?P<key>(?:client_secret|refresh_token|access_token|code|hapikey|password|tokenKey)"
    r"(?:\"\s*:\s*\"|=))[^&\s\"]+"
)


def redacted(text: str) -> str:
    """The text with every credential replaced by ***; prefixes stay, so one sees what it was."""
    return _SECRETS.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    kept = match.group("name") or match.group("scheme") or match.group("key") or ""
    return f"{kept}***"
