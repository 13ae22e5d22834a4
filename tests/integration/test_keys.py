"""The key file changed in place, beside an installation that goes on reading and writing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rolecall.bootstrap import open_app
from rolecall.domain.actor import Role
from rolecall.services.connections.keys import drop_old_keys, rotate_key
from rolecall.services.rights import NotAllowed
from rolecall.settings import Settings
from rolecall.store import AuditQuery
from rolecall.store.errors import KeyMissing
from tests.support.governed import HUB, Governed, governed


async def put(room: Governed, token: str) -> None:
    """Another credential for the portal, as a refresh or a person would."""
    async with room.app.database.begin(room.local, "test") as work:
        await work.credentials.save(HUB, {"token": token}, work.now)


async def held(room: Governed) -> str:
    """The portal's credential."""
    async with room.app.database.read() as view:
        return (await view.credentials.load(HUB))["token"]


def names(path: Path) -> list[str]:
    """The keys of a key file."""
    return list(json.loads(path.read_text())["keys"])


async def test_rotation_while_a_server_runs(database_url: str, tmp_path: Path) -> None:
    """The running one reads what was locked anew and locks with the new key; no old one is needed."""
    path = tmp_path / "home" / "rolecall.key"
    async with governed(database_url, tmp_path) as server:
        await put(server, "one")
        (old,) = names(path)
        chosen = Settings(home=tmp_path / "home", database_url=database_url)
        async with open_app(chosen) as shell:
            assert await rotate_key(shell, server.local) >= 1
        assert "one" == await held(server)
        await put(server, "two")
        async with open_app(chosen) as shell:
            assert 0 == await drop_old_keys(shell, server.local)
        (new,) = names(path)

        assert old != new
        assert 0o600 == path.stat().st_mode & 0o777
        assert "two" == await held(server)
        async with server.app.database.read() as view:
            lines = await view.audit.lines(AuditQuery(event="portal:key:rotated"))
        assert ["dropped old keys", "rotated the key"] == [one.event.reason for one in lines]


async def test_a_lost_file_loses_nothing_that_is_open(database_url: str, tmp_path: Path) -> None:
    """While the file is away, a running process goes on with the key it holds."""
    path = tmp_path / "home" / "rolecall.key"
    async with governed(database_url, tmp_path) as server:
        kept = path.read_text()
        path.unlink()
        await put(server, "one")
        assert "one" == await held(server)
        path.write_text(kept)
        path.chmod(0o600)

        assert "one" == await held(server)


async def test_the_wrong_file_opens_nothing(tmp_path: Path) -> None:
    """Another installation's key is told as missing, with the way out."""
    async with governed("", tmp_path) as server:
        await put(server, "one")
        keys = replace(server.app.database.keys, keys={}, path=None)  # type: ignore[type-var]
        database = replace(server.app.database, keys=keys)
        with pytest.raises(KeyMissing, match="is missing"):
            await held(replace(server, app=replace(server.app, database=database)))


async def test_only_the_machine_itself_changes_the_key(tmp_path: Path) -> None:
    """Not even an admin of all portals, from a browser or by a token."""
    async with governed("", tmp_path) as room:
        root = await room.operator("root@acme.test", Role.ADMIN, hub_id=0)
        for act in (rotate_key, drop_old_keys):
            with pytest.raises(NotAllowed, match="only the command line"):
                await act(room.app, root)
