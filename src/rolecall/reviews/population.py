"""Freezes a campaign's population: one item per grant, each before exactly one reviewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rolecall.domain.assignment import Slot
from rolecall.domain.review import Campaign, ReviewerKind, ReviewItem, Scope
from rolecall.domain.snapshot import EMPTY, Snapshot, User, UserState


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing one user holds."""

    user: User
    slot: Slot
    value: str
    label: str


def grants_of(snapshot: Snapshot) -> Iterator[Grant]:
    """Every grant of every user a human signs in with, Super Admin included."""
    sets = {item.id: item.name for item in snapshot.permission_sets}
    teams = {item.id: item.name for item in snapshot.teams}
    for user in snapshot.users:
        if user.state in {UserState.SERVICE, UserState.REMOVED}:
            continue
        if user.super_admin:
            yield Grant(user, Slot.USER, "super_admin", "Super Admin")
        for set_id in user.permission_set_ids:
            yield Grant(user, Slot.PERMISSION_SET, set_id, sets.get(set_id, set_id))
        if user.main_team_id:
            label = teams.get(user.main_team_id, user.main_team_id)
            yield Grant(user, Slot.MAIN_TEAM, user.main_team_id, label)
        for team_id in user.extra_team_ids:
            yield Grant(user, Slot.EXTRA_TEAM, team_id, teams.get(team_id, team_id))
        for seat in user.seat_names or ():
            yield Grant(user, Slot.SEAT, seat, seat)


def in_scope(grant: Grant, scope: Scope) -> bool:
    """Whether a campaign with this scope looks at this grant."""
    user = grant.user
    teams = {user.main_team_id, *user.extra_team_ids}
    return (
        (not scope.slots or grant.slot in scope.slots)
        and (not scope.teams or bool(teams & set(scope.teams)))
        and (
            not scope.permission_sets
            or bool(set(scope.permission_sets) & set(user.permission_set_ids))
        )
        and (not scope.users or user.email.casefold() in scope.users)
        and (not scope.super_admins_only or user.super_admin)
    )


def reviewer_of(
    user: User,
    campaign: Campaign,
    managers: Mapping[str, str],
    owners: Mapping[str, str],
    value: str,
) -> str:
    """The reviewer's e-mail; never the user's own, "" only when no fallback is named."""
    own = user.email.casefold()
    wanted: dict[ReviewerKind, tuple[str, ...]] = {
        ReviewerKind.MANAGER: (managers.get(own, ""),),
        ReviewerKind.OWNER: (owners.get(value, ""),),
        ReviewerKind.NAMED: campaign.named_reviewers,
    }
    candidates = [
        *wanted[campaign.reviewer_kind],
        campaign.fallback_reviewer,
        *campaign.named_reviewers,
    ]
    return next((e.casefold() for e in candidates if e and e.casefold() != own), "")


def populate(
    campaign: Campaign,
    snapshot: Snapshot,
    reviewer: Callable[[Grant], str],
    facts: Callable[[Grant], Mapping[str, str]] = lambda _: EMPTY,
    before: Iterable[ReviewItem] = (),
) -> tuple[ReviewItem, ...]:
    """The frozen items of a campaign, in the order of the snapshot.

    `before` are the items of the campaign before; with `only_changed` what it kept is left out.
    """
    known = {(item.user_id, item.slot, item.value) for item in before}
    items = []
    for grant in grants_of(snapshot):
        if not in_scope(grant, campaign.scope):
            continue
        seen = (grant.user.id, grant.slot, grant.value) in known
        if seen and campaign.scope.only_changed:
            continue
        changed = ("kept" if seen else "new") if known else ""
        items.append(_item(campaign, grant, reviewer(grant), facts(grant), changed))
    return tuple(items)


def _item(
    campaign: Campaign, grant: Grant, reviewer: str, facts: Mapping[str, str], changed: str
) -> ReviewItem:
    return ReviewItem(
        id=f"{campaign.id}:{grant.user.id}:{grant.slot.value}:{grant.value}",
        campaign_id=campaign.id,
        user_id=grant.user.id,
        user_email=grant.user.email,
        slot=grant.slot,
        value=grant.value,
        label=grant.label,
        reviewer=reviewer,
        facts=facts,
        changed=changed,
    )
