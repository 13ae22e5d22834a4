"""Making or changing a permission set as a draft: a task with every toggle, and who it touches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rolecall.domain.assignment import Origin
from rolecall.domain.plan import Change, ChangeKind, Phase
from rolecall.kit.errors import Refused
from rolecall.permissions import set_change
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import split_level
from rolecall.permissions.phrases import meant
from rolecall.plan.promises import promise
from rolecall.policy.problems import did_you_mean
from rolecall.services.app import App
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import ChangeSet, Draft
from rolecall.services.drafts.packs import resolver_on

CHANGE, CREATE = "permission_set.edit", "permission_set.create"
SPOKEN = "?"
NAMED = 8  # members named per permission; the others are counted


async def draft_set(app: App, ground: Ground, order: ChangeSet) -> Draft:
    """The task, and in the notes every member who gains or loses something by it.

    Refused for a set that is not there (or is there already), and for levels that do not exist.
    """
    resolver = await resolver_on(app, ground)
    grants = _levels(resolver, order.grants)
    set_id, name = _set_of(ground, order)
    task = _task(resolver, order, set_id, name, grants)
    verb = "Make" if order.new else "Change"
    notes = () if order.new else tuple(_notes(resolver, str(set_id), grants))
    return Draft(f"{verb} the permission set {name}", f"set {name}", (task,), notes=notes)


def _levels(resolver: Resolver, wanted: Mapping[str, str]) -> dict[str, str]:
    """Permission id -> level of what was asked for; SPOKEN = the level the words speak of."""
    if not wanted:
        raise Refused("no permission is named", hint='--grant "export" or --take "bulk delete"')
    found: dict[str, str] = {}
    for phrase, asked in wanted.items():
        match = meant(resolver.catalogue, phrase)
        one, level = match.permission, match.level if asked == SPOKEN else asked
        if level and split_level(level)[0] not in one.levels:
            raise Refused(f"{one.id} has no level {level}", hint=f"takes {', '.join(one.levels)}")
        if one.id in found and found[one.id] != level:
            raise Refused(f"{one.id} is named twice, at different levels")
        found[one.id] = level
    return found


def _set_of(ground: Ground, order: ChangeSet) -> tuple[str | None, str]:
    sets = ground.snapshot.permission_sets
    alike = [
        one for one in sets if order.name == one.id or order.name.casefold() == one.name.casefold()
    ]
    if order.new:
        if alike:
            raise Refused(f"the permission set {alike[0].name} is there already")
        return None, order.name
    if len(alike) != 1:
        hint = did_you_mean(order.name, [one.name for one in sets]) or None
        told = "several permission sets are" if alike else "no permission set is"
        raise Refused(f"{told} called {order.name}", hint=hint if not alike else "name its id")
    return alike[0].id, alike[0].name


def _task(
    resolver: Resolver, order: ChangeSet, set_id: str | None, name: str, grants: Mapping[str, str]
) -> Change:
    undo, note = promise(ChangeKind.MANUAL, None)
    paths = set_change.new_set_clicks if order.new else set_change.set_clicks
    shown = [
        f"{resolver.catalogue.permissions[one].shown} {level or 'off'}"
        for one, level in grants.items()
    ]
    return Change(
        id="",
        kind=ChangeKind.MANUAL,
        subject_kind="permission_set",
        subject=name,
        subject_id=set_id,
        before=None,
        after=None,
        reason=order.reason or f"{'make' if order.new else 'change'} {name}",
        phase=Phase.MOVE,
        undo=undo,
        undo_note=note,
        origin=Origin.OPERATOR.name.lower(),
        details={
            "task": CREATE if order.new else CHANGE,
            "why": "HubSpot's API can neither make nor change permission sets",
            "clicks": "\n".join(paths(resolver, name, grants)),
            "levels": "\n".join(f"{one}={level}" for one, level in grants.items()),
            "after_shown": ", ".join(shown),
        },
    )


def _notes(resolver: Resolver, set_id: str, grants: Mapping[str, str]) -> Iterable[str]:
    preview = set_change.preview_set_change(resolver, set_id, grants)
    for verb, lines in (
        ("gain", preview.gains),
        ("lose", preview.losses),
        ("may gain or lose (nobody knows enough)", preview.unknown),
    ):
        by_permission: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for email, permission, level in lines:
            by_permission[permission, level].append(email)
        for (permission, level), emails in by_permission.items():
            one = resolver.catalogue.permissions[permission]
            more = f" and {len(emails) - NAMED} more" if len(emails) > NAMED else ""
            left = f" ({level or 'off'} afterwards)"
            who = ", ".join(emails[:NAMED])
            yield f"{len(emails)} {verb} {one.shown}{left}: {who}{more}"
    if not (preview.gains or preview.losses or preview.unknown):
        yield "no member gains or loses anything by it"
