"""Which service users does nobody answer for? Humans are not asked here."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import UserState
from rolecall.insights.rules import Observation, rule
from rolecall.insights.view import View


@rule(
    "service-user.no-owner",
    Severity.LOW,
    title="Service user without owner",
    why="When its key leaks or its job is over, nobody knows whom to ask.",
    docs="Fires for a service user (an app's own login) nobody was named for. Name the owner with "
    "the person who answers for the app.",
)
def service_user_without_owner(view: View) -> Iterator[Observation]:
    """Service users nobody was named for."""
    for user in view.snapshot.users:
        if user.state is not UserState.SERVICE or user.id in view.facts.service_owners:
            continue
        mend = Mend("manual", f"Name the person who answers for {user.email}")
        fact = view.seen("service user without a named owner")
        yield Observation(
            "service_user", user.id, user.email, "nobody answers for it", (fact,), mend
        )
