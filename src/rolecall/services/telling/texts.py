"""What each notice says: a topic's title, lines and page as data. Sends nothing.

A line is left out where a fact it names is missing, so one text serves every form of a topic.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from rolecall.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of one topic; `{name}` stands for a fact of the notice or the portal's name."""

    title: str
    lines: tuple[str, ...] = ()
    page: str = "/p/{portal}/"  # below the public URL
    chat: bool = False  # a channel many read is told too
    admins: bool = False  # besides its addressees, who looks after the portal is told
    urgent: bool = False  # not held back by quiet hours
    machines: bool = False  # webhooks alone are told


_REQUEST = Wording(
    "",
    ("Whom it is for: {subject}", "Asked by: {requester}", "Reason: {reason}"),
    "/p/{portal}/requests/{request}",
)
_ANSWER = ("{answered_by} answered: {answer}",)
_UNTIL = ("It ends by itself: {ends}",)
_NOTE = ("{note}",)
_REVIEW = Wording(
    "",
    ("Undecided: {items}", "To be decided until {due}"),
    "/p/{portal}/reviews/{campaign}",
)
_PLAN = Wording("", (), "/p/{portal}/plans/{plan}", chat=True)
_RUN = replace(_PLAN, lines=("Reason: {reason}",), chat=False, machines=True)
_FINDING = Wording("", ("{message}", "Severity: {severity}"), "/p/{portal}/findings", machines=True)


def _request(title: str, *lines: str, chat: bool = False, admins: bool = False) -> Wording:
    told = (*_REQUEST.lines, *lines)
    return replace(_REQUEST, title=title, lines=told, chat=chat, admins=admins)


TEXTS: Mapping[str, Wording] = {
    "request.open": _request("{requester} asks for {profile}", chat=True),
    "request.approved": _request("{profile} was approved", *_ANSWER, *_NOTE),
    "request.active": _request("{profile} was given", *_UNTIL, *_NOTE),
    "request.denied": _request("{profile} was refused", *_ANSWER, *_NOTE),
    "request.expired": _request("Nobody answered the request for {profile} in time"),
    "request.withdrawn": _request("The request for {profile} was taken back"),
    "request.ends_soon": _request("{profile} ends soon", *_UNTIL, "Extend it on its page."),
    "request.ended": _request("{profile} has ended", "What was there before returns.", *_NOTE),
    "request.failed": _request("{profile} could not be given", *_NOTE, chat=True, admins=True),
    "request.plan_waits": _request(
        "The plan for {profile} waits for a person", *_NOTE, chat=True, admins=True
    ),
    "request.glass_broken": replace(
        _request("Glass was broken: {requester} took {profile}", *_UNTIL, chat=True), urgent=True
    ),
    "review.opened": replace(_REVIEW, title="A review begins: {title}"),
    "review.waiting": replace(_REVIEW, title="A review waits for you: {title}"),
    "review.escalated": replace(
        _REVIEW, title="A review came up to you: {title}", urgent=True
    ),
    "review.closed": replace(_REVIEW, title="The review is closed: {title}", lines=(), chat=True),
    "review.plan_waits": replace(
        _REVIEW, title="What the review {title} takes away waits for a person", lines=_NOTE,
        chat=True, admins=True,
    ),
    "plan.due": replace(
        _PLAN, title="What is due by date in {portal} waits for approval",
        lines=("Changes: {changes}",),
    ),
    "plan.due_failed": replace(
        _PLAN, title="What is due by date in {portal} cannot be planned", lines=("{message}",),
        page="/p/{portal}/plans",
    ),
    "plan.proposed": replace(_RUN, title="A plan was proposed: {title}"),
    "plan.approved": replace(_RUN, title="Plan {plan} was approved"),
    "plan.started": replace(_RUN, title="Plan {plan} is being carried out"),
    "plan.paused": replace(_RUN, title="Plan {plan} waits", lines=("{why}",)),
    "plan.resumed": replace(_RUN, title="Plan {plan} goes on"),
    "plan.ended": replace(_RUN, title="The run of plan {plan} is over: {state}"),
    "plan.cancelled": replace(_RUN, title="Plan {plan} was cancelled"),
    "plan.replaced": replace(_RUN, title="Plan {plan} was replaced"),
    "review.decided": Wording("A review item was decided", machines=True),
    "review.verified": Wording("What a review took away is proved gone", machines=True),
    "finding.new": replace(_FINDING, title="{subject}: {rule}"),
    "finding.over": replace(_FINDING, title="{subject}: {rule} is over", lines=()),
    "finding.many": replace(
        _FINDING, title="Many findings changed in {portal}",
        lines=("New: {opened}", "Over: {closed}"),
    ),
    "drift.found": Wording(
        "{portal} differs from its access.yaml", ("Differences: {changes}", "{who}"),
        "/p/{portal}/structure/access", machines=True,
    ),
    "drift.gone": Wording("{portal} is as its access.yaml has it", machines=True),
    "portal.needs_person": Wording(
        "{portal} cannot be read until somebody acts", ("{message}",), "/p/{portal}/settings",
        chat=True,
    ),
    "portal.connected": Wording(
        "{portal} is connected", ("Portal: {hub_id}",), "/p/{portal}/settings", machines=True
    ),
    "portal.reconnected": Wording(
        "{portal} has a new credential", (), "/p/{portal}/settings", machines=True
    ),
    "portal.removed": Wording("{portal} is connected no more", machines=True),
    "portal.recovered": Wording("{portal} can be read again", machines=True),
    "scim.waiting": replace(
        _PLAN, title="What {client} pushed waits for a person", lines=("{why}",)
    ),
    "scim.failed": replace(
        _PLAN, title="What {client} pushed could not be carried out", lines=("{message}",),
        page="/p/{portal}/settings",
    ),
    "finding.opened": Wording(
        "{portal}: {count} new findings that should not wait", ("{found}",),
        "/p/{portal}/findings", chat=True,
    ),
    "portal.quota_spent": Wording(
        "{portal}: HubSpot's shared calls have been spent for days",
        ("{message}", "What to do: {advice}"), "/p/{portal}/settings", chat=True,
    ),
    "operator.invited": Wording(
        "You were invited to Rolecall", ("Choose your password by the link; it works once.",), ""
    ),
    "report.ready": Wording(
        "Report: {title}", ("From {portal}, as you may see it today.",),
        "/p/{portal}/reports/{report}",
    ),
    "notice.test": Wording(
        "A test from Rolecall", ("{by} asked for it. Notices of {portal} arrive here.",), chat=True
    ),
    "digest.weekly": Wording(
        "The week in {portal}",
        (
            "Findings: {findings}", "Changed since {since}: {changes}",
            "Plans that wait: {plans}", "Requests that wait: {requests}",
            "Reviews under way: {reviews}", "Tasks for a person: {tasks}",
            "Access that ends within two weeks: {ending}",
            "Notices that reached nobody: {lost}",
        ), chat=True,
    ),
}  # fmt: skip


def told(topic: str, facts: Mapping[str, str], public_url: str, to: tuple[str, ...] = ()) -> Notice:
    """The notice of a topic; a topic without a text is told by its name and facts."""
    wording = TEXTS.get(topic, Wording(topic, tuple(f"{one}: {{{one}}}" for one in facts)))
    known = {name: value for name, value in facts.items() if value}
    lines = [_filled(line, known) for line in wording.lines]
    escaped = {name: quote(value, safe="") for name, value in known.items()}
    page = _filled(wording.page, escaped)
    return Notice(
        topic,
        _filled(wording.title, known) or topic,
        tuple(line for line in lines if line),
        f"{public_url}{page}" if public_url and page else "",
        urgent=wording.urgent or facts.get("urgent") == "yes",
        to=to,
        facts=facts,
    )


def _filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with its facts; "" where one is missing. Braces inside a fact are only text."""
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return text.format_map(facts) if all(name in facts for name in names) else ""


def wording_of(topic: str) -> Wording:
    """Where a topic is told; one without a text goes everywhere."""
    return TEXTS.get(topic, Wording(topic, chat=True))
