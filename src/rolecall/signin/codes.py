"""Second factors: time-based codes (RFC 6238) and recovery codes. Pure but for randomness."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp

CODE_SECONDS = 30
DRIFT = 1  # steps a phone's clock may be off, either way
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing people mix up
ISSUER = "Rolecall"


def new_totp_secret() -> str:
    """A new secret for an authenticator app, base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """The otpauth:// address an authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step this code belongs to, None when it is wrong or too old.

    The caller takes each step once, so a code seen by somebody else is worth nothing.
    """
    digits = code.replace(" ", "")
    totp = pyotp.TOTP(secret, interval=CODE_SECONDS)
    current = int(now.timestamp()) // CODE_SECONDS
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):  # always all, in constant time
        right = totp.at(step * CODE_SECONDS)
        if hmac.compare_digest(right.encode(), digits.encode("utf-8", "replace")):
            found = step
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Codes for the day the phone is lost, as people write them: xxxxx-xxxxx."""
    return tuple(f"{_some(5)}-{_some(5)}" for _ in range(RECOVERY_CODES))


def _some(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def recovery_hash(code: str, operator_id: str) -> str:
    """What is stored of a recovery code: 49 random bits, bound to its operator."""
    plain = code.replace("-", "").replace(" ", "").casefold()
    material = operator_id.encode()
    return hashlib.scrypt(plain.encode("utf-8", "replace"), salt=material, n=2**12, r=8, p=1).hex()
