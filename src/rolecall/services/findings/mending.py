"""A finding's mend as a draft: changes by API, or a task where only a person can mend it."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from rolecall.domain.assignment import Origin
from rolecall.domain.finding import Finding, Mend
from rolecall.domain.plan import Change
from rolecall.domain.snapshot import User
from rolecall.insights.outside import REVERT
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.plan.wishes import Ask, change_user, offboard_user, remove_user
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.policy.document import Presence
from rolecall.services.app import App
from rolecall.services.drafts.changes import differences, where_to_write
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.offboarding import hand_overs, holdings_of
from rolecall.services.drafts.orders import ALL_OBJECTS, Draft, MendFinding, OffboardUser
from rolecall.services.drafts.packs import resolver_on
from rolecall.services.drafts.successors import successors_of
from rolecall.services.findings.by_hand import TAKE, draft_advice, draft_taking
from rolecall.services.findings.outside_changes import revert_wish

_MADE_ADMIN = "foreign.super-admin-made"
_ADMINS = (_MADE_ADMIN, "super-admin.sprawl", "super-admin.not-named")


async def draft_mend(app: App, ground: Ground, order: MendFinding) -> Draft:
    """The change a finding suggests: by API, or as a task where only a person can mend it."""
    async with app.database.read() as view:
        stored = await view.findings.get(order.finding_id)
    finding = stored.finding
    if stored.hub_id != ground.portal.hub_id:
        raise Refused(f"finding {order.finding_id} is not about {ground.portal.name}")
    if stored.closed_at is not None:
        raise Refused(f"{finding.message}: closed already, {stored.closed_at:%Y-%m-%d}")
    if finding.rule in _ADMINS:
        return _demote(ground, finding, order)
    if finding.mend is None:
        raise NeedsPerson(f"{finding.subject}: nothing is known that would mend it")
    if finding.mend.kind == "manual":
        draft = await _by_hand(app, ground, finding, finding.mend, order)
    else:
        draft = await _draft(app, ground, finding, order)
    title = f"Mend {finding.rule}: {finding.subject}"
    return replace(draft, title=title, source=f"finding {finding.key}")


async def _by_hand(
    app: App, ground: Ground, finding: Finding, mend: Mend, order: MendFinding
) -> Draft:
    user = ground.snapshot.user(finding.subject_id)
    if mend.values.get(TAKE) and user is not None and user.present:
        return draft_taking(ground, await resolver_on(app, ground), finding, user, order)
    if order.take:
        raise Refused(f"{finding.rule} is not about single permissions", hint="leave --take out")
    return draft_advice(ground, finding, mend, order)


def _demote(ground: Ground, finding: Finding, order: MendFinding) -> Draft:
    """Super Admin made outside: no API takes it away, so a person gets the task."""
    user = ground.snapshot.user(finding.subject_id)
    if user is None or not user.super_admin:
        raise Refused(
            f"{finding.subject} is no Super Admin any more, so there is nothing to revert"
        )
    reason = order.reason or f"{finding.rule}: {finding.message}"
    source = Source(Origin.OPERATOR, reason, f"finding {finding.rule}")
    wish = DesiredUser(
        user.email,
        Wanted((Presence.PRESENT.value,), source),
        super_admin=False,
        named=False,
        reason=reason,
    )
    changes, reported = differences(ground, (wish,))
    title = f"Mend {finding.rule}: {finding.subject}"
    return Draft(title, f"finding {finding.key}", changes, reported)


async def _draft(app: App, ground: Ground, finding: Finding, order: MendFinding) -> Draft:
    assert finding.mend is not None
    reason = order.reason or f"{finding.rule}: {finding.message}"
    source = Source(Origin.OPERATOR, reason, f"finding {finding.rule}")
    values = finding.mend.values
    if finding.mend.kind == "hand_over":
        return await _records(app, ground, finding, order, reason)
    if values.get(REVERT):
        wish = revert_wish(finding, reason)
    elif finding.mend.kind == "park":
        wish = offboard_user(finding.subject, ground.snapshot, source)
    elif finding.mend.kind == "remove_user":
        wish = remove_user(finding.subject, ground.snapshot, source)
    elif finding.mend.kind == "set_seats" and values.get("seats"):
        ask = Ask(seat=values["seats"])
        wish = change_user(finding.subject, ask, ground.snapshot, source)
    else:
        raise NeedsPerson(
            f"{finding.subject}: {finding.mend.summary}",
            hint=f"say what to give: rolecall user change {ground.portal.name} {finding.subject}",
        )
    changes, reported = differences(ground, (wish,))
    given: tuple[Change, ...] = ()
    if order.successor or values.get("successor"):
        records = await _records(app, ground, finding, order, reason)
        given = records.changes
    notes = where_to_write(ground, (wish,))
    return Draft("", "", (*given, *changes), reported, (wish,), notes=notes)


async def _records(
    app: App, ground: Ground, finding: Finding, order: MendFinding, reason: str
) -> Draft:
    """Hand-overs of what the finding's subject still holds, also where the user is gone."""
    assert finding.mend is not None
    successor = order.successor or finding.mend.values.get("successor", "")
    if not successor:
        raise Refused(
            f"{finding.subject}: nobody is named to take the records",
            hint="say who: --successor E-MAIL",
        )
    user = _holder(ground, finding)
    asked = OffboardUser(finding.subject, {ALL_OBJECTS: successor})
    takers = successors_of(ground, user, asked)
    holdings = await holdings_of(app, ground.portal, user.owner_id)
    return Draft("", "", tuple(hand_overs(user, holdings, takers, reason)))


def _holder(ground: Ground, finding: Finding) -> User:
    """The user a finding is about, or who is left of one: an archived record owner."""
    known = ground.snapshot.user(finding.subject_id) or ground.snapshot.user(finding.subject)
    owner_id = (finding.mend.values if finding.mend else {}).get("owner_id")
    if known is not None:
        return structs.replace(known, owner_id=owner_id or known.owner_id)
    return User(finding.subject_id, finding.subject, owner_id=owner_id)
