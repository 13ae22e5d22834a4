"""Builds the one App from settings: opens the store, lends the HubSpot client what it needs.

The only reader of settings. Doors load the client when the first one is opened.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rolecall.domain.actor import Actor, local_actor
from rolecall.domain.notice import QuietHours
from rolecall.domain.portal import CredentialKind, Portal
from rolecall.kit.clock import Clock, SystemClock
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.policy.thresholds import thresholds_from
from rolecall.services.app import App, Choices, MailServer, Outlets, Security
from rolecall.settings import PREFIX, Settings, load
from rolecall.store import Database, open_keys
from rolecall.sync.ports import Bounds

if TYPE_CHECKING:
    import httpx2

    from rolecall.hubspot import Auth, Connection, CredentialStore, Observer, Reader, Sender
    from rolecall.hubspot.writer import Writer
    from rolecall.signin.oidc import IdentityProvider
    from rolecall.sync.ports import NewCredential

DATABASE_NAME = "rolecall.db"
KEY_NAME = "rolecall.key"
NOTICES_HINT = "docs/notices.md has examples"


@asynccontextmanager
async def open_app(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[App]:
    """The installation these settings describe (default: of this environment), open.

    `transport` swaps the network for something else, an emulator in process for instance.
    """
    chosen = load(os.environ) if settings is None else settings
    home = _prepared_home(chosen.home)
    keys = open_keys(chosen.key_file if chosen.key_file.name else home / KEY_NAME)
    url = chosen.database_url or f"sqlite:///{home / DATABASE_NAME}"
    time = clock or SystemClock()
    database = await Database.open(url, keys=keys, clock=time)
    try:
        doors = StoredDoors(database, time, transport)
        provider = _provider(chosen, time)
        bounds, choices = _bounds(chosen), _choices(chosen)
        outlets = _outlets(chosen)
        yield App(
            database, time, doors, doors, bounds, choices, home, provider=provider, outlets=outlets
        )
    finally:
        await database.close()


def local_user(environ: Mapping[str, str] | None = None) -> Actor:
    """The actor of the command line: whoever runs it."""
    named = (os.environ if environ is None else environ).get("USER")
    try:
        return local_actor(getpass.getuser())
    except (KeyError, OSError):
        return local_actor(named or str(os.getuid()))


def _prepared_home(home: Path) -> Path:
    """The directory, made for its owner alone."""
    hint = "set ROLECALL_HOME to a directory of yours"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NeedsPerson(f"{home} is a file, not a directory", hint=hint) from error
    except OSError as error:
        raise NeedsPerson(f"Cannot make {home}: {error.strerror}", hint=hint) from error
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        what = f"Cannot write in {home}"
        raise NeedsPerson(what, hint=f"check its owner and mode (chmod 700 {home}), or {hint}")
    return home


def _choices(chosen: Settings) -> Choices:
    return Choices(
        api_base=chosen.api_base,
        sync_every_minutes=chosen.sync_every_minutes,
        quota_notice_days=chosen.quota_notice_days,
        business_domains=frozenset(one.casefold() for one in chosen.business_domains),
        allowed_super_admins=frozenset(one.casefold() for one in chosen.allowed_super_admins),
        thresholds=thresholds_from(chosen.thresholds),
        security=Security(
            public_url=chosen.public_url.rstrip("/"),
            session_hours=chosen.session_hours,
            idle_minutes=chosen.idle_minutes,
            second_person=chosen.second_person,
            read_only=chosen.read_only,
            request_answer_days=chosen.request_answer_days,
        ),
    )


def _provider(chosen: Settings, clock: Clock) -> IdentityProvider | None:
    """The identity provider people sign in with, where one is configured."""
    if not chosen.oidc_issuer:
        return None
    if not _is_postable(chosen.oidc_issuer):
        raise Refused(
            f"{PREFIX}OIDC_ISSUER is no https address",
            hint="who reads or changes what the provider says decides who signs in here",
        )
    from rolecall.signin.oidc import IdentityProvider

    secret = chosen.oidc_client_secret
    return IdentityProvider(chosen.oidc_issuer, chosen.oidc_client_id, clock, secret)


def _outlets(chosen: Settings) -> Outlets:
    """Where notices go; raises Refused for what nothing could be sent with."""
    for name in ("notify_slack_url", "notify_teams_url"):
        url = getattr(chosen, name)
        if url and not _is_postable(url):
            raise Refused(f"{PREFIX}{name.upper()} is no https address", hint=NOTICES_HINT)
    return Outlets(
        _mail(chosen),
        chosen.notify_slack_url,
        chosen.notify_teams_url,
        _quiet(chosen),
        frozenset(one.casefold() for one in chosen.webhook_hosts),
    )


def _is_postable(url: str) -> bool:
    parts = urlsplit(url)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _mail(chosen: Settings) -> MailServer | None:
    if not chosen.notify_smtp_host:
        return None
    if "@" not in chosen.notify_smtp_from:
        raise Refused("ROLECALL_NOTIFY_SMTP_FROM is no sender of mails", hint=NOTICES_HINT)
    if chosen.notify_smtp_tls not in {"starttls", "tls", "off"}:
        raise Refused("ROLECALL_NOTIFY_SMTP_TLS takes starttls, tls or off", hint=NOTICES_HINT)
    return MailServer(
        chosen.notify_smtp_host,
        chosen.notify_smtp_from,
        chosen.notify_smtp_port,
        chosen.notify_smtp_tls,
        chosen.notify_email_to,
        chosen.notify_smtp_username or None,
        chosen.notify_smtp_password or None,
    )


def _quiet(chosen: Settings) -> QuietHours | None:
    begins, ends = chosen.notify_quiet_from, chosen.notify_quiet_to
    if begins is None and ends is None:
        return None
    if begins is None or ends is None or begins == ends:
        raise Refused("quiet hours need ROLECALL_NOTIFY_QUIET_FROM and another ..._QUIET_TO")
    try:
        ZoneInfo(chosen.notify_quiet_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused(f"ROLECALL_NOTIFY_QUIET_ZONE: {error}", hint=NOTICES_HINT) from error
    return QuietHours(begins, ends, chosen.notify_quiet_zone, chosen.notify_quiet_weekends)


def _bounds(chosen: Settings) -> Bounds:
    return Bounds(
        feed_days=chosen.feed_days,
        feed_pages=chosen.feed_pages,
        absence_proofs=chosen.absence_proofs,
        probe_hours=chosen.probe_hours,
        user_properties=chosen.user_properties,
    )


@dataclass(frozen=True, slots=True)
class StoredDoors:
    """Doors to portals whose credentials, quota and versions live in the store."""

    database: Database
    clock: Clock
    transport: httpx2.AsyncBaseTransport | None = None

    @asynccontextmanager
    async def reader(
        self, portal: Portal, observe: Observer | None = None
    ) -> AsyncIterator[Reader]:
        """A connected portal, with its stored credential, shared limits and known versions."""
        from rolecall.hubspot import Reader

        async with self.connection(portal, observe) as connection:
            yield Reader(connection)

    @asynccontextmanager
    async def hands(
        self, portal: Portal, observe: Observer | None = None
    ) -> AsyncIterator[tuple[Reader, Writer]]:
        """The same with a Writer beside it; for provision alone."""
        from rolecall.hubspot import Reader
        from rolecall.hubspot.writer import Writer

        async with self.connection(portal, observe) as connection:
            yield Reader(connection), Writer(connection)

    @asynccontextmanager
    async def connection(
        self, portal: Portal, observe: Observer | None = None
    ) -> AsyncIterator[Connection]:
        """An open connection to a connected portal."""
        from rolecall.hubspot import Connection, OAuthTokens, Sender, Slot, Target, VersionFact
        from rolecall.store import KnownVersions, OAuthCredentials, SharedQuota

        target = Target(
            portal.api_base,
            portal.hub_id,
            app=str(portal.app_id or portal.credential_kind.value),
            time_zone=portal.time_zone,
        )
        kind, base, hub_id = portal.credential_kind, portal.api_base, portal.hub_id
        tokens = OAuthCredentials(self.database, OAuthTokens)
        async with Sender(self.transport) as sender:
            held = await self._credential(portal)
            yield Connection(
                sender,
                _auth_of(kind, held, sender, base, self.clock, tokens, hub_id),
                target,
                clock=self.clock,
                ledger=SharedQuota(self.database.engines, Slot),
                versions=KnownVersions(self.database, VersionFact),
                observe=observe,
            )

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[Sender]:
        """The bare network, for what happens before there is a token."""
        from rolecall.hubspot import Sender

        async with Sender(self.transport) as sender:
            yield sender

    @asynccontextmanager
    async def trial(
        self, credential: NewCredential, api_base: str, observe: Observer | None = None
    ) -> AsyncIterator[Reader]:
        """A credential that is only tried; nothing is remembered of it."""
        from rolecall.hubspot import (
            Connection,
            MemoryCredentials,
            OAuthTokens,
            Reader,
            Sender,
            Target,
        )

        held = credential.fields
        async with Sender(self.transport) as sender:
            store = MemoryCredentials()
            if credential.kind is CredentialKind.OAUTH:
                ends = datetime.fromisoformat(held["expires_at"])
                store.tokens[0] = OAuthTokens(held["access_token"], held["refresh_token"], ends)
            auth = _auth_of(credential.kind, held, sender, api_base, self.clock, store, 0)
            target = Target(api_base)
            yield Reader(Connection(sender, auth, target, clock=self.clock, observe=observe))

    async def _credential(self, portal: Portal) -> Mapping[str, str]:
        async with self.database.read() as view:
            return (await view.credentials.load(portal.hub_id)).fields


def _auth_of(
    kind: CredentialKind,
    held: Mapping[str, str],
    sender: Sender,
    api_base: str,
    clock: Clock,
    store: CredentialStore,
    hub_id: int,
) -> Auth:
    """How we sign in: a fixed bearer token, or an app whose tokens are refreshed in time."""
    from rolecall.hubspot import Bearer, OAuth, OAuthApp, TokenEndpoint

    if kind is CredentialKind.OAUTH:
        app = OAuthApp(held["client_id"], held["client_secret"])
        return OAuth(hub_id, store, TokenEndpoint(sender, app, api_base), clock)
    return Bearer(held["token"])
