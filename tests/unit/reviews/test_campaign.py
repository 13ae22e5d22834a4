"""Campaigns: who is in them, who decides, what silence means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rolecall.domain.assignment import Slot
from rolecall.domain.review import (
    Campaign,
    CampaignState,
    ReviewerKind,
    Scope,
    Verdict,
)
from rolecall.domain.snapshot import PermissionSet, Snapshot, Team, User, UserState
from rolecall.kit.errors import Refused
from rolecall.reviews.decisions import (
    decided,
    delegated,
    progress_of,
    rubber_stamping,
    settled,
    takes_away,
)
from rolecall.reviews.population import Grant, populate, reviewer_of

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
CAMPAIGN = Campaign(
    id="c1",
    hub_id=1,
    title="Q4",
    scope=Scope(),
    snapshot_id="s1",
    snapshot_at=NOW,
    created_at=NOW,
    created_by="local:root",
    due_at=NOW + timedelta(days=14),
    fallback_reviewer="it@acme.test",
    state=CampaignState.IN_REVIEW,
)


def a_user(number: int, **changes: object) -> User:
    """A user with one set and one main team."""
    user = User(str(number), f"u{number}@acme.test", permission_set_ids=("1",), main_team_id="10")
    return structs.replace(user, **changes)


def a_snapshot(*users: User) -> Snapshot:
    """A portal with one set and one team."""
    return Snapshot(
        1,
        "s1",
        NOW,
        NOW,
        True,
        users,
        (PermissionSet("1", "Sales Rep"),),
        (Team("10", "Sales"),),
    )


def items_of(*users: User, campaign: Campaign = CAMPAIGN, before: tuple = ()) -> tuple:
    """The frozen items of a campaign reviewed by IT."""

    def reviewer(grant: Grant) -> str:
        return reviewer_of(grant.user, campaign, {}, {}, grant.value)

    return populate(campaign, a_snapshot(*users), reviewer, before=before)


class TestPopulation:
    """Who is looked at, and by whom."""

    def test_service_and_removed_users_are_left_out(self) -> None:
        """Nobody reviews what no human holds."""
        users = (a_user(1, state=UserState.SERVICE), a_user(2, state=UserState.REMOVED))

        assert () == items_of(*users)

    def test_super_admin_is_an_item_of_its_own(self) -> None:
        """The strongest right is not hidden behind a set."""
        items = items_of(a_user(1, super_admin=True))

        assert "Super Admin" in [item.label for item in items]

    @given(st.sampled_from(ReviewerKind), st.integers(0, 5))
    def test_never_ones_own_reviewer(self, kind: ReviewerKind, number: int) -> None:
        """Whatever the rule says, the reviewer is somebody else or nobody."""
        user = a_user(number)
        campaign = replace(
            CAMPAIGN, reviewer_kind=kind, named_reviewers=(user.email, "kim@acme.test")
        )
        own = user.email

        assert own != reviewer_of(user, campaign, {own: own}, {"1": own}, "1")

    def test_only_what_changed(self) -> None:
        """What the last campaign looked at is not shown again."""
        before = items_of(a_user(1))
        campaign = replace(CAMPAIGN, scope=Scope(only_changed=True))

        items = items_of(a_user(1, extra_team_ids=("10",)), campaign=campaign, before=before)

        assert [(Slot.EXTRA_TEAM, "new")] == [(item.slot, item.changed) for item in items]


class TestDecisions:
    """Keep, revoke, silence."""

    def test_nobody_decides_about_themselves(self) -> None:
        """Neither by deciding nor by delegation."""
        (item, *_) = items_of(a_user(1))

        with pytest.raises(Refused):
            decided(item, CAMPAIGN, Verdict.KEEP, "U1@acme.test", NOW)
        with pytest.raises(Refused):
            delegated(item, "u1@acme.test")

    def test_closed_campaign_takes_no_decision(self) -> None:
        """After the end nothing can be slipped in."""
        (item, *_) = items_of(a_user(1))
        closed = replace(CAMPAIGN, state=CampaignState.CLOSED)

        with pytest.raises(Refused, match="closed"):
            decided(item, closed, Verdict.KEEP, "it@acme.test", NOW)

    def test_silence_follows_the_campaign(self) -> None:
        """No decision is its own verdict, and takes away only if the campaign says so."""
        (item, *_) = settled(items_of(a_user(1)), CAMPAIGN, NOW)
        lenient = replace(CAMPAIGN, silence=Verdict.KEEP)

        assert Verdict.NONE is item.verdict
        assert (True, False) == (takes_away(item, CAMPAIGN), takes_away(item, lenient))
        assert 0 == progress_of([item]).decided

    @pytest.mark.parametrize(("seconds", "stamped"), [(1, True), (10, False)])
    def test_clicking_through_is_noticed(self, seconds: int, stamped: bool) -> None:
        """Keeping everything faster than one can read is rubber-stamping."""
        items = items_of(*(a_user(n, main_team_id=None) for n in range(12)))
        done = [
            decided(
                item, CAMPAIGN, Verdict.KEEP, "it@acme.test", NOW + at * timedelta(seconds=seconds)
            )
            for at, item in enumerate(items)
        ]

        assert (("it@acme.test",) if stamped else ()) == rubber_stamping(done)
