"""Desired minus actual: every difference as a change with before, after, reason and origin.

What a section's mode only reports comes out beside the changes. Order, guardrails and prices
are not this module's business.
"""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.plan import Change, ChangeKind
from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.plan.context import Context, DiffOptions, Proposal, context_of, manual, user_change
from rolecall.plan.new_user import creation
from rolecall.plan.parking import grace_over, ladder
from rolecall.plan.team_tree import structure_changes
from rolecall.plan.user_slots import slot_changes
from rolecall.policy.desired import Desired, DesiredUser, Source, wants
from rolecall.policy.document import Mode, Presence, Section
from rolecall.policy.people_nodes import looks_like_email

_UNLISTED = Source(Origin.PEOPLE, "not in access.yaml and no rule gives access")
_PRESENT = Source(Origin.PEOPLE, "access.yaml")


def diff(desired: Desired, snapshot: Snapshot, options: DiffOptions) -> Proposal:
    """What must change so that the snapshot becomes what is desired."""
    ctx = context_of(desired, snapshot, options)
    structure_changes(ctx)
    seen: set[str] = set()
    for user in snapshot.users:
        if not governed(user):
            continue
        key = user.email.casefold()
        seen.add(key)
        _one_user(ctx, user, desired.users.get(key))
    for key, want in desired.users.items():
        if key not in seen:
            _missing(ctx, want)
    return ctx.proposal


def governed(user: User) -> bool:
    """Whether plans look at this user: present, a person, with an e-mail to name them by."""
    return user.present and user.state is not UserState.SERVICE and looks_like_email(user.email)


def _one_user(ctx: Context, user: User, want: DesiredUser | None) -> None:
    if want is None or (want.presence is None and not want.named):
        if want is not None and not ctx.desired.whole:
            slot_changes(ctx, user, want)
        elif ctx.desired.whole:
            _leave(ctx, user, _UNLISTED)
        return
    if Slot.USER in want.disputed:
        return
    count = len(ctx.proposal.changes)
    if want.presence is None and ctx.desired.whole:
        _leave(ctx, user, _UNLISTED)
    elif wants(want, Presence.PARKED) or wants(want, Presence.ABSENT):
        _leave(ctx, user, want.presence.source if want.presence else _UNLISTED, want)
    else:
        _stay(ctx, user, want)
    if ctx.options.no_ops and len(ctx.proposal.changes) == count:
        source = want.presence.source if want.presence else _PRESENT
        change = user_change(ctx, ChangeKind.NO_OP, user, None, None, source)
        ctx.proposal.changes.append(change)


def _stay(ctx: Context, user: User, want: DesiredUser) -> None:
    if user.email.casefold() in ctx.options.parked and want.presence is not None:
        source = want.presence.source
        change = user_change(ctx, ChangeKind.PARK, user, "parked", "present", source)
        ctx.put(Section.USERS, change, gives=True)
    slot_changes(ctx, user, want)


def _leave(ctx: Context, user: User, source: Source, want: DesiredUser | None = None) -> None:
    """Park, or remove: at once when somebody asked for it by name, else after the grace days."""
    at_once = want is not None and not ctx.desired.whole and wants(want, Presence.ABSENT)
    since = ctx.options.parked.get(user.email.casefold())
    over = grace_over(ctx.desired, since, ctx.options.now)
    insisted = want is not None and wants(want, Presence.ABSENT)
    if at_once or (over and (ctx.desired.parking.remove or insisted)):
        changes = [_removal(ctx, user, source)]
    else:
        changes = ladder(ctx, user, source)
    if ctx.mode(Section.USERS) is Mode.REPORT:
        changes = changes[:1]  # one line tells it; the rungs would be noise
    for change in changes:
        ctx.put(Section.USERS, change, gives=False)


def _removal(ctx: Context, user: User, source: Source) -> Change:
    if user.super_admin:
        why = "a Super Admin is removed by people only; plan the removal again afterwards"
        slot = ChangeKind.REMOVE_USER
        return manual(ctx, "super_admin.remove", user, "super_admin", None, source, slot, why)
    before = user.state.value
    change = user_change(ctx, ChangeKind.REMOVE_USER, user, before, None, source)
    if user.seat_names:
        details = {**change.details, "frees_seats": ", ".join(user.seat_names)}
        change = replace(change, details=details)
    return change


def _missing(ctx: Context, want: DesiredUser) -> None:
    """Somebody who should be there and is not."""
    if not wants(want, Presence.PRESENT) or Slot.USER in want.disputed:
        return
    if want.deactivated:
        return  # a deactivated user who is gone needs no new invitation
    source = want.presence.source if want.presence else _PRESENT
    changes = creation(ctx, want, source)
    if want.super_admin:
        why = "HubSpot's API does not make Super Admins"
        slot = ChangeKind.SET_PERMISSION_SET
        changes.append(
            manual(ctx, "super_admin.add", want.email, None, "super_admin", source, slot, why)
        )
    if ctx.mode(Section.USERS) is Mode.REPORT:
        changes = changes[:1]
    for change in changes:
        ctx.put(Section.USERS, change, gives=True)
