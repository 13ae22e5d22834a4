"""Carries faults out on one request: refusals, delays, cuts, spoiled answers."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from hubspot_emulator import auth
from hubspot_emulator.exchange import ConnectionCut, Exchange, Onward
from hubspot_emulator.limits import too_many
from hubspot_emulator.refusals import locked, no_seat, not_on_any_hubs
from hubspot_emulator.wire import Answer, ApiError, html_page

if TYPE_CHECKING:
    from hubspot_emulator.faults import Fault

Refusal = Callable[[Exchange, "Fault"], ApiError | Answer]


async def strike(exchange: Exchange, onward: Onward) -> Answer:
    """Layer of the chain: what is scheduled happens to this request, before and after commit."""
    faults = exchange.world.faults
    if not faults.scheduled or exchange.route is None:
        return await onward(exchange)
    route = exchange.route
    names = (route.operation, f"{route.method} {route.template}")
    portal_id = exchange.portal.id if exchange.portal else None
    due = faults.due(names, exchange.subjects(), portal_id)
    if due:
        exchange.fault = ",".join(fault.kind for fault in due)
    for fault in due:
        if fault.phase == "before":
            await _before(exchange, fault)
    answer = await _carried_out(exchange, onward, due)
    for fault in due:
        if fault.phase == "after_commit":
            answer = await _after(exchange, fault, answer)
    return answer


async def _before(exchange: Exchange, fault: Fault) -> None:
    if fault.kind == "slow":
        await asyncio.sleep(float(fault.parameters["seconds"]))
    elif fault.kind == "cut":
        raise ConnectionCut
    elif fault.kind in REFUSALS:
        raise Refused(REFUSALS[fault.kind](exchange, fault))


async def _carried_out(exchange: Exchange, onward: Onward, due: list[Fault]) -> Answer:
    portal = exchange.portal
    if portal is None or not any(fault.kind == "write_ignored" for fault in due):
        return await onward(exchange)
    ids = [int(word) for word in exchange.subjects() if word.isdecimal()]
    members = {one: copy.copy(portal.members[one]) for one in ids if one in portal.members}
    people = {one: copy.copy(exchange.world.identities[one]) for one in members}
    told = len(portal.feeds.security.rows), len(portal.feeds.audit.rows)
    answer = await onward(exchange)
    for user_id, member in members.items():
        portal.members[user_id] = member
        known = exchange.world.identities[user_id]
        known.first_name, known.last_name = people[user_id].first_name, people[user_id].last_name
    del portal.feeds.security.rows[told[0] :], portal.feeds.audit.rows[told[1] :]
    return answer


async def _after(exchange: Exchange, fault: Fault, answer: Answer) -> Answer:
    if fault.kind == "slow":
        await asyncio.sleep(float(fault.parameters["seconds"]))
        return answer
    if fault.kind == "answer_lost":
        raise ConnectionCut
    if fault.kind == "half_answer":
        whole = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
        raise ConnectionCut(whole[: len(whole) // 2], answer)
    if fault.kind in REFUSALS:
        raise Refused(REFUSALS[fault.kind](exchange, fault))
    return _SPOILERS[fault.kind](answer, fault.parameters)


class Refused(Exception):
    """A fault answers in the operation's place."""

    def __init__(self, answer: ApiError | Answer) -> None:
        super().__init__("refused by a fault")
        self.answer = answer


def _truncated(answer: Answer, parameters: dict[str, Any]) -> Answer:
    if not isinstance(answer.body, dict) or "results" not in answer.body:
        return answer
    body = {key: value for key, value in answer.body.items() if key != "paging"}
    body["results"] = body["results"][: int(parameters["keep"])]
    return Answer(answer.status, body, answer.headers)


def _with_unknown_field(answer: Answer, parameters: dict[str, Any]) -> Answer:
    if not isinstance(answer.body, dict):
        return answer
    extra = {parameters["name"]: {"nobody": ["knows", "this"]}}
    body = {**answer.body, **extra}
    if isinstance(body.get("results"), list):
        rows = body["results"]
        body["results"] = [{**row, **extra} if isinstance(row, dict) else row for row in rows]
    return Answer(answer.status, body, answer.headers)


_SPOILERS: dict[str, Callable[[Answer, dict[str, Any]], Answer]] = {
    "empty_body": lambda answer, _: Answer(answer.status, None, answer.headers),
    "html_200": lambda _, __: html_page(200, "OK"),
    "truncated_list": _truncated,
    "unknown_fields": _with_unknown_field,
}


def _limited(policy: str) -> Refusal:
    return lambda _, fault: too_many(policy, fault.parameters["retry_after"])


def _page(status: int, title: str) -> Refusal:
    return lambda _, __: html_page(status, title)


def _lacking(exchange: Exchange, fault: Fault) -> ApiError:
    scope = fault.parameters["scope"]
    named = exchange.route.scopes if exchange.route else ()
    return auth.missing_scopes((scope,) if scope else named)


def _migrating(_: Exchange, fault: Fault) -> ApiError:
    wait = (("Retry-After", str(fault.parameters["retry_after"])),)
    return ApiError(477, "Migration in progress", category="MIGRATION_IN_PROGRESS", headers=wait)


REFUSALS: dict[str, Refusal] = {
    "401_expired": lambda exchange, _: auth.expired(exchange.now, exchange.now),
    "401_unknown": lambda exchange, _: auth.undecodable(exchange.now),
    "403_missing_scope": _lacking,
    "404_html": _page(404, "Not Found"),
    "423_locked": lambda _, __: locked(),
    "429_burst": _limited("TEN_SECONDLY_ROLLING"),
    "429_daily": _limited("DAILY"),
    "429_search": _limited("SECONDLY"),
    "477_migration": _migrating,
    "500_json": lambda _, __: ApiError(500, "internal error", category=None),
    "502_html": _page(502, "Bad Gateway"),
    "503_html": _page(503, "Service Unavailable"),
    "504_html": _page(504, "Gateway Time-out"),
    "521_cloudflare": _page(521, "Web server is down"),
    "no_seat": lambda _, __: no_seat(),
    "user_not_on_any_hubs": lambda _, __: not_on_any_hubs(),
}
