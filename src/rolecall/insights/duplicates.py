"""Which two users are one human? Namesakes at one company are two humans until proved one."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View, domain_of

_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l", "æ": "ae"}
)


@rule(
    "person.duplicate",
    Severity.MEDIUM,
    title="One person, two users",
    why="Off-boarding closes one of them and forgets the other; both may hold a paid seat.",
    docs="Fires for the second user of a person: both linked to the same person, or one mailbox "
    "written two ways (+tag), or the same full name with the same phone or with the same kind of "
    "address at two domains. "
    "Namesakes within one domain, and users linked to different people, do not fire.",
)
def duplicate_people(view: View) -> Iterator[Observation]:
    """Every further user of one human, beside the one that looks like the main one."""
    reported: set[str] = set()
    for group, reason in _groups(view):
        main, *others = sorted(group, key=lambda user: _preference(view, user))
        for user in others:
            if user.id not in reported:
                reported.add(user.id)
                yield _double(view, user, main, reason)


def _groups(view: View) -> Iterator[tuple[list[User], str]]:
    yield from ((group, "linked to one person") for group in _by_person(view))
    yield from ((group, "one mailbox written two ways") for group in _by_mailbox(view))
    yield from ((group, "same name and phone or kind of address") for group in _by_name(view))


def _by_person(view: View) -> Iterator[list[User]]:
    groups: defaultdict[str, list[User]] = defaultdict(list)
    for user in view.active:
        link = view.facts.links.get(user.id)
        if link is not None and link.person_id is not None:
            groups[link.person_id].append(user)
    yield from (group for group in groups.values() if len(group) > 1)


def _by_mailbox(view: View) -> Iterator[list[User]]:
    groups: defaultdict[str, list[User]] = defaultdict(list)
    for user in view.active:
        local, _, domain = user.email.casefold().rpartition("@")
        groups[f"{local.partition('+')[0]}@{domain}"].append(user)
    yield from (group for group in groups.values() if len(group) > 1)


def _by_name(view: View) -> Iterator[list[User]]:
    groups: defaultdict[tuple[str, str], list[User]] = defaultdict(list)
    for user in view.active:
        first, last = _plain(user.first_name), _plain(user.last_name)
        if first and last:
            groups[first, last].append(user)
    for (first, last), group in groups.items():
        for main, other in _pairs(group):
            if _same_human(view, main, other, first, last):
                yield [main, other]


def _pairs(group: Sequence[User]) -> Iterator[tuple[User, User]]:
    if len(group) > 20:  # a name this frequent proves nothing, and pairs grow with its square
        return
    for at, main in enumerate(group):
        for other in group[at + 1 :]:
            yield main, other


def _same_human(view: View, one: User, other: User, first: str, last: str) -> bool:
    links = [view.facts.links.get(user.id) for user in (one, other)]
    persons = {link.person_id for link in links if link is not None and link.person_id}
    if len(persons) > 1:
        return False
    if _phone(one) and _phone(one) == _phone(other):
        return True
    if domain_of(one.email) == domain_of(other.email):
        return False
    return all(_says_name(user.email, first, last) for user in (one, other))


def _phone(user: User) -> str:
    text = user.profile.get("hs_main_phone") or user.profile.get("hs_additional_phone") or ""
    digits = re.sub(r"\D", "", text)
    return digits if len(digits) >= 6 else ""


def _says_name(email: str, first: str, last: str) -> bool:
    local = re.sub(r"[^a-z]", "", _plain(email.partition("@")[0].partition("+")[0]))
    spelled = {first + last, last + first, first[0] + last, first + last[0], last + first[0]}
    return local in spelled | {first, last}


def _plain(text: str) -> str:
    if text.isascii():
        return _NOT_PLAIN.sub("", text.lower())
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_UMLAUTS))
    return "".join(one for one in folded if one.isalnum())


def _preference(view: View, user: User) -> tuple[bool, bool, float, str]:
    home = domain_of(user.email) in view.business_domains
    last = user.last_active_at
    return (not home, "+" in user.email, -last.timestamp() if last else 0.0, user.id)


def _double(view: View, user: User, main: User, reason: str) -> Observation:
    facts: tuple[Evidence, ...] = (
        view.seen(f"{user.email} and {main.email}: {reason}"),
        view.seen(f"names {user.name} and {main.name}"),
    )
    mend = Mend(
        "remove_user",
        f"Hand over what {user.email} holds to {main.email}, then remove {user.email}",
        {"successor": main.email},
    )
    message = f"looks like the same person as {main.email}"
    return of_user(user, message, evidence=facts, mend=mend, related=(main.id,))
