"""Leaves to break a rule: which findings they cover, and which of them have run out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from rolecall.domain.finding import Evidence, Finding, Mend, Severity
from rolecall.insights.facts import AccessException
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "exception.expired",
    Severity.LOW,
    title="Exception has run out",
    why="What was allowed for a while is allowed no longer; renew it with a reason or mend it.",
    docs="Fires for a user whose exception ended and who is still in the portal. The finding it "
    "covered shows again beside it.",
)
def expired_exceptions(view: View) -> Iterator[Observation]:
    """Exceptions whose end has passed, of users still here."""
    by_email = {user.email.casefold(): user for user in view.active}
    for one in view.facts.exceptions:
        user = by_email.get(one.user.casefold())
        if user is None or one.until is None or one.until > view.now:
            continue
        fact = Evidence(f"{one.finding} was excepted until {one.until:%Y-%m-%d}", "policy")
        message = f"exception from {one.finding} ended {one.until:%Y-%m-%d}"
        mend = Mend("manual", f"Ask {one.owner or 'its owner'} to renew or drop the exception")
        yield of_user(user, message, evidence=(fact,), mend=mend)


def covered(finding: Finding, exceptions: Iterable[AccessException], now: datetime) -> bool:
    """Some exception in force speaks of this finding."""
    return any(_covers(one, finding, now) for one in exceptions)


def _covers(one: AccessException, finding: Finding, now: datetime) -> bool:
    if one.finding != finding.rule or (one.until is not None and one.until <= now):
        return False
    return one.user == "*" or one.user.casefold() == finding.subject.casefold()
