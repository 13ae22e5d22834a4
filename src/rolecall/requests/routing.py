"""Which approval steps a request needs, and who may answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rolecall.domain.person import Person
from rolecall.domain.request import AccessRequest, CatalogueEntry, Step, StepKind
from rolecall.kit.errors import Refused


@dataclass(frozen=True, slots=True)
class Directory:
    """People by case-folded e-mail, as far as a source told us."""

    by_email: Mapping[str, Person]

    def manager_of(self, email: str) -> str:
        """The manager's e-mail, "" when nobody told."""
        person = self.by_email.get(email.casefold())
        return "" if person is None else person.manager_email.casefold()


def may_ask(entry: CatalogueEntry, requester: str, subject: str) -> None:
    """Raise Refused, with the reason, when this requester may not ask for this subject."""
    if requester.casefold() != subject.casefold() and not entry.for_others:
        raise Refused(
            f"{entry.title} can be asked for oneself only",
            hint="ask the person to file the request",
        )


def steps_of(
    entry: CatalogueEntry, requester: str, subject: str, directory: Directory
) -> tuple[Step, ...]:
    """The steps of a request, in order; each has at least one approver who is neither of the two.

    A step whose approver would be the requester or the subject, or is unknown, falls to the
    admins of the portal: nobody approves their own access.
    """
    parties = {requester.casefold(), subject.casefold()}
    made = [_step(kind, entry, subject, directory, parties) for kind in entry.steps]
    return tuple(_without_repeats(made))


def _step(
    kind: StepKind, entry: CatalogueEntry, subject: str, directory: Directory, parties: set[str]
) -> Step:
    wanted = {
        StepKind.MANAGER: (directory.manager_of(subject),),
        StepKind.OWNER: (entry.owner.casefold(),),
        StepKind.NAMED: tuple(email.casefold() for email in entry.named_approvers),
        StepKind.ADMIN: (),
    }[kind]
    approvers = tuple(email for email in wanted if email and email not in parties)
    return Step(kind, approvers) if approvers else Step(StepKind.ADMIN)


def _without_repeats(steps: list[Step]) -> list[Step]:
    """Two steps for the same approvers are one."""
    return [step for at, step in enumerate(steps) if step not in steps[:at]]


def may_answer(request: AccessRequest, email: str, is_admin: bool) -> None:
    """Raise Refused, with the reason, when this person may not answer the waiting step."""
    step = request.waiting_step
    if request.state.final or step is None:
        raise Refused(f"this request is {request.state.value}; there is nothing to answer")
    if email.casefold() in {request.requester.casefold(), request.subject.casefold()}:
        raise Refused(
            "nobody answers a request of their own or for themselves",
            hint="another approver of the step, or an admin, can answer it",
        )
    if email.casefold() not in step.approvers and not is_admin:
        waiting = ", ".join(step.approvers) or "an admin of the portal"
        raise Refused(f"this step waits for {waiting}", hint="ask them, or an admin of the portal")
