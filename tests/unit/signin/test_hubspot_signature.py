"""HubSpot's request signatures: its own vectors, ours, and forgeries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.signin.hubspot_signature import DECODED, Signed, decoded_url, sign_v3, verify

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"  # of the official SDKs' tests
URL = "https://www.example.com/webhook_uri"
HOOK = "https://hooks.example.test/hubspot/feature/USER_IMPORT/event/"
QUERY = URL + "?next=https%3A%2F%2Fa.example%2Fx%40y&keep=%26%3D%2B"
SINGLE = b"{'example_field':'example_value'}"
DOUBLE = b'{"example_field":"example_value"}'
EVENT = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,'
    b'"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)
IDS = b'{"portalId":10,"appId":20}'
AT = 1693657560000

# version, method, url, body, signature; the first six from HubSpot's SDK tests and pages
VECTORS = [
    ("v1", "POST", URL, SINGLE, "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"),
    ("v1", "POST", URL, EVENT, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
    ("v2", "POST", URL, SINGLE, "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"),
    ("v2", "GET", URL, b"", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
    ("v2", "POST", URL, DOUBLE, "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"),
    ("v3", "POST", URL, SINGLE, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
    ("v3", "GET", QUERY, b"", "E7PMJufYH6aYlwReGmKS44olbTZdgQ2cA1JeZZcyxeQ="),
    ("v3", "POST", HOOK + "FETCH_ACCOUNTS", IDS, "v6j407pYETUdARCx8ai5LcdaHQi0zH7v3CWqpokdTts="),
    ("v3", "POST", HOOK + "FETCH_USERS", IDS, "ozvxGt4L3eN3oZ+rVlrAMykRbx8/uWx8oGmF3qIDLrk="),
    (
        "v2",
        "POST",
        HOOK + "FETCH_ACCOUNTS",
        IDS,
        "927dcb8ee160090e52c07a3a1144cf5eed4e06c40dfe4686ade2de7cdcf176a6",
    ),
    ("v1", "POST", URL, IDS, "7d803bfe3a4d8946da79673675c205e9e41ddebca40053835fc977ac89e14688"),
]


def a_request(version: str, method: str, url: str, body: bytes, signature: str) -> Signed:
    """A request as HubSpot sends it under one version."""
    if version == "v3":
        return Signed(method, url, body, signature_v3=signature, timestamp=str(AT))
    return Signed(method, url, body, signature=signature, version=version)


@pytest.mark.parametrize("vector", VECTORS)
def test_known_vectors(vector: tuple[str, str, str, bytes, str]) -> None:
    """Every published or recomputed vector is accepted, and nothing near it."""
    request = a_request(*vector)

    assert verify(request, SECRET, AT).valid
    assert not verify(replace(request, body=request.body + b" "), SECRET, AT).valid
    assert not verify(request, SECRET + "x", AT).valid


@pytest.mark.parametrize(("skew", "valid"), [(300_000, True), (300_001, False), (-300_001, False)])
def test_five_minute_window(skew: int, valid: bool) -> None:
    """Older than five minutes is refused, and so is the future."""
    assert valid is verify(a_request(*VECTORS[5]), SECRET, AT + skew).valid


def test_no_downgrade() -> None:
    """A wrong v3 signature is not saved by a right v1 or v2 beside it."""
    good = a_request(*VECTORS[2])
    both = replace(good, signature_v3="AAAA", timestamp=str(AT))

    assert verify(good, SECRET, AT).valid
    assert not verify(both, SECRET, AT).valid


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e3", "٣", "9" * 400])
def test_odd_timestamps_are_refused(timestamp: str) -> None:
    """Whatever stands in the header, the answer is no and never a crash."""
    request = replace(a_request(*VECTORS[5]), timestamp=timestamp)

    assert not verify(request, SECRET, AT).valid


@given(st.binary(), st.text(), st.text())
def test_non_ascii_never_crashes(body: bytes, signature: str, url: str) -> None:
    """Garbage is refused quietly."""
    request = Signed("POST", url.encode("utf-8", "ignore").decode(), body, signature_v3="é")

    assert not verify(replace(request, timestamp=str(AT)), SECRET, AT).valid


@given(st.text(alphabet="%23456789ABCDEFabcdef:/?@!x", max_size=40))
def test_decoding_touches_only_the_table(text: str) -> None:
    """Each known escape becomes its character, once; everything else stays."""
    expected, at = [], 0
    while at < len(text):
        plain = DECODED.get(text[at : at + 3].upper())
        expected.append(text[at] if plain is None else plain)
        at += 1 if plain is None else 3

    assert "".join(expected) == decoded_url(text)


def test_signing_and_verifying_agree() -> None:
    """What we sign for the doctor is accepted by the door."""
    request = Signed("POST", QUERY, "ü".encode(), timestamp=str(AT))

    assert verify(replace(request, signature_v3=sign_v3(SECRET, request)), SECRET, AT).valid
