"""Apps HubSpot calls us for as a User import source; their secrets lie with the credentials."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, delete, insert, select

from rolecall.domain.import_app import ImportApp
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import AlreadyThere
from rolecall.store.rows import Repository
from rolecall.store.schema import metadata, text

IMPORT_APPS = Table(
    "import_apps", metadata,
    Column("app_id", BigInteger, primary_key=True, autoincrement=False),
    text("body"),
)  # fmt: skip


class ImportApps(Repository):
    """Import source apps by their HubSpot app id."""

    async def add(self, app: ImportApp) -> None:
        """Register an app; AlreadyThere when its id is."""
        if await self.get(app.app_id) is not None:
            hint = f"remove it first: rolecall import-source remove {app.app_id}"
            raise AlreadyThere(f"The app {app.app_id} is registered already", hint=hint)
        row = {"app_id": app.app_id, "body": to_json(app)}
        await self.connection.execute(insert(IMPORT_APPS), row)

    async def get(self, app_id: int) -> ImportApp | None:
        """The app with this id."""
        row = await self.one(select(IMPORT_APPS).where(IMPORT_APPS.c.app_id == app_id))
        return from_json(row["body"], ImportApp) if row else None

    async def all(self) -> tuple[ImportApp, ...]:
        """Every app, by id."""
        rows = await self.rows(select(IMPORT_APPS).order_by(IMPORT_APPS.c.app_id))
        return tuple(from_json(row["body"], ImportApp) for row in rows)

    async def remove(self, app_id: int) -> bool:
        """Forget an app; False when it was not there."""
        gone = delete(IMPORT_APPS).where(IMPORT_APPS.c.app_id == app_id)
        return bool(await self.touched(gone))


def owner_of(app_id: int) -> str:
    """The owner of the app's client secret among the credentials."""
    return f"import-source:{app_id}"
