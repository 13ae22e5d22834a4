"""Path forms and scopes of the user provisioning API, one table for all its resources."""

from __future__ import annotations

# Path and version. The v3 document prints list and create under the second form; SDKs, docs and
# recorded traffic use the first. The beta path answers as the version that came of it.
PATHS: tuple[tuple[str, str], ...] = (
    ("/settings/v3/users", "v3"),
    ("/settings/users/v3", "v3"),
    ("/settings/users/2026-03", "2026-03"),
    ("/settings/users/2026-09", "2026-09"),
    ("/settings/users/2026-09-beta", "2026-09"),
)
READ = ("settings.users.read", "crm.objects.users.read")
WRITE = ("settings.users.write", "crm.objects.users.write")
TEAMS_READ = ("settings.users.teams.read",)
TEAMS_WRITE = ("settings.users.teams.write",)
