"""Carries notices to mail and chat: taken over from the outbox, told, repeated, given up.

At least once: a process killed between sending and writing down sends again, with the same
delivery id. Links with one-time tokens are made at the moment of sending and lie nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2

from rolecall.domain.actor import Role
from rolecall.domain.notice import Notice, NoticeDelivery
from rolecall.domain.operator import ALL_PORTALS, LinkPurpose
from rolecall.domain.webhook import DeliveryState
from rolecall.kit import logs
from rolecall.kit.errors import Refused, RolecallError
from rolecall.kit.ids import uuid7
from rolecall.notify import (
    Channel,
    Delivery,
    EmailChannel,
    HttpChannel,
    as_slack,
    as_teams,
    held_until,
    wait_after,
)
from rolecall.services.app import App, MailServer, Outlets
from rolecall.services.operators.links import address_of, make_link
from rolecall.services.reporting.reports import attachment_for
from rolecall.services.requests.requests import answer_links, approver_emails, notice_of
from rolecall.services.rights import NotAllowed
from rolecall.services.telling.texts import told, wording_of
from rolecall.store import Notice as Queued
from rolecall.store import View
from rolecall.store.errors import NotThere

LOG = logging.getLogger("rolecall.notices")
MAIL, SLACK, TEAMS = "email", "slack", "teams"
MOST = 100  # of one channel in one turn
STALE = timedelta(days=7)  # nobody wants to be told later than that
Pair = tuple[NoticeDelivery, Queued]


class Overtaken(Refused):
    """There is nothing to tell any more."""


async def deliver_due(app: App, transport: httpx2.AsyncBaseTransport | None = None) -> int:
    """Take over new notices and try every delivery that is due; how many went out.

    A channel that fails rests until the next turn, so that a dead one costs one try a turn.
    """
    await _take_over(app)
    sent = 0
    async with _open_channels(app, transport) as channels:
        for channel in channels:
            sent += await _drain(app, channel)
    return sent


@asynccontextmanager
async def _open_channels(
    app: App, transport: httpx2.AsyncBaseTransport | None
) -> AsyncIterator[tuple[Channel, ...]]:
    outlets = app.outlets
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as client:
        chats = ((SLACK, outlets.slack_url, as_slack), (TEAMS, outlets.teams_url, as_teams))
        posts = [HttpChannel(name, url, client, app.clock, how) for name, url, how in chats if url]
        yield (*((_mail(outlets.mail),) if outlets.mail else ()), *posts)


def _mail(server: MailServer) -> Channel:
    return EmailChannel(
        server.host,
        server.port,
        server.sender,
        server.to,
        server.username,
        server.password,
        tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
    )


async def _take_over(app: App) -> None:
    """Every new notice becomes one delivery per channel, of mail one per addressee.

    Without a channel there is nobody to tell: a channel set up later begins with what is new.
    """
    async with app.database.read() as view:
        fresh = await view.outbox.due(view.now, MOST)
        if not fresh:
            return
        found = [await _deliveries(view, app.outlets, one) for one in fresh]
    async with app.database.work() as work:
        await work.notice_deliveries.queue(one for some in found for one in some)
        for notice in fresh:
            await work.outbox.delivered(notice.id, work.now)


async def _deliveries(view: View, outlets: Outlets, notice: Queued) -> list[NoticeDelivery]:
    wording = wording_of(notice.topic)
    if wording.machines:
        return []
    chats = {SLACK: outlets.slack_url, TEAMS: outlets.teams_url}
    places = [(name, "") for name, url in chats.items() if url and wording.chat]
    if outlets.mail:
        to = _addressees(notice.payload)
        if not to or wording.admins:
            to = (*to, *(outlets.mail.to or await _admins(view, notice.hub_id)))
        places += [(MAIL, one) for one in dict.fromkeys(one.casefold() for one in to or ("",))]
    return [
        NoticeDelivery(uuid7(), notice.id, channel, address, next_at=notice.created_at)
        for channel, address in places
    ]


def _addressees(payload: Mapping[str, str]) -> tuple[str, ...]:
    """Whom a notice names; the command line's own user has no address and is nobody here."""
    named = [one.strip() for one in payload.get("to", "").split(",")]
    return tuple(one for one in named if "@" in one)


async def _admins(view: View, hub_id: int | None) -> tuple[str, ...]:
    where = ALL_PORTALS if hub_id is None else hub_id
    found = [one for one in await view.operators.all() if not one.disabled]
    return tuple(one.email for one in found if one.actor().holds(Role.ADMIN, where))


async def _drain(app: App, channel: Channel) -> int:
    async with app.database.read() as view:
        due = await view.notice_deliveries.due(channel.name, view.now, MOST)
    sent = 0
    for delivery, queued in due:
        after = await _tried(app, channel, delivery, queued)
        async with app.database.work() as work:
            await work.notice_deliveries.settle(after)
        sent += after.state is DeliveryState.DELIVERED
        if after.state is DeliveryState.PENDING and after.error:
            break
    return sent


async def _tried(
    app: App, channel: Channel, delivery: NoticeDelivery, queued: Queued
) -> NoticeDelivery:
    """The delivery after one try: gone out, held for quiet hours, to be repeated, or given up."""
    now = app.clock.now()
    if queued.created_at < now - STALE:
        return _given_up(delivery, delivery.error or "nothing took it for a week")
    try:
        notice = await _worded(app, queued, delivery)
        held = held_until(notice, app.outlets.quiet, now)
        if held is not None:
            return replace(delivery, next_at=held)
        notice = await _with_links(app, notice, queued, delivery)
        await channel.send(Delivery(delivery.id, notice))
    except Overtaken as error:
        dropped = DeliveryState.DROPPED
        return replace(delivery, state=dropped, next_at=None, error=error.message)
    except RolecallError as error:
        return _failed(delivery, error, now)
    gone = replace(delivery, attempts=delivery.attempts + 1, error="", next_at=None)
    return replace(gone, state=DeliveryState.DELIVERED)


def _failed(delivery: NoticeDelivery, error: RolecallError, now: datetime) -> NoticeDelivery:
    wait = wait_after(error, delivery.attempts)
    after = replace(delivery, attempts=delivery.attempts + 1, error=error.message)
    if wait is not None:
        told = logs.of(error)
        LOG.info(
            "%s: notice %s is tried again: %s", after.channel, after.id, error.message, extra=told
        )
        return replace(after, next_at=now + wait)
    return _given_up(after, error.message)


def _given_up(delivery: NoticeDelivery, why: str) -> NoticeDelivery:
    LOG.warning("%s: notice %s is given up: %s", delivery.channel, delivery.id, why)
    return replace(delivery, state=DeliveryState.FAILED, next_at=None, error=why)


async def _worded(app: App, queued: Queued, delivery: NoticeDelivery) -> Notice:
    """The text, without links that do something."""
    facts = dict(queued.payload)
    if queued.hub_id is not None and "portal" not in facts:
        async with app.database.read() as view:
            portal = await view.portals.get(queued.hub_id)
        if portal is None:
            raise Overtaken("its portal is gone")
        facts["portal"] = portal.name
    to = (delivery.address,) if delivery.address else ()
    return told(queued.topic, facts, app.choices.security.public_url, to)


async def _with_links(app: App, notice: Notice, queued: Queued, delivery: NoticeDelivery) -> Notice:
    """The notice with what its one addressee may do by a click; a chat never gets such links."""
    if delivery.channel != MAIL or not delivery.address:
        return notice
    if queued.topic == "request.open":
        return await _answerable(app, notice, queued, delivery.address)
    if queued.topic == "operator.invited":
        return await _invitation(app, notice, queued)
    if queued.topic == "report.ready":
        return await _with_report(app, notice, queued, delivery.address)
    return notice


async def _with_report(app: App, notice: Notice, queued: Queued, address: str) -> Notice:
    """With the report as this addressee may see it now; one too large is read on its page."""
    try:
        found = await attachment_for(app, queued.payload["report"], address)
    except (NotThere, NotAllowed) as error:
        raise Overtaken(error.message) from error
    if found is None:
        return replace(notice, lines=(*notice.lines, "It is too large for a mail."))
    return replace(notice, attachments=(found,))


async def _answerable(app: App, notice: Notice, queued: Queued, address: str) -> Notice:
    """With approve and refuse for who may answer now; Overtaken when it is their turn no more."""
    async with app.database.work() as work:
        request = await work.requests.get(queued.payload["request"])
        asked = notice_of(request, await approver_emails(work, request.hub_id))
        if request.waiting_step is None or address not in asked["to"].split(", "):
            raise Overtaken("somebody else answered meanwhile")
        if not app.choices.security.public_url:
            return notice
        links = await answer_links(work, request, address)
    approve, refuse = (address_of(app, one) for one in (links.approve, links.refuse))
    return replace(notice, actions=(("Approve", approve), ("Refuse", refuse)))


async def _invitation(app: App, notice: Notice, queued: Queued) -> Notice:
    if not app.choices.security.public_url:
        raise Refused("an invitation without a link helps nobody", hint="set ROLECALL_PUBLIC_URL")
    async with app.database.work() as work:
        operator = await work.operators.get(queued.payload["operator"])
        if operator is None or operator.disabled:
            raise Overtaken("the operator is gone")
        try:
            if (await work.operators.lock_of(operator.id)).password_hash:
                raise Overtaken("the invitation was accepted meanwhile")
        except NotThere as error:
            raise Overtaken(error.message) from error
        link = await make_link(
            work, LinkPurpose.INVITATION, subject=operator.id, email=operator.email
        )
    return replace(notice, actions=(("Choose a password", address_of(app, link.token)),))
