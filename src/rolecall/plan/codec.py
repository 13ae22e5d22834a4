"""Plans as canonical JSON, and the digest a person approves: any field changed is another digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from rolecall.domain.plan import Change, ChangeKind, Cost, GuardrailVerdict, Phase, Plan, Undo
from rolecall.kit.errors import Broken

Made = TypeVar("Made")


def to_json(plan: Plan) -> str:
    """One line of JSON, keys sorted, no blanks, UTF-8 text as it is."""
    return _canonical(as_data(plan))


def from_json(text: str) -> Plan:
    """The plan a text holds; raises Broken when the text is no plan of ours."""
    try:
        return from_data(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(f"a stored plan cannot be read: {error}") from error


def digest_of(plan: Plan) -> str:
    """SHA-256 over everything in the plan but the digest itself."""
    return hashlib.sha256(to_json(replace(plan, digest="")).encode()).hexdigest()


def sealed(plan: Plan) -> Plan:
    """The plan with its digest filled in."""
    return replace(plan, digest=digest_of(plan))


def as_data(plan: Plan) -> dict[str, Any]:
    """The plan as plain dicts, lists, text and numbers."""
    data: dict[str, Any] = _plain(plan)
    return data


def from_data(data: Mapping[str, Any]) -> Plan:
    """The plan from plain data; a key left out has its default."""
    return _made(
        Plan,
        data,
        created_at=datetime.fromisoformat,
        changes=lambda items: tuple(_change(item) for item in items),
        reported=lambda items: tuple(_change(item) for item in items),
        guardrails=lambda items: tuple(_verdict(item) for item in items),
        cost=lambda item: _made(Cost, item),
    )


def change_from_data(data: Mapping[str, Any]) -> Change:
    """One change from plain data."""
    return _change(data)


def _change(data: Mapping[str, Any]) -> Change:
    return _made(
        Change,
        data,
        kind=ChangeKind,
        phase=Phase,
        undo=Undo,
        before=_value,
        after=_value,
        warnings=tuple,
    )


def _verdict(data: Mapping[str, Any]) -> GuardrailVerdict:
    return _made(GuardrailVerdict, data, subjects=tuple)


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _made(
    made: Callable[..., Made], data: Mapping[str, Any], /, **readers: Callable[[Any], Any]
) -> Made:
    read = {key: readers[key](value) if key in readers else value for key, value in data.items()}
    return made(**read)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
