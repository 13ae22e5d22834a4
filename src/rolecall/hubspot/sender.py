"""Sends one HTTP request and reads its whole answer; knows neither tokens, limits nor retries.

Goes straight to the transport: redirects (which could carry a token elsewhere), cookies and
per-request client machinery are not wanted here, and cost more than the rest of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.request import getproxies, proxy_bypass

import httpx2

USER_AGENT = "rolecall"
TIMEOUT = {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": 30.0}

NEVER_LEFT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    ConnectionRefusedError,
)


class NotSent(Exception):
    """The request certainly never reached HubSpot."""


class NoAnswer(Exception):
    """The request may have reached HubSpot, and no whole answer came back."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers (names in lower case) and the whole body, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the answer says it is JSON, or looks like it."""
        kind = self.headers.get("content-type", "")
        return "json" in kind or (not kind and self.body[:1] in (b"{", b"["))


class Sender:
    """The one door to the network; give it a transport to swap the network for something else."""

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        timeout: Mapping[str, float] = TIMEOUT,
    ) -> None:
        self._given = transport
        self._made: dict[str, httpx2.AsyncBaseTransport] = {}
        self._extensions = {"timeout": dict(timeout)}

    async def send(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes | None = None
    ) -> Reply:
        """One exchange; NotSent or NoAnswer instead of an answer, never a retry."""
        request = httpx2.Request(
            method, url, headers=headers, content=body, extensions=self._extensions
        )
        try:
            response = await self._transport_for(request.url).handle_async_request(request)
        except NEVER_LEFT as error:
            # Its words name a host, a certificate or a protocol, never a path or header.
            raise NotSent(f"{_unreached(error)} ({request.url.netloc.decode()})") from error
        except (httpx2.TransportError, OSError) as error:
            raise NoAnswer(_in_words(error)) from error
        return await _read(response)

    async def aclose(self) -> None:
        """Close every connection made; a transport that was given stays the giver's."""
        made, self._made = self._made, {}
        for transport in made.values():
            await transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _transport_for(self, url: httpx2.URL) -> httpx2.AsyncBaseTransport:
        if self._given is not None:
            return self._given
        transport = self._made.get(url.host)
        if transport is None:
            limits = httpx2.Limits(max_connections=32, keepalive_expiry=30.0)
            transport = httpx2.AsyncHTTPTransport(limits=limits, proxy=_proxy(url))
            self._made[url.host] = transport
        return transport


async def _read(response: httpx2.Response) -> Reply:
    try:
        body = await response.aread()
    except (httpx2.TransportError, httpx2.DecodingError, OSError) as error:
        raise NoAnswer(_in_words(error)) from error
    finally:
        await response.aclose()
    # A plain dict: httpx2's Headers costs ten times as much per look-up.
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in response.headers.raw
    }
    return Reply(response.status_code, headers, without_nul(body))


def _unreached(error: Exception) -> str:
    told = str(error) or type(error).__name__
    return "no connection" if told == "All connection attempts failed" else told


def _in_words(error: Exception) -> str:
    """How an exchange broke off, as a person reads it."""
    if isinstance(error, httpx2.TimeoutException):
        return "nothing came in time"
    if isinstance(error, httpx2.DecodingError):
        return "the answer is damaged"
    return "the connection broke off"


def without_nul(body: bytes) -> bytes:
    """The JSON with replacement characters for NUL: no database keeps it in a text."""
    return body.replace(b"\\u0000", b"\\ufffd") if b"\\u0000" in body else body


def _proxy(url: httpx2.URL) -> str | None:
    """The proxy of the environment (HTTPS_PROXY, NO_PROXY), as every client honours it."""
    if proxy_bypass(url.host):
        return None
    return getproxies().get(url.scheme)
