"""access.yaml as a draft: the file's wish for everybody against the newest snapshot.

Texts are kept by their digest, so that a plan can be made again of the very file it came from.
"""

from __future__ import annotations

import hashlib

from rolecall.domain.actor import Actor
from rolecall.domain.portal import Portal
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.policy.assign import assign, check_names
from rolecall.policy.desired import Desired
from rolecall.policy.document import Policy
from rolecall.policy.parse import parse_policy, read_policy
from rolecall.policy.problems import PolicyProblems
from rolecall.services.app import App
from rolecall.services.drafts.ground import Ground, folded
from rolecall.services.drafts.orders import AccessFile, Draft
from rolecall.store import Statement

TEXT = "access text"  # kind of statement, by digest


def digest_of(text: str) -> str:
    """SHA-256 of the text, by which it is kept and approved."""
    return hashlib.sha256(text.encode()).hexdigest()


def seen_file(text: str) -> AccessFile:
    """The order for a file that is only looked at."""
    return AccessFile(digest_of(text), text=text)


async def keep_text(app: App, actor: Actor, hub_id: int, text: str) -> str:
    """Keep a text, once; its digest."""
    digest = digest_of(text)
    async with app.database.begin(actor) as work:
        if await work.evidence.statement(hub_id, TEXT, digest) is None:
            kept = Statement(uuid7(), hub_id, TEXT, digest, work.now, actor.id, text)
            await work.evidence.state(kept)
    return digest


async def text_of(app: App, hub_id: int, digest: str) -> str:
    """The text of a digest; Refused when it was never kept."""
    async with app.database.read() as view:
        kept = await view.evidence.statement(hub_id, TEXT, digest)
    if kept is None:
        raise Refused(f"no access.yaml with the digest {digest[:12]} was ever planned here")
    return kept.body


async def check_file(app: App, portal: Portal, text: str) -> None:
    """Raise PolicyProblems with every mistake at once, names the portal does not have among them."""
    policy, problems = read_policy(text)
    if not problems:
        policy_for(portal.name, text)
        return
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(portal.hub_id)
    names = check_names(policy, snapshot) if snapshot is not None else ()
    raise PolicyProblems(tuple({*problems, *names}))


def policy_for(portal_name: str, text: str) -> Policy:
    """The policy a text holds; PolicyProblems with every mistake, Refused for another portal's."""
    policy = parse_policy(text)
    if policy.portal and policy.portal != portal_name:
        raise Refused(
            f"the file is for the portal {policy.portal}, not for {portal_name}",
            hint=f"change `portal:` in the file, or say rolecall access ... {policy.portal}",
        )
    return policy


async def draft_access(app: App, ground: Ground, order: AccessFile) -> Draft:
    """Everything that differs between the file and the portal."""
    text = order.text or await text_of(app, ground.portal.hub_id, order.digest)
    policy = policy_for(ground.portal.name, text)
    desired = desired_by(ground.under(policy))
    options = DiffOptions(ground.now, ground.parked, folded(order.overwrite_sets))
    found = diff(desired, ground.snapshot, options)
    notes = tuple(f"{one.subject}: {one.message}" for one in desired.findings)
    return Draft(
        "Bring the portal to access.yaml",
        f"access.yaml {order.digest[:12]}",
        tuple(found.changes),
        tuple(found.reported),
        notes=notes,
        text=text,
    )


def desired_by(ground: Ground) -> Desired:
    """What the ground's policy, people and stored assignments want; raises PolicyProblems."""
    return assign(ground.policy, ground.snapshot, ground.people, ground.assignments, ground.now)
