"""What a pack shows as tables: the review in numbers, decisions, plan with receipts, holdings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rolecall.domain.plan import Change, Plan, Receipt
from rolecall.domain.review import Campaign, ReviewItem
from rolecall.domain.snapshot import Snapshot, User
from rolecall.evidence.tables import Table, moment, shown
from rolecall.reviews.decisions import takes_away

DECISIONS = (
    "User", "What", "Kind", "Reviewer", "Decision", "Decided by", "Decided at", "Comment",
    "Last log-in", "Records", "Price", "Peers", "Finding", "Employment", "Changed", "Taken away",
    "Proved gone",
)  # fmt: skip
FACTS = ("last_login", "records", "price", "peers", "finding", "employment")
HOLDINGS = ("User", "Name", "State", "Super Admin", "Permission sets", "Main team",
            "Extra teams", "Seats", "Last active")  # fmt: skip


def campaign_facts(campaign: Campaign, portal: str) -> Mapping[str, str]:
    """The head of a review's evidence."""
    return {
        "Portal": f"{portal} ({campaign.hub_id})",
        "Opened": f"{moment(campaign.created_at)} by {campaign.created_by} ({campaign.trigger})",
        "Read from HubSpot": moment(campaign.snapshot_at),
        "Gaps": "; ".join(campaign.gaps) or "none",
        "Due": moment(campaign.due_at),
        "Reviewers": f"{campaign.reviewer_kind.value} {shown(campaign.named_reviewers)}".strip(),
        "No decision means": campaign.silence.value,
        "Closed": f"{moment(campaign.closed_at)} by {campaign.closed_by}"
        if campaign.closed_at
        else "not closed",
        "State": campaign.state.value,
        "Proved": moment(campaign.verified_at) or "not yet",
        "Kept all faster than it can be read": shown(campaign.stamped) or "nobody",
    }


def summary_table(items: Sequence[ReviewItem], campaign: Campaign) -> Table:
    """Counts by reviewer and decision."""
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        verdict = item.verdict.value if item.verdict else "open"
        counts[item.decided_by or item.reviewer, verdict] += 1
    rows = [(who, verdict, str(count)) for (who, verdict), count in sorted(counts.items())]
    taken = sum(takes_away(item, campaign) for item in items)
    rows.append(("all", "taken away", str(taken)))
    return Table("Summary", ("Decided by", "Decision", "Items"), tuple(rows))


def decisions_table(items: Iterable[ReviewItem], campaign: Campaign) -> Table:
    """Every item with what the reviewer saw and what they decided."""
    return Table("Decisions", DECISIONS, tuple(_decision(item, campaign) for item in items))


def _decision(item: ReviewItem, campaign: Campaign) -> tuple[str, ...]:
    return (
        item.user_email,
        item.label,
        item.slot.value,
        item.reviewer,
        item.verdict.value if item.verdict else "open",
        item.decided_by,
        moment(item.decided_at),
        item.comment,
        *(item.facts.get(name, "") for name in FACTS),
        item.changed,
        "yes" if item.verdict and takes_away(item, campaign) else "no",
        moment(item.verified_at),
    )


def plan_table(plan: Plan | None, receipts: Iterable[Receipt]) -> Table:
    """What was carried out, with the last receipt of each change."""
    last = {one.change_id: one for one in receipts}
    header = ("User", "Change", "Before", "After", "Reason", "Outcome", "At", "Correlation id")
    changes = plan.changes if plan else ()
    return Table("Plan and receipts", header, tuple(_change(one, last) for one in changes))


def _change(change: Change, last: Mapping[str, Receipt]) -> tuple[str, ...]:
    receipt = last.get(change.id)
    return (
        change.subject,
        change.kind.value,
        change.details.get("before_shown", _value(change.before)),
        change.details.get("after_shown", _value(change.after)),
        change.reason,
        receipt.outcome.value if receipt else "not sent",
        moment(receipt.observed_at) if receipt else "",
        receipt.correlation_id if receipt else "",
    )


def _value(value: str | tuple[str, ...] | None) -> str:
    return shown(value) if isinstance(value, tuple) else value or ""


def holdings_table(snapshot: Snapshot) -> Table:
    """Every user of a picture and what they held."""
    sets = {one.id: one.name for one in snapshot.permission_sets}
    teams = {one.id: one.name for one in snapshot.teams}
    users = sorted(snapshot.users, key=lambda user: user.email.casefold())
    rows = tuple(_holding(user, sets, teams) for user in users if user.present)
    return Table("Who had what", HOLDINGS, rows)


def _holding(user: User, sets: Mapping[str, str], teams: Mapping[str, str]) -> tuple[str, ...]:
    return (
        user.email,
        user.name,
        user.state.value,
        "yes" if user.super_admin else "no",
        shown([sets.get(one, one) for one in user.permission_set_ids]),
        teams.get(user.main_team_id, user.main_team_id) if user.main_team_id else "",
        shown([teams.get(one, one) for one in user.extra_team_ids]),
        "unknown" if user.seat_names is None else shown(user.seat_names),
        moment(user.last_active_at),
    )
