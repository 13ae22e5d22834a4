"""Where a webhook may lead: public addresses, whatever name or form they hide behind."""

from __future__ import annotations

import pytest

from rolecall.notify import pinned
from rolecall.notify.pinning import LeadsInside, Resolve, is_public

INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "ff02::1",
    "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1",
)  # fmt: skip


def resolver(*addresses: str) -> Resolve:
    """A resolver that answers these addresses for every host."""

    async def resolve(_host: str, _port: int) -> tuple[str, ...]:
        return addresses

    return resolve


@pytest.mark.parametrize("address", INSIDE)
async def test_nothing_inside_is_reached(address: str) -> None:
    """Loopback, private networks, link-local metadata services, in every notation."""
    assert not is_public(address)
    with pytest.raises(LeadsInside):
        await pinned("https://hooks.example.com/x", (), resolver("93.184.216.34", address))


async def test_the_judged_address_is_the_one_used() -> None:
    """The request goes to the looked-up address; Host and TLS keep the name."""
    place = await pinned("https://hooks.example.com:8443/x?y=1", (), resolver("93.184.216.34"))

    assert "https://93.184.216.34:8443/x?y=1" == place.url
    assert {"host": "hooks.example.com:8443"} == place.headers
    assert {"sni_hostname": "hooks.example.com"} == place.extensions


async def test_a_named_host_may_be_inside() -> None:
    """Whoever runs Rolecall may name hosts of their own network; nothing else opens by that."""
    place = await pinned("http://Hooks.Internal/x", {"hooks.internal"}, resolver("10.0.0.8"))
    assert "http://10.0.0.8/x" == place.url

    with pytest.raises(LeadsInside):
        await pinned("https://other.internal/x", {"hooks.internal"}, resolver("10.0.0.8"))
