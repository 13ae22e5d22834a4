"""When a user last worked here, as far as anything tells; never takes silence for absence."""

from __future__ import annotations

from rolecall.domain.finding import Evidence
from rolecall.domain.snapshot import User, UserState
from rolecall.insights.view import Activity, View

EXTENSION_DOUBT = "works by browser extension or mobile app, which log-ins do not show"


def activity_of(view: View, user: User) -> Activity:
    """What is known of this user's activity, from the best source there is."""
    known = view.activities.get(user.id)
    if known is None:
        known = view.activities[user.id] = _activity(view, user)
    return known


def _activity(view: View, user: User) -> Activity:
    doubt = EXTENSION_DOUBT if user.id in view.facts.extension_users else ""
    login = view.last_logins.get(user.id)
    if user.last_active_at is not None and (login is None or login <= user.last_active_at):
        return Activity(user.last_active_at, user.last_active_source or "snapshot", None, doubt)
    if login is not None:
        return Activity(login, "login feed", None, doubt)
    if view.activity_source:
        return Activity(None, view.activity_source, user.created_at, doubt)
    since = view.facts.login_feed_since
    if since is None:
        return Activity(doubt=doubt)
    born = user.created_at
    return Activity(None, "login feed", since if born is None else max(since, born), doubt)


def evidence_of(view: View, activity: Activity) -> Evidence:
    """The activity as a line of evidence."""
    if activity.last_at is not None:
        return Evidence(
            f"last active {activity.last_at:%Y-%m-%d}", activity.source, view.snapshot.sealed_at
        )
    since = activity.silent_since
    tail = "" if since is None else f" since {since:%Y-%m-%d}"
    return Evidence(f"no activity recorded{tail}", activity.source, view.snapshot.sealed_at)


def never_came(view: View, user: User) -> bool:
    """Never signed in here as far as a source tells that reaches back to the creation."""
    if user.state is UserState.INVITED:
        return user.id not in view.last_logins and user.last_active_at is None
    activity = activity_of(view, user)
    arrival = view.arrival(user)
    if not activity.known or activity.last_at is not None or arrival is None:
        return False
    return activity.silent_since is not None and activity.silent_since <= arrival.at


def idle_days(view: View, user: User) -> int | None:
    """Days without activity; None where nothing tells or the answer is in doubt."""
    activity = activity_of(view, user)
    since = activity.idle_since()
    return None if since is None or not activity.known else view.days_since(since)
