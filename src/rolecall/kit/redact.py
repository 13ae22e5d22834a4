"""Takes credentials out of text before it reaches a log, an error or a screen."""

from __future__ import annotations

import re

_SECRETS = re.compile(
    r"(?P<name>pat-[a-z]{2}\d-)[A-Za-z0-9-]{4,}"
    r"|(?P<own>\brc[lstw]_)[A-Za-z0-9_-]{16,}"  # links, sessions, API tokens, signing secrets
    r"|(?P<user>://[^:/@\s\"]*:)[^/\s\"]+(?=@)"  # the password in a URL
    r"|(?P<hook>https://hooks\.slack\.com/)[^\s\"'<>\\]+"
    r"|(?P<scheme>[Bb]earer\s+)[A-Za-z0-9._~+/=-]{6,}"
    r"|(?P<key>(?:client_secret|refresh_token|access_token|code|hapikey|password|tokenKey)"
    r"(?:\\?\"\s*:\s*\\?\"|=))[^&\s\"\\]+"
)


def redacted(text: str) -> str:
    """The text with every credential replaced by ***; prefixes stay, so one sees what it was."""
    return _SECRETS.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    return f"{match.group(match.lastgroup or 0)}***"
