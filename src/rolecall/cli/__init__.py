"""The command line: `rolecall NOUN VERB`. Imports a noun's module only when it is asked for."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence

import click

from rolecall.cli.lazy import Entry, LazyGroup
from rolecall.kit.errors import RolecallError
from rolecall.kit.redact import redacted
from rolecall.kit.visible import visible

# A command drops next to nothing in circles, while it imports 600 modules and may hold a portal of
# 50,000 users: looking through all of that every 700 objects took a tenth of a sync.
GC_THRESHOLDS = (500_000, 20, 50)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

# In the order of a first day; a noun whose room is not installed is absent.
NOUNS: dict[str, Entry] = {
    "demo": Entry("rolecall.cli.demo:demo", "A portal on this machine, connected and explained"),
    "portal": Entry("rolecall.cli.portal:portal", "Connect HubSpot portals and check them"),
    "sync": Entry("rolecall.cli.sync:sync", "Read portals into a new snapshot"),
    "user": Entry("rolecall.cli.user:user", "Who is in a portal, and what they hold"),
    "finding": Entry("rolecall.cli.finding:finding", "What is wrong, why, and what would mend it"),
    "access": Entry("rolecall.cli.access:access", "Access as code: dump, plan, apply, drift"),
    "plan": Entry("rolecall.cli.plan:plan", "Plans: show, approve, apply, undo"),
    "people": Entry("rolecall.cli.people:people", "The humans behind users, from HR or CSV"),
    "task": Entry("rolecall.cli.task:task", "What only a person can do in HubSpot's screens"),
    "pack": Entry(
        "rolecall.cli.pack:pack", "Minimum access an integration needs, checked per user"
    ),
    "set": Entry("rolecall.cli.sets:set_", "Permission sets: contents, and changes with a preview"),
    "export": Entry("rolecall.cli.export:export", "HubSpot's own users export as evidence"),
    "request": Entry("rolecall.cli.request:request", "Ask for access, and answer who asks"),
    "review": Entry("rolecall.cli.review:review", "Access reviews with evidence"),
    "report": Entry(
        "rolecall.cli.report:report", "Saved reports: a table, a file, or a mail by date"
    ),
    "audit": Entry("rolecall.cli.audit:audit", "The audit trail: verify, export"),
    "key": Entry("rolecall.cli.key:key", "The key that locks stored credentials"),
    "import-source": Entry(
        "rolecall.cli.import_source:import_source", "Serve HubSpot's User import source"
    ),
    "oauth-app": Entry("rolecall.cli.oauth_app:oauth_app", "OAuth apps portals are connected with"),
    "scim": Entry("rolecall.cli.scim:scim", "Identity providers that push by SCIM"),
    "operator": Entry("rolecall.cli.operator:operator", "Who may sign in to Rolecall"),
    "token": Entry("rolecall.cli.token:token", "Tokens for REST, SCIM and MCP"),
    "serve": Entry("rolecall.cli.serve:serve", "Console, REST API, SCIM and schedules"),
    "worker": Entry("rolecall.cli.worker:worker", "Carry out scheduled work beside a server"),
}


@click.group(
    cls=LazyGroup,
    table=NOUNS,
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
    gc.set_threshold(*GC_THRESHOLDS)
    code = run(sys.argv[1:] if arguments is None else arguments)
    # Else Python looks for circles among all that was ever imported before it goes: a tenth of a
    # short command.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Errors are told on stderr, never as a traceback."""
    if unreadable := [one for one in arguments if not _is_text(one)]:
        return _refuse(f"{unreadable[0]!a} is no UTF-8 text", "type it, or rename it, in UTF-8")
    try:
        result = rolecall.main(list(arguments), prog_name="rolecall", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 1
    except click.ClickException as error:
        return _refuse(error.format_message(), _usage_hint(error))
    except (click.Abort, KeyboardInterrupt):
        return _refuse("stopped", None)
    except BrokenPipeError:
        # The reader of our output went away (head, less): not an error of ours.
        _leave_stdout()
        return 1
    except RolecallError as error:
        return _refuse(error.message, error.hint)
    except OSError as error:
        if "--debug" in arguments:
            raise
        return _refuse(*_of_system(error))
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _refuse(*_of_bug(error))


def _of_bug(error: Exception) -> tuple[str, str]:
    told = f"unexpected {type(error).__name__}: {error}"
    return told, "this is a bug; `rolecall --debug ...` shows where it happened"


def _of_system(error: OSError) -> tuple[str, str]:
    """A file named to us that cannot be read or written, or an answer that found no room."""
    if error.filename is not None:
        hint = "check the path, its owner and mode, and the free space"
        return f"{error.filename}: {error.strerror}", hint
    if error.errno in NO_ROOM:
        _leave_stdout()
        hint = "free some space, or send the output elsewhere"
        return f"Cannot write the answer: {error.strerror}", hint
    return _of_bug(error)


def _leave_stdout() -> None:
    """Nothing more goes to an output that takes nothing: Python would complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_text(argument: str) -> bool:
    """Bytes the system could not read as text come as lone surrogates, which nothing can keep."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(message: str, hint: str | None) -> int:
    click.echo(visible(redacted(f"error: {message}")), err=True)
    if hint:
        click.echo(visible(redacted(f"hint: {hint}")), err=True)
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
