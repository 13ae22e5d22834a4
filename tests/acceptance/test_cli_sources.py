"""Who brings people and portals, from a shell: SCIM clients, OAuth apps, connect links."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.support.command_line import Home
from tests.support.pushing import CORE, a_user, an_idp

APP = {"client_id": "app-1", "client_secret": "s3cret", "scope": "oauth settings.users.read"}


async def test_scim_clients(tmp_path: Path) -> None:
    """Choices, mapping, log of an identity provider that pushes."""
    async with an_idp(tmp_path) as idp:
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        members = [{"value": joy["id"]}]
        office = {"schemas": [f"{CORE}:Group"], "displayName": "Office", "members": members}
        await idp.send("POST", "/Groups", office, 201)
        await idp.send("POST", "/Users", a_user("eve@gmail.com"), 409)
        await idp.settled()
        home = Home(tmp_path)

        async def told(*arguments: str) -> Any:
            done = await asyncio.to_thread(home.run, *arguments, "--json")
            return json.loads(done.stdout)

        changed = await told("scim", "set", "idp", "--leaving", "remove", "--most-people", "7")
        (client,) = await told("scim", "list")
        (group,) = await told("scim", "groups", "idp")
        lines = await told("scim", "log", "idp")
        nobody = await asyncio.to_thread(lambda: home.run("scim", "log", "okta", code=1))
        refused = await asyncio.to_thread(lambda: home.run("token", "rotate", client["id"], code=1))
        wary = await asyncio.to_thread(lambda: home.run("scim", "remove", "idp", code=1))
        gone = await told("scim", "remove", "idp", "--yes")
        left = await told("scim", "list")
        await idp.send("GET", "/Users", None, 401)

    assert ("remove", 7) == (client["leaving"], client["most_people"])
    assert changed == client
    assert ("Office", "team") == (group["name"], group["target"]["kind"])
    assert [409, 201, 201] == [one["status"] for one in lines]
    assert "gmail.com" in lines[0]["told"]
    assert "known: idp" in nobody.stderr
    assert "1 users and 1 groups" in wary.stderr
    assert ("idp", 1, 1) == (gone["client"]["name"], gone["users"], gone["groups"])
    assert [] == left
    assert "no token" in refused.stderr  # it is ada's, and a secret is its owner's alone


def test_oauth_apps_and_links(tmp_path: Path) -> None:
    """An app is registered without showing its secret; a link is made, and needs an app."""
    home, file = Home(tmp_path / "home"), tmp_path / "app.json"
    file.write_text(json.dumps(APP), encoding="utf-8")
    early = home.run("portal", "link", "client", code=1)
    made = home.run("oauth-app", "add", "--file", str(file), "--name", "Agency")
    again = home.run("oauth-app", "add", "--file", str(file), code=1)
    (listed,) = json.loads(home.run("oauth-app", "list", "--json").stdout)
    link = home.run("portal", "link", "client")
    told = json.loads(home.run("portal", "link", "client", "--json").stdout)
    home.run("oauth-app", "remove", "app-1")
    after = home.run("oauth-app", "list", "--json")

    assert "oauth-app add" in early.stderr
    assert "/oauth/callback" in made.stderr
    assert "registered already" in again.stderr
    assert ("Agency", ["oauth", "settings.users.read"]) == (listed["name"], listed["scopes"])
    assert "s3cret" not in f"{made}{listed}{link}"
    assert link.stdout.startswith("http://127.0.0.1:8040/link?t=rcl_")
    assert {"name", "link", "expires_at"} == told.keys()
    assert [] == json.loads(after.stdout)
