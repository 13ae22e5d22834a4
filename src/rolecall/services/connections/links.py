"""Connecting a portal by a link: whoever opens it agrees at HubSpot, and we get the tokens.

An operator opens it, or sends it to a client's Super Admin, who needs no account here. The link
works until a portal is connected with it; each try has a state and a proof key of its own, bound
to one browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.domain.actor import Actor, Role, local_actor
from rolecall.domain.events import Event
from rolecall.domain.oauth_app import OAuthAppEntry
from rolecall.domain.operator import ALL_PORTALS, LinkPurpose, OneTimeLink, TokenScope
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.connections.installing import (
    begin_installing,
    finish_installing,
    resume_installing,
)
from rolecall.services.connections.oauth_apps import SECRET
from rolecall.services.connections.portals import (
    ConnectionReport,
    add_portal,
    checked_name,
    reconnect_portal,
    unexpected_portal,
)
from rolecall.services.operators.links import (
    LinkUseless,
    NewLink,
    make_link,
    peek_link,
    use_link,
    useless,
)
from rolecall.services.operators.tokens import actor_of_id
from rolecall.services.rights import may_change
from rolecall.signin.bearer import hash_of
from rolecall.store import View
from rolecall.store.errors import NotThere
from rolecall.store.oauth_apps import owner_of

CALLBACK = "/oauth/callback"
BEGIN = "/oauth/begin"
NOBODY = Actor("link", via="link")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a connect link is about, for the page that asks before anybody leaves for HubSpot."""

    link: OneTimeLink
    app: OAuthAppEntry
    name: str  # of the portal here
    again: bool  # the portal is connected already, and gets new tokens

    @property
    def hub_id(self) -> int | None:
        """The only portal it may connect; None = whichever its Super Admin chooses."""
        return _bound_to(self.link)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the cookie it must bring back."""

    url: str
    binding: str = field(repr=False)


async def make_connect_link(
    app: App, actor: Actor, name: str, client_id: str = "", *, hub_id: int | None = None
) -> NewLink:
    """A link with which a Super Admin connects their portal under this name, within a week.

    A name that is taken reconnects that portal. Without `client_id` the only app is meant. With
    `hub_id` no other portal is connected, whoever opens the link.
    """
    checked_name(name)
    if hub_id is not None and hub_id < 1:
        raise Refused(f"{hub_id} is no hub id")
    async with app.database.read() as view:
        known = next((one for one in await view.portals.all() if one.name == name), None)
        where = known.hub_id if known else ALL_PORTALS
        may_change(app, actor, Role.ADMIN, where, "make connect links", TokenScope.MANAGE)
        wanted = await _app(view, client_id)
    if known and hub_id not in (None, known.hub_id):
        raise Refused(
            f"{name} is portal {known.hub_id}, not {hub_id}", hint="give the other one another name"
        )
    bound = known.hub_id if known else hub_id
    told = {"hub_id": str(bound)} if bound else {}
    details = {"name": name, "client_id": wanted.client_id, **told}
    async with app.database.begin(actor, f"a link to connect {name}") as work:
        link = await make_link(
            work, LinkPurpose.AGENCY_CONNECT, subject=f"connect:{name}", details=details
        )
        work.record(
            Event.PORTAL_LINK_MADE,
            subject=name,
            hub_id=known.hub_id if known else None,
            details={"app": wanted.client_id, **told},
        )
    return link


async def _app(view: View, client_id: str) -> OAuthAppEntry:
    apps = await view.oauth_apps.all()
    found = [one for one in apps if client_id in ("", one.client_id)]
    if len(found) == 1:
        return found[0]
    if not apps:
        raise NotThere("No OAuth app is registered", hint="rolecall oauth-app add --file app.json")
    known = ", ".join(one.client_id for one in apps)
    raise Refused("Which OAuth app?" if found else f"No app {client_id}", hint=f"one of {known}")


async def look_at_invitation(app: App, token: str) -> Invitation:
    """What a connect link is about; looking at it uses nothing up. Raises LinkUseless."""
    link = await peek_link(app, token)
    if link.purpose is not LinkPurpose.AGENCY_CONNECT:
        raise useless()
    async with app.database.read() as view:
        entry = await view.oauth_apps.get(link.details["client_id"])
        again = any(one.name == link.details["name"] for one in await view.portals.all())
    if entry is None:
        raise useless()
    return Invitation(link, entry, link.details["name"], again)


async def leave_for_hubspot(app: App, token: str) -> Departure:
    """Begin one try of a connect link: state and proof key for one browser, ten minutes long."""
    invitation = await look_at_invitation(app, token)
    pending = begin_installing(await _facts(app, invitation.app), invitation.app.authorize_base)
    details = {
        "link": hash_of(token),
        "name": invitation.name,
        "client_id": invitation.app.client_id,
        "state": hash_of(pending.challenge.state),
        "verifier": pending.challenge.verifier,  # worth nothing without the code and the secret
        "by": invitation.link.created_by,
    }
    async with app.database.begin(NOBODY, "to HubSpot by a link") as work:
        try_ = await make_link(work, LinkPurpose.INSTALL, subject="install", details=details)
    return Departure(pending.url, try_.token)


async def back_from_hubspot(app: App, told: Mapping[str, str], binding: str) -> ConnectionReport:
    """End a try: `told` is the query HubSpot sent the browser back with, `binding` its cookie.

    The portal is connected in the name of who made the link. Raises LinkUseless for another
    browser or a second time, Refused where HubSpot's answer or the portal stands against it.
    """
    async with app.database.work() as work:
        try_ = await use_link(work, binding, LinkPurpose.INSTALL)
    if not hmac.compare_digest(try_.details["state"], hash_of(told.get("state", ""))):
        raise LinkUseless("this was not begun in this browser", hint="open the link again")
    actor = await _maker(app, try_.details["by"])
    async with app.database.read() as view:
        link = await view.links.peek(try_.details["link"], view.now)
        entry = await view.oauth_apps.get(try_.details["client_id"])
        known = [one for one in await view.portals.all() if one.name == try_.details["name"]]
    if entry is None or link is None:
        raise useless()
    name, bound = try_.details["name"], _bound_to(link)
    for one in known:
        if bound not in (None, one.hub_id):  # the name was given to another portal since
            raise unexpected_portal(name, bound, one.hub_id)
    base = entry.api_base or app.choices.api_base
    pending = resume_installing(await _facts(app, entry), told["state"], try_.details["verifier"])
    credential = await finish_installing(app, pending, told, base)
    if known:
        report = await reconnect_portal(app, actor, name, credential)
    else:
        report = await add_portal(app, actor, name, credential, base, expected=bound)
    async with app.database.work() as work:  # only now: what failed may be tried again
        await work.links.use(try_.details["link"], LinkPurpose.AGENCY_CONNECT, work.now)
    return report


def _bound_to(link: OneTimeLink) -> int | None:
    told = link.details.get("hub_id", "")
    return int(told) if told else None


async def _maker(app: App, actor_id: str) -> Actor:
    """Who made the link, with their rights of today; the link is useless when they are gone."""
    kind, _, name = actor_id.partition(":")
    if kind == "local":
        return local_actor(name)
    if kind == "token":
        maker = await actor_of_id(app, name, via="link")
        if maker is None:
            raise useless()
        return maker
    async with app.database.read() as view:
        operator = await view.operators.get(name) if kind == "operator" else None
    if operator is None or operator.disabled:
        raise useless()
    return operator.actor(via="link")


async def _facts(app: App, entry: OAuthAppEntry) -> Mapping[str, str]:
    """The app as installing takes it, led back to our own address."""
    public = app.choices.security.public_url
    if not public:
        raise Refused(
            "Rolecall does not know its own address, to which HubSpot must send people back",
            hint="set ROLECALL_PUBLIC_URL to what browsers type",
        )
    async with app.database.read() as view:
        secret = (await view.credentials.load_secret(owner_of(entry.client_id)))[SECRET]
    return {
        "client_id": entry.client_id,
        SECRET: secret,
        "redirect_uri": f"{public}{CALLBACK}",
        "scope": " ".join(entry.scopes),
        "optional_scope": " ".join(entry.optional_scopes),
    }
