"""The audit trail proves what was done, to people who do not trust us."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rolecall.api.face import create_face as create_api
from rolecall.domain.actor import Actor
from rolecall.domain.operator import TokenScope
from rolecall.http.layers import RequestLog
from rolecall.kit.clock import HandClock
from rolecall.scim.face import create_face as create_scim
from rolecall.services.drafts.orders import RemoveUsers
from rolecall.services.evidence.auditing import (
    export_audit,
    holds_hash,
    verify_audit,
    write_verifier,
)
from rolecall.services.operators.tokens import create_token
from rolecall.services.rights import NotAllowed
from rolecall.services.scim.planning import ScimRunner
from tests.support.changing import done
from tests.support.faces import calling
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation
from tests.support.pushing import V2, a_user


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncIterator[Installation]:
    """Somebody was removed by a plan."""
    clock = HandClock(START)
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        await done(one, RemoveUsers(("cid@tiny.test",), "never came"))
        yield one


async def _exported(one: Installation, **options: bool) -> str:
    out = io.StringIO()
    await export_audit(one.app, one.actor, out.write, **options)
    return out.getvalue()


async def test_every_step_of_a_plan_left_its_line(tiny: Installation) -> None:
    """Proposed, approved, started, sent, settled, ended: who, why, and before and after."""
    lines = [json.loads(line) for line in (await _exported(tiny)).splitlines()]
    events = [line["event"] for line in lines]
    wanted = [
        "plan:draft:proposed",
        "plan:approval:given",
        "plan:run:started",
        "plan:effect:sent",
        "plan:effect:settled",
        "plan:run:ended",
    ]

    assert wanted == [event for event in events if event in wanted]
    assert {"never came"} == {line["reason"] for line in lines if line["event"] in wanted}
    assert all(line["actor"] for line in lines)


async def test_a_stranger_can_check_the_trail(tiny: Installation, tmp_path: Path) -> None:
    """The verifier is one file that needs nothing of ours, and finds a changed word."""
    text = await _exported(tiny)
    verifier = write_verifier(tmp_path / "evidence")
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(text, encoding="utf-8")
    bad.write_text(text.replace("never came", "was rude"), encoding="utf-8")
    command = [sys.executable, "-I", str(verifier)]

    assert 0 == _status([*command, str(good)])
    assert 1 == _status([*command, str(bad)])


def _status(command: list[str]) -> int:
    return subprocess.run(command, check=False, capture_output=True).returncode


async def test_the_chain_holds_and_knows_its_hashes(tiny: Installation) -> None:
    """verify follows it to its end; a hash noted down before is found again."""
    before = await verify_audit(tiny.app, tiny.actor)
    after = await verify_audit(tiny.app, tiny.actor)

    assert before.valid
    assert after.valid
    assert after.lines == before.lines + 1
    assert await holds_hash(tiny.app, tiny.actor, before.last_hash)
    assert not await holds_hash(tiny.app, tiny.actor, "f" * 64)


async def test_csv_has_every_line_and_no_formula(tiny: Installation) -> None:
    """The same lines as a table."""
    rows = list(csv.DictReader(io.StringIO(await _exported(tiny, as_csv=True))))
    lines = (await _exported(tiny)).splitlines()

    assert len(rows) == len(lines) - 1
    assert "plan:effect:sent" in {row["event"] for row in rows}


async def test_only_who_may_look_at_everything_reads_it(tiny: Installation) -> None:
    """A stranger gets nothing."""
    with pytest.raises(NotAllowed):
        await verify_audit(tiny.app, Actor("operator:x", "X"))


async def test_lines_of_a_request_carry_its_id(tiny: Installation, tmp_path: Path) -> None:
    """Through REST, and by the work behind a SCIM push; beside older lines the chain holds."""
    app, ids = tiny.app, {"x-request-id": "request-0001", "x-correlation-id": "act-of-theirs-7"}
    secret = (await create_token(app, tiny.actor, "t", [TokenScope.MANAGE], [0])).secret
    hub_id = next(iter(tiny.world.portals))
    idp = (await create_token(app, tiny.actor, "idp", [TokenScope.SCIM], [hub_id])).secret
    runner = ScimRunner(app)
    async with calling(RequestLog(create_api(app)), secret) as client:
        checked = await client.post(f"/api/v1/portals/{NAME}/check", headers=ids)
    async with calling(RequestLog(create_scim(app, runner)), idp) as client:
        pushed = await client.post(f"{V2}/Users", json=a_user("joy@tiny.test"))
        await runner.idle()
    text = await _exported(tiny)
    async with app.database.read() as view:
        verdict = await view.audit.verify()
    lines = [json.loads(one) for one in text.splitlines()]
    by_request: dict[str, set[str]] = {}
    for line in lines:
        known = line["details"].get("request_id", "")
        by_request.setdefault(known, set()).add(line["event"])
    (check_line,) = [one for one in lines if one["details"].get("request_id") == "request-0001"]
    file = tmp_path / "audit.jsonl"
    file.write_text(text, encoding="utf-8")
    verifier = write_verifier(tmp_path)

    assert (200, 201) == (checked.status_code, pushed.status_code)
    assert "portal:connection:checked" == check_line["event"]
    assert "act-of-theirs-7" == check_line["details"]["correlation_id"]
    push = by_request[pushed.headers["x-request-id"]]
    assert {"scim:person:changed", "plan:draft:proposed", "plan:run:ended"} <= push
    assert "api:token:created" in by_request[""]  # by the command line, without a request
    assert verdict.valid
    assert 0 == _status([sys.executable, "-I", str(verifier), str(file)])
