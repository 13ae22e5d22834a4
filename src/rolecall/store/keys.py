"""The key file and what it locks: AES-256-GCM, bound to portal and field, key id in each value.

The key file lies outside the database, readable by its owner alone. Keys never show in a repr.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rolecall.store.errors import KeyFileUnsafe, KeyMissing

_NONCE = 12  # bytes; random nonces are safe for 2**32 values of one key (NIST SP 800-38D)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one installation: `current` locks, all of them unlock.

    Another process may rotate them meanwhile: with `path` the file has the last word.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    path: Path | None = None

    def fresh(self) -> KeyRing:
        """The ring as the file has it now; this one while the file cannot be read."""
        try:
            return load_keys(self.path) if self.path is not None else self
        except KeyFileUnsafe:
            return self  # what is in our hands is not lost for want of a file

    def lock(self, plain: str, bound_to: str) -> str:
        """Encrypt text; it opens only with the same `bound_to` (portal and field)."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        ring, nonce = self.fresh(), os.urandom(_NONCE)
        sealed = AESGCM(ring.keys[ring.current]).encrypt(nonce, plain.encode(), bound_to.encode())
        return f"{ring.current}:{base64.b64encode(nonce + sealed).decode()}"

    def unlock(self, locked: str, bound_to: str) -> str:
        """The text of `lock`.

        Raises KeyMissing when its key is not in the ring, or the value was moved or altered.
        """
        # Loaded by who opens a secret; most commands never do.
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key_id, _, body = locked.partition(":")
        keys = self.keys if key_id in self.keys else self.fresh().keys
        if key_id not in keys:
            hint = "restore the key file that belongs to this database (ROLECALL_KEY_FILE)"
            raise KeyMissing(f"The key {key_id} of an encrypted value is missing", hint=hint)
        raw = base64.b64decode(body)
        try:
            plain = AESGCM(keys[key_id]).decrypt(raw[:_NONCE], raw[_NONCE:], bound_to.encode())
        except InvalidTag as error:
            hint = "enter the credential again with `rolecall portal reconnect`"
            raise KeyMissing(
                "An encrypted value does not open; it was altered", hint=hint
            ) from error
        return plain.decode()

    def is_current(self, locked: str) -> bool:
        """Locked with the newest key."""
        return locked.partition(":")[0] == self.current


def load_keys(path: Path) -> KeyRing:
    """The keys of a key file.

    Raises KeyFileUnsafe when it is missing, damaged, or anybody but its owner can read it.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            hint = f"chmod 600 {path}"
            raise KeyFileUnsafe(f"The key file {path} can be read by others", hint=hint)
        told = json.loads(path.read_text("utf-8"))
        keys = {name: base64.b64decode(value) for name, value in told["keys"].items()}
        current = told["current"]
        if any(len(key) != 32 for key in keys.values()) or current not in keys:
            raise ValueError("wrong length or no current key")
    except OSError as error:
        hint = "restore it from your backup, or set ROLECALL_KEY_FILE"
        raise KeyFileUnsafe(
            f"Cannot read the key file {path}: {error.strerror}", hint=hint
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "restore it from your backup"
        raise KeyFileUnsafe(f"The key file {path} is damaged", hint=hint) from error
    return KeyRing(current, keys, path)


def open_keys(path: Path) -> KeyRing:
    """The keys of this file, made with one new key (mode 0600) where there is none."""
    if not path.exists():
        try:
            _write(path, _with_new_key(None), fresh=True)
        except FileExistsError:
            return load_keys(path)  # another process was first
    return load_keys(path)


def rotate_keys(path: Path) -> KeyRing:
    """Add a new current key; the old ones stay until everything is locked anew (`rewrap`)."""
    _write(path, _with_new_key(load_keys(path)), fresh=False)
    return load_keys(path)


def forget_old_keys(path: Path) -> KeyRing:
    """Keep the current key alone; call it only after `rewrap` has locked everything anew."""
    ring = load_keys(path)
    _write(path, KeyRing(ring.current, {ring.current: ring.keys[ring.current]}), fresh=False)
    return load_keys(path)


def _with_new_key(ring: KeyRing | None) -> KeyRing:
    name = f"k{len(ring.keys) + 1 if ring else 1}-{secrets.token_hex(3)}"
    return KeyRing(name, {**(ring.keys if ring else {}), name: secrets.token_bytes(32)})


def _write(path: Path, ring: KeyRing, *, fresh: bool) -> None:
    """Write beside and rename, so a crash leaves the old file or the new one, never half."""
    told = {
        "current": ring.current,
        "keys": {name: base64.b64encode(key).decode() for name, key in ring.keys.items()},
    }
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_beside(beside, json.dumps(told, indent=1))
        if fresh:
            os.link(beside, path)  # refuses where another process made one first
        else:
            beside.replace(path)
    except FileExistsError:
        raise
    except OSError as error:
        hint = "check its owner and mode and the free space, or set ROLECALL_KEY_FILE"
        raise KeyFileUnsafe(f"Cannot write {path}: {error.strerror}", hint=hint) from error
    finally:
        beside.unlink(missing_ok=True)


def _write_beside(beside: Path, text: str) -> None:
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
