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
        4, "Super Admins a portal may have before each one not named as allowed is a finding."
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
        0.1, "Share of users that makes an e-mail domain a business domain when none are named."
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
    personal_domains: tuple[str, ...] = _limit(
        (
            *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
            *("yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com", "icloud.com"),
            *("me.com", "mac.com", "aol.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de"),
            *("t-online.de", "freenet.de", "mail.ru", "yandex.ru", "qq.com", "163.com", "126.com"),
            *("proton.me", "protonmail.com", "pm.me", "tutanota.com", "zoho.com", "mail.com"),
            *("orange.fr", "free.fr", "laposte.net", "libero.it", "hotmail.co.uk", "hotmail.fr"),
            *("fastmail.com", "hey.com", "naver.com", "rediffmail.com", "uol.com.br", "bol.com.br"),
        ),
        "Domains of free mail providers; an address there is nobody's business address.",
    )
    elevation_grace_hours: int = _limit(
        1, "Hours after its end before an elevation still in place is a finding."
    )


def thresholds_from(values: Mapping[str, Any]) -> Thresholds:
    """The defaults with these values in place; Refused names unknown names and wrong kinds."""
    known = {one.name: getattr(_DEFAULTS, one.name) for one in fields(Thresholds)}
    wrong = [problem for name, value in values.items() if (problem := _wrong(known, name, value))]
    if wrong:
        raise Refused("; ".join(wrong), hint=f"thresholds: {', '.join(sorted(known))}")
    typed: dict[str, Any] = {
        n: tuple(v) if isinstance(known[n], tuple) else v for n, v in values.items()
    }
    return replace(_DEFAULTS, **typed)


def _wrong(known: Mapping[str, Any], name: str, value: Any) -> str:
    if name not in known:
        return f"unknown threshold {name}"
    if isinstance(known[name], tuple):
        fits = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        return "" if fits else f"threshold {name} takes a list of text"
    number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    whole = not isinstance(known[name], int) or isinstance(value, int)
    return "" if number and whole else f"threshold {name} takes a number from 0 on, not {value!r}"


_DEFAULTS = Thresholds()
