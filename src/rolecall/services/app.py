"""What every use case is given: the store, the clock, doors to HubSpot, chosen limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall.domain.notice import QuietHours
from rolecall.kit.clock import Clock
from rolecall.policy.thresholds import Thresholds
from rolecall.signin.passwords import Passwords
from rolecall.store import Database

if TYPE_CHECKING:
    # Loading the HubSpot client costs more than most commands take; who opens a door pays.
    from rolecall.provision.applying import Hands
    from rolecall.signin.oidc import IdentityProvider
    from rolecall.sync.ports import Bounds, Doors


@dataclass(frozen=True, slots=True)
class Security:
    """How people sign in here, and what needs more than one of them."""

    public_url: str = ""  # how browsers reach us; links in notices begin with it
    session_hours: float = 12.0  # a session ends whatever happens
    idle_minutes: float = 60.0  # or after so long without a request
    second_person: bool = False  # dangerous plans need somebody else than who proposed them
    read_only: bool = False  # nothing but signing in and out is written
    request_answer_days: int = 7  # an unanswered request expires


@dataclass(frozen=True, slots=True)
class Choices:
    """What the installation chose (docs/settings.md), as far as use cases need it."""

    api_base: str = "https://api.hubapi.com"
    sync_every_minutes: int = 60
    quota_notice_days: int = 3
    business_domains: frozenset[str] = frozenset()
    allowed_super_admins: frozenset[str] = frozenset()
    thresholds: Thresholds = field(default_factory=Thresholds)
    security: Security = field(default_factory=Security)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over; `tls` is starttls (demanded), tls (from the start) or off."""

    host: str
    sender: str
    port: int = 587
    tls: str = "starttls"
    to: tuple[str, ...] = ()  # who is told what has no addressee of its own
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where notices of this installation go and when they wait; the addresses are secrets."""

    mail: MailServer | None = None
    slack_url: str = field(default="", repr=False)
    teams_url: str = field(default="", repr=False)
    quiet: QuietHours | None = None
    webhook_hosts: frozenset[str] = frozenset()  # may be posted to though they are not public


@dataclass(frozen=True, slots=True)
class App:
    """One installation of Rolecall, open; built by `bootstrap`, handed to every use case."""

    database: Database
    clock: Clock
    doors: Doors
    hands: Hands
    bounds: Bounds
    choices: Choices
    home: Path
    passwords: Passwords = field(default_factory=Passwords, repr=False)
    provider: IdentityProvider | None = field(default=None, repr=False)
    outlets: Outlets = field(default_factory=Outlets)
