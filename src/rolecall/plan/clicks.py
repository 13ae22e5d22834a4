"""Click paths in HubSpot's screens for what its API cannot do: data with source and date.

Screens differ by edition and month, so a path names the variants of a label it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from rolecall.domain.plan import Change, ChangeKind, ManualTask, Plan
from rolecall.domain.snapshot import Snapshot, UserState

_SOURCE = "https://knowledge.hubspot.com/user-management/"
_HEAD = ("Settings (gear icon)", "Users & Teams")
_OPEN_USER = (*_HEAD, "click the name of {subject}")
_ADD_EDIT = "Add & edit users"
DUE_DAYS = 7  # a task that waits longer is told as overdue


@dataclass(frozen=True, slots=True)
class ClickPath:
    """How a person does it, who may, and what proves it done.

    `proof` is state:..., feed:..., evidence (what HubSpot's own files show of permissions), or
    finding (a later look finds it gone).

    `{subject}`, `{before}` and `{after}` in texts are filled from the change.
    """

    title: str
    steps: tuple[str, ...]
    needs: str
    proof: str
    source: str
    as_of: str
    place: str = "users"  # below settings/HUB
    variants: tuple[str, ...] = ()


CLICK_PATHS: Mapping[str, ClickPath] = MappingProxyType(
    {
        "super_admin.add": ClickPath(
            "Make {subject} Super Admin",
            (*_OPEN_USER, "Access tab", "Make Super Admin", "confirm"),
            "Super Admin",
            "state:super_admin=true feed:ADD_ADMIN_USER",
            f"{_SOURCE}hubspot-user-permissions-guide",
            "2026-08",
            variants=("Edit permissions > Super Admin on",),
        ),
        "super_admin.remove": ClickPath(
            "Take Super Admin away from {subject}",
            (*_OPEN_USER, "Access tab", "Edit", "Super Admin off", "Save"),
            "Super Admin",
            "state:super_admin=false feed:REMOVE_ADMIN_USER",
            f"{_SOURCE}hubspot-user-permissions-guide",
            "2026-08",
            variants=("Edit permissions > Remove as Super Admin",),
        ),
        "user.deactivate": ClickPath(
            "Deactivate {subject}",
            (*_OPEN_USER, "Actions", "Deactivate user", "choose whether the paid seat stays"),
            "Super Admin",
            "state:user=deactivated feed:DEACTIVATE_USER",
            f"{_SOURCE}deactivate-hubspot-users",
            "2025-05",
        ),
        "user.reactivate": ClickPath(
            "Reactivate {subject}",
            (*_OPEN_USER, "Actions", "Reactivate user", "confirm"),
            "Super Admin",
            "state:user=active feed:REACTIVATE_USER",
            f"{_SOURCE}deactivate-hubspot-users",
            "2025-05",
        ),
        "user.email": ClickPath(
            "Change the e-mail of {subject} to {after}",
            ("ask {subject} to sign in", "profile picture", "Profile & Preferences", "edit e-mail"),
            "the user's own log-in",
            "state:email",
            f"{_SOURCE}manage-user-properties-and-preferences",
            "2025-11",
            variants=("General > Profile > Edit e-mail address",),
        ),
        "permission_set.change": ClickPath(
            "Give {subject} the permission sets: {after} (now: {before})",
            (*_OPEN_USER, "Access tab", "Edit", "Permission sets: choose {after}", "Save"),
            _ADD_EDIT,
            "state:permission_sets",
            f"{_SOURCE}create-permission-sets",
            "2025-10",
            variants=("Edit permissions > Assign permission set",),
        ),
        "permissions.grant": ClickPath(
            "Grant {subject} in HubSpot's screens: {after}",
            (),  # each toggle is in the change's own `clicks`
            _ADD_EDIT,
            "evidence",
            f"{_SOURCE}hubspot-user-permissions-guide",
            "2026-08",
        ),
        "permissions.take_back": ClickPath(
            "Take back from {subject} in HubSpot's screens: {before}",
            (),
            _ADD_EDIT,
            "evidence",
            f"{_SOURCE}hubspot-user-permissions-guide",
            "2026-08",
        ),
        "permission_set.edit": ClickPath(
            "Change the permission set {subject}: {after}",
            (),
            "Super Admin",
            "evidence",
            f"{_SOURCE}create-permission-sets",
            "2025-10",
        ),
        "permission_set.create": ClickPath(
            "Make the permission set {subject}: {after}",
            (),
            "Super Admin",
            "state:permission_set",
            f"{_SOURCE}create-permission-sets",
            "2025-10",
        ),
        "finding.mend": ClickPath(
            "{after}",
            (),
            "Super Admin",
            "finding",
            f"{_SOURCE}hubspot-user-permissions-guide",
            "2026-08",
        ),
        "team.add_member": ClickPath(
            "Put {subject} into team {after}",
            (*_HEAD, "tick {subject}", "Edit team", "choose {after}", "Save"),
            _ADD_EDIT,
            "state:teams",
            "https://knowledge.hubspot.com/account/create-and-manage-teams",
            "2025-12",
        ),
        "team.remove_member": ClickPath(
            "Take {subject} out of team {before}",
            (*_HEAD, "tick {subject}", "Edit team", "take {before} out", "Save"),
            _ADD_EDIT,
            "state:teams",
            "https://knowledge.hubspot.com/account/create-and-manage-teams",
            "2025-12",
        ),
        "team.edit": ClickPath(
            "Change team {subject}: {before} to {after}",
            (*_HEAD, "Teams tab", "find {subject}, or Create team", "set {after}", "Save"),
            "Add & edit teams",
            "state:team",
            "https://knowledge.hubspot.com/account/create-and-manage-teams",
            "2025-12",
            place="users/teams",
        ),
        "seat.change": ClickPath(
            "Change the seat of {subject} from {before} to {after}",
            (*_OPEN_USER, "Access tab", "Edit seat", "choose {after}", "Save"),
            "Super Admin or Modify billing",
            "state:seats",
            "https://knowledge.hubspot.com/account-management/manage-seats",
            "2026-03",
            variants=("Account & Billing > Seats",),
        ),
        "meetings.hand_on": ClickPath(
            "Hand the meeting links of {subject} on",
            (
                "CRM > Meetings (Library > Meetings scheduler)",
                "filter by {subject}",
                "Clone, or edit the organizer",
                "replace the old link where it is used",
            ),
            "Sales access of the successor",
            "",
            "https://knowledge.hubspot.com/meetings-tool/create-and-edit-scheduling-pages",
            "2026-03",
            place="meetings",
        ),
        "workflows.hand_on": ClickPath(
            "Look for {subject} in workflows and sequences",
            (
                "Automation > Workflows",
                "search for {subject} (sender, owner, assignee)",
                "choose the successor",
                "Automation > Sequences: the same for what still runs",
            ),
            "Workflows, Edit",
            "",
            "https://knowledge.hubspot.com/workflows/create-workflows",
            "2026-03",
            place="users",
        ),
        "inbox.hand_on": ClickPath(
            "Take {subject} out of shared inboxes and chat routing",
            (
                "Settings (gear icon)",
                "Inbox & Help Desk > Inboxes",
                "each inbox: Access, take {subject} out",
                "each channel: route to somebody else",
            ),
            "Account access, Edit account defaults",
            "",
            "https://knowledge.hubspot.com/inbox/manage-users-access-to-the-conversations-inbox",
            "2026-03",
            place="inbox",
        ),
        "billing.hand_on": ClickPath(
            "Make somebody else billing contact instead of {subject}",
            (
                "Account (top right) > Account & Billing",
                "Company Info",
                "Billing contact: choose the successor",
                "Save",
            ),
            "Super Admin or Modify billing",
            "",
            "https://knowledge.hubspot.com/account-management/manage-billing-contacts",
            "2026-03",
            place="account/billing",
        ),
    }
)


def settings_link(ui_domain: str, hub_id: int, place: str = "users") -> str:
    """The address of a settings page of one portal, in its own data region."""
    return f"https://{ui_domain}/settings/{hub_id}/{place}"


def manual_tasks(
    plan: Plan, snapshot: Snapshot, ui_domain: str = "app.hubspot.com"
) -> tuple[ManualTask, ...]:
    """A task per manual line of a plan; ids come from plan and line, so making them twice is safe."""
    admins = tuple(
        user.email for user in snapshot.users if user.super_admin and user.state is UserState.ACTIVE
    )
    lines = (change for change in plan.changes if change.kind is ChangeKind.MANUAL)
    return tuple(_task(plan, change, admins, ui_domain) for change in lines)


def _task(plan: Plan, change: Change, admins: tuple[str, ...], ui_domain: str) -> ManualTask:
    path = CLICK_PATHS[change.details["task"]]
    words = {
        "subject": change.subject,
        "before": change.details.get("before_shown", "nothing"),
        "after": change.details.get("after_shown", "nothing"),
    }
    own = tuple(line for line in change.details.get("clicks", "").split("\n") if line)
    steps = (*(step.format_map(words) for step in path.steps), *own)
    seen = tuple(f"in other screens: {variant}" for variant in path.variants)
    return ManualTask(
        id=f"{plan.id}:{change.id}",
        hub_id=plan.hub_id,
        title=path.title.format_map(words),
        clicks=(*steps, *seen),
        link=settings_link(ui_domain, plan.hub_id, path.place),
        subject=change.subject,
        due_at=_due(plan, change),
        plan_id=plan.id,
        change_id=change.id,
        proof=path.proof,
        needs=path.needs,
        doers=admins,
    )


def _due(plan: Plan, change: Change) -> datetime:
    """When the change itself says, else after the usual days."""
    told = change.details.get("due_at")
    return datetime.fromisoformat(told) if told else plan.created_at + timedelta(days=DUE_DAYS)
