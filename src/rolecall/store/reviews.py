"""Campaigns, their items and schedules; two reviewers of one item at once meet its version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    RowMapping,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from rolecall.domain.review import Campaign, CampaignState, ReviewItem, ReviewSchedule
from rolecall.kit.paging import Page
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import AlreadyThere, NotThere, OutOfDate
from rolecall.store.rows import CHUNK, Repository
from rolecall.store.schema import Key, metadata, moment, text

CAMPAIGNS = Table(
    "campaigns",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("state"),
    moment("due_at"),
    # What brought it about, once: an event opens one campaign however often it is looked at.
    Column("cause", Text, unique=True),
    Column("version", Integer, nullable=False),
    text("body"),
    Index("ix_campaigns_hub_id_state", "hub_id", "state"),
)
REVIEW_ITEMS = Table(
    "review_items",
    metadata,
    Column("id", Key, primary_key=True),
    text("campaign_id"),
    Column("place", Integer, nullable=False),
    text("reviewer_key"),
    Column("verdict", Text),
    Column("version", Integer, nullable=False),
    text("body"),
    Index("ix_review_items_campaign_id_place", "campaign_id", "place"),
    Index("ix_review_items_reviewer_key", "reviewer_key", "verdict"),
)
SCHEDULES = Table(
    "review_schedules",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    moment("next_at"),
    text("body"),
)


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items of a campaign, in its order; None = not limited."""

    campaign_id: str
    reviewer: str | None = None
    decided: bool | None = None
    after: str | None = None  # the place of the last item seen
    limit: int = 200


class Reviews(Repository):
    """Campaigns with their frozen items."""

    async def add(
        self, campaign: Campaign, items: Sequence[ReviewItem], cause: str | None = None
    ) -> None:
        """Keep a campaign with its items; AlreadyThere when its cause opened one before."""
        row = {**_campaign_row(campaign, 0), "cause": cause}
        try:
            async with self.connection.begin_nested():
                await self.connection.execute(insert(CAMPAIGNS).values(**row))
        except IntegrityError as error:
            raise AlreadyThere(f"A campaign was opened for this before: {cause}") from error
        rows = [_item_row(item, place) for place, item in enumerate(items, 1)]
        for start in range(0, len(rows), CHUNK):
            await self.connection.execute(insert(REVIEW_ITEMS), rows[start : start + CHUNK])

    async def known_causes(self, causes: Collection[str]) -> frozenset[str]:
        """Which of these opened a campaign before."""
        found = select(CAMPAIGNS.c.cause).where(CAMPAIGNS.c.cause.in_(list(causes)))
        return frozenset(row["cause"] for row in await self.rows(found))

    async def get(self, campaign_id: str) -> Campaign:
        """One campaign; NotThere for an unknown id."""
        row = await self.one(select(CAMPAIGNS).where(CAMPAIGNS.c.id == campaign_id))
        if row is None:
            hint = "see `rolecall review list`"
            raise NotThere(f"There is no campaign {campaign_id}", hint=hint)
        return _campaign(row)

    async def change(self, campaign: Campaign) -> Campaign:
        """Replace a campaign; OutOfDate when somebody changed it since it was read."""
        following = campaign.version + 1
        mine = (CAMPAIGNS.c.id == campaign.id, CAMPAIGNS.c.version == campaign.version)
        row = _campaign_row(campaign, following)
        if await self.touched(update(CAMPAIGNS).where(*mine).values(**row)) != 1:
            raise OutOfDate(f"Campaign {campaign.title} was changed by somebody else meanwhile")
        return replace(campaign, version=following)

    async def all(
        self,
        hub_ids: Collection[int] | None = None,
        states: Collection[CampaignState] | None = None,
    ) -> tuple[Campaign, ...]:
        """Campaigns of these portals in these states, newest first."""
        found = select(CAMPAIGNS).order_by(CAMPAIGNS.c.id.desc())
        if hub_ids is not None:
            found = found.where(CAMPAIGNS.c.hub_id.in_(sorted(hub_ids)))
        if states is not None:
            found = found.where(CAMPAIGNS.c.state.in_([state.value for state in states]))
        return tuple(_campaign(row) for row in await self.rows(found))

    async def items(self, query: ItemQuery) -> Page[ReviewItem]:
        """One page of a campaign's items, in its order."""
        counted = _items_of(query).with_only_columns(func.count()).order_by(None)
        total = int(await self.value(counted))
        found = _items_of(query)
        if query.after is not None:
            found = found.where(REVIEW_ITEMS.c.place > int(query.after))
        rows = await self.rows(found.limit(query.limit + 1))
        kept = rows[: query.limit]
        after = str(kept[-1]["place"]) if len(rows) > query.limit else None
        return Page(tuple(_item(row) for row in kept), after, total)

    async def all_items(self, campaign_id: str) -> tuple[ReviewItem, ...]:
        """Every item of a campaign, in its order."""
        found = _items_of(ItemQuery(campaign_id))
        return tuple(_item(row) for row in await self.rows(found))

    async def lock_items(self, item_ids: Sequence[str]) -> tuple[ReviewItem, ...]:
        """These items, held until the transaction ends, in the order asked for.

        Raises NotThere for an unknown id.
        """
        found: dict[str, ReviewItem] = {}
        for start in range(0, len(item_ids), CHUNK):
            some = REVIEW_ITEMS.c.id.in_(list(item_ids[start : start + CHUNK]))
            # One order for all, so that two bulk decisions never wait for each other.
            statement = select(REVIEW_ITEMS).where(some).order_by(REVIEW_ITEMS.c.id)
            for row in await self.rows(statement.with_for_update()):
                found[row["id"]] = _item(row)
        missing = [one for one in item_ids if one not in found]
        if missing:
            raise NotThere(f"There is no review item {missing[0]}")
        return tuple(found[one] for one in item_ids)

    async def change_items(self, items: Sequence[ReviewItem]) -> None:
        """Replace items read by `lock_items` in this transaction."""
        statement = (
            update(REVIEW_ITEMS)
            .where(REVIEW_ITEMS.c.id == bindparam("item_id"))
            .values(
                reviewer_key=bindparam("new_reviewer"),
                verdict=bindparam("new_verdict"),
                body=bindparam("new_body"),
                version=REVIEW_ITEMS.c.version + 1,
            )
        )
        rows = [
            {
                "item_id": item.id,
                "new_reviewer": item.reviewer.casefold(),
                "new_verdict": item.verdict.value if item.verdict else None,
                "new_body": to_json(item),
            }
            for item in items
        ]
        if rows:
            await self.connection.execute(statement, rows)

    async def waiting_for(self, reviewer: str) -> dict[str, int]:
        """How many undecided items wait for a reviewer, by campaign in review."""
        found = (
            select(REVIEW_ITEMS.c.campaign_id, func.count())
            .join(CAMPAIGNS, CAMPAIGNS.c.id == REVIEW_ITEMS.c.campaign_id)
            .where(
                REVIEW_ITEMS.c.reviewer_key == reviewer.casefold(),
                REVIEW_ITEMS.c.verdict.is_(None),
                CAMPAIGNS.c.state == CampaignState.IN_REVIEW.value,
            )
            .group_by(REVIEW_ITEMS.c.campaign_id)
        )
        return {row[0]: row[1] for row in await self.connection.execute(found)}

    async def save_schedule(self, schedule: ReviewSchedule) -> None:
        """Keep or replace a schedule."""
        row = {
            "id": schedule.id,
            "hub_id": schedule.hub_id,
            "next_at": schedule.next_at,
            "body": to_json(schedule),
        }
        await self.upsert(SCHEDULES, [row])

    async def schedules(self, hub_id: int | None = None) -> tuple[ReviewSchedule, ...]:
        """Schedules of a portal, or of all."""
        found = select(SCHEDULES).order_by(SCHEDULES.c.id)
        if hub_id is not None:
            found = found.where(SCHEDULES.c.hub_id == hub_id)
        return tuple(_schedule(row) for row in await self.rows(found))

    async def due_schedules(self, now: datetime) -> tuple[ReviewSchedule, ...]:
        """Schedules whose time has come, held until the transaction ends."""
        found = select(SCHEDULES).where(SCHEDULES.c.next_at <= now).order_by(SCHEDULES.c.id)
        return tuple(_schedule(row) for row in await self.rows(found.with_for_update()))

    async def remove_schedule(self, schedule_id: str) -> None:
        """Open no more campaigns by this schedule."""
        await self.connection.execute(delete(SCHEDULES).where(SCHEDULES.c.id == schedule_id))


def _items_of(query: ItemQuery) -> Select[tuple[object, ...]]:
    found: Select[tuple[object, ...]] = (
        select(REVIEW_ITEMS)
        .where(REVIEW_ITEMS.c.campaign_id == query.campaign_id)
        .order_by(REVIEW_ITEMS.c.place)
    )
    if query.reviewer is not None:
        found = found.where(REVIEW_ITEMS.c.reviewer_key == query.reviewer.casefold())
    if query.decided is not None:
        undecided = REVIEW_ITEMS.c.verdict.is_(None)
        found = found.where(~undecided if query.decided else undecided)
    return found


def _campaign_row(campaign: Campaign, version: int) -> dict[str, object]:
    return {
        "id": campaign.id,
        "hub_id": campaign.hub_id,
        "state": campaign.state.value,
        "due_at": campaign.due_at,
        "version": version,
        "body": to_json(campaign),
    }


def _campaign(row: RowMapping) -> Campaign:
    return replace(from_json(row["body"], Campaign), version=row["version"])


def _item_row(item: ReviewItem, place: int) -> dict[str, object]:
    return {
        "id": item.id,
        "campaign_id": item.campaign_id,
        "place": place,
        "reviewer_key": item.reviewer.casefold(),
        "verdict": item.verdict.value if item.verdict else None,
        "version": 0,
        "body": to_json(item),
    }


def _item(row: RowMapping) -> ReviewItem:
    return replace(from_json(row["body"], ReviewItem), version=row["version"])


def _schedule(row: RowMapping) -> ReviewSchedule:
    return from_json(row["body"], ReviewSchedule)
