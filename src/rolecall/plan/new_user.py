"""A joiner: the creation and every slot given with it, which one write carries together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rolecall.domain.assignment import Slot
from rolecall.domain.plan import Change, ChangeKind
from rolecall.plan.context import Context, manual, user_change
from rolecall.policy.desired import BY_NAME, DesiredUser, Source
from rolecall.policy.document import Mode, Section

# Who is not told does not know that the user is there.
UNTOLD = "no welcome e-mail is sent: tell them, or ask for it (send_welcome_email)"
# HubSpot makes the record that holds the profile when somebody signs in for the first time.
LATER = "not before the user has signed in once; plan it again then"
_GIVES = (Mode.ADD_ONLY, Mode.EXACT)


def creation(ctx: Context, want: DesiredUser, source: Source) -> list[Change]:
    """Lines that create one user with the access its sections let the plan give."""
    details = {
        "send_welcome_email": "true" if want.send_welcome_email else "false",
        "reason": want.reason,
        "first_name": want.first_name,
        "last_name": want.last_name,
    }
    told = {key: value for key, value in details.items() if value}
    create = user_change(ctx, ChangeKind.CREATE_USER, want.email, None, "present", source, told)
    name = f"{want.first_name} {want.last_name}".strip()
    create = replace(create, details={**create.details, "after_shown": name})
    if not want.send_welcome_email:
        create = replace(create, warnings=(*create.warnings, UNTOLD))
    if want.fields and ctx.mode(Section.PROFILE) is not Mode.IGNORE:
        later = ", ".join(name.replace("_", " ") for name in want.fields)
        create = replace(create, warnings=(*create.warnings, f"{later}: {LATER}"))
    return [create, *_set(ctx, want), *_teams(ctx, want), *_seat(ctx, want)]


def _gives(ctx: Context, section: Section) -> bool:
    return ctx.mode(section) in _GIVES


def _set(ctx: Context, want: DesiredUser) -> Iterator[Change]:
    wanted = want.permission_sets
    if wanted is None or not wanted.values or not _gives(ctx, Section.PERMISSION_SETS):
        return
    kind, values = ChangeKind.SET_PERMISSION_SET, wanted.values
    why = ""
    if not ctx.can.permission_sets or any(one.startswith(BY_NAME) for one in values):
        why = "permission sets need HubSpot Enterprise"
    elif len(values) > 1:
        why = "the API writes one permission set per user"
    if why:
        after = values[0] if len(values) == 1 else tuple(sorted(values))
        task = "permission_set.change"
        yield manual(ctx, task, want.email, None, after, wanted.source, kind, why)
    else:
        yield user_change(ctx, kind, want.email, None, values[0], wanted.source)


def _teams(ctx: Context, want: DesiredUser) -> Iterator[Change]:
    if not _gives(ctx, Section.TEAMS):
        return
    wanted: list[tuple[ChangeKind, str, Source]] = []
    if want.main_team and want.main_team.values:
        team = want.main_team.values[0]
        wanted.append((ChangeKind.SET_MAIN_TEAM, team, want.main_team.source))
    for team, source in sorted((want.extra_teams or {}).items()):
        wanted.append((ChangeKind.ADD_EXTRA_TEAM, team, source))
    for kind, team, source in wanted:
        if ctx.can.team_fields and not team.startswith(BY_NAME):
            yield user_change(ctx, kind, want.email, None, team, source)
        else:
            why = "teams need a higher HubSpot edition"
            yield manual(ctx, "team.add_member", want.email, None, team, source, kind, why)


def _seat(ctx: Context, want: DesiredUser) -> Iterator[Change]:
    wanted = want.seats
    if wanted is None or not wanted.values or not _gives(ctx, Section.SEATS):
        return
    kind, after = ChangeKind.SET_SEATS, tuple(sorted(wanted.values))
    if ctx.can.seats and ctx.can.billing:
        yield user_change(ctx, kind, want.email, (), after, wanted.source)
    else:
        why = "the connection cannot write seats"
        yield manual(ctx, "seat.change", want.email, (), after, wanted.source, kind, why)


def is_disputed(want: DesiredUser) -> bool:
    """Whether it is contested that the user should be there at all."""
    return Slot.USER in want.disputed
