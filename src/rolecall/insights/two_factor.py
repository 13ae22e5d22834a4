"""Is a second factor enforced? Told by a person's word and by the security feed, else unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View

_ON, _OFF = "ADD_TWO_FACTOR_AUTHENTICATION", "REMOVE_TWO_FACTOR_AUTHENTICATION"
_SSO_ON, _SSO_OFF = "REQUIRE_SINGLE_SIGN_ON", "UNREQUIRE_SINGLE_SIGN_ON"


@rule(
    "2fa.not-enforced",
    Severity.HIGH,
    title="Second factor not enforced",
    why="A stolen password is then all it takes.",
    docs="Fires for the portal when an admin attested that two-factor log-in is not required, or "
    "when it is proved: by the feeds (somebody took the second factor off, set up no other, and "
    "signed in afterwards) or by a users export with a column for it (somebody without one signed "
    "in), while no single sign-on was required. The younger of word and proof counts. "
    "HubSpot's API does not tell the setting: without any of them it is unknown, and unknown is no "
    "finding.",
    alert=True,
)
def not_enforced(view: View) -> Iterator[Observation]:
    """The portal, where something shows that a second factor is not required."""
    enforced, evidence = enforcement(view)
    if enforced is False:
        path = "Settings > Account Setup > Security > Login"
        mend = Mend("manual", f"Require two-factor authentication: {path}")
        portal = str(view.snapshot.hub_id)
        message = "two-factor log-in is not required"
        yield Observation("portal", portal, "the portal", message, evidence, mend)


@rule(
    "2fa.removed",
    Severity.HIGH,
    title="Second factor taken off",
    why="A user who took the second factor off is protected by a password alone.",
    docs="Fires for an active user whose last two-factor event in the security feed is a removal, "
    "within the days foreign changes are shown.",
    thresholds=("foreign_days",),
    alert=True,
)
def second_factor_removed(view: View) -> Iterator[Observation]:
    """Users who took their second factor off and did not put it back."""
    last = _last_by_user(view)
    since = view.ago(view.thresholds.foreign_days)
    for user in view.active:
        at, kind = last.get(user.id, (None, ""))
        if at is None or kind != _OFF or at < since:
            continue
        fact = Evidence(f"second factor removed {at:%Y-%m-%d}", "security feed", at)
        mend = Mend("manual", f"Ask {user.email} to set up a second factor again")
        yield of_user(user, f"no second factor since {at:%Y-%m-%d}", evidence=(fact,), mend=mend)


def enforcement(view: View) -> tuple[bool | None, tuple[Evidence, ...]]:
    """Whether a second factor is required as far as anything tells, and what tells it."""
    word, proof = view.facts.two_factor, _newest(_proof(view), _by_export(view))
    if word is not None and (
        proof is None or proof.observed_at is None or word.at >= proof.observed_at
    ):
        fact = f"attested by {word.by}: {'required' if word.holds else 'not required'}"
        return word.holds, (Evidence(fact, "attestation", word.at),)
    return (None, ()) if proof is None else (False, (proof,))


def _newest(*proofs: Evidence | None) -> Evidence | None:
    told = [one for one in proofs if one is not None and one.observed_at is not None]
    return max(told, key=lambda one: str(one.observed_at), default=None)


def _by_export(view: View) -> Evidence | None:
    """A users export that names somebody without a second factor who signed in all the same."""
    records = view.facts.access.book.records.values() if view.facts.access else ()
    bare = [
        one
        for one in records
        if one.two_factor is False and one.last_login is not None and not one.deactivated
    ]
    if not bare or _sso_required(view):
        return None
    one = max(bare, key=lambda each: (each.as_of, str(each.last_login)))
    count = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
    fact = f"{one.email}{count} without a second factor, signed in {one.last_login:%Y-%m-%d}"
    return Evidence(fact, f"users export of {one.as_of:%Y-%m-%d}", one.last_login)


def _sso_required(view: View) -> bool:
    sso = max(
        ((e.at, e.type) for e in view.facts.events if e.type in (_SSO_ON, _SSO_OFF)), default=None
    )
    return sso is not None and sso[1] == _SSO_ON


def _proof(view: View) -> Evidence | None:
    """The newest log-in of somebody who had taken the second factor off and set up no other."""
    if _sso_required(view):
        return None
    found: list[tuple[datetime, str]] = []
    for user_id, (at, kind) in _last_by_user(view).items():
        login, user = view.last_logins.get(user_id), view.users.get(user_id)
        if kind == _OFF and login is not None and login > at and user is not None:
            found.append((login, user.email))
    if not found:
        return None
    login, email = max(found)
    fact = f"{email} signed in {login:%Y-%m-%d} without a second factor"
    return Evidence(fact, "login and security feed", login)


def _last_by_user(view: View) -> dict[str, tuple[datetime, str]]:
    last: dict[str, tuple[datetime, str]] = {}
    for event in view.facts.events:
        if event.type in (_ON, _OFF):
            user_id, told = event.object_id or event.actor_id or "", (event.at, event.type)
            last[user_id] = max(last.get(user_id, told), told)
    return last
