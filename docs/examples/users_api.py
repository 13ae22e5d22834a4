"""HubSpot's Users API from a script: list, read several, search by any property, change one.

Needs nothing but Python. The token comes from HUBSPOT_TOKEN, never from the command line.

    python users_api.py list
    python users_api.py read 64791900001 64791900002
    python users_api.py search jobtitle="Sales Rep"
    python users_api.py set 64791900001 jobtitle="Head of Sales"
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

BASE = os.environ.get("HUBSPOT_API_BASE", "https://api.hubapi.com")
USERS = "/crm/v3/objects/users"
# What many guides write, and what HubSpot calls it. HubSpot answers only the properties one asks
# for, and is silent about names it does not know.
REAL = {
    "email": "hs_email",
    "firstname": "hs_given_name",
    "lastname": "hs_family_name",
    "jobtitle": "hs_job_title",
    "timezone": "hs_standard_time_zone",
}
ASKED = list(REAL.values())


def call(method: str, path: str, body: object = None) -> Any:
    """One request; what HubSpot refuses ends the script with its own words."""
    request = urllib.request.Request(
        BASE + path, None if body is None else json.dumps(body).encode(), method=method
    )
    request.add_header("Authorization", f"Bearer {os.environ['HUBSPOT_TOKEN']}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        told = error.read().decode(errors="replace")
        hints = {
            401: "check the token: expired, revoked, of the wrong portal?",
            403: "the token lacks a scope, crm.objects.users.read or .write",
        }
        sys.exit(f"{error.code}: {hints.get(error.code, 'HubSpot refused')}\n{told}")


def every_user() -> Iterator[dict[str, Any]]:
    """All CRM users, page by page."""
    after = None
    while True:
        asked: dict[str, object] = {"limit": 100, "properties": ",".join(ASKED)}
        if after:
            asked["after"] = after
        page = call("GET", f"{USERS}?{urllib.parse.urlencode(asked)}")
        yield from page["results"]
        after = page.get("paging", {}).get("next", {}).get("after")
        if not after:
            return


def several(ids: list[str]) -> list[dict[str, Any]]:
    """Up to 100 users by record id, in one request."""
    body = {"properties": ASKED, "inputs": [{"id": one} for one in ids]}
    return call("POST", f"{USERS}/batch/read", body)["results"]


def search(name: str, value: str) -> list[dict[str, Any]]:
    """Users whose property has this value, the first 100 of them."""
    equal = {"propertyName": REAL.get(name, name), "operator": "EQ", "value": value}
    body = {"filterGroups": [{"filters": [equal]}], "properties": ASKED, "limit": 100}
    return call("POST", f"{USERS}/search", body)["results"]


def change(user: str, name: str, value: str) -> dict[str, Any]:
    """Set one property of one user."""
    body = {"properties": {REAL.get(name, name): value}}
    return call("PATCH", f"{USERS}/{urllib.parse.quote(user)}", body)


def show(user: dict[str, Any]) -> None:
    """One line: record id, name, e-mail, job title, time zone."""
    held = {ours: user["properties"].get(real) or "-" for ours, real in REAL.items()}
    print(
        f"{user['id']}  {held['firstname']} {held['lastname']}  <{held['email']}>"
        f"  {held['jobtitle']}  {held['timezone']}"
    )


def main(words: list[str]) -> None:
    """Do what was asked."""
    match words:
        case ["list"]:
            for user in every_user():
                show(user)
        case ["read", *ids] if ids:
            for user in several(ids):
                show(user)
        case ["search", pair] if "=" in pair:
            for user in search(*pair.split("=", 1)):
                show(user)
        case ["set", user, pair] if "=" in pair:
            changed = change(user, *pair.split("=", 1))
            show(several([changed["id"]])[0])
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
