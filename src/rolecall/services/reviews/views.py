"""What people see of reviews: campaigns, their items, what waits for them. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.actor import Actor, Role
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import PlanState
from rolecall.domain.review import Campaign, CampaignState, ReviewItem, ReviewSchedule
from rolecall.kit.paging import Page
from rolecall.reviews.decisions import Progress, progress_of, rubber_stamping
from rolecall.services.app import App
from rolecall.services.requests.requests import has_role
from rolecall.services.reviews.reviews import seen_campaign
from rolecall.services.rights import NotAllowed, need, need_scope
from rolecall.store import ItemQuery, View
from rolecall.store.errors import NotThere


@dataclass(frozen=True, slots=True)
class ReviewerProgress:
    """How far one reviewer is; "" = items nobody is named for."""

    reviewer: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as this actor sees it."""

    campaign: Campaign
    progress: Progress
    by_reviewer: tuple[ReviewerProgress, ...]  # of who runs or reads it; else one's own
    mine: int  # undecided items that wait for this actor
    stamped: tuple[str, ...]  # reviewers who keep all faster than it can be read
    may_manage: bool
    plan_state: PlanState | None


async def list_campaigns(
    app: App, actor: Actor, hub_id: int, *, states: frozenset[CampaignState] | None = None
) -> tuple[Campaign, ...]:
    """Campaigns of a portal, newest first; a mere reviewer sees those with items of theirs."""
    need_scope(actor, TokenScope.READ, "list reviews")
    if not has_role(actor, hub_id):
        raise NotAllowed(f"{actor.name or actor.id} has no role in this portal")
    async with app.database.read() as view:
        found = await view.reviews.all({hub_id}, states)
        if sees_all(actor, hub_id):
            return found
        mine = [await _has_items(view, one, actor.email) for one in found]
    return tuple(one for one, has in zip(found, mine, strict=True) if has)


async def show_campaign(app: App, actor: Actor, campaign_id: str) -> CampaignView:
    """One campaign with its progress; NotThere for one the actor has no part in."""
    need_scope(actor, TokenScope.READ, "show reviews")
    async with app.database.read() as view:
        campaign = await seen_campaign(view, actor, campaign_id)
        items = await view.reviews.all_items(campaign.id)
        state = await view.plans.state(campaign.plan_id) if campaign.plan_id else None
    whole = sees_all(actor, campaign.hub_id)
    own = [one for one in items if one.reviewer and one.reviewer == actor.email.casefold()]
    if not whole and not own:
        raise NotThere(f"There is no campaign {campaign_id}")
    shown = list(items) if whole else own
    return CampaignView(
        campaign=campaign,
        progress=progress_of(shown),
        by_reviewer=_by_reviewer(shown),
        mine=sum(one.verdict is None for one in own),
        stamped=rubber_stamping(items) if whole else (),
        may_manage=actor.holds(Role.ADMIN, campaign.hub_id),
        plan_state=state,
    )


async def list_items(
    app: App,
    actor: Actor,
    campaign_id: str,
    *,
    reviewer: str | None = None,
    decided: bool | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[ReviewItem]:
    """One page of items: all for who may see all, else one's own, whatever `reviewer` says."""
    need_scope(actor, TokenScope.READ, "show reviews")
    async with app.database.read() as view:
        campaign = await seen_campaign(view, actor, campaign_id)
        if not sees_all(actor, campaign.hub_id):
            reviewer = actor.email or actor.id
        query = ItemQuery(campaign.id, reviewer, decided, after, limit)
        return await view.reviews.items(query)


async def my_reviews(app: App, actor: Actor) -> tuple[tuple[Campaign, int], ...]:
    """Campaigns in review with undecided items before this actor, and how many."""
    need_scope(actor, TokenScope.READ, "show reviews")
    if not actor.email:
        return ()
    async with app.database.read() as view:
        counts = await view.reviews.waiting_for(actor.email)
        found = [await view.reviews.get(one) for one in counts]
    return tuple((one, counts[one.id]) for one in found if has_role(actor, one.hub_id))


async def list_schedules(app: App, actor: Actor, hub_id: int) -> tuple[ReviewSchedule, ...]:
    """Campaigns that will open by themselves in this portal."""
    need(actor, Role.AUDITOR, hub_id, "see review schedules", TokenScope.READ)
    async with app.database.read() as view:
        return await view.reviews.schedules(hub_id)


def sees_all(actor: Actor, hub_id: int) -> bool:
    """Admins and auditors of a portal see every item, to run the review or to judge it."""
    return actor.holds(Role.AUDITOR, hub_id) or actor.holds(Role.APPROVER, hub_id)


async def _has_items(view: View, campaign: Campaign, email: str) -> bool:
    query = ItemQuery(campaign.id, email or "-", limit=1)
    return bool((await view.reviews.items(query)).items)


def _by_reviewer(items: list[ReviewItem]) -> tuple[ReviewerProgress, ...]:
    theirs: dict[str, list[ReviewItem]] = {}
    for item in items:
        theirs.setdefault(item.reviewer, []).append(item)
    return tuple(ReviewerProgress(who, progress_of(some)) for who, some in sorted(theirs.items()))
