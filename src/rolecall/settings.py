"""Settings: the environment first, `config.toml` in ROLECALL_HOME second, then the default.

Read once, by `bootstrap`; everybody else is given values. The text below each field is its
documentation: docs/settings.md is made of it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any

from rolecall.kit.errors import Refused

PREFIX = "ROLECALL_"
CONFIG_NAME = "config.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation can choose; see docs/settings.md."""

    home: Path = field(default_factory=lambda: Path.home() / ".rolecall")
    """Directory of the embedded database, the key file and config.toml. Made when missing,
    readable by its owner alone."""

    database_url: str = field(default="", repr=False)
    """Where the state lives. Empty: SQLite in ROLECALL_HOME. For PostgreSQL:
    `postgresql://user:password@host/rolecall` (needs the extra `postgres`). May hold a password,
    so it can also come from a file."""

    key_file: Path = Path()
    """File with the keys that encrypt stored credentials; made on first use. Empty: `rolecall.key`
    in ROLECALL_HOME. Back it up apart from the database: without it stored tokens are lost."""

    api_base: str = "https://api.hubapi.com"
    """HubSpot's API for portals that are added without --api-base."""

    sync_every_minutes: int = 60
    """How often the server or a worker syncs a portal that is added without an interval of its
    own."""

    feed_days: int = 30
    """How many days back the first read of a log-in, security or audit feed goes. Later reads start
    where the one before ended."""

    feed_pages: int = 20
    """How many pages of 200 events the first read of a feed takes at most."""

    absence_proofs: int = 200
    """How many users that disappeared from the list one sync proves gone, by asking for each by id
    and by e-mail. Beyond, the snapshot stays incomplete until `sync --accept-shrink`."""

    probe_hours: int = 24
    """How long what a token and a portal can do is taken as known before it is probed again."""

    quota_notice_days: int = 3
    """After how many days of a spent shared rate limit somebody is told to look at the other
    private apps. Rolecall goes on trying, and never disables a portal by itself."""

    user_properties: tuple[str, ...] = ()
    """Further CRM user properties of HubSpot's own (`hs_...`) to read with every user, for filters,
    columns and history. Properties you made yourself are read anyway."""

    business_domains: tuple[str, ...] = ()
    """E-mail domains that are yours. Empty: the domains many users of the portal share."""

    allowed_super_admins: tuple[str, ...] = ()
    """E-mails of users who may be Super Admin; the others count as sprawl beyond the limit."""

    thresholds: Mapping[str, Any] = field(default_factory=dict)
    """Limits of the findings, by the names in docs/findings.md. In the file a table
    `[thresholds]`; in the environment pairs: `dormant_days=60 max_super_admins=3`."""

    public_url: str = ""
    """How browsers reach the console, such as `https://rolecall.example.com`. Links in notices
    begin with it, and forms are taken from it alone. Empty: the address `serve` listens on."""

    session_hours: int = 12
    """How long a sign-in lasts at most."""

    idle_minutes: int = 60
    """After how many minutes without a request a sign-in ends."""

    second_person: bool = False
    """Dangerous plans (somebody is parked or removed, a team deleted, a guardrail overridden) need the
    approval of somebody else than who proposed them. A token is the person who made it, and everybody
    at the command line is one."""

    read_only: bool = False
    """Show everything, write nothing: no plan, request, review or setting is changed."""

    request_answer_days: int = 7
    """After how many days an access request that nobody answered expires."""

    oidc_issuer: str = ""
    """Issuer of an OpenID Connect provider people sign in with, exactly as its discovery document
    spells it. Empty: local passwords alone."""

    oidc_client_id: str = ""
    """Our client id at that provider. Its redirect address is `PUBLIC_URL/sign-in/provider`."""

    oidc_client_secret: str = field(default="", repr=False)
    """Our client secret at that provider; empty for a public client."""

    notify_smtp_host: str = ""
    """Mail server that notices are handed to (docs/notices.md). Empty: no mails."""

    notify_smtp_port: int = 587
    """Port of the mail server."""

    notify_smtp_tls: str = "starttls"
    """`starttls`: the connection turns to TLS or no mail is sent; `tls`: TLS from the start, mostly
    on port 465; `off`: in the clear, for a relay on the same machine."""

    notify_smtp_from: str = ""
    """Sender of the mails, such as `Rolecall <rolecall@example.com>`. Needed with a mail server."""

    notify_smtp_username: str = ""
    """Who signs in at the mail server; empty: nobody does."""

    notify_smtp_password: str = field(default="", repr=False)
    """The password at the mail server."""

    notify_email_to: tuple[str, ...] = ()
    """Who gets what is addressed to nobody: plans that wait, spent calls, the weekly digest. Empty:
    the admins of the portal."""

    notify_slack_url: str = field(default="", repr=False)
    """Incoming webhook of a Slack channel. Empty: nothing goes to Slack."""

    notify_teams_url: str = field(default="", repr=False)
    """Workflow webhook of a Microsoft Teams channel. Empty: nothing goes to Teams."""

    notify_quiet_from: time | None = None
    """From when on notices wait, such as `20:00`; urgent ones never do. Empty: no quiet hours."""

    notify_quiet_to: time | None = None
    """Until when notices wait, such as `07:30`; may be earlier in the day than the beginning."""

    notify_quiet_zone: str = "UTC"
    """Time zone of the quiet hours, such as `Europe/Berlin`."""

    notify_quiet_weekends: bool = False
    """Notices wait all Saturday and Sunday too. Counts with quiet hours alone."""

    webhook_hosts: tuple[str, ...] = ()
    """Hosts that webhooks may be posted to though they are on this machine or in a private network,
    such as `hooks.internal`. Empty: public addresses alone, whatever an admin of a portal types."""


SECRETS = frozenset(
    {
        "database_url",
        "oidc_client_secret",
        "notify_smtp_password",
        "notify_slack_url",
        "notify_teams_url",
    }
)


def load(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment; every problem is told at once.

    A name with `_FILE` behind it gives the path of a file that holds the value of a secret.
    """
    problems: list[str] = []
    home = Path(environ.get(f"{PREFIX}HOME") or Settings().home).expanduser()
    chosen: dict[str, Any] = {"home": home}
    for name, value in _from_file(home / CONFIG_NAME, problems).items():
        _take(chosen, name, value, f"{home / CONFIG_NAME}: {name}", problems)
    for name in _KINDS:
        text = _from_environment(environ, name, problems)
        if text is not None:
            _take(chosen, name, text, PREFIX + name.upper(), problems)
    if problems:
        raise Refused("; ".join(problems), hint="docs/settings.md lists every setting")
    chosen["home"] = home
    return Settings(**chosen)


def _from_file(path: Path, problems: list[str]) -> dict[str, Any]:
    if not os.access(path.parent, os.X_OK):
        return {}  # no home yet, or none to enter: whoever prepares it says so
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path}: {_in_words(error)}")
        return {}


def _in_words(error: Exception) -> str:
    """What is wrong with a file, without repeating its name."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "no UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)


def _from_environment(environ: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    variable = PREFIX + name.upper()
    file = environ.get(f"{variable}_FILE") if name in SECRETS else None
    if file is None:
        return environ.get(variable) or None
    if environ.get(variable):
        problems.append(f"{variable} and {variable}_FILE are both set")
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{variable}_FILE: {file}: {_in_words(error)}")
        return None


def _take(
    chosen: dict[str, Any], name: str, value: object, place: str, problems: list[str]
) -> None:
    kind = _KINDS.get(name)
    if kind is None:
        problems.append(f"{place}: unknown setting")
        return
    try:
        chosen[name] = kind(value)
    except (ValueError, TypeError, Refused) as error:
        problems.append(f"{place}: {error}")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError(f"takes text, not {value!r}")


def _path(value: object) -> Path:
    return Path(_text(value)).expanduser()


def _count(value: object) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"takes a whole number from 0 on, not {value!r}")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    found = words.get(value.strip().casefold()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"takes true or false, not {value!r}")
    return found


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[\s,;]+", value) if part)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise ValueError(f"takes a list of text, not {value!r}")


def _clock(value: object) -> time:
    if isinstance(value, time):
        return value
    try:
        found = time.fromisoformat(_text(value))
    except ValueError:
        raise ValueError(f"takes a time of day like 20:00, not {value!r}") from None
    return found.replace(tzinfo=None)


def _pairs(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    pairs = [part.partition("=") for part in _words(value)]
    if any(not mark for _, mark, _ in pairs):
        raise ValueError("takes pairs like dormant_days=60")
    return {name: _number(text) for name, _, text in pairs}


def _number(text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"takes numbers, not {text!r}; lists go into {CONFIG_NAME}") from None


_BY_ANNOTATION: dict[str, Callable[[object], Any]] = {
    "Path": _path,
    "str": _text,
    "int": _count,
    "bool": _flag,
    "tuple[str, ...]": _words,
    "Mapping[str, Any]": _pairs,
    "time | None": _clock,
}
_KINDS = {one.name: _BY_ANNOTATION[str(one.type)] for one in fields(Settings)}
