"""OAuth apps portals are connected with; their secrets lie with the credentials."""

from __future__ import annotations

from sqlalchemy import Column, Table, delete, insert, select

from rolecall.domain.oauth_app import OAuthAppEntry
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import AlreadyThere
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, text

OAUTH_APPS = Table(
    "oauth_apps", metadata,
    Column("client_id", Key, primary_key=True),
    text("body"),
)  # fmt: skip


class OAuthApps(Repository):
    """OAuth apps by their client id."""

    async def add(self, app: OAuthAppEntry) -> None:
        """Register an app; AlreadyThere when its client id is."""
        if await self.get(app.client_id) is not None:
            hint = f"remove it first: rolecall oauth-app remove {app.client_id}"
            raise AlreadyThere(f"The app {app.client_id} is registered already", hint=hint)
        row = {"client_id": app.client_id, "body": to_json(app)}
        await self.connection.execute(insert(OAUTH_APPS), row)

    async def get(self, client_id: str) -> OAuthAppEntry | None:
        """The app with this client id."""
        row = await self.one(select(OAUTH_APPS).where(OAUTH_APPS.c.client_id == client_id))
        return from_json(row["body"], OAuthAppEntry) if row else None

    async def all(self) -> tuple[OAuthAppEntry, ...]:
        """Every app, by client id."""
        rows = await self.rows(select(OAUTH_APPS).order_by(OAUTH_APPS.c.client_id))
        return tuple(from_json(row["body"], OAuthAppEntry) for row in rows)

    async def remove(self, client_id: str) -> bool:
        """Forget an app; False when it was not there."""
        gone = delete(OAUTH_APPS).where(OAUTH_APPS.c.client_id == client_id)
        return bool(await self.touched(gone))


def owner_of(client_id: str) -> str:
    """The owner of the app's client secret among the credentials."""
    return f"oauth-app:{client_id}"
