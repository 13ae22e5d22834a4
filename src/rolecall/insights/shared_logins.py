"""Which logins belong to a function and not to a human? Looks at the address alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "login.shared",
    Severity.MEDIUM,
    title="Shared login",
    why="What several people do under one name can be laid at nobody's door, and the password "
    "outlives every leaver who knew it.",
    docs="Fires for an active user whose address starts with the name of a function (info, sales, "
    "support ...), alone or with a place or number, unless a human's name stands in the address.",
    thresholds=("shared_logins",),
)
def shared_login(view: View) -> Iterator[Observation]:
    """Active users whose address names a function."""
    words = frozenset(view.thresholds.shared_logins)
    for user in view.active:
        word = _function(user, words)
        if word:
            mend = Mend("manual", f"Give everybody behind {user.email} a user of their own")
            fact = view.seen(f"{user.email} names a function ({word})")
            yield of_user(user, "shared by several people", evidence=(fact,), mend=mend)


def _function(user: User, words: frozenset[str]) -> str:
    local = user.email.partition("@")[0].partition("+")[0].casefold()
    first, *rest = [part for part in re.split(r"[._-]|\d+", local) if part] or [""]
    if local in words:
        return local
    names = {user.first_name.casefold(), user.last_name.casefold()} - {""}
    if first not in words or any(part in names for part in (first, *rest)):
        return ""
    return first
