"""Which permissions should not meet in one person? Silent where nothing is known of permissions."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import NONE

_NOTE = (
    "Only what is surely held counts: effective access after the seat, from a users export or "
    "attested definitions. Super Admins are left to their own finding."
)


@rule(
    "sod.exports-and-billing",
    Severity.HIGH,
    title="Export and billing in one hand",
    why="Who can take all data out and change the contract can do both unseen.",
    docs=f"Fires for an active user who holds Export and Modify billing. {_NOTE}",
)
def exports_and_billing(view: View) -> Iterator[Observation]:
    """Users who can export and change billing."""
    yield from _pairs(view, "crm_tools.export", "account.modify_billing")


@rule(
    "toxic.users-and-billing",
    Severity.HIGH,
    title="Users and billing in one hand",
    why="Who creates users and changes billing can buy access for whom they like.",
    docs=f"Fires for an active user who holds Add & edit users and Modify billing. {_NOTE}",
)
def users_and_billing(view: View) -> Iterator[Observation]:
    """Users who can create users and change billing."""
    yield from _pairs(view, "account.add_edit_users", "account.modify_billing")


@rule(
    "toxic.bulk-and-permanent-delete",
    Severity.CRITICAL,
    title="Bulk and permanent deletion together",
    why="One mistake or one bad day removes the customer base beyond recovery.",
    docs=f"Fires for an active user who holds Bulk delete and Permanently delete contacts. {_NOTE}",
)
def bulk_and_permanent_delete(view: View) -> Iterator[Observation]:
    """Users who can delete in bulk and for good."""
    yield from _pairs(view, "crm_tools.bulk_delete", "account.permanently_delete_contacts")


def _pairs(view: View, one: str, other: str) -> Iterator[Observation]:
    resolver = view.facts.access
    if resolver is None:
        return
    labels = [resolver.catalogue.permissions[p].shown for p in (one, other)]
    for user in view.active:
        if not user.super_admin and surely(resolver, user, one) and surely(resolver, user, other):
            mend = Mend(
                "manual",
                f"Take {labels[0]} or {labels[1]} from {user.email}",
                {"permissions": f"{one},{other}", "take": other},
            )
            message = f"holds {labels[0]} and {labels[1]}"
            yield of_user(user, message, evidence=evidence_for(resolver, user), mend=mend)


def surely(resolver: Resolver, user: User, permission_id: str) -> bool:
    """The user holds this permission at some level, beyond doubt."""
    return resolver.access_of(user).of(permission_id).low != NONE


def evidence_for(resolver: Resolver, user: User) -> tuple[Evidence, ...]:
    """What is known of a user's access and how old it is."""
    given = resolver.access_of(user).given
    sources = given.sources or (str(given.ground),)
    return tuple(Evidence("effective permissions", source, given.as_of) for source in sources)
