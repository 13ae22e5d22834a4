"""Which service users does nobody answer for? Ordinary humans are not asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import User, UserState
from rolecall.insights.rules import Observation, of_user, rule
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


@rule(
    "integration-user.no-owner",
    Severity.MEDIUM,
    title="Integration user without owner",
    why="An ordinary user an integration signs in with has a password, often no second factor, "
    "and nobody who notices when it is misused.",
    docs="Fires for an active user whose address or job title names an integration and nobody was "
    "named for. A human with such a name (it stands in first or last name too, and the job title "
    "does not speak of an integration) does not fire.",
    thresholds=("integration_words",),
)
def integration_user_without_owner(view: View) -> Iterator[Observation]:
    """Ordinary users of integrations nobody was named for."""
    for user in view.active:
        word = integration_word(view, user)
        if not word or user.id in view.facts.service_owners:
            continue
        fact = view.seen(f"address or job title says {word}; no owner named")
        mend = Mend("manual", f"Name the person who answers for {user.email}")
        yield of_user(
            user, "used by an integration, nobody answers for it", evidence=(fact,), mend=mend
        )


def integration_word(view: View, user: User) -> str:
    """The word that shows this user belongs to an integration, or the empty text."""
    words = view.thresholds.integration_words
    title = user.profile.get("hs_job_title", "").casefold()
    if "integration" in title.split():
        return "integration user"
    parts = re.split(r"[^a-z]+", user.email.partition("@")[0].casefold())
    names = re.split(r"\W+", f"{user.first_name} {user.last_name}".casefold())
    if title and any(part in names for part in parts if part):
        return ""
    return next((part for part in parts if part in words), "")
