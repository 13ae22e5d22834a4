"""Who gets the records of a leaver: by name, per type, or by a rule. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rolecall.domain.person import Person
from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.kit.errors import Refused
from rolecall.policy.problems import did_you_mean
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import ALL_OBJECTS, RULES, OffboardUser

Successors = Mapping[str, tuple[User, ...]]  # by object type, or ALL_OBJECTS


def successors_of(ground: Ground, leaver: User, order: OffboardUser) -> Successors:
    """The users who take over, by object type; empty when nobody was named.

    Refused for somebody who is not there, cannot own records, or leaves himself.
    """
    if order.rule and order.rule not in RULES:
        raise Refused(f"there is no rule {order.rule!r}", hint=f"one of {', '.join(RULES)}")
    found: dict[str, tuple[User, ...]] = {
        name: (_named(ground.snapshot, leaver, email),) for name, email in order.successors.items()
    }
    if order.rule and ALL_OBJECTS not in found:
        found[ALL_OBJECTS] = _by_rule(ground, leaver, order.rule)
    return found


def taker(successors: Successors, object_type: str) -> tuple[User, ...]:
    """Who takes records of a type; empty when nobody does."""
    return successors.get(object_type) or successors.get(ALL_OBJECTS, ())


def _named(snapshot: Snapshot, leaver: User, email: str) -> User:
    user = snapshot.user(email)
    if user is None or not user.present:
        known = [one.email for one in snapshot.users if can_own(one)]
        hint = did_you_mean(email, known) or "name somebody who is in the portal"
        raise Refused(f"the successor {email} is not in the portal", hint=hint)
    if user.id == leaver.id:
        raise Refused(f"{email} cannot succeed themselves", hint="name somebody else")
    if not can_own(user):
        why = "never activated" if user.state is UserState.INVITED else f"is {user.state.value}"
        if user.owner_id is None and user.state is UserState.ACTIVE:
            why = "is no record owner yet"
        raise Refused(
            f"the successor {email} {why}, so HubSpot gives them no records",
            hint="name somebody who works in the portal",
        )
    return user


def can_own(user: User) -> bool:
    """Active, and known to HubSpot as a record owner."""
    return user.state is UserState.ACTIVE and user.owner_id is not None and not user.owner_archived


def _by_rule(ground: Ground, leaver: User, rule: str) -> tuple[User, ...]:
    if rule == "manager":
        return (_manager(ground, leaver),)
    mates = tuple(
        user
        for user in ground.snapshot.users
        if leaver.main_team_id is not None
        and user.main_team_id == leaver.main_team_id
        and user.id != leaver.id
        and can_own(user)
    )
    if not mates:
        raise Refused(
            f"nobody in the main team of {leaver.email} can take records over",
            hint="name one with --successor",
        )
    return mates if rule == "round-robin" else (_team_lead(ground, leaver, mates),)


def _manager(ground: Ground, leaver: User) -> User:
    person = person_of(ground.people, leaver.email)
    if person is None or not person.manager_email:
        raise Refused(
            f"the people list names no manager of {leaver.email}",
            hint="import people with a manager column, or name one with --successor",
        )
    return _named(ground.snapshot, leaver, person.manager_email)


def _team_lead(ground: Ground, leaver: User, mates: tuple[User, ...]) -> User:
    """Whom most of the team, by the people list, report to; HubSpot itself knows no team leads."""
    named: Counter[str] = Counter()
    for user in (leaver, *mates):
        person = person_of(ground.people, user.email)
        if person is not None and person.manager_email:
            named[person.manager_email.casefold()] += 1
    for email, _ in named.most_common():
        lead = ground.snapshot.user(email)
        if lead is not None and lead.id != leaver.id and can_own(lead):
            return lead
    raise Refused(
        f"the people list tells no lead of the team of {leaver.email}",
        hint="import people with a manager column, or name one with --successor",
    )


def person_of(people: tuple[Person, ...], email: str) -> Person | None:
    """The person with this e-mail."""
    key = email.casefold()
    return next((one for one in people if key in (e.casefold() for e in one.emails)), None)
