"""HubSpot's request signatures in all three versions, as its documentation defines them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

# The only escapes v3 decodes before signing; everything else stays as sent.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)


def sign_v1(secret: str, body: bytes) -> str:
    """Hex SHA-256 of secret and body."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def sign_v2(secret: str, method: str, url: str, body: bytes) -> str:
    """Hex SHA-256 of secret, method, URL as sent, and body."""
    return hashlib.sha256(f"{secret}{method}{url}".encode() + body).hexdigest()


def sign_v3(secret: str, method: str, url: str, body: bytes, timestamp: int) -> str:
    """Base64 HMAC-SHA-256 of method, decoded URL, body and milliseconds, keyed by the secret."""
    told = f"{method}{decoded(url)}".encode() + body + str(timestamp).encode()
    return base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()


def decoded(url: str) -> str:
    """The URL with HubSpot's twelve escapes undone; any case of their hex digits."""
    return _ESCAPE.sub(lambda found: _DECODED[found[0].upper()], url)


def signature_headers(
    versions: Iterable[str], secret: str, method: str, url: str, body: bytes, timestamp: int
) -> dict[str, str]:
    """The headers of these versions; v1 and v2 share theirs, so the later one wins."""
    headers: dict[str, str] = {}
    for version in versions:
        if version == "v3":
            headers["X-HubSpot-Signature-v3"] = sign_v3(secret, method, url, body, timestamp)
            headers["X-HubSpot-Request-Timestamp"] = str(timestamp)
            continue
        v1 = version == "v1"
        value = sign_v1(secret, body) if v1 else sign_v2(secret, method, url, body)
        headers["X-HubSpot-Signature"] = value
        headers["X-HubSpot-Signature-Version"] = version
    return headers
