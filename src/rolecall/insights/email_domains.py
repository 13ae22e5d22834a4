"""Whose e-mail address is not the business's own? Partners by seat are expected outsiders."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View, domain_of, is_partner, is_personal


@rule(
    "email.personal-domain",
    Severity.HIGH,
    title="Personal e-mail address",
    why="A private mailbox is outside your control: it survives the leaver and its password is "
    "not yours to reset.",
    docs="Fires for an active user whose address is at a free mail provider.",
    thresholds=("personal_domains", "personal_providers"),
)
def personal_domain(view: View) -> Iterator[Observation]:
    """Active users with an address at a free mail provider."""
    for user in view.active:
        domain = domain_of(user.email)
        if is_personal(domain, view.thresholds) and domain not in view.facts.business_domains:
            yield _stranger(view, user, f"{domain} is a free mail provider")


@rule(
    "email.outside-domain",
    Severity.MEDIUM,
    title="Outside e-mail domain",
    why="Somebody else decides who reads that mailbox and when it is closed.",
    docs="Fires for an active user whose domain is neither a business domain (named, or shared by "
    "enough users of the portal) nor below one, nor a free mail provider. Users with a Partner "
    "seat are expected outsiders and left out, unless they are Super Admin.",
    thresholds=("business_domain_share",),
)
def outside_domain(view: View) -> Iterator[Observation]:
    """Active users whose domain is not the business's own."""
    if not view.business_domains:
        return
    for user in view.active:
        domain = domain_of(user.email)
        if not (_at_home(view, domain) or _expected(view, user, domain)):
            yield _stranger(view, user, f"{domain} is not a domain of this business")


def _at_home(view: View, domain: str) -> bool:
    if domain in view.business_domains:
        return True
    return any(domain.endswith(f".{own}") for own in view.business_domains)


def _expected(view: View, user: User, domain: str) -> bool:
    """Told by the other rule, or a partner's employee without Super Admin."""
    if is_personal(domain, view.thresholds):
        return True
    return is_partner(user) and not user.super_admin


def _stranger(view: View, user: User, fact: str) -> Observation:
    mend = Mend(
        "manual",
        f"Give {user.email} a business address (create the new user, hand over, remove this one), "
        "or record an exception with a reason",
    )
    return of_user(user, fact, evidence=(view.seen(f"e-mail {user.email}"),), mend=mend)
