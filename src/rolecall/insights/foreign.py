"""What happened in the portal that no plan of ours explains? Feeds against our own journal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import FeedEvent
from rolecall.insights.facts import OwnAct
from rolecall.insights.rules import Observation, rule
from rolecall.insights.view import View

_LIMITS = ("foreign_days", "own_act_minutes")
_NOTE = (
    "Read from the security feed; events that our own journal explains are left out, and each "
    "shows for the days of the limit."
)
_TOKENS = (
    "SMTP_TOKEN_",
    "PRIVATE_APP_",
    "PUBLIC_APP_",
    "SERVICE_KEY_",
    "PERSONAL_ACCESS_KEY_",
    "HAPIKEY_",
)
_ACCESS_WORDS = frozenset(
    {"USER", "USERS", "ROLE", "PERMISSION", "PERMISSIONS", "TEAM", "SEAT", "LICENSE", "ACCESS"}
)
_TOUCHES = (
    "_CREATE",
    "_VIEW",
    "_ROTATE",
    "_REVEAL",
    "_RETRIEVED",
    "_WRITE",
    "_CREATED",
    "_PERMISSIONS_UPDATE",
    "_SCOPE_GROUPS_UPDATE",
)


@dataclass(frozen=True, slots=True)
class _Watched:
    """One kind of foreign change: the feed's words for it, how it reads, what mends it."""

    types: frozenset[str]
    verb: str
    mend: str
    mend_kind: str = "manual"


def foreign_events(view: View, feed: str = "security") -> Iterator[FeedEvent]:
    """Events of late that no write of ours explains: of the security feed, or of the audit log."""
    since = view.ago(view.thresholds.foreign_days)
    span = timedelta(minutes=view.thresholds.own_act_minutes)
    acts: defaultdict[str, list[OwnAct]] = defaultdict(list)
    for act in view.facts.own_acts:
        acts[act.subject_id].append(act)
    for event in view.facts.events:
        if event.feed != feed or event.at < since:
            continue
        ours = view.facts.own_actors.may_be_us(event)
        known = acts.get(event.object_id or "", ())
        if any((ours or act.by_hand) and _explains(act, event, span) for act in known):
            continue
        yield event


def _explains(act: OwnAct, event: FeedEvent, span: timedelta) -> bool:
    """A write leaves its trace within minutes; a task was done between hand-out and closing.

    The audit log's words are free text, so there the user and the time alone tell.
    """
    if event.feed == "security" and event.type not in act.explains:
        return False
    begun = act.since if act.by_hand else act.at - span
    return (begun is None or begun <= event.at) and event.at <= act.at + span


def _about(view: View, watched: _Watched) -> Iterator[Observation]:
    """One observation per subject, every event of it a line of evidence, newest first."""
    groups: defaultdict[str, list[FeedEvent]] = defaultdict(list)
    for event in foreign_events(view):
        if event.type in watched.types:
            groups[_subject(view, event)].append(event)
    for subject_id, events in groups.items():
        newest = sorted(events, key=lambda one: one.at, reverse=True)
        yield _observed(view, watched, subject_id, newest)


def _subject(view: View, event: FeedEvent) -> str:
    """The user it was done to, else who did it."""
    if event.object_id and event.object_id in view.users:
        return event.object_id
    return event.actor_id or event.object_id or "?"


def _observed(
    view: View,
    watched: _Watched,
    subject_id: str,
    events: list[FeedEvent],
    source: str = "security feed",
) -> Observation:
    user, last = view.users.get(subject_id), events[0]
    shown = user.email if user else last.actor_email or subject_id
    count = f" ({len(events)} times)" if len(events) > 1 else ""
    lines = tuple(
        Evidence(f"{one.type} by {shown_actor(one)} {one.at:%Y-%m-%d %H:%M}", source, one.at)
        for one in events[:5]
    )
    by = "" if last.actor_id == subject_id else f" by {shown_actor(last)}"
    message = f"{watched.verb}{by}, {last.at:%Y-%m-%d}{count}"
    mend = Mend(watched.mend_kind, watched.mend.replace("{user}", shown))
    return Observation("user", subject_id, shown, message, lines, mend)


def told_by_audit(view: View) -> dict[str, list[FeedEvent]]:
    """Audit lines about users' access that no write of ours explains, by user, newest first."""
    found: defaultdict[str, list[FeedEvent]] = defaultdict(list)
    for event in foreign_events(view, "audit"):
        words = frozenset(re.findall(r"[A-Z]+", event.type.upper()))
        # Ids of users and of records are different numbers that may be alike: the words decide.
        if (
            event.object_id
            and event.object_id in view.users
            and not words.isdisjoint(_ACCESS_WORDS)
        ):
            found[event.object_id].append(event)
    for events in found.values():
        events.sort(key=lambda one: one.at, reverse=True)
    return dict(found)


def shown_actor(event: FeedEvent) -> str:
    if event.actor_email:
        return event.actor_email
    return "HubSpot itself" if event.actor_id in ("0", None) else f"user {event.actor_id}"


@rule(
    "foreign.super-admin-made",
    Severity.CRITICAL,
    title="Made Super Admin outside Rolecall",
    why="The highest right was given without a plan or an approval.",
    docs=f"Fires for a user who was made Super Admin or given admin permissions. {_NOTE}",
    thresholds=_LIMITS,
    alert=True,
)
def super_admin_made(view: View) -> Iterator[Observation]:
    """Who was made Super Admin by whom."""
    types = frozenset({"ADD_ADMIN_USER", "ADD_ADMIN_PERMISSIONS"})
    yield from _about(view, _Watched(types, "made Super Admin", "Demote {user} in HubSpot"))


@rule(
    "foreign.impersonation",
    Severity.HIGH,
    title="Somebody acted as another user",
    why="What is done while impersonating carries the other user's name.",
    docs=f"Fires for a user somebody else signed in as. {_NOTE}",
    thresholds=_LIMITS,
    alert=True,
)
def impersonated(view: View) -> Iterator[Observation]:
    """Who was impersonated by whom."""
    types = frozenset({"IMPERSONATE_USER"})
    yield from _about(view, _Watched(types, "impersonated", "Ask why somebody acted as {user}"))


@rule(
    "foreign.export",
    Severity.MEDIUM,
    title="Data was exported",
    why="An exported file leaves every permission behind.",
    docs=f"Fires for a user who exported records, contacts, users or a backup. {_NOTE}",
    thresholds=_LIMITS,
    alert=True,
)
def exported(view: View) -> Iterator[Observation]:
    """Who took data out."""
    types = frozenset(
        {
            *("EXPORT", "EXPORT_DOWNLOAD", "CONTACT_DATA_EXPORT", "EXPORT_USERS"),
            *("FORM_SUBMISSIONS_EXPORT", "DATA_BACKUP_DOWNLOADED"),
        }
    )
    yield from _about(view, _Watched(types, "exported data", "Ask {user} what the export was for"))


@rule(
    "foreign.credential-touched",
    Severity.HIGH,
    title="Token shown, made or rotated",
    why="Who has seen a token can use it from anywhere, without a name.",
    docs="Fires for a user who created, showed or rotated a private-app token, service key, "
    f"personal access key or app secret. HubSpot's own rotation does not fire. {_NOTE}",
    thresholds=_LIMITS,
    alert=True,
)
def credential_touched(view: View) -> Iterator[Observation]:
    """Who saw or changed credentials."""
    types = frozenset(
        event.type
        for event in view.facts.events
        if event.type.startswith(_TOKENS)
        and event.type.endswith(_TOUCHES)
        and "AUTO" not in event.type
    )
    mend = "Rotate what {user} has seen, unless it was their job"
    yield from _about(view, _Watched(types, "touched credentials", mend))


@rule(
    "foreign.login-loosened",
    Severity.HIGH,
    title="Log-in rules loosened",
    why="A weaker door is open for everybody at once.",
    docs="Fires for a user who gave up single sign-on, allowed further log-in methods, places or "
    f"domain invitations, or opened HubSpot's employee access. {_NOTE}",
    thresholds=_LIMITS,
    alert=True,
)
def login_loosened(view: View) -> Iterator[Observation]:
    """Who weakened the rules of signing in."""
    types = frozenset(
        {
            *("UNREQUIRE_SINGLE_SIGN_ON", "REMOVE_SINGLE_SIGN_ON", "ALLOWED_LOGIN_METHODS_UPDATE"),
            *("ALLOWED_LOGIN_METHODS_DELETE", "IP_RESTRICTIONS_DISABLED"),
            *("ALLOWED_GEOLOCATIONS_DISABLED", "HUBSPOT_EMPLOYEE_ACCESS_ENABLED"),
            *("DOMAIN_BASED_INVITES_ENABLED", "DOMAIN_BASED_INVITE_CREATED"),
        }
    )
    mend = "Check what {user} changed: Settings > Account Setup > Security"
    yield from _about(view, _Watched(types, "loosened log-in rules", mend))


@rule(
    "foreign.joined-by-domain",
    Severity.MEDIUM,
    title="Joined by domain invitation",
    why="Whoever has an address of the domain can let themselves in; nobody decided on this user.",
    docs=f"Fires for a user who joined through a domain-based invitation. {_NOTE}",
    thresholds=_LIMITS,
    alert=True,
)
def joined_by_domain(view: View) -> Iterator[Observation]:
    """Who let themselves in."""
    types = frozenset({"JOINED_PORTAL_VIA_DOMAIN_BASED_INVITE"})
    mend = "Decide what {user} needs, or park the user"
    yield from _about(view, _Watched(types, "joined by domain", mend, "park"))


@rule(
    "foreign.user-added",
    Severity.LOW,
    title="User created outside Rolecall",
    why="Nobody planned or approved this user.",
    docs=f"Fires for a user created in HubSpot's screens or by another integration. {_NOTE}",
    thresholds=_LIMITS,
)
def added_outside(view: View) -> Iterator[Observation]:
    """Who was created outside any plan."""
    mend = "Link {user} to a person, or park the user"
    yield from _about(view, _Watched(frozenset({"ADD_USER"}), "created", mend, "park"))


@rule(
    "foreign.user-taken-away",
    Severity.LOW,
    title="User deactivated or removed outside Rolecall",
    why="Records and seats of somebody taken away elsewhere wait for a hand-over nobody planned.",
    docs="Fires for a user deactivated or removed by somebody else or by HubSpot's automatic rule "
    f"(the message says which). {_NOTE}",
    thresholds=_LIMITS,
)
def taken_away(view: View) -> Iterator[Observation]:
    """Who was deactivated or removed outside any plan."""
    types = frozenset({"DEACTIVATE_USER", "REMOVE_USER"})
    mend = "Hand over what {user} left, or reactivate in HubSpot"
    yield from _about(view, _Watched(types, "taken away", mend, "hand_over"))


@rule(
    "foreign.access-touched",
    Severity.MEDIUM,
    title="Access touched outside Rolecall",
    why="What was given and taken back between two looks leaves no other trace.",
    docs="Fires for an active user whose access the audit log (Enterprise) says somebody changed, "
    "where neither our own journal explains it nor two snapshots show what became of it (that is "
    "`foreign.access-changed`, which then names who did it). Each shows for the days of the limit.",
    thresholds=_LIMITS,
    alert=True,
)
def access_touched(view: View) -> Iterator[Observation]:
    """Users somebody changed, with nothing left to see of it."""
    changed = {one.user_id for one in view.facts.outside_changes}
    active = {user.id for user in view.active}
    for user_id, events in told_by_audit(view).items():
        if user_id in changed or user_id not in active:
            continue
        kinds = ", ".join(dict.fromkeys(one.type for one in events))
        watched = _Watched(frozenset(), f"{kinds} in the audit log", "Ask what was done to {user}")
        yield _observed(view, watched, user_id, events, "audit log")


@rule(
    "foreign.login-after-leaving",
    Severity.HIGH,
    title="Signed in after being parked or deactivated",
    why="Whoever was taken out of the portal and signs in again was let back in by somebody.",
    docs="Fires for a user whom a plan or task of ours parked, deactivated or removed, and who "
    "signed in afterwards, within the days of the limit. Parking alone does not close the log-in: "
    "HubSpot lets no API deactivate.",
    thresholds=("foreign_days",),
    alert=True,
)
def login_after_leaving(view: View) -> Iterator[Observation]:
    """Users our journal took out, whom the log-in feed shows inside."""
    since = view.ago(view.thresholds.foreign_days)
    left: dict[str, OwnAct] = {}
    for act in view.facts.own_acts:
        if act.leaves:
            left[act.subject_id] = act
        elif act.returns:
            left.pop(act.subject_id, None)
    for user_id, act in left.items():
        login, user = view.last_logins.get(user_id), view.users.get(user_id)
        if user is None or not user.present or login is None or login <= max(act.at, since):
            continue
        facts = (
            Evidence(f"taken out {act.at:%Y-%m-%d %H:%M}", "journal", act.at),
            Evidence(f"signed in {login:%Y-%m-%d %H:%M}", "login feed", login),
        )
        mend = Mend("manual", f"Deactivate {user.email} in HubSpot", {"task": "user.deactivate"})
        message = f"signed in {login:%Y-%m-%d}, taken out {act.at:%Y-%m-%d}"
        yield Observation("user", user_id, user.email, message, facts, mend)
