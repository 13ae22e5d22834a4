"""The exceptions a file grants, kept beside those people made, so that findings know of them."""

from __future__ import annotations

from rolecall.domain.events import Event
from rolecall.kit.ids import uuid7
from rolecall.policy.document import Policy
from rolecall.policy.moments import end_of_day, zone_named
from rolecall.store import RuleException, UnitOfWork

BY_FILE = "access.yaml"


async def enforce_exceptions(work: UnitOfWork, hub_id: int, policy: Policy) -> None:
    """Make the file's exceptions exactly these; those people made by hand stay."""
    portal = await work.portals.get(hub_id)
    zone = zone_named(portal.time_zone if portal is not None else "UTC")
    wanted = {
        (one.user.casefold(), one.finding, end_of_day(one.until, zone), one.owner, one.reason)
        for one in policy.exceptions
    }
    held = {
        (one.subject, one.finding, one.ends_at, one.owner, one.reason): one.id
        for one in await work.findings.exceptions(hub_id, work.now)
        if one.made_by == BY_FILE
    }
    for gone in held.keys() - wanted:
        await work.findings.end_exception(held[gone], work.now)
        work.record(Event.ACCESS_EXCEPTION_ENDED, subject=gone[0], hub_id=hub_id,
                    details={"finding": gone[1]})  # fmt: skip
    for subject, finding, ends_at, owner, reason in sorted(wanted - held.keys()):
        leave = RuleException(
            uuid7(), hub_id, subject, finding, ends_at, owner, reason, BY_FILE, work.now
        )
        await work.findings.put_exception(leave)
        details = {"finding": finding, "owner": owner, "until": ends_at.isoformat()}
        work.record(Event.ACCESS_EXCEPTION_MADE, subject=subject, hub_id=hub_id, details=details)
