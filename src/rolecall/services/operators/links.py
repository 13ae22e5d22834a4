"""One-time links: made, looked at, used up once. The token is shown to its addressee alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rolecall.domain.operator import LinkPurpose, OneTimeLink
from rolecall.domain.snapshot import EMPTY
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.signin.bearer import hash_of, new_secret
from rolecall.store import UnitOfWork

KIND = "rcl"
LIFETIMES: Mapping[LinkPurpose, timedelta] = {
    LinkPurpose.FIRST_OPERATOR: timedelta(hours=24),
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.PASSWORD: timedelta(hours=2),
    LinkPurpose.REQUEST_APPROVE: timedelta(days=7),
    LinkPurpose.REQUEST_REFUSE: timedelta(days=7),
    LinkPurpose.AGENCY_CONNECT: timedelta(days=7),
    LinkPurpose.INSTALL: timedelta(minutes=10),
    LinkPurpose.OIDC: timedelta(minutes=10),
}


# Rows a stranger may make: they must not pile up.
BEGUN_BY_ANYBODY = (LinkPurpose.OIDC, LinkPurpose.INSTALL)


class LinkUseless(Refused):
    """The link is unknown, was used, or has expired."""

    http_status = 410


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made; the token exists here and in the addressee's hands."""

    link: OneTimeLink
    token: str = field(repr=False)


async def make_link(
    work: UnitOfWork,
    purpose: LinkPurpose,
    *,
    subject: str = "",
    email: str = "",
    hub_id: int | None = None,
    details: Mapping[str, str] = EMPTY,
) -> NewLink:
    """A new link in this transaction; it lives as long as its purpose allows."""
    token = new_secret(KIND)
    ends = work.now + LIFETIMES[purpose]
    link = OneTimeLink(uuid7(), purpose, ends, subject, email, hub_id, work.actor.id, dict(details))
    await work.links.add(link, hash_of(token))
    return NewLink(link, token)


def address_of(app: App, token: str, base: str = "") -> str:
    """The address that opens a link; `base` stands in where the public URL is not set."""
    return f"{app.choices.security.public_url or base}/link?t={token}"


async def peek_link(app: App, token: str) -> OneTimeLink:
    """What a link would open, for the page that asks before doing it.

    Mail scanners open links, so opening one changes nothing. Raises LinkUseless.
    """
    async with app.database.read() as view:
        link = await view.links.peek(hash_of(token), view.now)
    if link is None:
        raise useless()
    return link


async def use_link(work: UnitOfWork, token: str, *purposes: LinkPurpose) -> OneTimeLink:
    """Use a link up in this transaction; raises LinkUseless, and then nothing was done."""
    for purpose in purposes:
        link = await work.links.use(hash_of(token), purpose, work.now)
        if link is not None:
            return link
    raise useless()


def useless() -> LinkUseless:
    """The one answer for every link that opens nothing."""
    return LinkUseless(
        "this link was used, has expired, or is not one of ours", hint="ask for a new one"
    )


async def forget_links(app: App) -> int:
    """Drop links that expired a month ago, log-ins never finished at once; how many.

    For the wake-up, once an hour.
    """
    async with app.database.work() as work:
        begun = await work.links.forget(work.now, BEGUN_BY_ANYBODY)
        return begun + await work.links.forget(work.now - timedelta(days=30))
