"""Requests over time: who answers, when the clock starts, what comes due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.assignment import Slot
from rolecall.domain.person import Person
from rolecall.domain.request import (
    AccessRequest,
    CatalogueEntry,
    RequestState,
    Step,
    StepKind,
)
from rolecall.kit.errors import Refused
from rolecall.requests.lifecycle import (
    answered,
    assignments_of,
    due_acts,
    extension_of,
    given_back,
    withdrawn,
)
from rolecall.requests.routing import Directory, may_answer, may_ask, steps_of

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENTRY = CatalogueEntry(
    "sales-rep", "Sales rep", ((Slot.PERMISSION_SET, "Sales Rep"),), owner="owner@acme.test"
)


def a_request(**changes: object) -> AccessRequest:
    """An open request of Ana for Ben with one manager step."""
    request = AccessRequest(
        id="r1",
        hub_id=1,
        profile="sales-rep",
        grants=ENTRY.grants,
        requester="ana@acme.test",
        subject="ben@acme.test",
        reason="covers for Kim",
        created_at=NOW,
        duration=timedelta(days=30),
        answer_by=NOW + timedelta(days=7),
        steps=(Step(StepKind.MANAGER, ("mia@acme.test",)),),
    )
    return replace(request, **changes)


def a_directory(*pairs: tuple[str, str]) -> Directory:
    """People with their managers."""
    return Directory({e: Person(e, (e,), manager_email=m) for e, m in pairs})


class TestSteps:
    """Who has to answer."""

    def test_manager_is_found_case_folded(self) -> None:
        """The manager of the subject answers, however the e-mail is written."""
        directory = a_directory(("ben@acme.test", "Mia@acme.test"))

        steps = steps_of(ENTRY, "ana@acme.test", "BEN@acme.test", directory)

        assert (Step(StepKind.MANAGER, ("mia@acme.test",)),) == steps

    @pytest.mark.parametrize("manager", ["", "ana@acme.test", "ben@acme.test"])
    def test_nobody_approves_their_own(self, manager: str) -> None:
        """A step that would fall to requester, subject or nobody goes to the admins."""
        directory = a_directory(("ben@acme.test", manager))

        steps = steps_of(ENTRY, "ana@acme.test", "ben@acme.test", directory)

        assert (Step(StepKind.ADMIN),) == steps

    def test_same_approver_twice_is_one_step(self) -> None:
        """Manager and owner being one person does not ask them twice."""
        entry = replace(ENTRY, steps=(StepKind.ADMIN, StepKind.ADMIN))

        steps = steps_of(entry, "ana@acme.test", "ben@acme.test", a_directory())

        assert 1 == len(steps)

    def test_only_for_oneself(self) -> None:
        """An entry may refuse wishes for others."""
        with pytest.raises(Refused, match="oneself"):
            may_ask(replace(ENTRY, for_others=False), "ana@acme.test", "ben@acme.test")


class TestAnswers:
    """Yes, no, and who may say it."""

    @pytest.mark.parametrize("who", ["ana@acme.test", "BEN@acme.test"])
    def test_no_self_approval_even_for_admins(self, who: str) -> None:
        """Requester and subject never answer, admin or not."""
        with pytest.raises(Refused, match="own"):
            may_answer(a_request(), who, is_admin=True)

    def test_stranger_is_told_whom_it_waits_for(self) -> None:
        """A refusal names the approver."""
        with pytest.raises(Refused, match=r"mia@acme\.test"):
            may_answer(a_request(), "zoe@acme.test", is_admin=False)

    def test_clock_starts_at_approval(self) -> None:
        """Three days of waiting are not taken from the thirty asked for."""
        later = NOW + timedelta(days=3)

        after = answered(a_request(), "mia@acme.test", yes=True, reason="", now=later)

        assert RequestState.APPROVED is after.state
        assert later + timedelta(days=30) == after.ends_at

    def test_future_start_is_kept(self) -> None:
        """A wished start later than the approval rules."""
        start = NOW + timedelta(days=10)

        after = answered(a_request(starts_at=start), "mia@acme.test", True, "", NOW)

        assert start + timedelta(days=30) == after.ends_at

    def test_no_needs_a_reason(self) -> None:
        """A bare refusal is refused."""
        with pytest.raises(Refused, match="reason"):
            answered(a_request(), "mia@acme.test", yes=False, reason=" ", now=NOW)

    def test_second_step_waits(self) -> None:
        """Two steps need two answers."""
        steps = (Step(StepKind.MANAGER, ("mia@acme.test",)), Step(StepKind.ADMIN))

        after = answered(a_request(steps=steps), "mia@acme.test", True, "", NOW)

        assert (RequestState.OPEN, StepKind.ADMIN) == (after.state, after.waiting_step.kind)


class TestTime:
    """What comes due."""

    def test_unanswered_expires(self) -> None:
        """No answer by the date ends the wish."""
        (due,) = due_acts([a_request()], NOW + timedelta(days=7))

        assert ("expire", RequestState.EXPIRED) == (due.act, due.request.state)

    def test_running_access_ends_by_itself(self) -> None:
        """At its end the request makes no claim any more."""
        active = replace(
            answered(a_request(), "mia@acme.test", True, "", NOW), state=RequestState.ACTIVE
        )

        (due,) = due_acts([active], NOW + timedelta(days=30))

        assert ("end", ()) == (due.act, assignments_of(due.request))

    def test_extension_is_a_request_of_its_own(self) -> None:
        """Ten more days follow the end of what runs on meanwhile, through steps of their own."""
        active = replace(
            answered(a_request(), "mia@acme.test", True, "", NOW), state=RequestState.ACTIVE
        )
        later = NOW + timedelta(days=20)

        more = extension_of(active, "r2", timedelta(days=10), "not done", "ben@acme.test", later)
        again = answered(replace(more, steps=a_request().steps), "mia@acme.test", True, "", later)

        assert (RequestState.OPEN, "r1") == (more.state, more.extends)
        assert NOW + timedelta(days=40) == again.ends_at

    def test_reminders_come_once_a_day(self) -> None:
        """A reminder just sent is not due again until a day has passed."""
        (due,) = due_acts([a_request()], NOW + timedelta(days=1))

        assert "remind" == due.act
        assert () == due_acts([due.request], NOW + timedelta(days=1, hours=23))
        assert "remind" == due_acts([due.request], NOW + timedelta(days=2))[0].act

    def test_what_never_began_ends_when_given_back(self) -> None:
        """Approved for later and given back: over at once, nothing to restore."""
        approved = answered(a_request(), "mia@acme.test", True, "", NOW)

        assert RequestState.ENDED is given_back(approved, NOW).state

    def test_what_runs_ends_now_when_given_back(self) -> None:
        """Running access given back comes due for its end, which restores what was."""
        active = a_request(state=RequestState.ACTIVE, ends_at=NOW + timedelta(days=9))

        assert ["end"] == [due.act for due in due_acts([given_back(active, NOW)], NOW)]

    @given(st.sampled_from(RequestState), st.integers(0, 400))
    def test_final_requests_are_left_alone(self, state: RequestState, days: int) -> None:
        """Nothing comes due for what is over, and over it cannot be withdrawn or returned."""
        request = a_request(state=state)
        if not state.final:
            return

        assert () == due_acts([request], NOW + timedelta(days=days))
        with pytest.raises(Refused):
            withdrawn(request)
        with pytest.raises(Refused):
            given_back(request, NOW)
