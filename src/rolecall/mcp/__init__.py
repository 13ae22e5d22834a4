"""MCP: an assistant may look, explain, plan and ask; no tool changes access. Needs the extra `mcp`."""

from __future__ import annotations

from importlib.util import find_spec

from rolecall.http.asgi import App as AsgiApp
from rolecall.services.app import App

PREFIX = "/mcp"


def create_face(app: App) -> AsgiApp | None:
    """The ASGI application for /mcp, which wants the whole path; None without the extra."""
    # The library takes half a second to import and is an extra: who does not use it does not pay.
    if find_spec("mcp") is None:
        return None
    from rolecall.mcp.face import create_face as create

    return create(app)
