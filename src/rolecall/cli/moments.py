"""Days and times as people type them on the command line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import click


class Day(click.DateTime):
    """2026-06-30."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Midnight of the day; a usage error shows how one is written."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no day; write it as 2026-06-30", param, ctx)

    def get_metavar(
        self,
        param: click.Parameter,  # noqa: ARG002  (click's signature)
        ctx: click.Context,  # noqa: ARG002  (click's signature)
    ) -> str:
        """As --help shows it."""
        return "DATE"


class Moment(click.ParamType[Any]):
    """2026-06-30 (the end of that day in the portal's zone) or 2026-06-30T09:00 (UTC)."""

    name = "day or time"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002  (click's signature)
        ctx: click.Context | None,  # noqa: ARG002  (click's signature)
    ) -> date | datetime:
        """A day, or an aware time; a usage error names the forms there are."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            if len(value) == len("2026-06-30"):
                return date.fromisoformat(value)
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a day (2026-06-30) nor a time (2026-06-30T09:00)")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
