"""HubSpot's own files taken in, and what they prove done closed: tasks, and elevations taken back."""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.actor import Actor
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.permissions.files import (
    ExportFile,
    ExportImported,
    import_export,
    import_history,
)
from rolecall.services.syncs.after_sync import settle
from rolecall.sources.permission_history import HistoryReading


async def file_export(app: App, actor: Actor, name: str, file: ExportFile) -> ExportImported:
    """Keep a users export as `import_export` does, and close the tasks it shows done."""
    told = await import_export(app, actor, name, file)
    settled = await settle(app, told.portal.hub_id)
    return replace(told, closed=settled.tasks)


async def file_history(
    app: App, actor: Actor, name: str, data: bytes, file_name: str = ""
) -> HistoryReading:
    """Keep a permission history as `import_history` does, and close the tasks it shows done."""
    told = await import_history(app, actor, name, data, file_name)
    await settle(app, (await portal_named(app, actor, name)).hub_id)
    return told
