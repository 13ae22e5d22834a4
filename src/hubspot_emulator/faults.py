"""Scripted misbehaviour: which fault strikes which request. `striking` carries them out.

A fault is keyed by operation, subject, attempt and phase, never by "the 7th call".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

Phase = Literal["before", "after_commit", "standing"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One way to misbehave; `parameters` are its own settings with their defaults."""

    name: str
    phases: tuple[Phase, ...]  # the first is the default
    about: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


_BOTH: tuple[Phase, ...] = ("before", "after_commit")
_AFTER: tuple[Phase, ...] = ("after_commit",)
_STANDING: tuple[Phase, ...] = ("standing",)

FAULTS: tuple[FaultKind, ...] = (
    FaultKind("401_expired", _BOTH, "401 EXPIRED_AUTHENTICATION, as if the token just ran out"),
    FaultKind("401_unknown", _BOTH, "401 as for a token HubSpot cannot decode"),
    FaultKind("403_missing_scope", _BOTH, "403 MISSING_SCOPES naming a scope", {"scope": None}),
    FaultKind("404_html", _BOTH, "404 with an HTML page, as for an unknown route"),
    FaultKind("423_locked", _BOTH, "423, the resource is locked for a moment"),
    FaultKind("429_burst", _BOTH, "429 TEN_SECONDLY_ROLLING", {"retry_after": None}),
    FaultKind("429_daily", _BOTH, "429 DAILY", {"retry_after": None}),
    FaultKind("429_search", _BOTH, "429 SECONDLY", {"retry_after": None}),
    FaultKind("477_migration", _BOTH, "477 with Retry-After, a migration", {"retry_after": 2}),
    FaultKind("500_json", _BOTH, "500 with HubSpot's JSON envelope"),
    FaultKind("502_html", _BOTH, "502 with an HTML page"),
    FaultKind("503_html", _BOTH, "503 with an HTML page"),
    FaultKind("504_html", _BOTH, "504 with an HTML page"),
    FaultKind("521_cloudflare", _BOTH, "521 with Cloudflare's HTML page"),
    FaultKind("no_seat", ("before",), "400 NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION"),
    FaultKind("user_not_on_any_hubs", ("before",), "400 USER_NOT_ON_ANY_HUBS"),
    FaultKind("slow", _BOTH, "the answer takes this many real seconds more", {"seconds": 1.0}),
    FaultKind("cut", ("before",), "the connection breaks and nothing was done"),
    FaultKind("answer_lost", _AFTER, "done, then the connection breaks without an answer"),
    FaultKind("half_answer", _AFTER, "done, then the connection breaks in mid-body"),
    FaultKind("empty_body", _AFTER, "done, with the right status and no body"),
    FaultKind("html_200", _AFTER, "done, with status 200 and an HTML page"),
    FaultKind("write_ignored", ("before",), "users.update answers as if done and stores nothing"),
    FaultKind("truncated_list", _AFTER, "a list ends early as if whole", {"keep": 1}),
    FaultKind("unknown_fields", _AFTER, "records carry a field nobody knows", {"name": "hsNew"}),
    FaultKind(
        "lose_scope", _STANDING, "tokens of the portal lose a scope, or every one", {"scope": None}
    ),
    FaultKind("list_lag", _STANDING, "removed users stay listed for a while", {"seconds": 60}),
    FaultKind("crm_record_delay", _STANDING, "CRM user records appear late", {"seconds": 60}),
)
_KINDS = {kind.name: kind for kind in FAULTS}
_KEYS = ("kind", "operation", "subject", "attempts", "phase", "portal", "times")


@dataclass(slots=True)
class Fault:
    """One scheduled fault; `attempts` counts per subject from the moment it was scheduled."""

    id: int
    kind: str
    operation: str = "*"  # users.read, users.*, or "PUT /settings/v3/users/{userId}"
    subject: str = "*"
    attempts: tuple[int, ...] = ()  # 1-based; () = every one
    phase: Phase = "before"
    portal: int | None = None
    times: int | None = None  # strikes left; None = no end
    parameters: dict[str, Any] = field(default_factory=dict)
    struck: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """The fault as `GET /_emulator/faults` shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "operation": self.operation,
            "subject": self.subject,
            "attempts": list(self.attempts),
            "phase": self.phase,
            "portal": self.portal,
            "times": self.times,
            **self.parameters,
            "struck": self.struck,
        }


class Faults:
    """The schedule of one emulator."""

    __slots__ = ("_next", "scheduled")

    def __init__(self) -> None:
        self.scheduled: list[Fault] = []
        self._next = 1

    def schedule(self, **wish: Any) -> Fault:
        """Add one fault; ValueError names the kind, phase or key that is not known."""
        kind = _KINDS.get(wish.get("kind", ""))
        if kind is None:
            raise ValueError(f"no fault {wish.get('kind')!r}; there are: {', '.join(_KINDS)}")
        unknown = set(wish) - set(_KEYS) - set(kind.parameters)
        if unknown:
            raise ValueError(f"fault {kind.name} takes no {', '.join(sorted(unknown))}")
        fault = _fault_of(self._next, kind, wish)
        self._next += 1
        self.scheduled.append(fault)
        return fault

    def drop(self, fault_id: int | None = None) -> int:
        """Take one fault off the schedule, or all; says how many were there."""
        before = len(self.scheduled)
        self.scheduled = [f for f in self.scheduled if fault_id is not None and f.id != fault_id]
        return before - len(self.scheduled)

    def due(
        self, names: Iterable[str], subjects: frozenset[str], portal_id: int | None
    ) -> list[Fault]:
        """The faults that strike this request; calling it counts one attempt of the subject."""
        words = tuple(names)
        found = [f for f in self.scheduled if _concerns(f, words, subjects, portal_id)]
        return [fault for fault in found if _strikes(fault, subjects)]

    def standing(self, kind: str, portal_id: int) -> Iterator[Fault]:
        """Faults of a kind that describe a state, not a request."""
        return (f for f in self.scheduled if f.kind == kind and f.portal in (None, portal_id))

    def longest(self, kind: str, portal_id: int) -> float:
        """Seconds of the longest standing fault of a kind; 0 when there is none."""
        return max((f.parameters["seconds"] for f in self.standing(kind, portal_id)), default=0.0)


def _fault_of(fault_id: int, kind: FaultKind, wish: Mapping[str, Any]) -> Fault:
    phase = wish.get("phase") or kind.phases[0]
    if phase not in kind.phases:
        raise ValueError(f"fault {kind.name} knows phase {', '.join(kind.phases)}, not {phase!r}")
    attempts = wish.get("attempts") or ()
    return Fault(
        id=fault_id,
        kind=kind.name,
        operation=wish.get("operation") or "*",
        subject=str(wish.get("subject") or "*"),
        attempts=(attempts,) if isinstance(attempts, int) else tuple(attempts),
        phase=phase,
        portal=wish.get("portal"),
        times=wish.get("times"),
        parameters={name: wish.get(name, default) for name, default in kind.parameters.items()},
    )


def _concerns(
    fault: Fault, names: tuple[str, ...], subjects: frozenset[str], portal_id: int | None
) -> bool:
    if fault.phase == "standing" or fault.portal not in (None, portal_id):
        return False
    if not any(name == fault.operation or fnmatchcase(name, fault.operation) for name in names):
        return False
    wanted = fault.subject.casefold()
    return wanted == "*" or any(fnmatchcase(word.casefold(), wanted) for word in subjects)


def _strikes(fault: Fault, subjects: frozenset[str]) -> bool:
    subject = min(subjects, default="") if "*" in fault.subject else fault.subject
    fault.seen[subject] += 1
    if fault.attempts and fault.seen[subject] not in fault.attempts:
        return False
    if fault.times is not None and fault.struck >= fault.times:
        return False
    fault.struck += 1
    return True
