"""HubSpot's User import source: which apps we answer for, who calls, and the people we offer.

Answers come from the store alone. Never trusts anything about a request but its signature.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.import_app import Grouping, ImportApp
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.person import Person, Situation
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.rights import may_change, need
from rolecall.signin.hubspot_signature import WINDOW_MS, Signed, Verdict, verify
from rolecall.store import View
from rolecall.store.errors import NotThere
from rolecall.store.import_apps import owner_of

LOG = logging.getLogger("rolecall.import_source")
EVENT_PATH = "/feature/USER_IMPORT/event/"
SECRET = "client_secret"
FRESH = timedelta(seconds=5)  # how old a picture of people and users may be when we answer
MOST_SEEN = 10_000  # signatures remembered to notice replays; HubSpot sends a handful a day
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class EventName(StrEnum):
    """The two events HubSpot sends."""

    FETCH_ACCOUNTS = "FETCH_ACCOUNTS"
    FETCH_USERS = "FETCH_USERS"


@dataclass(frozen=True, slots=True)
class Offered:
    """One person as HubSpot's screen lists them; `existing` is their user id in the portal."""

    id: str
    email: str
    first_name: str
    last_name: str
    existing: str | None
    account: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What one app offers one portal, as of a moment; accounts are (id, name)."""

    at: datetime
    accounts: tuple[tuple[str, str], ...]
    people: tuple[Offered, ...]

    def of_account(self, account: str | None) -> tuple[Offered, ...]:
        """The people of one account; without one, every person once."""
        if account is None:
            return self.people
        return tuple(one for one in self.people if one.account == account)


@dataclass(frozen=True, slots=True)
class KnownApp:
    """A registered app with its secret, as of a moment."""

    app: ImportApp
    secret: str = field(repr=False)
    at: datetime


async def add_import_app(app: App, actor: Actor, wanted: ImportApp, secret: str) -> ImportApp:
    """Answer HubSpot's events for an app; its client secret is kept encrypted.

    Raises Refused for a URL HubSpot could not call, AlreadyThere for an app that is registered.
    """
    may_change(app, actor, Role.ADMIN, ALL_PORTALS, "add import sources", TokenScope.MANAGE)
    if not secret:
        raise Refused("the client secret is empty", hint="copy it from the app's Auth tab")
    checked_public_url(wanted.public_url)
    async with app.database.begin(actor, f"answer HubSpot for app {wanted.app_id}") as work:
        await work.import_apps.add(wanted)
        await work.credentials.save_secret(owner_of(wanted.app_id), {SECRET: secret}, work.now)
        details = {"public_url": wanted.public_url, "accounts": wanted.accounts.value}
        work.record(Event.IMPORT_SOURCE_APP_ADDED, subject=str(wanted.app_id), details=details)
    return wanted


def checked_public_url(url: str) -> str:
    """The target URL without a slash at its end; Refused unless HubSpot can call and sign it."""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (secure and parts.hostname) or parts.query or parts.fragment or parts.username:
        raise Refused(
            f"{url} cannot be a target URL",
            hint="give the https address entered at HubSpot, without query: "
            "https://hooks.example.com/rolecall",
        )
    return url.rstrip("/")


async def list_import_apps(app: App, actor: Actor) -> tuple[ImportApp, ...]:
    """Every registered app, without secrets."""
    need(actor, Role.ADMIN, ALL_PORTALS, "list import sources", TokenScope.MANAGE)
    async with app.database.read() as view:
        return await view.import_apps.all()


async def remove_import_app(app: App, actor: Actor, app_id: int) -> None:
    """Stop answering for an app and forget its secret."""
    may_change(app, actor, Role.ADMIN, ALL_PORTALS, "remove import sources", TokenScope.MANAGE)
    async with app.database.begin(actor, f"stop answering HubSpot for app {app_id}") as work:
        if not await work.import_apps.remove(app_id):
            raise NotThere(f"No app {app_id} is registered", hint="rolecall import-source list")
        await work.credentials.remove_secret(owner_of(app_id))
        work.record(Event.IMPORT_SOURCE_APP_REMOVED, subject=str(app_id))


async def secret_of(app: App, actor: Actor, app_id: int) -> str:
    """The stored client secret, for the doctor who signs as HubSpot does."""
    need(actor, Role.ADMIN, ALL_PORTALS, "use an app's secret", TokenScope.MANAGE)
    async with app.database.read() as view:
        return (await view.credentials.load_secret(owner_of(app_id)))[SECRET]


@dataclass(slots=True)
class ImportDesk:
    """Answers events from memory, refreshed from the store every few seconds.

    One per server. Holds secrets and offers for seconds, signatures for the five-minute window.
    """

    app: App
    _apps: dict[int, KnownApp] = field(default_factory=dict)
    _offers: dict[tuple[int, int], Offer] = field(default_factory=dict)
    _seen: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def known(self, app_id: int) -> KnownApp | None:
        """The registered app with this id."""
        now = self.app.clock.now()
        held = self._apps.get(app_id)
        if held is not None and now - held.at < FRESH:
            return held
        async with self.app.database.read() as view:
            found = await view.import_apps.get(app_id)
            if found is None:
                self._apps.pop(app_id, None)
                return None
            secret = (await view.credentials.load_secret(owner_of(app_id)))[SECRET]
        self._apps[app_id] = KnownApp(found, secret, now)
        return self._apps[app_id]

    def judge(self, known: KnownApp, request: Signed) -> Verdict:
        """Whether HubSpot sent this; refusals and replays are told in our log alone."""
        now_ms = int(self.app.clock.now().timestamp() * 1000)
        verdict = verify(request, known.secret, now_ms)
        if not verdict.valid:
            LOG.warning("refused an event for app %s: %s", known.app.app_id, verdict.reason)
        elif request.signature_v3 and self._replayed(request.signature_v3, now_ms):
            LOG.warning("app %s: the same signed event came again", known.app.app_id)
        return verdict

    def _replayed(self, signature: str, now_ms: int) -> bool:
        """Seen within the window. It reads the same again, so it is noticed and answered."""
        while self._seen and next(iter(self._seen.values())) < now_ms:
            self._seen.popitem(last=False)
        again = signature in self._seen
        self._seen.setdefault(signature, now_ms + 2 * WINDOW_MS)
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        return again

    async def offer(self, known: KnownApp, portal_id: int) -> Offer | None:
        """What the app offers this portal, at most seconds old; None for a portal not its own."""
        held = self._offers.get((known.app.app_id, portal_id))
        if held is not None and self.app.clock.now() - held.at < FRESH:
            return held
        async with self._refreshing:  # one reader for a burst of calls
            held = self._offers.get((known.app.app_id, portal_id))
            if held is not None and self.app.clock.now() - held.at < FRESH:
                return held
            return await self._read(known, portal_id)

    async def _read(self, known: KnownApp, portal_id: int) -> Offer | None:
        async with self.app.database.read() as view:
            portal = await view.portals.get(portal_id)
            listed = portal_id in known.app.portals if known.app.portals else portal is not None
            if not listed:
                self._offers.pop((known.app.app_id, portal_id), None)
                return None
            people = await people_offered(view, known.app.sources)
            existing = {} if known.app.strict else await users_by_person(view, portal_id, people)
        offer = offer_of(people, known.app.accounts, existing, self.app.clock.now())
        self._offers[known.app.app_id, portal_id] = offer
        return offer


async def people_offered(view: View, sources: Iterable[str]) -> tuple[Person, ...]:
    """Who may be imported: everybody with an e-mail who has not left, by name."""
    wanted = frozenset(sources)
    people = [
        one
        for one in await view.people.all()
        if one.emails and not one.left and (not wanted or one.source in wanted)
    ]
    return tuple(sorted(people, key=_by_name))


def _by_name(person: Person) -> tuple[str, str, str]:
    return person.last_name.casefold(), person.first_name.casefold(), person.id


async def users_by_person(view: View, hub_id: int, people: Iterable[Person]) -> Mapping[str, str]:
    """User ids in the portal by person id: by confirmed link, else by any of their e-mails."""
    snapshot = await view.snapshots.load(hub_id)
    if snapshot is None:
        return {}
    by_email = _present(snapshot)
    linked = {
        link.person_id: link.user_id
        for link in await view.people.links(hub_id)
        if link.person_id and link.situation is Situation.LINKED
    }
    present = frozenset(by_email.values())
    found = {person_id: user for person_id, user in linked.items() if user in present}
    for person in people:
        ids = (by_email.get(email.casefold()) for email in person.emails)
        if person.id not in found and (user := next(filter(None, ids), None)):
            found[person.id] = user
    return found


def _present(snapshot: Snapshot) -> dict[str, str]:
    return {user.email.casefold(): user.id for user in snapshot.users if user.present}


def offer_of(
    people: Iterable[Person], by: Grouping, existing: Mapping[str, str], at: datetime
) -> Offer:
    """People grouped into accounts; whoever has no group gets one of their own kind."""
    accounts: dict[str, str] = {}
    offered = []
    for person in people:
        name = str(getattr(person, by.value)).strip()
        account = f"{by.value}:{name.casefold()}"
        accounts.setdefault(account, name or f"No {by.value}")
        offered.append(
            Offered(
                person.id,
                person.emails[0],
                person.first_name,
                person.last_name,
                existing.get(person.id),
                account,
            )
        )
    by_name = sorted(accounts.items(), key=lambda one: one[1].casefold())
    return Offer(at, tuple(by_name), tuple(offered))
