"""Every command has --json; the few that have none say why."""

from __future__ import annotations

import click

from rolecall.cli import rolecall
from scripts.reference_pages import walked

EXEMPT = {
    "rolecall serve": "runs until it is stopped; its answers are those of the REST API",
    "rolecall worker": "runs until it is stopped; what it did is in the audit trail",
}


def test_every_command_has_json() -> None:
    """A command without it is exempt by name, with a reason; an exemption is of a command."""
    tree = walked(rolecall, click.Context(rolecall, info_name="rolecall"))
    commands = {path: one for path, one, _ in tree if not isinstance(one, click.Group)}
    without = {
        path
        for path, one in commands.items()
        if not any("--json" in param.opts for param in one.params)
    }

    assert set(EXEMPT) == without
