"""The few users of a portal who stand for all the others where a plan is about people by name.

Such a plan asks of everybody else only: which sets, seats and teams are held by somebody, which
seat with which set, who is Super Admin, which e-mail domains two people share, and how many are
active. So it comes out the same over these few and the people named as over the whole snapshot; a
property test holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rolecall.domain.snapshot import Snapshot, User
from rolecall.plan.look import active_users
from rolecall.policy.facts import email_domain

# A domain two people share is one of the company's; of all else one is enough.
ENOUGH = {"domain": 2}


@dataclass(frozen=True, slots=True)
class Standing:
    """A snapshot with its witnesses as its only users, and how many users are active in all."""

    snapshot: Snapshot
    active_users: int

    def among(self, users: Iterable[User]) -> Snapshot:
        """The snapshot with these users beside the witnesses."""
        there = {user.id: user for user in (*self.snapshot.users, *users)}
        return replace(self.snapshot, users=tuple(there[key] for key in sorted(there)))


def standing_of(snapshot: Snapshot) -> Standing:
    """What is left of a snapshot for plans about people by name."""
    seen: dict[tuple[str, str], int] = {}
    chosen = tuple(user for user in snapshot.users if _is_needed(user, seen))
    return Standing(replace(snapshot, users=chosen), active_users(snapshot))


def _is_needed(user: User, seen: dict[tuple[str, str], int]) -> bool:
    """A Super Admin, or the first (of domains the second too) to show something."""
    needed = user.super_admin
    for shown in _shown(user):
        count = seen.get(shown, 0)
        if count < ENOUGH.get(shown[0], 1):
            seen[shown] = count + 1
            needed = True
    return needed


def _shown(user: User) -> Iterator[tuple[str, str]]:
    """What a user is a witness of."""
    yield from (("set", one) for one in user.permission_set_ids)
    yield from (("seat", one) for one in user.seat_names or ())
    yield from (("team", one) for one in (*user.extra_team_ids, user.main_team_id) if one)
    if user.present:
        yield "domain", email_domain(user.email)
        for seat in user.seat_names or ():
            yield from ((f"pair {seat}", one) for one in user.permission_set_ids)
