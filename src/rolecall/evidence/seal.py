"""Seals files into one pack: hashes in a manifest, the manifest signed, the verifier beside it."""

from __future__ import annotations

import base64
import hashlib
import inspect
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rolecall.evidence import verify_pack

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public_key.pem"
VERIFIER, README = "verify_pack.py", "README.txt"
READ_ME = """\
This evidence pack was made by Rolecall. To check it without Rolecall:

    python verify_pack.py PACK.zip [--key public_key.pem]

The check of hashes and of the audit chain needs nothing but Python 3.11. The check of the
signature needs the package `cryptography`. Get the public key from somebody you trust, not from
this pack: `rolecall review key` prints it. Get the verifier from the source code if you do not
trust the copy in here.
"""


@dataclass(frozen=True, slots=True)
class Pack:
    """A sealed pack: its file name, its bytes, and what its manifest says."""

    name: str
    body: bytes
    manifest: Mapping[str, Any]


def new_key() -> str:
    """A new signing key as PEM text; it belongs among the secrets."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_key_of(private_pem: str) -> str:
    """The public half, as PEM text."""
    return _loaded(private_pem).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip


def fingerprint(public_pem: str) -> str:
    """SHA-256 of a public key's PEM, to compare by eye or telephone."""
    return hashlib.sha256(public_pem.encode()).hexdigest()


def sealed(
    name: str,
    files: Mapping[str, bytes],
    facts: Mapping[str, Any],
    private_pem: str,
    made_at: datetime,
) -> Pack:
    """The pack of these files; `facts` go into the manifest beside their hashes."""
    public = public_key_of(private_pem)
    verifier = inspect.getsource(verify_pack).encode()
    whole = {**files, VERIFIER: verifier, README: READ_ME.encode()}
    manifest = {
        **facts,
        "format": verify_pack.FORMAT,
        "made_at": made_at.isoformat(),
        "key": fingerprint(public),
        "files": {
            path: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
            for path, body in sorted(whole.items())
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
    signature = base64.b64encode(_loaded(private_pem).sign(text))
    whole |= {MANIFEST: text, SIGNATURE: signature + b"\n", PUBLIC_KEY: public.encode()}
    return Pack(f"{name}.zip", _zipped(whole, made_at), manifest)


def _loaded(private_pem: str) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(private_pem.encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def _zipped(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """The same files make the same bytes."""
    out = io.BytesIO()
    stamp = made_at.timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, stamp), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()
