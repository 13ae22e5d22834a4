"""Groups whose commands are imported when they are needed, so that --help imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of a group: `target` is module:attribute, `help` what --help lists."""

    target: str
    help: str

    @property
    def module(self) -> str:
        """The module to import."""
        return self.target.partition(":")[0]

    def load(self) -> click.Command:
        """The command, imported now."""
        command = getattr(import_module(self.module), self.target.partition(":")[2])
        assert isinstance(command, click.Command)
        return command


class LazyGroup(click.Group):
    """A group made of a table; a command whose module is not installed is absent."""

    def __init__(self, *args: Any, table: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The names there are, without importing one."""
        return [name for name, entry in self.table.items() if find_spec(entry.module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        return self.table[cmd_name].load() if cmd_name in self.list_commands(ctx) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for --help, from the table alone."""
        rows = [(name, self.table[name].help) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
