"""`rolecall demo`: an emulated portal on this machine, connected, synced and explained.

The emulator runs as a process of its own and is spoken to over HTTP, as HubSpot would be.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.numbers import Whole
from rolecall.cli.output import json_option, print_json, say
from rolecall.cli.progress import shown_progress
from rolecall.cli.running import ask
from rolecall.kit.errors import Broken, Refused

if TYPE_CHECKING:
    from rolecall.domain.actor import Actor
    from rolecall.services.app import App
    from rolecall.services.findings.findings import FindingPage
    from rolecall.services.inventory.overview import Overview
    from rolecall.services.syncs.syncing import SyncReport
    from rolecall.sync.ports import Progress

SEEDS = ("tiny", "acme", "enterprise", "blank")
PORTAL = "demo"


@click.command(epilog="Example: rolecall demo --once --seed tiny")
@click.option("--once", is_flag=True, help="Print the summary and stop.")
@click.option(
    "--seed",
    type=click.Choice(SEEDS),
    default="acme",
    show_default=True,
    help="Which portal; acme has about 150 people and every kind of trouble.",
)
@click.option("--port", type=Whole(0, 65_535), default=0, help="Of the emulated portal.")
@json_option
def demo(once: bool, seed: str, port: int, as_json: bool) -> None:
    """Start a HubSpot portal on this machine, connect, sync, and say what is wrong with it.

    Nothing leaves this machine, and your own ROLECALL_HOME is not touched.
    """
    _end_as_by_hand()
    with tempfile.TemporaryDirectory(prefix="rolecall-demo-") as home:
        say(f"starting an emulated HubSpot portal (seed {seed})")
        with _emulator(seed, port) as (url, token):
            os.environ["ROLECALL_HOME"] = home
            for name in ("ROLECALL_DATABASE_URL", "ROLECALL_KEY_FILE"):
                os.environ.pop(name, None)
            _explain(home, url, token, as_json)
            if once:
                say(
                    "this portal is gone again; `make demo` (or `rolecall demo` without --once) keeps"
                )
                say("one running, with the console, so that you can type these commands")
            else:
                _stay(home, url)


def _end_as_by_hand() -> None:
    """A closed terminal or a kill ends the demo like Ctrl-C: no portal and no files stay behind."""
    for name in ("SIGHUP", "SIGTERM"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), lambda *_: os.kill(os.getpid(), signal.SIGINT))


def _explain(home: str, url: str, token: str, as_json: bool) -> None:
    """Connect, sync, and print the summary."""
    from rolecall.cli.demo_summary import summary_lines

    key = Path(home) / "token.txt"
    key.touch(mode=0o600)
    key.write_text(token + "\n", encoding="utf-8")
    with shown_progress(quiet=as_json) as progress:
        report, overview, findings = ask(lambda app, actor: _run(app, actor, key, url, progress))
    if as_json:
        print_json(_shape(report, overview, findings))
        return
    for line in summary_lines(report, overview, findings):
        click.echo(line)


def _shape(report: SyncReport, overview: Overview, page: FindingPage) -> dict[str, Any]:
    """What `sync`, REST's overview and `finding list` say of this portal, in one."""
    from rolecall.services.shapes import overview_shape, stored_finding_shape, sync_shape

    return {
        "portal": PORTAL,
        "sync": sync_shape(report),
        "overview": overview_shape(overview),
        "findings": [stored_finding_shape(one) for one in page.findings],
    }


async def _run(
    app: App, actor: Actor, key: Path, url: str, progress: Progress
) -> tuple[SyncReport, Overview, FindingPage]:
    from rolecall.services.connections.credentials import token_from
    from rolecall.services.connections.portals import add_portal
    from rolecall.services.findings.findings import list_findings
    from rolecall.services.inventory.overview import portal_overview
    from rolecall.services.syncs.syncing import sync_portal

    await add_portal(app, actor, PORTAL, token_from(key), url)
    say(f"connected as portal {PORTAL!r}; reading it")
    report = await sync_portal(app, actor, PORTAL, progress=progress)
    findings = await list_findings(app, actor, PORTAL)
    return report, await portal_overview(app, actor, PORTAL), findings


@contextmanager
def _emulator(seed: str, port: int) -> Iterator[tuple[str, str]]:
    """A running emulator; its address and token."""
    command = [sys.executable, "-m", "hubspot_emulator", "--seed", seed, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            yield _first_lines(process)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


def _first_lines(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Where it listens and the token it takes."""
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(2)]
    url, token = told[0].removeprefix("listening on "), told[1].removeprefix("token ")
    if not url:  # it has closed its output, so it has ended or is about to
        raise Refused("The emulator did not start", hint="is the port taken? try another --port")
    if not url.startswith("http") or not token:
        raise Broken(f"The emulator said {told!r} instead of its address")
    return url, token


def _surroundings(home: str) -> str:
    """The variables under which `rolecall` is this one and asks this portal."""
    here = Path(sys.executable).parent
    found = shutil.which("rolecall")
    path = "" if found and Path(found).parent == here else f' PATH="{here}:$PATH"'
    return f"ROLECALL_HOME={home}{path}"


def _stay(home: str, url: str) -> None:
    """Keep the portal running, with the console, until somebody has seen enough."""
    from rolecall.cli.serve import LOCAL, address, listening, run, tell_first_link

    say()
    with listening(LOCAL, 0) as door:
        os.environ.pop("ROLECALL_PUBLIC_URL", None)
        console = address(door, None)
        os.environ["ROLECALL_PUBLIC_URL"] = console
        say(f"The console is at {console}")
        tell_first_link(console)
        say("To type the commands above, begin in another terminal with:")
        say(f"  export {_surroundings(home)}")
        say(f"The emulated portal is at {url}. Ctrl-C ends it and removes {home}")
        with suppress(KeyboardInterrupt):
            run(door)
