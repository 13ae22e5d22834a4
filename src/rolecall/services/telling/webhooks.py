"""Webhooks out: notices posted, signed, to addresses of others; repeated, given up, replayed.

`deliver_due` is called by the wake-up; a notice is taken over once per address, whatever fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import httpx2

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.webhook import DeliveryState, Webhook, WebhookDelivery
from rolecall.kit.errors import Refused, RolecallError
from rolecall.kit.ids import uuid7
from rolecall.kit.paging import Page
from rolecall.notify import Delivery, HttpChannel, Pinned, pinned, wait_after
from rolecall.policy.problems import named_among
from rolecall.services.app import App
from rolecall.services.rights import may_change, need, need_scope
from rolecall.services.telling.texts import TEXTS, told
from rolecall.signin.bearer import new_secret
from rolecall.store import Notice as Queued
from rolecall.store.webhooks import owner_of

SECRET = "signing_secret"
# Ids of notices of other processes may become visible late; so far back is looked again.
LATE = timedelta(minutes=15)
MOST = 100
Guard = Callable[[str], Awaitable[Pinned]]


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook just made; the secret is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


async def add_webhook(
    app: App, actor: Actor, url: str, topics: Collection[str] = (), hub_id: int | None = None
) -> NewWebhook:
    """Post notices of these topics (none = all) to an address, from now on.

    A topic is a name or the beginning of names (`plan.`). Raises Refused where there is none of
    it: nothing would ever be posted.
    """
    where = ALL_PORTALS if hub_id is None else hub_id
    may_change(app, actor, Role.ADMIN, where, "add webhooks", TokenScope.MANAGE)
    _check_url(url, app.outlets.webhook_hosts)
    _check_topics(topics)
    secret = new_secret("rcw")
    async with app.database.begin(actor, f"post notices to {urlsplit(url).hostname}") as work:
        made = Webhook(uuid7(), url, work.now, actor.id, tuple(sorted(set(topics))), hub_id)
        await work.webhooks.add(made)
        await work.credentials.save_secret(owner_of(made.id), {SECRET: secret}, work.now)
        details = {"host": urlsplit(url).hostname or "", "topics": ", ".join(made.topics)}
        work.record(Event.NOTICE_WEBHOOK_ADDED, subject=made.id, hub_id=hub_id, details=details)
    return NewWebhook(made, secret)


def _check_topics(topics: Collection[str]) -> None:
    for topic in topics:
        if not any(name.startswith(topic) for name in TEXTS):
            raise Refused(f"There is no topic {topic}", hint=named_among(topic, TEXTS))


async def list_webhooks(app: App, actor: Actor) -> tuple[Webhook, ...]:
    """The addresses of the portals the actor administers."""
    need_scope(actor, TokenScope.MANAGE, "list webhooks")
    async with app.database.read() as view:
        found = await view.webhooks.all()
    return tuple(one for one in found if actor.holds(Role.ADMIN, one.hub_id or ALL_PORTALS))


async def remove_webhook(app: App, actor: Actor, webhook_id: str) -> None:
    """Stop posting to an address."""
    async with app.database.begin(actor, "stop posting notices") as work:
        webhook = await work.webhooks.get(webhook_id)
        where = webhook.hub_id or ALL_PORTALS
        may_change(app, actor, Role.ADMIN, where, "remove webhooks", TokenScope.MANAGE)
        await work.webhooks.remove(webhook_id)
        await work.credentials.remove_secret(owner_of(webhook_id))
        work.record(Event.NOTICE_WEBHOOK_REMOVED, subject=webhook_id, hub_id=webhook.hub_id)


async def list_deliveries(
    app: App, actor: Actor, webhook_id: str, *, after: str | None = None, limit: int = 100
) -> Page[WebhookDelivery]:
    """What was posted to an address, newest first."""
    async with app.database.read() as view:
        webhook = await view.webhooks.get(webhook_id)
        where = webhook.hub_id or ALL_PORTALS
        need(actor, Role.ADMIN, where, "list deliveries", TokenScope.MANAGE)
        found = await view.webhooks.deliveries(webhook_id, limit + 1, after)
    return Page(found[:limit], found[limit - 1].notice_id if len(found) > limit else None)


async def replay_delivery(app: App, actor: Actor, delivery_id: str) -> WebhookDelivery:
    """Post a notice again with the same delivery id, now and as often as if it were new."""
    async with app.database.begin(actor, "post a notice again") as work:
        found = await work.webhooks.delivery(delivery_id)
        webhook = await work.webhooks.get(found.webhook_id)
        where = webhook.hub_id or ALL_PORTALS
        may_change(app, actor, Role.ADMIN, where, "replay deliveries", TokenScope.MANAGE)
        again = replace(found, state=DeliveryState.PENDING, attempts=0, next_at=work.now, error="")
        await work.webhooks.settle(again)
    return again


async def deliver_due(app: App, transport: httpx2.AsyncBaseTransport | None = None) -> int:
    """Take over new notices and try every delivery that is due; how many went out."""
    await _take_over(app)
    async with app.database.read() as view:
        due = await view.webhooks.due(view.now, MOST)
        addresses = {one.id: one for one in await view.webhooks.all()}
        secrets = {
            one: (await view.credentials.load_secret(owner_of(one)))[SECRET]
            for one in {delivery.webhook_id for delivery in due}
        }
    async with httpx2.AsyncClient(
        transport=transport, follow_redirects=False, trust_env=False
    ) as client:
        # Where the caller brings the transport, no network of ours is reached.
        guard = partial(pinned, inside=app.outlets.webhook_hosts) if transport is None else None
        done = [
            await _try(app, client, guard, addresses[one.webhook_id], secrets[one.webhook_id], one)
            for one in due
        ]
    return sum(done)


async def _take_over(app: App) -> None:
    async with app.database.read() as view:
        webhooks = await view.webhooks.all()
        if not webhooks:
            return
        newest = {one.id: await view.webhooks.newest_notice(one.id) for one in webhooks}
        since = {
            one.id: max(one.created_at, (newest[one.id] or one.created_at) - LATE)
            for one in webhooks
        }
        notices = await view.webhooks.notices_since(min(since.values()))
        names = {one.hub_id: one.name for one in await view.portals.all()}
    fresh = [
        WebhookDelivery(
            uuid7(), webhook.id, notice.id, notice.topic, notice.created_at,
            _facts(notice, names),
            next_at=notice.created_at,
        )
        for webhook in webhooks
        for notice in notices
        if notice.created_at >= since[webhook.id] and webhook.wants(notice.topic, notice.hub_id)
    ]  # fmt: skip
    if fresh:
        async with app.database.work() as work:
            await work.webhooks.queue(fresh)


def _facts(notice: Queued, names: Mapping[int, str]) -> dict[str, str]:
    """What the notice says, and which portal it is about."""
    if notice.hub_id is None:
        return dict(notice.payload)
    about = {"hub_id": str(notice.hub_id), "portal": names.get(notice.hub_id, "")}
    return {**about, **notice.payload}


async def _try(
    app: App,
    client: httpx2.AsyncClient,
    guard: Guard | None,
    webhook: Webhook,
    secret: str,
    one: WebhookDelivery,
) -> bool:
    notice = told(one.topic, one.payload, app.choices.security.public_url)
    channel = HttpChannel(
        "webhook", webhook.url, client, app.clock, secret=secret.encode(), guard=guard
    )
    try:
        await channel.send(Delivery(one.id, notice))
        after = replace(one, state=DeliveryState.DELIVERED, attempts=one.attempts + 1, error="")
    except RolecallError as error:
        after = _failed(one, error, app.clock.now())
    async with app.database.work() as work:
        await work.webhooks.settle(after)
    return after.state is DeliveryState.DELIVERED


def _failed(one: WebhookDelivery, error: RolecallError, now: datetime) -> WebhookDelivery:
    """After a failure: tried again later, or given up where that cannot help."""
    told = replace(one, attempts=one.attempts + 1, error=error.message)
    wait = wait_after(error, one.attempts)
    if wait is None:
        return replace(told, state=DeliveryState.FAILED, next_at=None)
    return replace(told, next_at=now + wait)


def _check_url(url: str, inside: Collection[str]) -> None:
    """Refuse what could never be posted to; where a name leads is judged at every delivery."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused(f"{url[:80]} is no address", hint="give an https address") from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in inside)
    if not secure or not host or parts.username or not url.isascii() or not url.isprintable():
        raise Refused(f"{url[:80]} cannot be posted to", hint="give an https address")
