"""Access requests through the services: asked, answered, begun, ended, by the right people alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.request import RequestState
from rolecall.kit.errors import Refused
from rolecall.services.operators.links import LinkUseless
from rolecall.services.requests import clock as request_clock
from rolecall.services.requests import requests
from rolecall.services.requests import views as request_views
from rolecall.services.requests.requests import RequestForm
from rolecall.services.rights import NotAllowed, ReadOnly
from rolecall.store import AuditQuery
from rolecall.store.errors import NotThere
from tests.support.governed import HUB, OTHER, USERS, Governed, PlannedOnly, governed, refusal

ANA, BEN, MIA = "ana@acme.test", "ben@acme.test", "mia@acme.test"
FORM = RequestForm("sales-rep", "covers for Kim", BEN, days=30)


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Governed]:
    """An installation with two portals and nobody signed in."""
    async with governed(database_url, tmp_path) as opened:
        yield opened


async def cast(room: Governed) -> tuple[Actor, Actor, Actor]:
    """Ana asks, Mia manages, the owner owns."""
    return (
        await room.operator(ANA, Role.REQUESTER),
        await room.operator(MIA, Role.REQUESTER),
        await room.operator("owner@acme.test", Role.REQUESTER),
    )


async def claims(room: Governed, request_id: str) -> dict[Slot, str]:
    """Open claims of a request by slot."""
    async with room.app.database.read() as view:
        found = await view.assignments.find(HUB, reference=f"request:{request_id}")
    return {one.assignment.slot: one.assignment.value for one in found}


class TestJourney:
    """From the form to the former access."""

    async def test_two_steps_begin_and_end(self, room: Governed) -> None:
        """Both say yes, the clock starts, the plan gives, the end brings back what was."""
        ana, mia, owner = await cast(room)
        door = PlannedOnly(nothing=True)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        await requests.answer(room.app, mia, asked.id, yes=True)
        room.clock.advance(timedelta(days=2))
        agreed = await requests.answer(room.app, owner, asked.id, yes=True)
        await request_clock.carry_out_due(room.app, door)
        view = await request_views.show_request(room.app, ana, asked.id)

        assert RequestState.APPROVED is agreed.state
        assert room.clock.now() + timedelta(days=30) == view.request.ends_at
        assert RequestState.ACTIVE is view.request.state
        assert {Slot.PERMISSION_SET: "s1", Slot.SEAT: "Core", Slot.MAIN_TEAM: "t1"} == (
            await claims(room, asked.id)
        )
        (given,) = door.orders[0].wishes
        assert given.permission_sets is not None
        assert ("s1",) == given.permission_sets.values

        room.clock.advance(timedelta(days=31))
        held = structs.replace(USERS[1], permission_set_ids=("s1",), main_team_id="t1")
        await room.seal((USERS[0], held, *USERS[2:]))
        await request_clock.carry_out_due(room.app, door)
        ended = (await request_views.show_request(room.app, ana, asked.id)).request
        (back,) = door.orders[-1].wishes

        assert RequestState.ENDED is ended.state
        assert {} == await claims(room, asked.id)
        assert back.permission_sets is not None
        assert back.main_team is not None
        assert (("s3",), ()) == (back.permission_sets.values, back.main_team.values)

    async def test_end_of_a_created_user_parks(self, room: Governed) -> None:
        """Who came by a request goes by its end: parked, never removed."""
        mia = await room.operator(MIA, Role.REQUESTER)
        admin = await room.operator("root@acme.test", Role.ADMIN)
        door = PlannedOnly(nothing=True)
        form = replace(FORM, subject="new@acme.test", first_name="Nina")
        asked = await requests.file_request(room.app, mia, HUB, form)
        for _ in range(2):
            await requests.answer(room.app, admin, asked.id, yes=True)
        await request_clock.carry_out_due(room.app, door)
        (given,) = door.orders[0].wishes
        newcomer = structs.replace(USERS[0], id="9", email="new@acme.test")
        room.clock.advance(timedelta(days=30))
        await room.seal((*USERS, newcomer))
        await request_clock.carry_out_due(room.app, door)
        (back,) = door.orders[-1].wishes

        assert asked.creates_user
        assert ("Nina", True) == (given.first_name, given.send_welcome_email)
        assert back.presence is not None
        assert ("parked",) == back.presence.values

    async def test_plan_that_cannot_be_made_fails_the_request(self, room: Governed) -> None:
        """Nothing is left behind: claims end, people are told why."""
        ana, mia, owner = await cast(room)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        for who in (mia, owner):
            await requests.answer(room.app, who, asked.id, yes=True)
        await request_clock.carry_out_due(room.app, PlannedOnly(refuses="no seat is left"))
        view = await request_views.show_request(room.app, ana, asked.id)

        assert (RequestState.FAILED, "no seat is left") == (view.request.state, view.request.note)
        assert {} == await claims(room, asked.id)

    async def test_approvers_of_the_request_approve_its_plan(self, room: Governed) -> None:
        """The plan is approved in the name of who said yes, and followed."""
        ana, mia, owner = await cast(room)
        door = PlannedOnly()
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        for who in (mia, owner):
            await requests.answer(room.app, who, asked.id, yes=True)
        await request_clock.carry_out_due(room.app, door)

        assert [("plan-1", (MIA, "owner@acme.test"))] == door.approved

    async def test_extension_takes_over_without_a_gap(self, room: Governed) -> None:
        """More time is asked for, the same claims go on, nothing is planned at the old end."""
        ana, mia, owner = await cast(room)
        door = PlannedOnly(nothing=True)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        for who in (mia, owner):
            await requests.answer(room.app, who, asked.id, yes=True)
        await request_clock.carry_out_due(room.app, door)
        more = await requests.extend(room.app, ana, asked.id, days=10, reason="not done")
        for who in (mia, owner):
            more = await requests.answer(room.app, who, more.id, yes=True)
        room.clock.advance(timedelta(days=31))
        await request_clock.carry_out_due(room.app, door)
        former = (await request_views.show_request(room.app, ana, asked.id)).request

        assert (RequestState.ACTIVE, RequestState.ENDED) == (more.state, former.state)
        assert 1 == len(door.orders)
        assert await claims(room, more.id)

    async def test_given_back_early(self, room: Governed) -> None:
        """The subject returns it; the next turn restores what was."""
        ana, mia, owner = await cast(room)
        ben = await room.operator(BEN, Role.REQUESTER)
        door = PlannedOnly(nothing=True)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        for who in (mia, owner):
            await requests.answer(room.app, who, asked.id, yes=True)
        await request_clock.carry_out_due(room.app, door)
        await requests.give_back(room.app, ben, asked.id)
        await request_clock.carry_out_due(room.app, door)

        view = await request_views.show_request(room.app, ben, asked.id)
        assert RequestState.ENDED is view.request.state


class TestRules:
    """What the catalogue decides by itself."""

    @pytest.mark.parametrize(
        ("who", "state"),
        [(ANA, RequestState.APPROVED), ("cas@acme.test", RequestState.DENIED),
         (BEN, RequestState.OPEN)],
    )  # fmt: skip
    async def test_conditions_answer(self, room: Governed, who: str, state: RequestState) -> None:
        """Sales is approved, contractors are denied, the others wait for their manager."""
        mia = await room.operator(MIA, Role.REQUESTER)

        asked = await requests.file_request(room.app, mia, HUB, RequestForm("desk", "help", who))

        assert state is asked.state

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            (replace(FORM, reason=" "), "reason"),
            (replace(FORM, days=91), "at most 90 days"),
            (replace(FORM, profile="nope"), "no profile"),
            (replace(FORM, subject="nobody"), "not an e-mail"),
            (RequestForm("gone", "x", ANA), "no Full House seat is left"),
            (replace(FORM, break_glass=True), "breaking glass"),
        ],
    )
    async def test_impossible_forms_are_refused(
        self, room: Governed, form: RequestForm, says: str
    ) -> None:
        """What cannot be given is told on the form, not after three approvals."""
        ana = await room.operator(ANA, Role.REQUESTER)

        with pytest.raises(Refused, match=says):
            await requests.file_request(room.app, ana, HUB, form)

    async def test_catalogue_shows_what_one_may_ask_for(self, room: Governed) -> None:
        """`who` hides what is not on offer for somebody."""
        ben = await room.operator(BEN, Role.REQUESTER)
        ana = await room.operator(ANA, Role.REQUESTER)

        offered = await request_views.catalogue(room.app, ben, HUB)
        assert ["sales-rep", "exporter", "desk"] == [one.entry.profile for one in offered]
        assert "gone" in [
            one.entry.profile for one in await request_views.catalogue(room.app, ana, HUB)
        ]

    async def test_glass_breaks_loudly_and_shortly(self, room: Governed) -> None:
        """At once, for a day at most, with a line of its own and an urgent notice."""
        ana = await room.operator(ANA, Role.REQUESTER)
        form = RequestForm("exporter", "incident 7", ANA, days=5, break_glass=True)

        asked = await requests.file_request(room.app, ana, HUB, form)

        async with room.app.database.read() as view:
            lines = await view.audit.lines(AuditQuery(event="request:glass"))
            notices = await view.outbox.due(room.clock.now())
        assert RequestState.APPROVED is asked.state
        assert asked.ends_at == room.clock.now() + timedelta(days=1)
        assert 1 == len(lines)
        assert ["yes"] == [one.payload.get("urgent") for one in notices]

    async def test_same_wish_twice_is_refused(self, room: Governed) -> None:
        """One unfinished request per person and profile."""
        ana = await room.operator(ANA, Role.REQUESTER)
        await requests.file_request(room.app, ana, HUB, FORM)

        with pytest.raises(Refused, match="has a request"):
            await requests.file_request(room.app, ana, HUB, FORM)

    async def test_unanswered_is_reminded_then_expires(self, room: Governed) -> None:
        """A reminder a day, and after a week it is over."""
        ana = await room.operator(ANA, Role.REQUESTER)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        acts = []
        for _ in range(8):
            room.clock.advance(timedelta(days=1))
            turn = await request_clock.carry_out_due(room.app, PlannedOnly())
            acts += [act for act, _ in turn.done]

        assert [*["remind"] * 6, "expire"] == acts
        view = await request_views.show_request(room.app, ana, asked.id)
        assert RequestState.EXPIRED is view.request.state


class TestAnswers:
    """Who answers, and only once."""

    async def test_nobody_answers_their_own(self, room: Governed) -> None:
        """Not as admin, not under another name of the same person, not for themselves."""
        ana = await room.operator(ANA, Role.ADMIN)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        as_token = replace(ana, id="token:1", scopes=frozenset({"request:answer"}))
        ben = await room.operator(BEN, Role.ADMIN)

        for who in (ana, as_token, ben):
            with pytest.raises(Refused, match="their own"):
                await requests.answer(room.app, who, asked.id, yes=True)

    async def test_local_user_does_not_answer_what_it_filed(self, room: Governed) -> None:
        """Naming another requester on the command line does not help."""
        form = replace(FORM, requester=ANA)
        asked = await requests.file_request(room.app, room.local, HUB, form)

        with pytest.raises(Refused, match="their own"):
            await requests.answer(room.app, room.local, asked.id, yes=True)

    async def test_two_approvers_at_once_count_once(self, room: Governed) -> None:
        """One is first; the other is told so, and one line is written."""
        ana, mia, _ = await cast(room)
        root = await room.operator("root@acme.test", Role.ADMIN)
        form = RequestForm("desk", "help", BEN)
        asked = await requests.file_request(room.app, ana, HUB, form)

        results = await asyncio.gather(
            requests.answer(room.app, mia, asked.id, yes=True),
            requests.answer(room.app, root, asked.id, yes=False, reason="no"),
            return_exceptions=True,
        )

        async with room.app.database.read() as view:
            lines = await view.audit.lines(AuditQuery(event="request:access"))
        assert [True, False] == sorted((isinstance(one, Refused) for one in results), reverse=True)
        assert 2 == len(lines)

    async def test_links_answer_once(self, room: Governed) -> None:
        """The approve link works for the step it was made for; its brother then does nothing."""
        ana, _, _ = await cast(room)
        asked = await requests.file_request(room.app, ana, HUB, RequestForm("desk", "x", BEN))
        async with room.app.database.work() as work:
            links = await requests.answer_links(work, asked, MIA)

        after = await requests.answer_by_link(room.app, links.approve)

        assert RequestState.APPROVED is after.state
        for token in (links.approve, links.refuse):
            with pytest.raises(LinkUseless):
                await requests.answer_by_link(room.app, token, reason="no")

    async def test_link_of_a_stranger_answers_nothing(self, room: Governed) -> None:
        """A link sent to the wrong address is not an approval, and is not used up as one."""
        ana, _, _ = await cast(room)
        asked = await requests.file_request(room.app, ana, HUB, RequestForm("desk", "x", BEN))
        async with room.app.database.work() as work:
            stranger = await requests.answer_links(work, asked, "eve@evil.test")
            own = await requests.answer_links(work, asked, ANA)

        for token in (stranger.approve, own.approve):
            with pytest.raises(Refused):
                await requests.answer_by_link(room.app, token)

    async def test_refusal_needs_a_reason(self, room: Governed) -> None:
        """The requester learns why."""
        ana, mia, _ = await cast(room)
        asked = await requests.file_request(room.app, ana, HUB, FORM)

        with pytest.raises(Refused, match="reason"):
            await requests.answer(room.app, mia, asked.id, yes=False)


ACTS = {
    "answer": lambda app, who, one: requests.answer(app, who, one, yes=True),
    "withdraw": requests.withdraw,
    "give_back": requests.give_back,
    "extend": lambda app, who, one: requests.extend(app, who, one, days=1, reason="x"),
    "show": request_views.show_request,
}


class TestForeignPortals:
    """An id of another portal opens nothing, whatever one is elsewhere."""

    async def test_request_of_another_portal_is_not_there(self, room: Governed) -> None:
        """Every act, as every role of the other portal: as if there were no such request."""
        ana = await room.operator(ANA, Role.REQUESTER)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        for role in Role:
            stranger = await room.operator(f"{role}@acme.test", role, hub_id=OTHER)
            for who in (stranger, replace(stranger, email=MIA)):
                for name, act in ACTS.items():
                    assert await refusal(act(room.app, who, asked.id)) is NotThere, (name, role)

    async def test_nothing_of_another_portal_is_listed_or_filed(self, room: Governed) -> None:
        """Catalogue, lists, previews and forms of a portal without a role there are refused."""
        for role in Role:
            stranger = await room.operator(f"{role}@acme.test", role, hub_id=OTHER)
            for act in (
                requests.file_request(room.app, stranger, HUB, FORM),
                request_views.catalogue(room.app, stranger, HUB),
                request_views.preview_request(room.app, stranger, HUB, "sales-rep"),
                request_views.list_requests(room.app, stranger, HUB),
            ):
                with pytest.raises(NotAllowed):
                    await act

    async def test_requesters_see_their_own_alone(self, room: Governed) -> None:
        """A requester of the same portal sees neither the list nor the page of others."""
        ana = await room.operator(ANA, Role.REQUESTER)
        asked = await requests.file_request(room.app, ana, HUB, FORM)
        eve = await room.operator("eve@acme.test", Role.REQUESTER)

        assert () == (await request_views.list_requests(room.app, eve, HUB)).items
        assert () == await request_views.waiting_for(room.app, eve)
        with pytest.raises(NotThere):
            await request_views.show_request(room.app, eve, asked.id)

    async def test_read_only_files_nothing(self, room: Governed) -> None:
        """And time stands still for requests."""
        ana = await room.operator(ANA, Role.REQUESTER)
        security = replace(room.app.choices.security, read_only=True)
        app = replace(room.app, choices=replace(room.app.choices, security=security))

        with pytest.raises(ReadOnly):
            await requests.file_request(app, ana, HUB, FORM)
        assert [] == (await request_clock.carry_out_due(app, PlannedOnly())).done


async def test_review_veto_gives_way_to_a_later_approval(room: Governed) -> None:
    """What a review took away, a later approved request gives again, and the veto ends."""
    from rolecall.domain.assignment import Assignment

    ana, mia, owner = await cast(room)
    veto = Assignment(BEN, HUB, Slot.PERMISSION_SET, "s1", Origin.REVIEW, reference="review:c1")
    async with room.app.database.work() as work:
        await work.assignments.put([veto], work.now)
    asked = await requests.file_request(room.app, ana, HUB, FORM)
    for who in (mia, owner):
        await requests.answer(room.app, who, asked.id, yes=True)
    door = PlannedOnly(nothing=True)
    await request_clock.carry_out_due(room.app, door)

    assert door.orders[0].wishes[0].permission_sets is not None
    async with room.app.database.read() as view:
        assert () == await view.assignments.find(HUB, origin=Origin.REVIEW)
