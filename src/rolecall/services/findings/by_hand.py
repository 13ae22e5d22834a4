"""Mends no API carries out, as tasks for a person: toggles to take back, or the finding's advice.

A task closes itself once evidence shows its toggles off, or a later look finds the finding gone.
"""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.assignment import Origin
from rolecall.domain.finding import Finding, Mend
from rolecall.domain.plan import Change, ChangeKind, Phase
from rolecall.domain.snapshot import User
from rolecall.permissions.access import Resolver
from rolecall.permissions.phrases import meant
from rolecall.permissions.taking import taking
from rolecall.plan.promises import promise
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.services.drafts.changes import differences
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import Draft, MendFinding
from rolecall.services.drafts.packs import TAKE_BACK, toggles_change

TAKE = "take"  # value of a mend: ids of permissions to be taken, with commas
BY_HAND = "finding.mend"  # the task's name in plan.clicks
ADVICE = "finding_id"  # detail of the task: it is done once this finding is closed


def draft_taking(
    ground: Ground, resolver: Resolver, finding: Finding, user: User, order: MendFinding
) -> Draft:
    """Permissions taken back: another set where one keeps the rest, else every toggle by hand."""
    assert finding.mend is not None
    catalogue = resolver.catalogue
    named = finding.mend.values[TAKE].split(",")
    ids = [meant(catalogue, order.take).permission.id] if order.take else named
    source = _source(finding, order)
    way = taking(resolver, user, ids)
    shown = ", ".join(catalogue.permissions[one].shown for one in ids)
    if way.set_id:
        wish = DesiredUser(user.email, named=False, reason=source.reason)
        wish = replace(wish, permission_sets=Wanted((way.set_id,), source))
        changes, reported = differences(ground, (wish,))
        note = f"{resolver.names[way.set_id]} keeps everything else the user can do"
        return Draft("", "", changes, reported, (wish,), notes=(note,))
    task = toggles_change(user, TAKE_BACK, way.clicks, source, shown, way.toggles)
    note = f"{way.shared} of the set would lose it too; or give the user another set"
    return Draft("", "", (task,), notes=(note,) if way.shared else ())


def draft_advice(ground: Ground, finding: Finding, mend: Mend, order: MendFinding) -> Draft:
    """What a finding advises as a task; a later look that finds it gone closes it."""
    source = _source(finding, order)
    user = ground.snapshot.user(finding.subject_id)
    here = user is not None and user.present
    undo, note = promise(ChangeKind.MANUAL, None)
    task = Change(
        id="",
        kind=ChangeKind.MANUAL,
        subject_kind="user" if here else finding.subject_kind.replace("user", "portal"),
        subject=user.email if user is not None and here else finding.subject,
        subject_id=finding.subject_id,
        before=None,
        after=None,
        reason=source.reason,
        phase=Phase.MOVE,
        undo=undo,
        undo_note=note,
        origin=f"{source.origin.name.lower()}:{source.reference}",
        details={
            "task": mend.values.get("task", BY_HAND),
            "why": finding.why,
            "after_shown": mend.summary,
            "clicks": mend.values.get("clicks", ""),
            ADVICE: order.finding_id,
        },
    )
    return Draft("", "", (task,))


def _source(finding: Finding, order: MendFinding) -> Source:
    reason = order.reason or f"{finding.rule}: {finding.message}"
    return Source(Origin.OPERATOR, reason, f"finding {finding.rule}")
