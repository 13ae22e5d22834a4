"""A requirement pack's needs as a draft: sets and seats by API, toggles as clicks for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.plan import Change, ChangeKind, Phase
from rolecall.domain.snapshot import User
from rolecall.kit.errors import Refused
from rolecall.permissions.access import Resolver
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import PackResult, Verdict, check_user
from rolecall.permissions.pack_file import read_pack
from rolecall.permissions.pack_wishes import Wish, wishes_for
from rolecall.plan.promises import promise
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.policy.problems import FIND_USERS, did_you_mean
from rolecall.services.app import App
from rolecall.services.drafts.changes import differences, where_to_write
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import Draft, GivePack
from rolecall.services.permissions.book import resolver_of

GRANT, TAKE_BACK = "permissions.grant", "permissions.take_back"
_WHY = "HubSpot's API grants no single permissions"


async def resolver_on(app: App, ground: Ground) -> Resolver:
    """Who can do what on the ground a plan is made on."""
    async with app.database.read() as view:
        return await resolver_of(app, view, ground.snapshot, ground.now)


async def draft_pack(app: App, ground: Ground, order: GivePack) -> Draft:
    """What the users named lack of a pack; nothing for whoever is ready.

    Refused where nobody is named; somebody nobody knows enough of is told in the notes.
    """
    if not order.emails:
        raise Refused("nobody is named", hint="--user E-MAIL, may be repeated")
    resolver = await resolver_on(app, ground)
    pack = pack_in(order.pack, resolver)
    source = Source(Origin.OPERATOR, order.reason or f"needs {pack.name}", f"pack {pack.id}")
    changes: list[Change] = []
    wishes: list[DesiredUser] = []
    notes: list[str] = []
    for email in dict.fromkeys(order.emails):
        user = present_user(ground, email)
        asked = wishes_for(resolver, pack, user)
        notes += _notes(check_user(resolver, pack, user))
        wish = desired_user(user, asked, source)
        wishes += [wish] if wish else []
        changes += differences(ground, [wish] if wish else [])[0]
        changes += by_hand(user, asked, source)
    notes += where_to_write(ground, wishes)
    who = order.emails[0] if len(order.emails) == 1 else f"{len(order.emails)} users"
    title = f"Give {who} what {pack.name} needs"
    return Draft(title, f"pack {pack.id}", tuple(changes), (), tuple(wishes), notes=tuple(notes))


def present_user(ground: Ground, email: str) -> User:
    """The user of this e-mail or id who is in the portal; Refused names the nearest."""
    user = ground.snapshot.user(email)
    if user is None or not user.present:
        emails = [one.email for one in ground.snapshot.users if one.present]
        hint = did_you_mean(email, emails) or FIND_USERS
        raise Refused(f"{email} is not in the portal", hint=hint)
    return user


def _notes(result: PackResult) -> Iterator[str]:
    if result.verdict is Verdict.UNKNOWN:
        yield f"{result.subject}: nobody knows enough; import a users export first"
    elif result.verdict is not Verdict.MISSING:
        yield f"{result.subject}: {result.verdict.value}, nothing to give"


def desired_user(user: User, asked: Iterable[Wish], source: Source) -> DesiredUser | None:
    """The wishes an API can carry out, as one; None when there is none."""
    wish = DesiredUser(user.email, named=False, reason=source.reason)
    for one in asked:
        if one.slot is Slot.PERMISSION_SET:
            wish = replace(wish, permission_sets=Wanted((one.value,), source))
        elif one.slot is Slot.SEAT:
            wish = replace(wish, seats=Wanted((one.value,), source))
    return wish if wish.permission_sets or wish.seats else None


def by_hand(user: User, asked: Iterable[Wish], source: Source) -> Iterator[Change]:
    """One task with every toggle no API can set."""
    toggles = [one for one in asked if one.slot is None]
    if toggles:
        paths = dict.fromkeys(path for one in toggles for path in one.clicks)
        shown = ", ".join(one.label for one in toggles)
        yield toggles_change(user, GRANT, paths, source, shown, [one.toggle for one in toggles])


def toggles_change(
    user: User,
    task: str,
    paths: Iterable[str],
    source: Source,
    shown: str,
    toggles: Iterable[str],
) -> Change:
    """A line for a person: every toggle with its click path, and how evidence will show them."""
    undo, note = promise(ChangeKind.MANUAL, None)
    side = "after_shown" if task == GRANT else "before_shown"
    return Change(
        id="",
        kind=ChangeKind.MANUAL,
        subject_kind="user",
        subject=user.email,
        subject_id=user.id,
        before=None,
        after=None,
        reason=source.reason,
        phase=Phase.MOVE,
        undo=undo,
        undo_note=note,
        origin=f"{source.origin.name.lower()}:{source.reference}",
        details={
            "task": task,
            "slot": ChangeKind.SET_PERMISSION_SET.value,
            "why": _WHY,
            "clicks": "\n".join(paths),
            "toggles": "\n".join(toggles),
            side: shown,
        },
    )


def pack_in(text: str, resolver: Resolver) -> Pack:
    """The pack an order carries."""
    return read_pack(text, resolver.catalogue, "the order's pack")
