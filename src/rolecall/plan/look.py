"""What guardrails look at, and the small questions they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rolecall.domain.plan import Change, ChangeKind, GuardrailVerdict
from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.policy.document import GuardrailSettings


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a plan's maker knows beside the snapshot; e-mails are case-folded.

    `active_users` is how many there are where the snapshot holds some of its users alone.
    `refused_sets` are permission sets HubSpot said this connection may not give;
    `invalid_pairs` are (seat name case-folded, permission set id) pairs HubSpot refused.
    """

    settings: GuardrailSettings = field(default_factory=GuardrailSettings)
    operator_email: str = ""
    credential_user_id: str | None = None
    overwrite_sets: frozenset[str] = frozenset()
    active_users: int | None = None
    refused_sets: frozenset[str] = frozenset()
    invalid_pairs: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Look:
    """One plan before its guardrails."""

    changes: tuple[Change, ...]
    snapshot: Snapshot
    knowledge: Knowledge
    now: datetime
    users: dict[str, User] = field(default_factory=dict)  # by case-folded e-mail

    @property
    def settings(self) -> GuardrailSettings:
        """The operator's limits."""
        return self.knowledge.settings

    def user(self, change: Change) -> User | None:
        """The user a change is about, where they exist already."""
        return self.users.get(change.subject.casefold()) if is_user(change) else None


Verdicts = Iterator[GuardrailVerdict]
_BY_HAND_LEAVING = ("super_admin.remove", "user.deactivate")


def look_at(
    changes: Iterable[Change], snapshot: Snapshot, knowledge: Knowledge, now: datetime
) -> Look:
    """Everything the guardrails need, looked up once."""
    users = {user.email.casefold(): user for user in snapshot.users if user.present}
    return Look(tuple(changes), snapshot, knowledge, now, users)


def is_user(change: Change) -> bool:
    """About a user, not about a team."""
    return change.subject_kind == "user"


def is_removal(change: Change) -> bool:
    """Takes somebody out of the portal, for good or until they are called back."""
    return change.kind is ChangeKind.REMOVE_USER or (
        change.kind is ChangeKind.PARK and change.after == "parked"
    )


def is_demotion(change: Change) -> bool:
    """Takes Super Admin or the log-in away, by a person's hand."""
    return change.kind is ChangeKind.MANUAL and change.details.get("task") in _BY_HAND_LEAVING


def leavers(look: Look) -> tuple[str, ...]:
    """E-mails of everybody removed or parked, as shown."""
    return distinct(change.subject for change in look.changes if is_removal(change))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names once each, in their order."""
    return tuple(dict.fromkeys(names))


def active_users(snapshot: Snapshot) -> int:
    """People who can work in the portal, invited ones included."""
    working = (UserState.ACTIVE, UserState.INVITED)
    return sum(user.state in working for user in snapshot.users)


def some(names: tuple[str, ...], most: int = 5) -> str:
    """A few names for a sentence."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
