"""Where notices go, and what of them never arrived: listed, and told again while anybody cares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.notice import NoticeDelivery
from rolecall.domain.operator import TokenScope
from rolecall.domain.webhook import DeliveryState
from rolecall.kit.errors import NotThere, Refused
from rolecall.services.app import App, Outlets
from rolecall.services.rights import may_change, need
from rolecall.services.telling.notices import MAIL, SLACK, STALE, TEAMS
from rolecall.services.telling.texts import told
from rolecall.store import View

LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Outlet:
    """One way out: whether it is set up, and what may be said of it; its address is a secret."""

    name: str
    ready: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class LostNotice:
    """A notice given up on one channel to one address; `again` while it is fresh enough to tell."""

    delivery_id: str
    title: str
    channel: str
    address: str
    created_at: datetime
    attempts: int
    error: str
    again: bool


def outlets_of(app: App) -> tuple[Outlet, ...]:
    """The ways out of this installation."""
    outlets = app.outlets
    return (
        Outlet(MAIL, outlets.mail is not None, _mail(outlets)),
        Outlet(SLACK, bool(outlets.slack_url)),
        Outlet(TEAMS, bool(outlets.teams_url)),
    )


def _mail(outlets: Outlets) -> str:
    return "" if outlets.mail is None else f"{outlets.mail.sender} by {outlets.mail.host}"


async def lost_notices(app: App, actor: Actor, hub_id: int) -> tuple[LostNotice, ...]:
    """What of a portal's notices of the last month reached nobody, newest first."""
    need(actor, Role.ADMIN, hub_id, "list notices", TokenScope.MANAGE)
    async with app.database.read() as view:
        found = await view.notice_deliveries.given_up(hub_id, view.now - LOOK_BACK)
        portal = await view.portals.get(hub_id)
        fresh = view.now - STALE
    facts = {"portal": portal.name if portal else ""}
    lost = [
        LostNotice(
            one.id,
            told(notice.topic, {**facts, **notice.payload}, "").title,
            one.channel,
            one.address,
            notice.created_at,
            one.attempts,
            one.error,
            notice.created_at >= fresh,
        )
        for one, notice in found
    ]
    return tuple(sorted(lost, key=lambda one: one.created_at, reverse=True))


async def tell_again(app: App, actor: Actor, hub_id: int, delivery_id: str) -> None:
    """Try a notice that was given up as if it were new; NotThere for one of another portal."""
    may_change(app, actor, Role.ADMIN, hub_id, "send notices again", TokenScope.MANAGE)
    async with app.database.begin(actor, "send a notice again") as work:
        found, created_at = await _given_up(work, hub_id, delivery_id)
        if created_at < work.now - STALE:
            raise Refused("nobody wants to be told after a week", hint="see its page instead")
        pending = DeliveryState.PENDING
        again = replace(found, state=pending, attempts=0, next_at=work.now, error="")
        await work.notice_deliveries.settle(again)
        details = {"channel": found.channel, "delivery": delivery_id}
        work.record(
            Event.NOTICE_DELIVERY_REPEATED, subject=found.address, hub_id=hub_id, details=details
        )


async def _given_up(view: View, hub_id: int, delivery_id: str) -> tuple[NoticeDelivery, datetime]:
    for one, notice in await view.notice_deliveries.given_up(hub_id, view.now - LOOK_BACK):
        if one.id == delivery_id:
            return one, notice.created_at
    raise NotThere(f"There is no lost notice {delivery_id} here")


async def send_test(app: App, actor: Actor, hub_id: int) -> None:
    """Queue a notice that says it is a test: by mail to the actor, and on every chat set up."""
    may_change(app, actor, Role.ADMIN, hub_id, "send notices", TokenScope.MANAGE)
    if not any(one.ready for one in outlets_of(app)):
        raise Refused("no way out is set up", hint="docs/notices.md names the settings")
    async with app.database.begin(actor, "test notice") as work:
        work.notify("notice.test", {"to": actor.email, "by": actor.name or actor.id}, hub_id=hub_id)
