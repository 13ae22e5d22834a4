"""The audit page: lines of requests and of the command line side by side."""

from __future__ import annotations

import re
from pathlib import Path

from rolecall.domain.actor import Role
from tests.integration.test_console_security import OURS, signed
from tests.support.console import a_console


async def test_lines_with_and_without_a_request_are_shown(tmp_path: Path) -> None:
    """What was done outside any request names none; what somebody did here names theirs."""
    async with a_console(tmp_path) as console:
        client = await signed(console, "admin@acme.test", Role.ADMIN)
        listed = await client.get("/p/acme/structure")
        sets = re.findall(r"/p/acme/structure/sets/([\w-]+)", listed.text)
        note = {"owner": "ada@acme.test", "purpose": "sells"}
        answer = await client.post(f"/p/acme/structure/sets/{sets[0]}", data=note, headers=OURS)
        page = await client.get("/p/acme/settings/audit")

    assert answer.status_code == 303, answer.text
    assert page.status_code == 200
    lines = re.findall(r"<tr>.*?</tr>", page.text, re.DOTALL)
    named = [re.search(r"request ([0-9a-f-]{8,})", line) for line in lines]
    assert any(named)
    assert not all(named[1:])  # the first line is the head of the table
