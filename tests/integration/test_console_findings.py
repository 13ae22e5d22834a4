"""The console's way from a finding to a plan, for what an API mends and for what a person does."""

from __future__ import annotations

import re
from pathlib import Path

from rolecall.domain.actor import Role
from tests.integration.test_console_security import OURS, signed
from tests.support.console import a_console


async def test_every_finding_has_its_way(tmp_path: Path) -> None:
    """What only a person can mend is made a task by one button, on a plan like any other."""
    async with a_console(tmp_path) as console:
        client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
        page = (await client.get("/p/acme/findings")).text
        forms = re.findall(r'action="(/p/acme/findings/[^"]+/fix)".*?</form>', page, re.DOTALL)
        labels = re.findall(r'<button class="small" data-busy="Planning…">([^<]+)</button>', page)
        by_hand = forms[labels.index("Make it a task")]
        answer = await client.post(by_hand, data={}, headers=OURS)
        plan = await client.get(answer.headers["location"])

    assert len(labels) == page.count("What would mend it")
    assert {"Plan the fix", "Make it a task"} == set(labels)
    assert 303 == answer.status_code
    assert "by hand" in plan.text
