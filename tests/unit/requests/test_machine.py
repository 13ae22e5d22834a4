"""Requests as a state machine: whatever people and time do, some things always hold."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rolecall.domain.assignment import Slot
from rolecall.domain.request import AccessRequest, RequestState, Step, StepKind
from rolecall.kit.errors import Refused
from rolecall.requests.lifecycle import (
    answered,
    assignments_of,
    due_acts,
    given_back,
    withdrawn,
)
from rolecall.requests.routing import may_answer

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
PEOPLE = ("ana@acme.test", "ben@acme.test", "mia@acme.test", "owner@acme.test", "eve@acme.test")


class RequestMachine(RuleBasedStateMachine):
    """Ana asks for Ben; Mia and then the owner answer; everybody tries everything."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.request = AccessRequest(
            id="r", hub_id=1, profile="p", grants=((Slot.PERMISSION_SET, "s"),),
            requester="ana@acme.test", subject="ben@acme.test", reason="x", created_at=START,
            duration=timedelta(days=10), answer_by=START + timedelta(days=7),
            steps=(Step(StepKind.MANAGER, ("mia@acme.test",)),
                   Step(StepKind.OWNER, ("owner@acme.test",))),
        )  # fmt: skip
        self.ended = False

    @rule(who=st.sampled_from(PEOPLE), yes=st.booleans())
    def answer(self, who: str, yes: bool) -> None:
        """Somebody answers."""
        with suppress(Refused):
            may_answer(self.request, who, False)
            self.request = answered(self.request, who, yes, "because", self.now)

    @rule()
    def withdraw(self) -> None:
        """Ana takes it back."""
        with suppress(Refused):
            self.request = withdrawn(self.request)

    @rule()
    def give_back(self) -> None:
        """Ben returns it."""
        with suppress(Refused):
            self.request = given_back(self.request, self.now)

    @rule(hours=st.integers(1, 24 * 12))
    def time_passes(self, hours: int) -> None:
        """Hours pass and what is due is carried out."""
        self.now += timedelta(hours=hours)
        for due in due_acts([self.request], self.now):
            state = RequestState.ACTIVE if due.act == "begin" else due.request.state
            self.request = replace(due.request, state=state)

    @invariant()
    def final_stays_final(self) -> None:
        """What is over never comes back."""
        assert not (self.ended and not self.request.state.final)
        self.ended = self.request.state.final

    @invariant()
    def only_all_steps_give_access(self) -> None:
        """There are claims only after every named approver, and nobody else, said yes."""
        if assignments_of(self.request):
            deciders = [(step.decision, step.decided_by) for step in self.request.steps]
            assert [("approved", "mia@acme.test"), ("approved", "owner@acme.test")] == deciders

    @invariant()
    def access_ends_in_time(self) -> None:
        """No claim outlives the time asked for, counted from the last yes."""
        for claim in assignments_of(self.request):
            last = max(step.decided_at for step in self.request.steps if step.decided_at)
            assert claim.ends_at is not None
            assert claim.ends_at <= last + timedelta(days=10)


TestRequestMachine = RequestMachine.TestCase
TestRequestMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
