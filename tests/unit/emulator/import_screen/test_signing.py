"""Request signatures against HubSpot's own vectors and further ones worked out by hand."""

from __future__ import annotations

import pytest

from hubspot_emulator.import_screen.signing import (
    decoded,
    sign_v1,
    sign_v2,
    sign_v3,
    signature_headers,
)

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
QUOTED = b"{'example_field':'example_value'}"
IDS = b'{"portalId":10,"appId":20}'
AT = 1_693_657_560_000
HOOK = "https://hooks.example.test/hubspot/feature/USER_IMPORT/event"
EVENT = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    b'"changeFlag":"NEW","appId":54321}]'
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (QUOTED, "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"),
        (EVENT, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        (IDS, "7d803bfe3a4d8946da79673675c205e9e41ddebca40053835fc977ac89e14688"),
    ],
)
def test_v1(body: bytes, expected: str) -> None:
    """SHA-256 of secret and body."""
    assert expected == sign_v1(SECRET, body)


@pytest.mark.parametrize(
    ("method", "url", "body", "expected"),
    [
        ("POST", URL, QUOTED, "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"),
        ("GET", URL, b"", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        (
            *("POST", URL, b'{"example_field":"example_value"}'),
            "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
        ),
        (
            *("POST", f"{HOOK}/FETCH_ACCOUNTS", IDS),
            "927dcb8ee160090e52c07a3a1144cf5eed4e06c40dfe4686ade2de7cdcf176a6",
        ),
    ],
)
def test_v2(method: str, url: str, body: bytes, expected: str) -> None:
    """SHA-256 of secret, method, URL as sent and body."""
    assert expected == sign_v2(SECRET, method, url, body)


@pytest.mark.parametrize(
    ("method", "url", "body", "expected"),
    [
        ("POST", URL, QUOTED, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        (
            *("GET", f"{URL}?next=https%3A%2F%2Fa.example%2Fx%40y&keep=%26%3D%2B", b""),
            "E7PMJufYH6aYlwReGmKS44olbTZdgQ2cA1JeZZcyxeQ=",
        ),
        (
            *("POST", f"{HOOK}/FETCH_ACCOUNTS", IDS),
            "v6j407pYETUdARCx8ai5LcdaHQi0zH7v3CWqpokdTts=",
        ),
        ("POST", f"{HOOK}/FETCH_USERS", IDS, "ozvxGt4L3eN3oZ+rVlrAMykRbx8/uWx8oGmF3qIDLrk="),
    ],
)
def test_v3(method: str, url: str, body: bytes, expected: str) -> None:
    """HMAC of method, decoded URL, body and time stamp."""
    assert expected == sign_v3(SECRET, method, url, body, AT)


def test_only_twelve_escapes_are_decoded() -> None:
    """Whatever its case, one of the twelve is undone once; others stay."""
    assert decoded("/a%2fb%3Ac%26%3d%2B%2525") == "/a/b:c%26%3d%2B%2525"


def test_headers_of_several_versions() -> None:
    """v3 has its own headers, v1 and v2 share theirs."""
    both = signature_headers(("v3", "v1"), SECRET, "POST", URL, QUOTED, AT)
    older = signature_headers(("v2",), SECRET, "POST", URL, QUOTED, AT)

    assert both["X-HubSpot-Signature-v3"] == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    assert both["X-HubSpot-Request-Timestamp"] == str(AT)
    assert both["X-HubSpot-Signature-Version"] == "v1"
    assert set(older) == {"X-HubSpot-Signature", "X-HubSpot-Signature-Version"}
