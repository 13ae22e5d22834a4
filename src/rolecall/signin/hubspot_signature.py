"""Proves that a request comes from HubSpot: signature versions 1, 2 and 3. Pure.

Source: HubSpot's request-validation pages and the vectors of its SDK tests. A request that carries
a version 3 signature is judged by that one alone; an older one beside it is never fallen back to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

WINDOW_MS = 300_000  # HubSpot: refuse when older than five minutes; we refuse the future too

# The only escapes HubSpot decodes before signing; every other one stays as sent.
DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'",
    "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed: method, public URL as HubSpot called it, raw body, and the headers."""

    method: str
    url: str
    body: bytes
    signature: str = field(default="", repr=False)  # X-HubSpot-Signature
    version: str = ""  # X-HubSpot-Signature-Version
    signature_v3: str = field(default="", repr=False)  # X-HubSpot-Signature-v3
    timestamp: str = ""  # X-HubSpot-Request-Timestamp, milliseconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is HubSpot's, by which version, and why not (for our log only)."""

    valid: bool
    version: str = ""
    reason: str = ""


def verify(request: Signed, secret: str, now_ms: int) -> Verdict:
    """Judge one request by the strongest version it carries; compares in constant time."""
    if request.signature_v3:
        return _verify_v3(request, secret, now_ms)
    if not request.signature:
        return Verdict(False, reason="no signature")
    version = request.version.lower() or "v1"
    if version not in {"v1", "v2"}:
        return Verdict(False, version, "unknown signature version")
    expected = sign_v1(secret, request.body) if version == "v1" else sign_v2(secret, request)
    if not _same(expected, request.signature):
        return Verdict(False, version, "signature differs")
    return Verdict(True, version)


def _verify_v3(request: Signed, secret: str, now_ms: int) -> Verdict:
    if not (request.timestamp.isascii() and request.timestamp.isdigit()):
        return Verdict(False, "v3", "no usable timestamp")
    if len(request.timestamp) > 15 or abs(now_ms - int(request.timestamp)) > WINDOW_MS:
        return Verdict(False, "v3", "timestamp outside the five-minute window")
    if not _same(sign_v3(secret, request), request.signature_v3):
        return Verdict(False, "v3", "signature differs")
    return Verdict(True, "v3")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def sign_v1(secret: str, body: bytes) -> str:
    """hex(sha256(secret + body))."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def sign_v2(secret: str, request: Signed) -> str:
    """hex(sha256(secret + method + URI + body)), the URI exactly as sent."""
    head = (secret + request.method + request.url).encode()
    return hashlib.sha256(head + request.body).hexdigest()


def sign_v3(secret: str, request: Signed) -> str:
    """base64(HMAC-SHA256(secret, method + decoded URI + body + timestamp))."""
    head = (request.method + decoded_url(request.url)).encode()
    message = head + request.body + request.timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def decoded_url(url: str) -> str:
    """The URL with HubSpot's twelve escapes decoded, in one pass: nothing is decoded twice."""
    parts = url.split("%")
    out = [parts[0]]
    for part in parts[1:]:
        plain = DECODED.get("%" + part[:2].upper())
        out.append(f"%{part}" if plain is None else plain + part[2:])
    return "".join(out)
