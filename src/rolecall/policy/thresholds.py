"""The limits findings are measured against: one frozen value, changed by configuration only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from rolecall.kit.errors import Refused


def _limit(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every limit with its default; the meaning beside it is its documentation."""

    max_super_admins: int = _limit(
        3, "Super Admins a portal may have; those beyond, the least justified first, are findings."
    )
    admin_titles: tuple[str, ...] = _limit(
        (
            *("it", "administrator", "admin", "systems", "system", "infrastructure", "security"),
            *("cio", "cto", "ciso", "edv", "emergency", "break-glass"),
        ),
        "Words of a job title that justify a Super Admin when choosing who is beyond the limit.",
    )
    max_super_admin_share: float = _limit(
        0.02, "Share of active users that may be Super Admins; the larger of both limits counts."
    )
    dormant_days: int = _limit(
        90, "Days without activity after which a user is dormant; HubSpot's own rule uses 90."
    )
    invitation_days: int = _limit(
        14, "Days after creation before a user who never signed in becomes a finding."
    )
    seat_idle_days: int = _limit(
        60, "Days without activity after which a paid seat counts as unused."
    )
    new_user_days: int = _limit(
        7, "Days a new user is left alone before a missing team is a finding."
    )
    business_domain_share: float = _limit(
        0.03, "Share of users that makes an e-mail domain a business domain when none are named."
    )
    shared_logins: tuple[str, ...] = _limit(
        (
            *("admin", "administrator", "info", "office", "sales", "support", "service", "team"),
            *("marketing", "hello", "contact", "accounting", "billing", "finance", "hr", "it"),
            *("help", "helpdesk", "reception", "test", "training", "intern", "interns", "vertrieb"),
            *("buchhaltung", "webmaster", "newsletter", "noreply", "no-reply", "shared"),
        ),
        "First parts of an e-mail address that name a function, not a human.",
    )
    shared_login_countries: int = _limit(
        3, "Countries a login is used from on one day before it counts as shared."
    )
    integration_words: tuple[str, ...] = _limit(
        ("integration", "integrations", "bot", "api", "sync", "zapier", "automation", "connector"),
        "Parts of an address or job title that name an integration signing in as a user.",
    )
    personal_providers: tuple[str, ...] = _limit(
        (
            *("gmail", "googlemail", "hotmail", "outlook", "yahoo", "ymail", "rocketmail", "gmx"),
            *("icloud", "aol", "protonmail", "tutanota", "yandex", "freemail", "webmail", "naver"),
            *("t-online", "rediffmail", "fastmail", "mailbox", "hushmail", "163", "126", "qq"),
        ),
        "Free mail providers by the first part of their domain, whatever country it ends with.",
    )
    personal_domains: tuple[str, ...] = _limit(
        (
            *(
                "live.com",
                "msn.com",
                "me.com",
                "mac.com",
                "mail.com",
                "mail.ru",
                "web.de",
                "hey.com",
            ),
            *(
                "proton.me",
                "pm.me",
                "zoho.com",
                "orange.fr",
                "free.fr",
                "laposte.net",
                "wanadoo.fr",
            ),
            *("freenet.de", "arcor.de", "libero.it", "uol.com.br", "bol.com.br", "live.co.uk"),
        ),
        "Further domains of free mail providers, written in full.",
    )
    foreign_days: int = _limit(30, "Days a change made outside Rolecall stays a finding.")
    own_act_minutes: int = _limit(
        15, "Minutes around a write of ours within which a feed event counts as its trace."
    )
    review_days: int = _limit(
        92, "Days after the last access review before the next one is due (quarterly)."
    )
    marketing_words: tuple[str, ...] = _limit(
        ("marketing", "content", "communications", "brand", "editor", "writer", "copywriter"),
        "Words of team, department or job title that explain publishing and deleting content.",
    )
    sales_operations_words: tuple[str, ...] = _limit(
        (
            *("revops", "operations", "ops", "admin", "administrator", "it", "systems"),
            *("architect", "data"),
        ),
        "Words of team, department or job title that explain editing pipelines and properties.",
    )
    elevation_grace_hours: int = _limit(
        1, "Hours after its end before an elevation still in place is a finding."
    )


def thresholds_from(values: Mapping[str, Any], base: Thresholds | None = None) -> Thresholds:
    """The defaults (or `base`) with these values in place; Refused names unknown and wrong ones."""
    wrong = [problem for name, value in values.items() if (problem := wrong_threshold(name, value))]
    if wrong:
        raise Refused("; ".join(wrong), hint=f"thresholds: {', '.join(sorted(NAMES))}")
    typed: dict[str, Any] = {
        n: tuple(v) if isinstance(_kind(n), tuple) else v for n, v in values.items()
    }
    return replace(base or _DEFAULTS, **typed)


def wrong_threshold(name: str, value: Any) -> str:
    """What is wrong with one limit, as a sentence; empty where nothing is."""
    if name not in NAMES:
        return f"unknown threshold {name}"
    if isinstance(_kind(name), tuple):
        fits = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        return "" if fits else f"threshold {name} takes a list of text"
    number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    whole = not isinstance(_kind(name), int) or isinstance(value, int)
    return "" if number and whole else f"threshold {name} takes a number from 0 on, not {value!r}"


def is_words(name: str) -> bool:
    """This limit is a list of words, not a number."""
    return isinstance(_kind(name), tuple)


def _kind(name: str) -> Any:
    return getattr(_DEFAULTS, name)


NAMES = tuple(one.name for one in fields(Thresholds))
_DEFAULTS = Thresholds()
