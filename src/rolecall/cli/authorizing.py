"""Turns a token file or an OAuth app file into a credential; waits for the admin's consent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from rolecall.cli.output import say
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.services.app import App
from rolecall.services.connections.credentials import oauth_app_from, token_from
from rolecall.services.connections.installing import (
    begin_installing,
    finish_installing,
    revive_install,
)
from rolecall.sync.ports import NewCredential

# Long enough for somebody to find an admin at the next desk.
PATIENCE = 600.0
DEFAULT_REDIRECT = "http://127.0.0.1:8123/oauth/callback"
DONE = b"<!doctype html><title>Rolecall</title><p>Done. You can close this page.</p>"


async def credential_from(
    app: App,
    token_file: Path | None,
    oauth_app: Path | None,
    api_base: str,
    authorize_base: str | None,
) -> NewCredential:
    """The credential of whichever file was given."""
    if token_file is not None:
        return token_from(token_file)
    assert oauth_app is not None
    facts = oauth_app_from(oauth_app)
    if facts.get("refresh_token"):
        return await revive_install(app, facts, api_base)
    return await _installed_now(app, facts, api_base, authorize_base)


async def _installed_now(
    app: App, facts: Mapping[str, str], api_base: str, authorize_base: str | None
) -> NewCredential:
    """Send the admin to HubSpot and wait for the way back to this machine."""
    redirect = facts.get("redirect_uri", DEFAULT_REDIRECT)
    place = urlsplit(redirect)
    if place.hostname not in {"127.0.0.1", "localhost"} or place.port is None:
        raise Refused(
            f"The redirect {redirect} does not lead back to this machine",
            hint=f"register {DEFAULT_REDIRECT} in the app, and put it into the file",
        )
    pending = begin_installing({**facts, "redirect_uri": redirect}, authorize_base)
    answered: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda reader, writer: _callback(reader, writer, place.path, answered),
        place.hostname,
        place.port,
    )
    async with server:
        say("Open this address as a Super Admin of the portal:")
        say(pending.url)
        try:
            told = await asyncio.wait_for(answered, PATIENCE)
        except TimeoutError:
            raise NeedsPerson("Nobody agreed within ten minutes", hint="run it again") from None
    return await finish_installing(app, pending, told, api_base)


async def _callback(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str,
    answered: asyncio.Future[Mapping[str, str]],
) -> None:
    """One GET with code and state; everything else is 404."""
    line = (await reader.readline()).decode("latin-1").split()
    target = urlsplit(line[1]) if len(line) > 1 else urlsplit("")
    query = {name: values[-1] for name, values in parse_qs(target.query).items()}
    good = target.path == path and ("code" in query or "error" in query)
    status, body = (b"200 OK", DONE) if good else (b"404 Not Found", b"")
    head = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n" % (status, len(body))
    writer.write(head + b"Connection: close\r\n\r\n" + body)
    await writer.drain()
    writer.close()
    if good and not answered.done():
        answered.set_result(query)
