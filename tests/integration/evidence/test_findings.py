"""What evidence, policy and journal make findings of, and the plans that mend them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_emulator.acts.table import carry_out
from rolecall.domain.plan import ChangeKind, PlanState
from rolecall.domain.snapshot import User
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers, OffboardUser
from rolecall.services.findings.facts import attest_two_factor, name_answerable
from rolecall.services.findings.findings import list_findings
from rolecall.services.findings.seats import seat_report
from rolecall.services.permissions.apps import OWN_KEY, name_app
from rolecall.services.permissions.files import ExportFile
from rolecall.services.permissions.packs import find_pack
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.fixing import fix_finding
from rolecall.services.plans.plans import approve_plan, enforce_text
from rolecall.services.syncs.filing import file_export
from rolecall.services.tasks import list_tasks
from rolecall.store.findings import StoredFinding
from tests.support.evidence import a_blind_house, an_informed_house, bring, export_of
from tests.support.house import House

ADMIN = "lars.lindqvist@acme.test"
POLICY = """\
version: 1
portal: acme
custom_rules:
  - id: custom.view-only-exports
    when: {permissions: crm_tools.export, seats: Core}
    severity: high
    message: exports on a Core seat
exceptions:
  - {user: ops@initech.example, finding: sod.exports-and-billing, until: 2027-01-31,
     owner: lars.lindqvist@acme.test, reason: year end}
"""


def act(house: House, name: str, **fields: Any) -> None:
    """Somebody does something in HubSpot's screens, later than the last sync."""
    carry_out(house.world, house.portal, house.world.clock.now(), {"act": name, **fields})


async def open_ones(house: House, rule: str) -> dict[str, StoredFinding]:
    """Open findings of a rule, by subject."""
    page = await list_findings(house.app, house.actor, house.name, rule=rule)
    return {one.finding.subject: one for one in page.findings}


async def carried_out(house: House, order: Any) -> None:
    """Propose, approve, apply, and look again."""
    drafted = await propose(house.app, house.actor, house.name, order)
    await done(house, drafted.plan)


async def done(house: House, plan: Any) -> None:
    """Approve, apply, and look again."""
    await approve_plan(house.app, house.actor, plan.id)
    assert PlanState.DONE is (await house.finish(plan)).state
    await house.app.clock.sleep(60)
    await house.sync()


async def user_of(house: House, email: str) -> User:
    """A user of the newest snapshot."""
    found = (await house.snapshot()).user(email)
    assert found is not None
    return found


async def test_permission_findings_need_evidence(tmp_path: Path) -> None:
    """Silent before an export is known, afterwards they name its day."""
    async with a_blind_house(tmp_path) as house:
        before = await open_ones(house, "sod.")
        await bring(house)
        after = await open_ones(house, "sod.")

    assert {} == before
    assert after
    assert all(
        "users export" in fact.source for one in after.values() for fact in one.finding.evidence
    )


async def test_rules_and_exceptions_of_the_file(tmp_path: Path) -> None:
    """A custom rule of access.yaml shows in the list; an exception of it hides a finding."""
    async with an_informed_house(tmp_path) as house:
        before = await open_ones(house, "sod.exports-and-billing")
        text = POLICY.replace("ops@initech.example", next(iter(before)))
        async with house.app.database.begin(house.actor, "a test") as work:
            await enforce_text(work, house.portal.id, text, "digest")
        after = await open_ones(house, "sod.exports-and-billing")
        custom = await open_ones(house, "custom.")

    assert len(before) - 1 == len(after)
    assert custom
    assert {"exports on a Core seat"} == {one.finding.message for one in custom.values()}


async def test_our_own_changes_are_not_foreign(tmp_path: Path) -> None:
    """What a plan did is explained; what the screens did is a finding with the way back."""
    async with a_blind_house(tmp_path, "tiny") as house:
        snapshot = await house.snapshot()
        people = [u for u in snapshot.users if not u.super_admin and len(u.permission_set_ids) == 1]
        mine, theirs = people[0], people[1]
        sets = list(snapshot.permission_sets)
        wanted = next(one for one in sets if one.id not in mine.permission_set_ids)
        other = next(one for one in sets if one.id not in theirs.permission_set_ids)
        await house.app.clock.sleep(3600)
        await carried_out(house, ChangeUsers((mine.email,), Ask(permission_set=wanted.name)))
        ours = await open_ones(house, "foreign.access-changed")
        act(house, "edit", user=theirs.email, permission_sets=[other.id])
        await house.app.clock.sleep(3600)
        await house.sync()
        found = await open_ones(house, "foreign.access-changed")
        drafted = await fix_finding(house.app, house.actor, found[theirs.email].id)
        await done(house, drafted.plan)
        left = await open_ones(house, "foreign.access-changed")
        restored = await user_of(house, theirs.email)

    assert {} == ours
    assert [theirs.email] == list(found)
    assert other.name in found[theirs.email].finding.message
    assert [ChangeKind.SET_PERMISSION_SET] == [one.kind for one in drafted.plan.changes]
    assert theirs.permission_set_ids == restored.permission_set_ids
    assert {} == left


async def test_the_audit_log_names_who_did_it(tmp_path: Path) -> None:
    """Our own writes leave lines there too; what is left names the doer, or what nothing shows."""
    async with a_blind_house(tmp_path, "tiny") as house:
        snapshot = await house.snapshot()
        people = [u for u in snapshot.users if not u.super_admin and len(u.permission_set_ids) == 1]
        mine, theirs = people[0], people[1]
        wanted = next(s for s in snapshot.permission_sets if s.id not in mine.permission_set_ids)
        await house.app.clock.sleep(3600)
        await carried_out(house, ChangeUsers((mine.email,), Ask(permission_set=wanted.name)))
        ours = await open_ones(house, "foreign.access")
        await house.app.clock.sleep(3600)
        other = next(s for s in snapshot.permission_sets if s.id not in theirs.permission_set_ids)
        act(house, "edit", user=theirs.email, permission_sets=[other.id])
        act(house, "edit", user=mine.email, permission_sets=list(mine.permission_set_ids))
        act(house, "edit", user=mine.email, permission_sets=[wanted.id])
        await house.app.clock.sleep(3600)
        await house.sync()
        changed = await open_ones(house, "foreign.access-changed")
        touched = await open_ones(house, "foreign.access-touched")
        admin = house.world.identities[next(iter(house.portal.members))].email

    assert {} == ours
    assert [theirs.email] == list(changed)
    assert "(by " in changed[theirs.email].finding.message
    assert any("audit log" == one.source for one in changed[theirs.email].finding.evidence)
    assert [mine.email] == list(touched)
    assert admin in touched[mine.email].finding.message


async def test_who_was_parked_and_signs_in_is_told(tmp_path: Path) -> None:
    """The log-in feed against our journal: whoever we took out should not be seen inside."""
    async with a_blind_house(tmp_path, "tiny") as house:
        who = next(u for u in (await house.snapshot()).users if not u.super_admin and u.seat_names)
        act(house, "log_in", user=who.email)
        await house.app.clock.sleep(3600)
        await carried_out(house, OffboardUser(who.email, keep_records=True))
        quiet = await open_ones(house, "foreign.login-after-leaving")
        await house.app.clock.sleep(3600)
        act(house, "log_in", user=who.email)
        await house.sync()
        found = await open_ones(house, "foreign.login-after-leaving")
        drafted = await fix_finding(house.app, house.actor, found[who.email].id)

    assert {} == quiet
    assert "taken out" in found[who.email].finding.message
    assert ["user.deactivate"] == [one.details.get("task") for one in drafted.plan.changes]


async def test_super_admin_made_outside(tmp_path: Path) -> None:
    """Who made whom Super Admin is critical, and its plan is the task to take it back."""
    async with a_blind_house(tmp_path, "tiny") as house:
        snapshot = await house.snapshot()
        plain = next(u for u in snapshot.users if not u.super_admin and u.permission_set_ids)
        await house.app.clock.sleep(3600)
        act(house, "make_super_admin", user=plain.email)
        await house.app.clock.sleep(3600)
        await house.sync()
        found = await open_ones(house, "foreign.super-admin-made")
        drafted = await fix_finding(house.app, house.actor, found[plain.email].id)
        act(house, "demote", user=plain.email)
        await house.sync()
        with pytest.raises(Refused, match="nothing to revert"):
            await fix_finding(house.app, house.actor, found[plain.email].id)

    tasks = [one.details["task"] for one in drafted.plan.changes]
    assert ["super_admin.remove"] == [one for one in tasks if one.startswith("super_admin")]


async def test_overdue_elevation_is_mended_by_its_return(tmp_path: Path) -> None:
    """`finding fix` on an overdue elevation proposes the former access."""
    from rolecall.services.plans.elevating import elevate

    who = "marta.horvat@acme.test"
    async with an_informed_house(tmp_path) as house:
        pack = find_pack(house.app, "8x8").text
        told = await elevate(house.app, house.actor, house.name, who, pack, timedelta(hours=1))
        assert told.drafted is not None
        former = await user_of(house, who)
        await done(house, told.drafted.plan)
        await house.app.clock.sleep(7200)
        found = await open_ones(house, "elevation.overdue")
        drafted = await fix_finding(house.app, house.actor, found[who].id)
        await done(house, drafted.plan)
        left = await open_ones(house, "elevation.overdue")
        now = await user_of(house, who)

    assert former.permission_set_ids == now.permission_set_ids
    assert {} == left


async def test_people_answer_for_what_no_api_tells(tmp_path: Path) -> None:
    """A named owner ends one finding, an attested setting begins another."""
    async with an_informed_house(tmp_path) as house:
        nobodys = await open_ones(house, "integration-user.no-owner")
        who = next(iter(nobodys))
        pack = find_pack(house.app, "8x8").text
        await name_answerable(house.app, house.actor, house.name, who, "it@acme.test", pack)
        owned = await open_ones(house, "integration-user.no-owner")
        await attest_two_factor(house.app, house.actor, house.name, holds=False)
        loose = await open_ones(house, "2fa.not-enforced")
        await house.app.clock.sleep(60)
        await attest_two_factor(house.app, house.actor, house.name, holds=True)
        tight = await open_ones(house, "2fa.not-enforced")

    assert who not in owned
    assert 1 == len(loose)
    assert {} == tight


async def enforced(house: House, text: str) -> None:
    """This access.yaml is in force."""
    async with house.app.database.begin(house.actor, "a test") as work:
        await enforce_text(work, house.portal.id, f"version: 1\n{text}", f"digest of {text}")


async def test_limits_and_lists_of_the_file(tmp_path: Path) -> None:
    """access.yaml stands above the installation's limits; who is named there is spared or doubted."""
    async with an_informed_house(tmp_path) as house:
        dormant = set(await open_ones(house, "user.dormant"))
        unnamed = await open_ones(house, "super-admin.not-named")
        who = min(dormant)
        await enforced(house, f"extension_users: [{who}]\nallowed_super_admins: [{ADMIN}]\n")
        spared = set(await open_ones(house, "user.dormant"))
        named = await open_ones(house, "super-admin.not-named")
        seats = await seat_report(house.app, house.actor, house.name)
        await enforced(house, "thresholds: {dormant_days: 4000}\n")
        none = await open_ones(house, "user.dormant")

    assert dormant - {who} == spared
    assert {} == unnamed == none
    assert named
    assert ADMIN not in named
    assert all(one.doubt for one in seats.queue if one.user.email == who)


async def test_what_the_key_holds_beyond_its_use_is_a_finding(tmp_path: Path) -> None:
    """Our own key is measured too, and so is an app somebody told the scopes of."""
    async with a_blind_house(tmp_path, "tiny") as house:
        own = await open_ones(house, "app.more-scopes-than-pack")
        pack = find_pack(house.app, "primer").pack
        scopes = (*pack.scopes, "crm.objects.contacts.write")
        await name_app(house.app, house.actor, house.name, pack, "77", scopes)
        both = await open_ones(house, "app.more-scopes-than-pack")

    assert [OWN_KEY] == list(own)
    assert "crm.objects.contacts.write" in both["Primer"].finding.message


async def test_permissions_of_a_finding_are_taken_by_a_plan(tmp_path: Path) -> None:
    """Another set where one keeps the rest, else toggles; of two the one that was asked for."""
    async with an_informed_house(tmp_path) as house:
        pairs = await open_ones(house, "sod.exports-and-billing")
        made = {}
        for who, found in pairs.items():
            made[who] = await fix_finding(house.app, house.actor, found.id, take="crm_tools.export")
        snapshot = await house.snapshot()
        sets = {u.email: len(u.permission_set_ids) for u in snapshot.users}

    assert made
    for who, drafted in made.items():
        (change,) = drafted.plan.changes
        if change.kind is ChangeKind.MANUAL:
            assert "Export: off" in change.details["clicks"]
        else:
            assert (ChangeKind.SET_PERMISSION_SET, 1) == (change.kind, sets[who])


async def test_advice_becomes_a_task_that_closes_itself(tmp_path: Path) -> None:
    """Where nothing but a person helps, the plan holds the task; a look that finds it mended ends it."""
    async with an_informed_house(tmp_path) as house:
        await attest_two_factor(house.app, house.actor, house.name, holds=False)
        (loose,) = (await open_ones(house, "2fa.not-enforced")).values()
        drafted = await fix_finding(house.app, house.actor, loose.id)
        await approve_plan(house.app, house.actor, drafted.plan.id)
        await house.apply(drafted.plan)
        waiting = await list_tasks(house.app, house.actor, house.name)
        await house.app.clock.sleep(60)
        await attest_two_factor(house.app, house.actor, house.name, holds=True)
        await open_ones(house, "2fa.not-enforced")
        closed = await list_tasks(house.app, house.actor, house.name, state="done")

    (task,) = [one for one in waiting if "two-factor" in one.title]
    assert "Security" in task.title
    assert task.id in {one.id for one in closed}


async def test_every_finding_of_acme_ends_in_a_plan_or_says_what_it_lacks(tmp_path: Path) -> None:
    """No finding leaves one alone: a plan, or the one thing the plan needs to be told."""
    refused: dict[str, str] = {}
    async with an_informed_house(tmp_path) as house:
        page = await list_findings(house.app, house.actor, house.name)
        by_rule = {one.finding.rule: one for one in page.findings}
        for rule, found in by_rule.items():
            try:
                drafted = await fix_finding(house.app, house.actor, found.id)
                assert drafted.plan.changes, rule
            except (Refused, NeedsPerson) as error:
                refused[rule] = str(error.hint)

    assert len(by_rule) > 20
    assert {"user.no-team"} >= {r for r, hint in refused.items() if "--successor" not in hint}


async def test_grave_news_is_told_at_once(tmp_path: Path) -> None:
    """A Super Admin made outside is one notice, urgent; a look that finds nothing new is none."""
    async with a_blind_house(tmp_path, "tiny") as house:
        snapshot = await house.snapshot()
        plain = next(u for u in snapshot.users if not u.super_admin and u.permission_set_ids)
        await open_ones(house, "")
        before = await told(house)
        await house.app.clock.sleep(3600)
        act(house, "make_super_admin", user=plain.email)
        await house.app.clock.sleep(3600)
        await house.sync()
        await open_ones(house, "")
        first = await told(house)
        await open_ones(house, "")
        again = await told(house)

    (notice,) = first[len(before) :]
    assert plain.email in notice["found"]
    assert "yes" == notice["urgent"]
    assert first == again


async def told(house: House) -> list[dict[str, str]]:
    """What was queued about new findings."""
    async with house.app.database.read() as view:
        found = await view.outbox.due(house.app.clock.now())
    return [dict(one.payload) for one in found if one.topic == "finding.opened"]


async def test_a_column_for_two_factor_is_evidence(tmp_path: Path) -> None:
    """Somebody without a second factor who signed in proves it; words nobody knows prove nothing."""
    async with a_blind_house(tmp_path, "tiny") as house:
        quiet = await open_ones(house, "2fa.not-enforced")
        await file_text(house, "Maybe")
        open_ = await open_ones(house, "2fa.not-enforced")
        await house.app.clock.sleep(60)
        await file_text(house, "No")
        loose = await open_ones(house, "2fa.not-enforced")

    assert {} == quiet == open_
    (found,) = loose.values()
    assert "without a second factor" in found.finding.evidence[0].fact


async def file_text(house: House, two_factor: str) -> None:
    """An export of now with one more column."""
    rows = list(csv.reader(io.StringIO(export_of(house).decode())))
    out = io.StringIO()
    csv.writer(out).writerows([[*rows[0], "2FA"], *([*row, two_factor] for row in rows[1:])])
    file = ExportFile(out.getvalue().encode(), "users.csv", house.app.clock.now())
    await file_export(house.app, house.actor, house.name, file)


async def test_permissions_nobody_knows(tmp_path: Path) -> None:
    """What no catalogue knows is a finding of the portal until an overlay names it."""
    overlay = "items:\n  crm_tools.wizardry: {label: Wizardry, kind: toggle, source: kb}\n"
    async with a_blind_house(tmp_path, "tiny") as house:
        text = export_of(house).decode().replace("CRM tools > Export", "CRM tools > Wizardry")
        file = ExportFile(text.encode(), "users.csv", house.app.clock.now())
        await file_export(house.app, house.actor, house.name, file)
        found = await open_ones(house, "catalogue.unknown-permissions")
        (house.app.home / "catalogue").mkdir()
        (house.app.home / "catalogue" / "mine.yaml").write_text(overlay, "utf-8")
        await house.app.clock.sleep(3600)
        later = replace(file, as_of=house.app.clock.now())
        await file_export(house.app, house.actor, house.name, later)
        known = await open_ones(house, "catalogue.unknown-permissions")

    assert "Wizardry: On" in next(iter(found.values())).finding.message
    assert {} == known
