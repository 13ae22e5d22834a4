"""Where a posted notice really goes: its host is looked up once, judged, and that answer is used.

An address somebody typed must not reach what only this machine can: the cloud's metadata, a
database, a neighbour. Judging a name and connecting to it later would leave time to change it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx2

from rolecall.kit.errors import Refused, Retryable

_EMBEDS = IPv6Network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address
Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]


class LeadsInside(Refused):
    """The address leads to this machine or into a private network."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A request's address with its host looked up; the name stays in Host and in TLS."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)


async def looked_up(host: str, port: int) -> tuple[str, ...]:
    """Every address of a host; Retryable when nobody can tell now."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Retryable("the host of a webhook has no address now") from error
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


async def pinned(url: str, inside: Collection[str] = (), resolve: Resolve = looked_up) -> Pinned:
    """The address to connect to; LeadsInside unless public or its host is one of `inside`."""
    told = httpx2.URL(url)
    port = told.port or (443 if told.scheme == "https" else 80)
    addresses = await resolve(told.host, port)
    if told.host.casefold() not in inside and not all(map(is_public, addresses)):
        raise LeadsInside(
            "a webhook leads to this machine or into a private network",
            hint="whoever runs Rolecall can name its host in ROLECALL_WEBHOOK_HOSTS",
        )
    headers = {"host": told.netloc.decode("ascii")}
    return Pinned(str(told.copy_with(host=addresses[0])), headers, {"sni_hostname": told.host})


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet, whatever form it hides in."""
    found: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is None and found in _EMBEDS:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        found = inner or found
    return found.is_global and not found.is_multicast
