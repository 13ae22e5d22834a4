"""Who is in a campaign, before whom, with which price: what opening one looks up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor
from rolecall.domain.person import Person
from rolecall.domain.review import (
    Campaign,
    CampaignOrder,
    CampaignState,
    ReviewerKind,
    ReviewItem,
    Verdict,
)
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.plan.prices import price_of
from rolecall.policy.offers import offers_of
from rolecall.reviews.decisions import takes_away
from rolecall.reviews.population import Grant, reviewer_of
from rolecall.services.operators.operators import checked_email
from rolecall.services.requests.requests import person_of
from rolecall.services.requests.standing import Standing
from rolecall.store import View

MOST_ITEMS = 200_000


def checked_order(order: CampaignOrder) -> CampaignOrder:
    """The order tidied up; raises Refused for what makes no campaign."""
    if not order.title.strip():
        raise Refused("a review needs a title", hint="such as Q4")
    if not 1 <= order.due_days <= 180:
        raise Refused("a review takes from 1 to 180 days")
    if order.reviewer_kind is ReviewerKind.NAMED and not order.named_reviewers:
        raise Refused("named reviewers need names", hint="give their e-mails")
    if order.silence not in {Verdict.KEEP, Verdict.REVOKE}:
        raise Refused("silence means keep or revoke")
    emails = (*order.named_reviewers, *filter(None, [order.fallback_reviewer]), *order.scope.users)
    for email in emails:
        checked_email(email)
    users = tuple(one.casefold() for one in order.scope.users)
    return replace(order, title=order.title.strip(), scope=replace(order.scope, users=users))


def new_campaign(order: CampaignOrder, standing: Standing, actor: Actor, now: datetime) -> Campaign:
    """A campaign in review over the standing's snapshot."""
    return Campaign(
        id=uuid7(),
        hub_id=standing.portal.hub_id,
        title=order.title,
        scope=order.scope,
        snapshot_id=standing.snapshot.id,
        snapshot_at=standing.snapshot.sealed_at,
        created_at=now,
        created_by=person_of(actor),
        due_at=now + timedelta(days=order.due_days),
        reviewer_kind=order.reviewer_kind,
        named_reviewers=order.named_reviewers,
        fallback_reviewer=order.fallback_reviewer or actor.email,
        silence=order.silence,
        state=CampaignState.IN_REVIEW,
        trigger=order.trigger,
        gaps=standing.snapshot.gaps,
    )


def reviewers_of(campaign: Campaign, standing: Standing) -> ReviewerOf:
    """The rule of a campaign with everything it looks up."""
    managers = {email: one.manager_email for email, one in standing.people.items()}
    owners = {
        value: offer.entry.owner
        for offer in offers_of(standing.policy, standing.snapshot)
        for _, value in offer.entry.grants
        if offer.entry.owner
    }
    return ReviewerOf(campaign, managers, owners, standing.people)


@dataclass(frozen=True, slots=True)
class ReviewerOf:
    """Who reviews a grant; an address of the reviewed person themselves counts as theirs."""

    campaign: Campaign
    managers: Mapping[str, str]
    owners: Mapping[str, str]
    people: Mapping[str, Person]

    def __call__(self, grant: Grant) -> str:
        """The reviewer's e-mail, "" where the rule finds nobody."""
        found = reviewer_of(grant.user, self.campaign, self.managers, self.owners, grant.value)
        own = self.people.get(grant.user.email.casefold())
        theirs = {one.casefold() for one in own.emails} if own else set()
        return "" if found in theirs else found


@dataclass(frozen=True, slots=True)
class PriceOf:
    """A seat's monthly price as people read it."""

    standing: Standing

    def __call__(self, seat: str) -> str:
        """Such as `45-50 USD a month`, "" where nobody knows."""
        prices = self.standing.policy.prices
        found = price_of(seat, self.standing.snapshot.tier, prices)
        if found is None:
            return ""
        low, high = f"{found.low:g}", f"{found.high:g}"
        span = low if low == high else f"{low}-{high}"
        return f"{span} {prices.currency if prices else 'USD'} a month"


async def kept_before(view: View, hub_id: int) -> tuple[ReviewItem, ...]:
    """What the last finished campaign kept: the base of `only_changed`."""
    done = (CampaignState.CLOSED, CampaignState.IN_REMEDIATION)
    found = [one for one in await view.reviews.all({hub_id}, done) if not one.scope.users]
    if not found:
        return ()
    items = await view.reviews.all_items(found[0].id)
    return tuple(item for item in items if not takes_away(item, found[0]))


def check_population(items: Sequence[ReviewItem], campaign: Campaign) -> None:
    """Raise Refused for nobody, or more than people can look at."""
    if not items:
        raise Refused(
            "nobody is in this review",
            hint="nothing changed since the last one"
            if campaign.scope.only_changed
            else "widen its scope",
        )
    if len(items) > MOST_ITEMS:
        raise Refused(f"{len(items)} items are more than people review", hint="narrow the scope")
