"""Takes in what an identity provider pushes: checked against guardrails, then kept, then planned.

Nothing is kept of a push that is refused. HubSpot is reached by the plan alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from rolecall.domain.actor import Role
from rolecall.domain.assignment import Assignment, Origin
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.person import RELEASED, Person
from rolecall.domain.plan import ManualTask
from rolecall.domain.scim import Leaving, ScimRecord
from rolecall.kit.ids import uuid7
from rolecall.policy.desired import DesiredUser
from rolecall.services.app import App
from rolecall.services.drafts.changes import draft_kept
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import KeptWishes
from rolecall.services.plans.drafting import planned
from rolecall.services.rights import NotAllowed, may_change
from rolecall.services.scim.clients import Pusher
from rolecall.services.scim.footing import Footing, footing_of
from rolecall.services.scim.planning import ScimRunner
from rolecall.services.scim.wishes import (
    ABSENT,
    PARKED,
    PRESENT,
    BadValue,
    NotAsAsked,
    PushedUser,
    group_claims,
    lost_of,
    refuse_contradiction,
    target_named,
    user_claims,
    wish_of,
)
from rolecall.store import UnitOfWork, View
from rolecall.store.errors import AlreadyThere


@dataclass(frozen=True, slots=True)
class PushedGroup:
    """A SCIM group: its name and the ids of its members."""

    name: str
    members: tuple[str, ...] = ()
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class _Swap:
    """Claims that end and claims that begin, about one subject."""

    subject: str
    person: Person | None
    ended: tuple[Assignment, ...]
    made: tuple[Assignment, ...]
    wanted: str = ""  # presence pushed, where it was


async def push_user(
    app: App, runner: ScimRunner, pusher: Pusher, pushed: PushedUser, body: str,
    former: ScimRecord | None = None,
) -> ScimRecord:  # fmt: skip
    """Keep a pushed user and have it planned; the record, its id being our person id.

    Somebody without any address is kept and shown to be nobody at HubSpot until one comes.
    Raises BadValue, AlreadyThere for a userName that is taken, NotAsAsked with the reason where
    a guardrail or a higher claim stands against it.
    """
    _need_pushing(app, pusher)
    client = pusher.client
    if not pushed.email and former is not None and former.subject:
        pushed = replace(pushed, emails=(former.subject,))  # an address once known stays known
    async with app.database.read() as view:
        await _refuse_taken(view, pusher, pushed.user_name, former)
        person = await _person(view, pusher, pushed, former)
    named = {pushed.email, *pushed.emails, *person.emails, former.subject if former else ""}
    footing = await footing_of(app, pusher, runner.standings, named)
    ground = footing.ground
    if not pushed.email:
        return await _keep_nobody(app, pusher, pushed, body, former, person)
    subject = _subject(ground, pushed, former)
    made = user_claims(client, ground.snapshot, pushed, subject, person.id)
    swap = _swap(footing, subject, person, f"{client.reference}:user", made)
    gone = PARKED if client.leaving is Leaving.PARK else ABSENT
    swaps = [replace(swap, wanted=PRESENT if pushed.active else gone)]
    await _refuse_impossible(footing, pusher, swaps)
    async with _pushing(app, pusher, "pushed") as work:
        record = await _keep_user(work, pusher, pushed, body, former, person, subject)
        if former is not None and former.subject not in ("", subject.casefold()):
            await _move_claims(work, pusher, former.subject, subject)
        await _write_claims(work, pusher, [swap])
        if _needs_rename(ground, pushed, subject):
            await _rename_task(work, pusher, ground, subject, pushed.email)
        details = {"active": str(pushed.active).lower()}
        work.record(
            Event.SCIM_PERSON_CHANGED, subject=subject, hub_id=client.hub_id, details=details
        )
        await work.scim.mark(client.id, [swap.subject], work.now)
    runner.wake(client.id)
    return record


async def drop_user(app: App, runner: ScimRunner, pusher: Pusher, record: ScimRecord) -> None:
    """A pushed user was deleted: parked or removed as the client says, and forgotten here."""
    _need_pushing(app, pusher)
    client = pusher.client
    if not record.subject:
        async with _pushing(app, pusher, "deleted") as work:
            await work.scim.remove(client.id, "User", record.id)
        return
    async with app.database.read() as view:
        person = await view.people.get(record.id)
    named = {record.subject, *(person.emails if person else ())}
    footing = await footing_of(app, pusher, runner.standings, named)
    ground = footing.ground
    gone = PARKED if client.leaving is Leaving.PARK else ABSENT
    leaving = user_claims(
        client, ground.snapshot, PushedUser(record.subject, active=False), record.subject, record.id
    )
    swap = _swap(footing, record.subject, person, client.reference, leaving)
    await _refuse_impossible(footing, pusher, [replace(swap, wanted=gone)])
    async with _pushing(app, pusher, "deleted") as work:
        await work.scim.remove(client.id, "User", record.id)
        await _write_claims(work, pusher, [swap])
        work.record(
            Event.SCIM_PERSON_CHANGED, subject=record.subject, hub_id=client.hub_id,
            details={"deleted": "true"},
        )  # fmt: skip
        await work.scim.mark(client.id, [swap.subject], work.now)
    runner.wake(client.id)


async def push_group(
    app: App, runner: ScimRunner, pusher: Pusher, pushed: PushedGroup, body: str,
    former: ScimRecord | None = None,
) -> ScimRecord:  # fmt: skip
    """Keep a pushed group. One unknown member refuses it whole.

    A group whose name is nothing in the portal is kept without effect, which the mapping shows.
    """
    _need_pushing(app, pusher)
    client, held = pusher.client, members_in(former) if former else ()
    async with app.database.read() as view:
        known = {one.id: one for one in await view.scim.known(client.id, "User", [
            *dict.fromkeys((*pushed.members, *held))
        ])}  # fmt: skip
        people = {one: await view.people.get(one) for one in known}
    unknown = [one for one in pushed.members if one not in known]
    if unknown:
        raise BadValue(f"no such member: {', '.join(unknown[:5])}; nothing was changed")
    record_id = former.id if former else uuid7()
    named = {one.subject for one in known.values()}
    named |= {email for one in people.values() if one for email in one.emails}
    footing = await footing_of(app, pusher, runner.standings, named)
    target = _target(pusher, footing.ground, pushed, former)
    swaps = _group_swaps(footing, pusher, record_id, target, pushed.members, held, known, people)
    await _refuse_impossible(footing, pusher, swaps)
    async with _pushing(app, pusher, "pushed") as work:
        record = _group_record(work, pusher, pushed, body, former, record_id, target)
        await (work.scim.change(record) if former else work.scim.add(record))
        await _write_claims(work, pusher, swaps)
        await work.scim.mark(client.id, [one.subject for one in swaps], work.now)
    runner.wake(client.id)
    return record


def members_in(record: ScimRecord) -> tuple[str, ...]:
    """The members a kept group has."""
    return tuple(one["value"] for one in json.loads(record.body).get("members") or ())


async def drop_group(app: App, runner: ScimRunner, pusher: Pusher, record: ScimRecord) -> None:
    """A pushed group was deleted: its members lose what they had of it alone."""
    empty = PushedGroup(record.name, (), record.external_id)
    await push_group(app, runner, pusher, empty, record.body, record)
    async with _pushing(app, pusher, "deleted") as work:
        await work.scim.remove(pusher.client.id, "Group", record.id)


@asynccontextmanager
async def _pushing(app: App, pusher: Pusher, done: str) -> AsyncIterator[UnitOfWork]:
    """A transaction of a client that is not removed meanwhile; NotAllowed where it was."""
    async with app.database.begin(pusher.actor, f"{done} by {pusher.client.name}") as work:
        if await work.scim.hold(pusher.client.id) is None:
            raise NotAllowed(f"the SCIM client {pusher.client.name} was removed")
        yield work


def _need_pushing(app: App, pusher: Pusher) -> None:
    hub_id, scope = pusher.client.hub_id, TokenScope.SCIM
    may_change(app, pusher.actor, Role.ADMIN, hub_id, "take in what is pushed", scope)


async def _refuse_taken(view: View, pusher: Pusher, name: str, former: ScimRecord | None) -> None:
    mine = former.id if former else ""
    for one in await view.scim.by_name(pusher.client.hub_id, "User", name):
        if one.client_id == pusher.client.id and one.id != mine:
            raise AlreadyThere(f"userName {name} is taken")
        if one.client_id != pusher.client.id:
            other = await view.scim.client(one.client_id)
            named = other.name if other else one.client_id
            raise AlreadyThere(
                f"userName {name} is pushed by another identity provider, {named}",
                hint="one identity provider per person and portal",
            )


async def _person(
    view: View, pusher: Pusher, pushed: PushedUser, former: ScimRecord | None
) -> Person:
    """The human: as HR knows them where it does, else as pushed.

    Whom a provider brought that is removed by now is taken over.
    """
    known = await view.people.get(former.id) if former else None
    if known is None and former is None:
        alike = await view.people.by_email(pushed.email) if pushed.email else ()
        taken = await view.scim.known(pusher.client.id, "User", [one.id for one in alike])
        known = alike[0] if len(alike) == 1 and not taken else None
    if known is not None and known.source not in (RELEASED, pusher.client.reference):
        return known
    manager = await view.people.get(pushed.manager_id) if pushed.manager_id else None
    named = (pushed.email, *pushed.emails, *(known.emails if known else ()))
    emails = dict.fromkeys(one for one in named if one)
    return Person(
        known.id if known else (former.id if former else uuid7()),
        tuple(emails),
        pushed.first_name,
        pushed.last_name,
        source=pusher.client.reference,
        source_key=pushed.external_id or pushed.user_name,
        department=pushed.department,
        company=pushed.company,
        country=pushed.country,
        location=pushed.location,
        job_title=pushed.job_title,
        manager_email=manager.emails[0] if manager and manager.emails else "",
        attributes=pushed.attributes,
    )


async def _keep_nobody(
    app: App, pusher: Pusher, pushed: PushedUser, body: str, former: ScimRecord | None,
    person: Person,
) -> ScimRecord:  # fmt: skip
    async with _pushing(app, pusher, "pushed") as work:
        told = {"client": pusher.client.name, "why": f"{pushed.user_name} has no e-mail address"}
        work.notify("scim.waiting", told, hub_id=pusher.client.hub_id)
        return await _keep_user(work, pusher, pushed, body, former, person, "")


def _subject(ground: Ground, pushed: PushedUser, former: ScimRecord | None) -> str:
    """The e-mail claims are about: the one HubSpot knows, until it knows the new one."""
    if (
        former is None
        or not former.subject
        or _is_there(ground, pushed.email)
        or not _is_there(ground, former.subject)
    ):
        return pushed.email.casefold()
    return former.subject


def _is_there(ground: Ground, email: str) -> bool:
    user = ground.snapshot.user(email)
    return user is not None and user.present


def _needs_rename(ground: Ground, pushed: PushedUser, subject: str) -> bool:
    return pushed.email.casefold() != subject and _is_there(ground, subject)


async def _keep_user(
    work: UnitOfWork, pusher: Pusher, pushed: PushedUser, body: str,
    former: ScimRecord | None, person: Person, subject: str,
) -> ScimRecord:  # fmt: skip
    if person.source == pusher.client.reference:
        await work.people.put([person])
    if former is None:
        record = ScimRecord(
            pusher.client.id, "User", person.id, pusher.client.hub_id, pushed.user_name, body,
            work.now, work.now, external_id=pushed.external_id, subject=subject.casefold(),
        )  # fmt: skip
        await work.scim.add(record)
        return record
    record = replace(
        former,
        name=pushed.user_name,
        body=body,
        modified_at=work.now,
        version=former.version + 1,
        external_id=pushed.external_id,
        subject=subject.casefold(),
    )
    await work.scim.change(record)
    return record


def _swap(
    footing: Footing, subject: str, person: Person | None, reference: str,
    made: tuple[Assignment, ...],
) -> _Swap:  # fmt: skip
    """Claims under a reference (or below it) are replaced by these."""
    ended = tuple(
        one
        for one in footing.claims_about(subject)
        if one.origin is Origin.SCIM and (f"{one.reference}:").startswith(f"{reference}:")
    )
    return _Swap(subject.casefold(), person, ended, made)


async def _refuse_impossible(footing: Footing, pusher: Pusher, swaps: Sequence[_Swap]) -> None:
    """Raise NotAsAsked where the plan of these swaps would be stopped.

    In a thread: a group of thousands takes seconds, and others are answered meanwhile.
    """
    await asyncio.to_thread(_try_out, footing, pusher, swaps)


def _try_out(footing: Footing, pusher: Pusher, swaps: Sequence[_Swap]) -> None:
    ground = footing.ground
    wishes: list[DesiredUser] = []
    for swap in swaps:
        others = [one for one in footing.claims_about(swap.subject) if one not in swap.ended]
        claims = (*others, *swap.made)
        lost = lost_of(swap.ended, claims)
        theirs = footing.about([swap.subject, *(swap.person.emails if swap.person else ())])
        wish = wish_of(pusher.client, theirs, swap.subject, swap.person, claims, lost)
        wanted = swap.wanted or (wish.presence.values[0] if wish and wish.presence else PRESENT)
        refuse_contradiction(wish, wanted, swap.subject)
        if wish is not None:
            wishes.append(wish)
    title = f"Pushed by {pusher.client.name}"
    order = KeptWishes(tuple(wishes), title, pusher.client.reference, title)
    plan, _ = planned(ground, draft_kept(ground, order), order, pusher.actor)
    stopping = [one for one in plan.guardrails if one.stops]
    if stopping:
        said = "; ".join(f"{one.guardrail}: {one.message}" for one in stopping)
        raise NotAsAsked(said, hint=stopping[0].hint or None)


async def _write_claims(work: UnitOfWork, pusher: Pusher, swaps: Iterable[_Swap]) -> None:
    """End and make claims; one that stays the same keeps its row."""
    for swap in swaps:
        held = await work.assignments.find(
            pusher.client.hub_id, subject=swap.subject, origin=Origin.SCIM
        )
        gone = [one.id for one in held if one.assignment in swap.ended
                and one.assignment not in swap.made]  # fmt: skip
        there = {one.assignment for one in held if one.id not in gone}
        if gone:
            await work.assignments.end(gone, work.now)
        await work.assignments.put([one for one in swap.made if one not in there], work.now)


async def _move_claims(work: UnitOfWork, pusher: Pusher, old: str, new: str) -> None:
    """Claims follow a person whose e-mail HubSpot knows by now."""
    held = await work.assignments.find(pusher.client.hub_id, subject=old, origin=Origin.SCIM)
    mine = [one for one in held if one.assignment.reference.startswith(pusher.client.reference)]
    if mine:
        await work.assignments.end([one.id for one in mine], work.now)
        own = f"{pusher.client.reference}:user"  # made anew by the push itself
        moved = [
            replace(one.assignment, subject=new.casefold())
            for one in mine
            if one.assignment.reference != own
        ]
        await work.assignments.put(moved, work.now)


async def _rename_task(
    work: UnitOfWork, pusher: Pusher, ground: Ground, old: str, new: str
) -> None:
    user = ground.snapshot.user(old)
    task = ManualTask(
        uuid7(),
        pusher.client.hub_id,
        f"Change the e-mail of {old} to {new}",
        (
            f"{new} signs in to HubSpot as {old}",
            "Profile & Preferences > Security > Edit your account email",
            f"enter {new} and confirm by the mail HubSpot sends there",
        ),
        f"https://{pusher.portal.ui_domain}/user-preferences/{pusher.client.hub_id}/security",
        old,
        proof=f"state:user.email:{user.id if user else ''}:{new.casefold()}",
        doers=(old,),
    )
    open_ones = await work.tasks.open(pusher.client.hub_id)
    if not any(one.title == task.title for one in open_ones):
        await work.tasks.add([task])
        work.record(
            Event.TASK_MANUAL_OPENED, subject=old, hub_id=pusher.client.hub_id,
            details={"title": task.title},
        )  # fmt: skip


def _target(pusher: Pusher, ground: Ground, pushed: PushedGroup, former: ScimRecord | None) -> str:
    """What the group is mapped to; a mapping that points nowhere is told, not forgotten."""
    named = target_named(pusher.client, ground, pushed.name)
    if named or former is None or not former.target:
        return named
    if former.name != pushed.name:
        return ""  # renamed to something that is nothing here
    return former.target  # gone where nothing is named so; giving it to anybody is refused


def _group_swaps(
    footing: Footing, pusher: Pusher, record_id: str, target: str, members: Sequence[str],
    held: Sequence[str], known: Mapping[str, ScimRecord], people: Mapping[str, Person | None],
) -> list[_Swap]:  # fmt: skip
    reference = f"{pusher.client.reference}:group:{record_id}"
    swaps = []
    for one in dict.fromkeys((*members, *(each for each in held if each in known))):
        subject = known[one].subject
        if not subject:
            continue
        made: tuple[Assignment, ...] = ()
        if one in members and target:
            made = group_claims(pusher.client, footing.ground, target, reference, {subject: one})
        swap = _swap(footing, subject, people[one], reference, made)
        if set(swap.ended) != set(made):
            swaps.append(swap)
    return swaps


def _group_record(
    work: UnitOfWork, pusher: Pusher, pushed: PushedGroup, body: str,
    former: ScimRecord | None, record_id: str, target: str,
) -> ScimRecord:  # fmt: skip
    return ScimRecord(
        pusher.client.id,
        "Group",
        record_id,
        pusher.client.hub_id,
        pushed.name,
        body,
        former.created_at if former else work.now,
        work.now,
        former.version + 1 if former else 1,
        pushed.external_id,
        "",
        target,
    )


__all__ = [
    "NotAsAsked", "PushedGroup", "drop_group", "drop_user", "push_group", "push_user",
]  # fmt: skip
