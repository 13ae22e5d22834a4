"""Decisions of reviewers, what silence means, and whether somebody only clicked through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rolecall.domain.review import Campaign, CampaignState, ReviewItem, Verdict
from rolecall.kit.errors import Refused

RUBBER_STAMP_MIN_ITEMS = 10
RUBBER_STAMP_SHARE = 0.98
RUBBER_STAMP_SECONDS = 3.0  # a person needs longer than this to read a line and its facts


def decided(
    item: ReviewItem,
    campaign: Campaign,
    verdict: Verdict,
    by: str,
    now: datetime,
    comment: str = "",
    reduce_to: str = "",
    seconds_looked: float | None = None,
) -> ReviewItem:
    """The item with a decision; a later decision of the reviewer replaces an earlier one."""
    if campaign.state is not CampaignState.IN_REVIEW:
        raise Refused(f"the campaign is {campaign.state.value}; nothing can be decided in it")
    if by.casefold() == item.user_email.casefold():
        raise Refused("nobody reviews their own access", hint="delegate the item to somebody else")
    if verdict is Verdict.REDUCE and not reduce_to:
        raise Refused("a reduction needs what it is reduced to")
    return replace(
        item,
        verdict=verdict,
        decided_by=by,
        decided_at=now,
        comment=comment,
        reduce_to=reduce_to,
        seconds_looked=seconds_looked,
    )


def delegated(item: ReviewItem, to: str) -> ReviewItem:
    """The item before another reviewer; never before the reviewed person."""
    if to.casefold() == item.user_email.casefold():
        raise Refused("nobody reviews their own access", hint="choose another reviewer")
    return replace(item, reviewer=to.casefold())


def settled(
    items: Sequence[ReviewItem], campaign: Campaign, now: datetime
) -> tuple[ReviewItem, ...]:
    """Every item with a verdict: what nobody decided by the deadline gets the campaign's answer."""
    return tuple(
        item
        if item.verdict is not None
        else replace(
            item,
            verdict=Verdict.NONE,
            decided_by="policy",
            decided_at=now,
            comment=f"no decision by {campaign.due_at:%Y-%m-%d}: {campaign.silence.value}",
        )
        for item in items
    )


def takes_away(item: ReviewItem, campaign: Campaign) -> bool:
    """Whether closing the campaign takes this grant away."""
    verdict = campaign.silence if item.verdict is Verdict.NONE else item.verdict
    return verdict in {Verdict.REVOKE, Verdict.REDUCE}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign or a reviewer is."""

    items: int
    decided: int
    revoked: int

    @property
    def share(self) -> float:
        """Decided share, 1.0 for an empty campaign."""
        return self.decided / self.items if self.items else 1.0


def progress_of(items: Sequence[ReviewItem]) -> Progress:
    """Counts of a set of items."""
    done = [item for item in items if item.verdict not in {None, Verdict.NONE}]
    revoked = [item for item in done if item.verdict in {Verdict.REVOKE, Verdict.REDUCE}]
    return Progress(len(items), len(done), len(revoked))


def rubber_stamping(items: Sequence[ReviewItem]) -> tuple[str, ...]:
    """Reviewers who kept nearly everything faster than it can be read, by e-mail."""
    by_reviewer: dict[str, list[ReviewItem]] = {}
    for item in items:
        if item.verdict in {Verdict.KEEP, Verdict.REVOKE, Verdict.REDUCE}:
            by_reviewer.setdefault(item.decided_by, []).append(item)
    return tuple(sorted(who for who, theirs in by_reviewer.items() if _stamped(theirs)))


def _stamped(items: list[ReviewItem]) -> bool:
    if len(items) < RUBBER_STAMP_MIN_ITEMS:
        return False
    kept = sum(item.verdict is Verdict.KEEP for item in items) / len(items)
    moments = sorted(item.decided_at for item in items if item.decided_at is not None)
    spent = (moments[-1] - moments[0]).total_seconds()
    return kept >= RUBBER_STAMP_SHARE and spent < RUBBER_STAMP_SECONDS * len(items)
