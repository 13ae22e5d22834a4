"""Who holds permissions that belong to another job? Silent where nothing is known of permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.combinations import evidence_for, surely
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.service_users import integration_word
from rolecall.insights.view import View
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import at_least
from rolecall.permissions.peers import outliers


@rule(
    "access.peer-outlier",
    Severity.MEDIUM,
    title="Holds what nobody around them holds",
    why="Access that no colleague needs is usually left from a former job.",
    docs="Fires for an active user with three or more permissions of an area (marketing, content, "
    "sales, service, developer) that hardly anybody of the main team holds, unless job title or "
    "team name speak of that area. Needs five members at least. Super Admins are left out.",
)
def peer_outlier(view: View) -> Iterator[Observation]:
    """Users with the tools of an area their team does not work in."""
    resolver = view.facts.access
    if resolver is None:
        return
    for one in outliers(resolver, view.active):
        labels = [resolver.catalogue.permissions[p].shown for p in one.permissions]
        shown = ", ".join(labels[:5]) + (" ..." if len(labels) > 5 else "")
        summary = f"Give {one.user.email} the permission set of the team {one.team}"
        mend = Mend("manual", summary, {"take": ",".join(one.permissions)})
        yield of_user(
            one.user,
            f"{len(labels)} permissions of {one.area} that the {one.peers} others of {one.team} "
            f"hardly hold: {shown}",
            evidence=evidence_for(resolver, one.user),
            mend=mend,
        )


@rule(
    "content.publish-outside-marketing",
    Severity.MEDIUM,
    title="Publishes the blog outside marketing",
    why="What is published speaks for the company; who does it should be meant to.",
    docs="Fires for an active user who can publish (and so delete) blog posts and whose team, "
    "department and job title do not speak of marketing or content.",
    thresholds=("marketing_words",),
)
def publishes_outside_marketing(view: View) -> Iterator[Observation]:
    """Blog publishers nobody would look for."""
    words = frozenset(view.thresholds.marketing_words)
    yield from _misplaced(view, "content.blog", "publish", words)


@rule(
    "pipelines.edit-outside-sales-operations",
    Severity.MEDIUM,
    title="Edits pipelines outside sales operations",
    why="One changed stage breaks forecasts, automation and reports of everybody.",
    docs="Fires for an active user with Edit property settings, which opens deal pipelines, whose "
    "team, department and job title do not speak of operations or administration.",
    thresholds=("sales_operations_words",),
)
def edits_pipelines(view: View) -> Iterator[Observation]:
    """Pipeline editors nobody would look for."""
    words = frozenset(view.thresholds.sales_operations_words)
    yield from _misplaced(view, "account.edit_property_settings", "on", words)


@rule(
    "reports.viewer-edits-marketing-email",
    Severity.MEDIUM,
    title="Report viewer who can edit marketing e-mail",
    why="Somebody who only reads reports has no business in what customers receive.",
    docs="Fires for an active user who may only view dashboards and reports, and can edit or "
    "publish marketing e-mail.",
)
def report_viewer_edits_email(view: View) -> Iterator[Observation]:
    """Report viewers with marketing e-mail."""
    resolver = view.facts.access
    if resolver is None:
        return
    for user in view.active:
        reports = resolver.access_of(user).of("reporting.dashboards_reports_analytics")
        if user.super_admin or not (reports.known and reports.low == "view"):
            continue
        if _holds(resolver, user, "marketing.marketing_email", "edit"):
            summary = f"Take marketing e-mail from {user.email}"
            mend = Mend("manual", summary, {"take": "marketing.marketing_email"})
            message = "views reports only, and can edit marketing e-mail"
            yield of_user(user, message, evidence=evidence_for(resolver, user), mend=mend)


@rule(
    "integration-user.over-privileged",
    Severity.HIGH,
    title="Integration with more than it needs",
    why="An integration's password lies in somebody else's system; what it can do, a thief can do.",
    docs="Fires for an integration signing in as a user that holds critical permissions beyond its "
    "pack, or any critical permission where no pack was named for it.",
    thresholds=("integration_words",),
)
def integration_over_privileged(view: View) -> Iterator[Observation]:
    """Integration users beyond their pack."""
    resolver = view.facts.access
    if resolver is None:
        return
    for user in view.active:
        if not integration_word(view, user):
            continue
        pack = view.facts.integration_packs.get(user.id)
        watched = resolver.catalogue.critical - (pack.permissions if pack else frozenset())
        listed = (p for p in resolver.catalogue.permissions if p in watched)
        beyond = [p for p in listed if surely(resolver, user, p)]
        if beyond:
            yield _beyond(resolver, user, beyond, pack.name if pack else "no pack named")


def _beyond(resolver: Resolver, user: User, beyond: list[str], pack: str) -> Observation:
    shown = ", ".join(resolver.catalogue.permissions[one].shown for one in beyond)
    mend = Mend("manual", f"Take from {user.email}: {shown}", {"take": ",".join(beyond)})
    message = f"integration holds {shown} ({pack})"
    return of_user(user, message, evidence=evidence_for(resolver, user), mend=mend)


@rule(
    "app.more-scopes-than-pack",
    Severity.MEDIUM,
    title="App with more scopes than its pack",
    why="Scopes nobody needs are what a leaked token opens.",
    docs="Fires for a connected app whose granted scopes go beyond those its requirement pack "
    "names. Silent for apps without a pack that names scopes.",
)
def app_scopes(view: View) -> Iterator[Observation]:
    """Apps with scopes beyond their pack."""
    for app in view.facts.apps:
        surplus = sorted(app.scopes - app.needed)
        if app.needed and surplus:
            more = f" and {len(surplus) - 5} more" if len(surplus) > 5 else ""
            shown = ", ".join(surplus[:5]) + more
            mend = Mend("manual", f"Take the scopes {', '.join(surplus)} from {app.name}")
            fact = view.seen(f"{len(app.scopes)} scopes granted, {len(app.needed)} in the pack")
            message = f"scopes beyond its pack: {shown}"
            yield Observation("app", app.id, app.name, message, (fact,), mend)


def _misplaced(
    view: View, permission_id: str, level: str, words: frozenset[str]
) -> Iterator[Observation]:
    resolver = view.facts.access
    if resolver is None:
        return
    label = resolver.catalogue.permissions[permission_id].shown
    departments = _departments(view)
    teams = {team.id: team.name for team in view.snapshot.teams}
    for user in view.active:
        if user.super_admin or not _holds(resolver, user, permission_id, level):
            continue
        title = user.profile.get("hs_job_title", "")
        parts = (teams.get(user.main_team_id or "", ""), departments.get(user.id, ""), title)
        place = ", ".join(part for part in parts if part)
        if words.isdisjoint(re.findall(r"\w+", place.casefold())):
            mend = Mend("manual", f"Take {label} from {user.email}", {"take": permission_id})
            message = f"holds {label} without a place that explains it ({place or 'none known'})"
            yield of_user(user, message, evidence=evidence_for(resolver, user), mend=mend)


def _holds(resolver: Resolver, user: User, permission_id: str, level: str) -> bool:
    levels = resolver.catalogue.permissions[permission_id].levels
    return at_least(levels, resolver.access_of(user).of(permission_id).low, level)


def _departments(view: View) -> dict[str, str]:
    people = {person.id: person.department for person in view.facts.people}
    return {
        user_id: people.get(link.person_id or "", "") for user_id, link in view.facts.links.items()
    }
