"""The command line: `rolecall NOUN VERB`. Imports a noun's module only when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import click

from rolecall.kit.errors import RolecallError


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun of the command line: `target` is module:attribute, `help` what --help lists."""

    target: str
    help: str


# In the order of a first day; a noun whose room is not installed is absent.
NOUNS: dict[str, Noun] = {
    "demo": Noun("rolecall.cli.demo:demo", "A portal on this machine, connected and explained"),
    "portal": Noun("rolecall.cli.portal:portal", "Connect HubSpot portals and check them"),
    "sync": Noun("rolecall.cli.sync:sync", "Read portals into a new snapshot"),
    "user": Noun("rolecall.cli.user:user", "Who is in a portal, and what they hold"),
    "finding": Noun("rolecall.cli.finding:finding", "What is wrong, why, and what would mend it"),
    "access": Noun("rolecall.cli.access:access", "Access as code: dump, plan, apply, drift"),
    "plan": Noun("rolecall.cli.plan:plan", "Plans: show, approve, apply, undo"),
    "people": Noun("rolecall.cli.people:people", "The humans behind users, from HR or CSV"),
    "task": Noun("rolecall.cli.task:task", "What only a person can do in HubSpot's screens"),
    "pack": Noun("rolecall.cli.pack:pack", "Minimum access an integration needs, checked per user"),
    "export": Noun("rolecall.cli.export:export", "HubSpot's own users export as evidence"),
    "request": Noun("rolecall.cli.request:request", "Ask for access, and answer who asks"),
    "review": Noun("rolecall.cli.review:review", "Access reviews with evidence"),
    "audit": Noun("rolecall.cli.audit:audit", "The audit trail: verify, export"),
    "import-source": Noun(
        "rolecall.cli.import_source:import_source", "Serve HubSpot's User import source"
    ),
    "operator": Noun("rolecall.cli.operator:operator", "Who may sign in to Rolecall"),
    "token": Noun("rolecall.cli.token:token", "Tokens for REST, SCIM and MCP"),
    "serve": Noun("rolecall.cli.serve:serve", "Console, REST API, SCIM and schedules"),
    "worker": Noun("rolecall.cli.worker:worker", "Carry out scheduled work beside a server"),
}


class Nouns(click.Group):
    """A group whose members are imported when they are needed, and guessed when misspelt."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The nouns there are, without importing one."""
        return [name for name, noun in NOUNS.items() if find_spec(_module(noun)) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a noun, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = NOUNS[cmd_name].target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of nouns for --help, from the table alone."""
        rows = [(name, NOUNS[name].help) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=Nouns,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: rolecall demo",
)
@click.option("--debug", is_flag=True, help="Show where an unexpected error comes from.")
@click.version_option(package_name="rolecall", message="%(prog)s %(version)s")
@click.pass_context
def rolecall(ctx: click.Context, debug: bool) -> None:
    """Who can do what in which HubSpot portal, why, since when, and how to change that safely.

    State lives in ROLECALL_HOME (default ~/.rolecall). Data goes to stdout, everything else to
    stderr. Exit codes: 0 done, 1 failed; 2 only from access plan, access drift, finding list and
    pack check, when there is something to see.
    """
    ctx.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Errors are told on stderr, never as a traceback."""
    try:
        result = rolecall.main(list(arguments), prog_name="rolecall", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        return _refuse(error.format_message(), _usage_hint(error))
    except (click.Abort, KeyboardInterrupt):
        return _refuse("stopped", None)
    except BrokenPipeError:
        # The reader of our output went away (head, less): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except RolecallError as error:
        return _refuse(error.message, error.hint)
    except Exception as error:
        if "--debug" in arguments:
            raise
        from rolecall.kit.redact import redacted

        return _refuse(
            f"unexpected {type(error).__name__}: {redacted(str(error))}",
            "this is a bug; `rolecall --debug ...` shows where it happened",
        )


def _refuse(message: str, hint: str | None) -> int:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return 1


def _usage_hint(error: click.ClickException) -> str | None:
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return None
    if "o such command" in error.format_message():
        return _did_you_mean(error)
    return f"try `{error.ctx.command_path} --help`"


def _did_you_mean(error: click.UsageError) -> str:
    from difflib import get_close_matches

    assert error.ctx is not None
    command = error.ctx.command
    known = command.list_commands(error.ctx) if isinstance(command, click.Group) else []
    wanted = error.message.split("'")[1] if "'" in error.message else ""
    close = get_close_matches(wanted, known, n=1)
    path = error.ctx.command_path
    return f"did you mean `{path} {close[0]}`?" if close else f"`{path} --help` lists them"


def _module(noun: Noun) -> str:
    return noun.target.partition(":")[0]
