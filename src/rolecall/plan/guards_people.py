"""Guardrails about people: how many leave, who must not, and who comes from outside."""

from __future__ import annotations

from collections import Counter

from rolecall.domain.plan import Change, ChangeKind, GuardrailVerdict
from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.plan.look import (
    Look,
    Verdicts,
    active_users,
    distinct,
    is_demotion,
    is_removal,
    leavers,
    some,
)
from rolecall.policy.facts import email_domain

# Mail providers anybody can register with; a person there cannot be told from a stranger.
PERSONAL_DOMAINS = frozenset(
    [
        "aol.com",
        "fastmail.com",
        "free.fr",
        "gmail.com",
        "gmx.at",
        "gmx.ch",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.co.uk",
        "hotmail.com",
        "hotmail.de",
        "hotmail.fr",
        "icloud.com",
        "laposte.net",
        "libero.it",
        "live.com",
        "mac.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "orange.fr",
        "outlook.com",
        "outlook.de",
        "outlook.fr",
        "pm.me",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "t-online.de",
        "web.de",
        "wp.pl",
        "yahoo.co.jp",
        "yahoo.co.uk",
        "yahoo.com",
        "yahoo.de",
        "yahoo.fr",
        "yandex.ru",
        "ymail.com",
        "zoho.com",
        "163.com",
    ]
)


def removal_brake(look: Look) -> Verdicts:
    """Refuses when removals exceed both a share of active users and a count."""
    names = leavers(look)
    if not names:
        return
    settings, active = look.settings, look.knowledge.active_users
    if active is None:
        active = active_users(look.snapshot)
    limit = max(settings.max_removals, int(settings.max_removal_share * active))
    stops = len(names) > limit
    share = f"{settings.max_removal_share:.0%}"
    said = "more than allowed" if stops else "within what is allowed"
    yield GuardrailVerdict(
        "removal_brake",
        stops,
        f"takes {len(names)} of {active} active users out, {said}: "
        f"{limit} ({share} or {settings.max_removals}, whichever is more)",
        "split the plan, or allow this one: an override is used once and expires" if stops else "",
        overridable=True,
        subjects=names if stops else (),
        inputs={"removals": str(len(names)), "limit": str(limit)},
    )


def last_super_admins(look: Look) -> Verdicts:
    """Never fewer Super Admins than the least allowed, two by default.

    Only people who can sign in count: an app, an open invitation or a deactivated user makes
    nobody Super Admin again.
    """
    admins = {user.email.casefold() for user in look.users.values() if _can_make_admins(user)}
    losing = tuple(one for one in _losing_super_admin(look) if one.casefold() in admins)
    if not losing:
        return
    left = len(admins) - len(losing)
    least = look.settings.min_super_admins
    stops = left < least
    yield GuardrailVerdict(
        "last_super_admins",
        stops,
        f"leaves {left} Super Admins; at least {least} must stay",
        "make somebody else Super Admin first" if stops else "",
        subjects=losing if stops else (),
        inputs={"left": str(left), "least": str(least)},
    )


def _can_make_admins(user: User) -> bool:
    return user.super_admin and user.state is UserState.ACTIVE


def _losing_super_admin(look: Look) -> tuple[str, ...]:
    lines = (change for change in look.changes if is_removal(change) or is_demotion(change))
    users = ((change.subject, look.user(change)) for change in lines)
    return distinct(shown for shown, user in users if user is not None and user.super_admin)


def operator_himself(look: Look) -> Verdicts:
    """Nobody removes, parks or demotes themselves."""
    email = look.knowledge.operator_email
    hint = "let another operator plan and apply this"
    yield from _protected(look, "operator_himself", (email,), "is the operator of this plan", hint)


def billing_contact(look: Look) -> Verdicts:
    """The billing contact stays until the role has been handed on in HubSpot."""
    email = look.settings.billing_contact
    hint = "move the billing contact in HubSpot first, then change guardrails.billing_contact"
    yield from _protected(look, "billing_contact", (email,), "is the billing contact", hint)


def protected_people(look: Look) -> Verdicts:
    """The people the operator named stay."""
    hint = "take them off guardrails.protected first"
    people = look.settings.protected
    yield from _protected(look, "protected_people", people, "is protected by name", hint)


def _protected(
    look: Look, guardrail: str, emails: tuple[str, ...], what: str, hint: str
) -> Verdicts:
    guarded = {email.casefold() for email in emails if email}
    lines = (change for change in look.changes if is_removal(change) or is_demotion(change))
    touched = distinct(line.subject for line in lines if line.subject.casefold() in guarded)
    if touched:
        yield GuardrailVerdict(
            guardrail,
            True,
            f"{some(touched)} {what} and cannot be removed, parked or demoted",
            hint,
            subjects=touched,
            inputs={"guarded": ", ".join(sorted(email.casefold() for email in touched))},
        )


def credential_creator(look: Look) -> Verdicts:
    """Who made the connection's token cannot be removed; less access is allowed with a warning."""
    creator = look.knowledge.credential_user_id
    if creator is None:
        return
    lines = [change for change in look.changes if change.subject_id == creator and _takes(change)]
    if not lines:
        return
    stops = any(change.kind is ChangeKind.REMOVE_USER for change in lines)
    name = lines[0].subject
    if stops:
        message = f"{name} made the token of this connection and cannot be removed"
        hint = "connect with a token of a dedicated user first: rolecall portal reconnect"
    else:
        message = f"{name} made the token of this connection; it keeps working with less access"
        hint = "a token of a dedicated user would not depend on a person"
    inputs = {"creator": creator}
    yield GuardrailVerdict(
        "credential_creator", stops, message, hint, subjects=(name,), inputs=inputs
    )


def _takes(change: Change) -> bool:
    kinds = (ChangeKind.SET_PERMISSION_SET, ChangeKind.SET_SEATS)
    return is_removal(change) or is_demotion(change) or change.kind in kinds


def foreign_email(look: Look) -> Verdicts:
    """A joiner with a personal or foreign e-mail domain needs a reason."""
    joiners = [change for change in look.changes if change.kind is ChangeKind.CREATE_USER]
    business = business_domains(look.snapshot, look.settings.domains)
    flagged = [change for change in joiners if _is_foreign(change.subject, business)]
    for given in (False, True):
        names = distinct(c.subject for c in flagged if bool(c.details.get("reason")) is given)
        if names:
            yield _foreign_verdict(names, business, given=given)


def _foreign_verdict(
    names: tuple[str, ...], business: frozenset[str], *, given: bool
) -> GuardrailVerdict:
    known = some(tuple(sorted(business))) or "none known"
    one = len(names) == 1
    message = f"{some(names)} {'has' if one else 'have'} a personal or foreign e-mail domain"
    return GuardrailVerdict(
        "foreign_email",
        not given,
        f"{message}, with a reason given" if given else message,
        "" if given else f"business domains here: {known}; for an exception write a reason",
        overridable=not given,
        subjects=names,
        inputs={"domains": ", ".join(sorted({email_domain(name) for name in names}))},
    )


def business_domains(snapshot: Snapshot, named: tuple[str, ...]) -> frozenset[str]:
    """The domains named in the file, or those at least two active users share."""
    if named:
        return frozenset(domain.casefold() for domain in named)
    counts = Counter(email_domain(user.email) for user in snapshot.users if user.present)
    return frozenset(
        domain for domain, count in counts.items() if count > 1 and domain not in PERSONAL_DOMAINS
    )


def _is_foreign(email: str, business: frozenset[str]) -> bool:
    domain = email_domain(email)
    return domain in PERSONAL_DOMAINS - business or (bool(business) and domain not in business)
