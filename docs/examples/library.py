"""A joiner, a question and a leaver from Python: looked at, approved by digest, carried out.

    python library.py acme TOKEN-FILE joy@your-company.com

State is where the command line has it: ROLECALL_HOME, or ROLECALL_DATABASE_URL.
"""

import asyncio
import sys
from pathlib import Path

import rolecall


async def main(name: str, token: str, email: str) -> None:
    """Connect and read a portal, let somebody in, see what is wrong, let them go again."""
    me = rolecall.local_user()
    async with rolecall.open() as app:
        key = rolecall.credential_of(token, rolecall.CredentialKind.SERVICE_KEY)
        await rolecall.add_portal(app, me, name, key)
        await rolecall.sync_portal(app, me, name)

        order = rolecall.AddUser(email, rolecall.Ask(seat="View-Only"))
        await carry_out(app, me, await rolecall.propose_plan(app, me, name, order))

        everybody = await rolecall.list_users(app, me, name, rolecall.Wanted(seat="View-Only"))
        print("View-Only:", ", ".join(row.user.email for row in everybody.rows))
        for found in (await rolecall.list_findings(app, me, name)).findings:
            print(found.finding.severity.name, found.finding.message)

        leaver = rolecall.OffboardUser(email, keep_records=True, reason="left us")
        await carry_out(app, me, await rolecall.propose_plan(app, me, name, leaver))


async def carry_out(app: rolecall.App, me: rolecall.Actor, drafted: rolecall.Drafted) -> None:
    """Say yes to exactly what was looked at, carry it out, and prove it by reading the portal."""
    plan = drafted.plan
    for change in plan.changes:
        print(change.kind, change.subject, change.reason)
    await rolecall.approve_plan(app, me, plan.id, digest=plan.digest, reason="agreed")
    applied = await rolecall.apply_plan(app, me, plan.id, wait=True)
    print(plan.title, "is", applied.state)
    await rolecall.sync_portal(app, me, plan.portal)


if __name__ == "__main__":
    _, portal, file, joiner = sys.argv
    asyncio.run(main(portal, Path(file).read_text(encoding="utf-8").strip(), joiner))
