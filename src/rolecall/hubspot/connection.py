"""One open connection to one portal: every call to HubSpot passes through `call`.

Order of a call: version, token, a moment from the limiter, the exchange, what the answer means.
Reads are repeated a bounded number of times; a write that may have arrived never is.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from rolecall.hubspot import answers
from rolecall.hubspot.auth import Auth
from rolecall.hubspot.bodies import Body
from rolecall.hubspot.errors import (
    BadToken,
    DailyLimitReached,
    Failure,
    GrantLost,
    HubSpotError,
    RateLimited,
    Unavailable,
    Unreachable,
    Unreadable,
)
from rolecall.hubspot.limits import LOCKED_WAIT, Limiter, QuotaView
from rolecall.hubspot.memory import MemoryLedger, MemoryVersions
from rolecall.hubspot.negotiation import ANY, Negotiation
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.ports import QuotaLedger, VersionMemory
from rolecall.hubspot.sender import USER_AGENT, NoAnswer, NotSent, Reply, Sender
from rolecall.hubspot.versions import Family, Version
from rolecall.kit.clock import Clock, SystemClock

LOG = logging.getLogger("rolecall.hubspot")
API_BASE = "https://api.hubapi.com"
HEADERS = (
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("content-type", "application/json"),
    ("user-agent", USER_AGENT),
)
# Not done, and safe to repeat for writes too: locked, too many, the portal is being migrated.
BUSY = frozenset({423, 429, 477})
# 4xx that say nothing about the request itself; 408 may come after the work was done.
UNDECIDED = BUSY | {408}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Target:
    """Which portal, where, and as which app; `hub_id` 0 = not known yet."""

    api_base: str = API_BASE
    hub_id: int = 0
    app: str = ""  # what the burst limit counts by: app id, or a name of the key
    time_zone: str | None = None  # of the portal, for its midnight


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the client is; seconds."""

    attempts: int = 5  # of one read, the first included
    first_pause: float = 0.5  # doubles from try to try
    longest_pause: float = 8.0
    longest_wait: float = 60.0  # what HubSpot may ask us to wait before we hand it to the caller
    rate_attempts: int = 8  # 429s in a row; alone there is none
    wait_for_tomorrow: bool = False  # sleep through a spent day instead of DailyLimitReached
    in_flight: int = 8  # requests at the same time


@dataclass(frozen=True, slots=True)
class Sent:
    """One exchange, for progress and logs; never holds an id or a secret. `status` 0: no answer."""

    method: str
    path: str
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """The client waits; `why` names the limit or the trouble."""

    why: str
    seconds: float


Observer = Callable[[Sent | Waiting], None]


@dataclass(slots=True)
class Counts:
    """What this connection cost so far."""

    requests: int = 0
    refused: int = 0  # 429s
    waited: float = 0.0  # seconds


@dataclass(slots=True)
class _Tries:
    """How often one call was tried, by the reason it was tried again."""

    trouble: int = 0
    rate: int = 0
    refused: str | None = field(default=None, repr=False)  # the token that got a 401


class _Missing(Exception):
    """This version does not offer the operation here."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Connection:
    """Calls one portal as one app; share it between a Reader and a Writer."""

    def __init__(
        self,
        sender: Sender,
        auth: Auth,
        target: Target,
        *,
        clock: Clock | None = None,
        ledger: QuotaLedger | None = None,
        versions: VersionMemory | None = None,
        policy: Policy | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.target = target
        self.auth = auth
        self.counts = Counts()
        self.clock = clock or SystemClock()
        self._sender = sender
        self._policy = policy or Policy()
        self._observe = observe
        self._base = target.api_base.rstrip("/")
        self._limiter = Limiter(
            ledger or MemoryLedger(self.clock),
            self.clock,
            portal=str(target.hub_id),
            app=target.app,
        )
        self._negotiation = Negotiation(versions or MemoryVersions(), target.hub_id, self.clock)
        self._free = asyncio.Semaphore(self._policy.in_flight)
        self._random = random.Random()  # noqa: S311  (jitter, not a secret)
        self._headers: tuple[str, list[tuple[str, str]]] = ("", [])

    @property
    def quota(self) -> QuotaView:
        """What HubSpot told last about limits and what is left of them."""
        return self._limiter.view

    def versions_in_use(self) -> dict[str, Version]:
        """The API version of each family that answered here, with its end date."""
        return self._negotiation.in_use()

    async def call(
        self,
        operation: Operation[Answer],
        *ids: str,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        needs: frozenset[str] = ANY,
    ) -> Answer:
        """Make one call in the best version that answers here; any HubSpotError may come.

        `needs` names body fields that some versions lack.
        """
        content = None if body is None else msgspec.json.encode(body)
        below = operation.below(ids)
        if query:
            below += "?" + urlencode(query)
        missing: list[Version] = []
        reply: Reply | None = None
        for version in await self._negotiation.order(operation.family, needs):
            try:
                answer = await self._patiently(operation, version, below, content)
            except _Missing as signal:
                missing.append(version)
                reply = signal.reply
                continue
            await self._settle(operation.family, version, missing)
            return answer
        raise self._nowhere(operation, reply)

    def unreadable(self, operation: Operation[Any], what: str) -> HubSpotError:
        """The error for an answer of this operation that makes no sense."""
        return answers.unreadable(Failure(operation.method, self._shown(operation)), what)

    async def _patiently(
        self, operation: Operation[Answer], version: Version, below: str, content: bytes | None
    ) -> Answer:
        """Repeat what may be repeated, within the policy."""
        tries = _Tries()
        shown = version.prefix + operation.path
        url = self._base + version.prefix + below
        while True:
            try:
                token = await self._token(tries.refused)
                reply = await self._exchange(operation, shown, url, content, token)
                return self._meaning(operation, shown, reply)
            except GrantLost:
                raise
            except BadToken:
                if tries.refused is not None or not self.auth.renews:
                    raise
                tries.refused = token
            except HubSpotError as error:
                await self._pause(error, tries)

    async def _token(self, refused: str | None) -> str:
        return await (self.auth.token() if refused is None else self.auth.renew(refused))

    async def _exchange(
        self,
        operation: Operation[Any],
        shown: str,
        url: str,
        content: bytes | None,
        token: str,
    ) -> Reply:
        """Wait for our moment, send, and learn from the answer's headers."""
        headers = self._headers_for(token)
        await self._check_day(operation, shown)
        # The moment is reserved last: one reserved earlier would be spent in the queue, and a
        # queue that moves on all at once is a burst.
        async with self._free:
            grant = await self._limiter.reserve(search=operation.search)
            if grant.wait > 0:
                await self._wait("rate limit", grant.wait)
            while (crowded := self._limiter.crowded_for(search=operation.search)) > 0:
                await self._wait("rate limit", crowded)
            self._limiter.leaves(search=operation.search)
            try:
                reply = await self._sent(operation, shown, url, content, headers)
            finally:
                self._limiter.answered(search=operation.search)
        self._limiter.learn(reply.headers, grant, search=operation.search)
        return reply

    async def _sent(
        self,
        operation: Operation[Any],
        shown: str,
        url: str,
        content: bytes | None,
        headers: list[tuple[str, str]],
    ) -> Reply:
        self.counts.requests += 1
        method = operation.method
        started = monotonic()
        status = 0
        try:
            reply = await self._sender.send(method, url, headers, content)
            status = reply.status
            _note(method, shown, reply)
        except NotSent as error:
            raise answers.never_left(method, shown, str(error)) from None
        except NoAnswer as error:
            raise answers.no_answer(method, shown, str(error), writes=operation.writes) from None
        finally:
            if self._observe is not None:
                self._observe(Sent(method, shown, status, monotonic() - started))
        return reply

    def _meaning(self, operation: Operation[Answer], shown: str, reply: Reply) -> Answer:
        """The decoded answer, or the error that the reply stands for."""
        if 200 <= reply.status < 300:
            return self._decoded(operation, shown, reply)
        if _means_missing(operation, reply):
            raise _Missing(reply)
        if 400 <= reply.status < 500 and reply.status not in UNDECIDED:
            raise answers.error_of(reply, operation.method, shown)
        failure = answers.failure_of(reply, operation.method, shown)
        if reply.status == 429:
            raise answers.too_many(failure, retry_after(reply))
        if reply.status in BUSY:
            raise answers.unavailable(failure, retry_after(reply))
        if operation.writes:
            raise answers.unknown(failure, f"status {reply.status}")
        if reply.status < 400:
            raise answers.unreadable(failure, "a redirect")
        raise answers.unavailable(failure, retry_after(reply))

    def _decoded(self, operation: Operation[Answer], shown: str, reply: Reply) -> Answer:
        if operation.empty and (not reply.body or reply.is_json):
            return None  # type: ignore[return-value]  # Answer is None here
        try:
            return operation.decoder.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            what = str(error) if reply.is_json and reply.body else answers.looks_like(reply)
            trace = reply.headers.get("x-hubspot-correlation-id", "")
            failure = Failure(operation.method, shown, reply.status, correlation_id=trace)
            if operation.writes:
                raise answers.unknown(failure, what) from None
            raise answers.unreadable(failure, what) from None

    async def _pause(self, error: HubSpotError, tries: _Tries) -> None:
        """Wait as the error asks, or raise it: when repeating is wrong, useless or too long."""
        if isinstance(error, RateLimited | DailyLimitReached):
            await self._pause_for_limit(error, tries)
            return
        if not isinstance(error, Unavailable | Unreachable | Unreadable):
            raise error
        tries.trouble += 1
        asked = error.retry_after or (LOCKED_WAIT if error.status in BUSY else 0.0)
        if tries.trouble >= self._policy.attempts or asked > self._policy.longest_wait:
            raise error
        pause = min(self._policy.first_pause * 2 ** (tries.trouble - 1), self._policy.longest_pause)
        # Jitter, so that processes stopped by the same trouble do not return in step.
        await self._wait(error.sentence, max(asked, pause * (0.5 + self._random.random() / 2)))

    async def _pause_for_limit(self, error: RateLimited | DailyLimitReached, tries: _Tries) -> None:
        self.counts.refused += 1
        wait = await self._limiter.refused(
            error.failure.policy, error.retry_after, self.target.time_zone
        )
        error.retry_after = wait
        tries.rate += 1
        if isinstance(error, DailyLimitReached):
            if not self._policy.wait_for_tomorrow:
                raise error
            await self._wait("daily limit", wait)
        elif tries.rate >= self._policy.rate_attempts or wait > self._policy.longest_wait:
            raise error

    async def _check_day(self, operation: Operation[Any], shown: str) -> None:
        """Do not ask while we know that today's calls are spent."""
        left = self._limiter.spent_for()
        if left is None:
            return
        if not self._policy.wait_for_tomorrow:
            raise answers.day_spent(Failure(operation.method, shown, policy="DAILY"), left)
        await self._wait("daily limit", left)

    async def _settle(self, family: Family, version: Version, missing: list[Version]) -> None:
        """Remember what answered, unless the version in use is only lacking this one operation."""
        chosen = self._negotiation.chosen(family)
        if chosen is version or (chosen is not None and chosen not in missing):
            return
        if chosen is None or not await self._still_there(family, chosen):
            await self._negotiation.remember(family, version)

    async def _still_there(self, family: Family, version: Version) -> bool:
        if family.probe is None:
            return False
        probe = Operation("GET", family, family.probe, msgspec.Raw, collection=True)
        try:
            await self._patiently(probe, version, family.probe, None)
        except _Missing:
            return False
        except HubSpotError:
            return True  # it answers; what it says is another call's business
        return True

    def _nowhere(self, operation: Operation[Any], reply: Reply | None) -> HubSpotError:
        """No version offers it; an HTML 404 for one thing is no proof that the thing is absent."""
        status = None if reply is None else reply.status
        failure = Failure(operation.method, self._shown(operation), status)
        if reply is not None and status == 404 and not operation.collection:
            return answers.unreadable(failure, answers.looks_like(reply))
        return answers.version_missing(failure)

    def _shown(self, operation: Operation[Any]) -> str:
        version = self._negotiation.chosen(operation.family) or operation.family.versions[0]
        return version.prefix + operation.path

    def _headers_for(self, token: str) -> list[tuple[str, str]]:
        known, headers = self._headers
        if known != token or not headers:
            if not token.isascii() or not token.isprintable() or not token.strip():
                raise answers.no_token(Failure("GET", "/"))
            headers = [*HEADERS, ("authorization", f"Bearer {token}")]
            self._headers = (token, headers)
        return headers

    async def _wait(self, why: str, seconds: float) -> None:
        self.counts.waited += seconds
        if self._observe is not None:
            self._observe(Waiting(why, seconds))
        await self.clock.sleep(seconds)


class Connected:
    """Something that works over an open connection."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


def _note(method: str, shown: str, reply: Reply) -> None:
    """A line about an answer, under HubSpot's own id; what is refused is told unless debugging."""
    usual = reply.status < 400 or reply.status == 404  # absence is proved by a 404
    told = {
        "method": method,
        "path": shown,
        "status": reply.status,
        "upstream_correlation_id": reply.headers.get("x-hubspot-correlation-id", ""),
    }
    LOG.log(logging.DEBUG if usual else logging.INFO, "HubSpot answered", extra={"facts": told})


def _means_missing(operation: Operation[Any], reply: Reply) -> bool:
    """No such path in this version: HTML, or a 404 where nothing but the path can be missing."""
    if reply.status == 405:
        return True
    return reply.status == 404 and (operation.collection or not reply.is_json)


def retry_after(reply: Reply) -> float | None:
    """Seconds of the Retry-After header; None where there is none we understand."""
    value = reply.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
