"""Reads `guardrails:`, `parking:`, `prices:` and what findings are measured against."""

from __future__ import annotations

import re
from typing import Any

import yaml

from rolecall.policy.document import (
    GuardrailSettings,
    ParkingSettings,
    PriceSettings,
    SeatPrice,
)
from rolecall.policy.grants_nodes import read_ref
from rolecall.policy.nodes import Nodes
from rolecall.policy.people_nodes import looks_like_email
from rolecall.policy.thresholds import NAMES, is_words, wrong_threshold

GUARDRAIL_KEYS = (
    "max_removals", "min_super_admins", "protected", "billing_contact", "domains",
)  # fmt: skip
PARKING_KEYS = ("grace_days", "no_access_set", "seat", "remove")
PRICE_KEYS = ("currency", "as_of", "seats")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")
_AMOUNT = re.compile(r"\d{1,7}(?:\.\d{1,4})?")


def read_guardrails(nodes: Nodes, node: yaml.Node | None) -> GuardrailSettings:
    """The operator's limits over the defaults."""
    plain = GuardrailSettings()
    if node is None:
        return plain
    fields = nodes.fields(node, "guardrails", GUARDRAIL_KEYS)
    share, count = _removals(nodes, fields.get("max_removals"), plain)
    admins = fields.get("min_super_admins")
    least = nodes.whole(admins, "guardrails.min_super_admins", 1) if admins is not None else None
    billing = fields.get("billing_contact")
    return GuardrailSettings(
        max_removal_share=share,
        max_removals=count,
        min_super_admins=plain.min_super_admins if least is None else least,
        protected=read_emails(nodes, fields.get("protected"), "guardrails.protected"),
        billing_contact=next(iter(read_emails(nodes, billing, "guardrails.billing_contact")), ""),
        domains=_domains(nodes, fields.get("domains")),
    )


def _removals(nodes: Nodes, node: yaml.Node | None, plain: GuardrailSettings) -> tuple[float, int]:
    """`5%`, a count, or {share: 5%, count: 3}; a plan is refused only beyond both."""
    if node is None:
        return plain.max_removal_share, plain.max_removals
    where = "guardrails.max_removals"
    if isinstance(node, yaml.MappingNode):
        parts = nodes.fields(node, where, ("share", "count"))
        share = _share(nodes, parts.get("share"), where)
        count = nodes.whole(parts["count"], f"{where}.count") if "count" in parts else None
        return (
            plain.max_removal_share if share is None else share,
            plain.max_removals if count is None else count,
        )
    if isinstance(node, yaml.ScalarNode) and "%" in node.value:
        share = _share(nodes, node, where)
        return plain.max_removal_share if share is None else share, plain.max_removals
    count = nodes.whole(node, where)
    return 0.0, plain.max_removals if count is None else count


def _share(nodes: Nodes, node: yaml.Node | None, where: str) -> float | None:
    if node is None:
        return None
    match = _SHARE.fullmatch(node.value.strip()) if isinstance(node, yaml.ScalarNode) else None
    if not match or float(match[1]) > 100:
        nodes.problem(node, where, "must be a share like 5%, or a count")
        return None
    return float(match[1]) / 100


def read_emails(nodes: Nodes, node: yaml.Node | None, where: str) -> tuple[str, ...]:
    """A list of e-mail addresses as written."""
    if node is None:
        return ()

    def read(child: yaml.Node, place: str) -> str | None:
        text = nodes.text(child, place)
        if text and not looks_like_email(text.strip()):
            nodes.problem(child, place, f"{text!r} is not an e-mail address")
            return None
        return text.strip() if text else None

    return nodes.items(node, where, read)


def _domains(nodes: Nodes, node: yaml.Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    found = nodes.items(node, "guardrails.domains", nodes.text)
    return tuple(domain.strip().removeprefix("@").casefold() for domain in found)


def read_parking(nodes: Nodes, node: yaml.Node | None) -> ParkingSettings:
    """How far the parking ladder goes in this portal."""
    plain = ParkingSettings()
    if node is None:
        return plain
    fields = nodes.fields(node, "parking", PARKING_KEYS)
    days = (
        nodes.whole(fields["grace_days"], "parking.grace_days") if "grace_days" in fields else None
    )
    no_access = fields.get("no_access_set")
    seat = nodes.text(fields["seat"], "parking.seat") if "seat" in fields else None
    remove = nodes.flag(fields["remove"], "parking.remove") if "remove" in fields else None
    return ParkingSettings(
        grace_days=plain.grace_days if days is None else days,
        no_access_set=read_ref(nodes, no_access, "parking.no_access_set") if no_access else None,
        seat=seat or plain.seat,
        remove=plain.remove if remove is None else remove,
    )


def read_prices(nodes: Nodes, node: yaml.Node | None) -> PriceSettings | None:
    """The operator's price book: a number, or [low, high], per seat and month."""
    if node is None:
        return None
    fields = nodes.fields(node, "prices", PRICE_KEYS)
    currency = nodes.text(fields["currency"], "prices.currency") if "currency" in fields else None
    as_of = nodes.day(fields["as_of"], "prices.as_of") if "as_of" in fields else None
    seats: dict[str, SeatPrice] = {}
    for name, _, value in nodes.pairs(fields["seats"], "prices.seats") if "seats" in fields else ():
        price = _price(nodes, value, f"prices.seats.{name}")
        if price:
            seats[name.strip().casefold()] = price
    return PriceSettings(currency or "USD", as_of.isoformat() if as_of else "", seats)


def _price(nodes: Nodes, node: yaml.Node, where: str) -> SeatPrice | None:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    texts = [part.value for part in parts if isinstance(part, yaml.ScalarNode)]
    if len(texts) not in (1, 2) or not all(_AMOUNT.fullmatch(text) for text in texts):
        nodes.problem(node, where, "must be an amount like 45, or a range like [90, 100]")
        return None
    amounts = sorted(float(text) for text in texts)
    return SeatPrice(amounts[0], amounts[-1])


def read_thresholds(nodes: Nodes, node: yaml.Node | None) -> dict[str, Any]:
    """Limits of the findings by name, over those of the installation."""
    if node is None:
        return {}
    found: dict[str, Any] = {}
    for name, value in nodes.fields(node, "thresholds", NAMES).items():
        where = f"thresholds.{name}"
        told = nodes.items(value, where, nodes.text) if is_words(name) else _number(value)
        wrong = wrong_threshold(name, told)
        if wrong:
            nodes.problem(value, where, wrong.partition(f"{name} ")[2])
        else:
            found[name] = told
    return found


def _number(node: yaml.Node) -> int | float | str:
    """A number as written; any other text stays text, which no limit takes."""
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    if not _AMOUNT.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)
