"""Domain values as JSON text and back; canonical JSON for everything that is hashed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec

Value = TypeVar("Value")


def _plain(value: object) -> object:
    """What msgspec does not know: read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot be stored: {type(value).__name__}")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def to_json(value: object) -> str:
    """Compact JSON of a domain value, fields in order of declaration."""
    return _ENCODER.encode(value).decode()


def from_json(text: str, kind: type[Value]) -> Value:
    """The value of this type written by `to_json`; unknown fields are skipped.

    Raises msgspec.ValidationError when the text does not fit the type.
    """
    value: Value = _decoder(kind).decode(text)  # type: ignore[arg-type]
    return value


def plain(value: object) -> Any:
    """A domain value as dicts, lists, text and numbers, as JSON would give it back."""
    return msgspec.json.decode(_ENCODER.encode(value))


def canonical(value: Mapping[str, object]) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8; what digests and the audit chain hash."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def from_older_json(text: str, kind: type[Value]) -> Value | None:
    """The same of what can be made anew; None where another version of us wrote it differently."""
    try:
        return from_json(text, kind)
    except msgspec.MsgspecError:
        return None
