"""Secrets a machine carries: 256 random bits, kept as SHA-256 only. No person types them."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32


def new_secret(kind: str) -> str:
    """A new secret such as `rcs_...`; the kind in front lets scanners and people recognise it."""
    return f"{kind}_{secrets.token_urlsafe(BYTES)}"


def hash_of(secret: str) -> str:
    """What is stored and looked up. Plain SHA-256: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
