"""The command `hubspot-emulator`: options in, a running emulator out. Imports little at first."""

from __future__ import annotations

import sys

import click

# Said again here so that --help loads nothing of the portal; a test compares.
SEEDS = ("tiny", "acme", "enterprise", "blank")
TIERS = ("free", "starter", "professional", "enterprise")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=0, show_default="a free one", type=click.IntRange(0, 65535), help="Port."
)
@click.option(
    "--seed", default="acme", show_default=True, type=click.Choice(SEEDS), help="Starting portal."
)
@click.option(
    "--users", type=click.IntRange(1, 1_000_000), help="A generated portal of exactly N users."
)
@click.option(
    "--tier",
    default="enterprise",
    show_default=True,
    type=click.Choice(TIERS),
    help="Subscription of the portal.",
)
@click.option(
    "--limits",
    default="real",
    show_default=True,
    type=click.Choice(("real", "off")),
    help="HubSpot's rate limits, or none.",
)
def main(host: str, port: int, seed: str, users: int | None, tier: str, limits: str) -> None:
    """A faithful HubSpot portal on your laptop.

    Prints the address and a token with every scope, then serves until interrupted. The control
    surface is below /_emulator; docs/emulator.md tells all of it.
    """
    from hubspot_emulator.server import bind, serve

    try:
        bound = bind(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        click.echo(f"Error: cannot listen on {host}:{port}: {reason}", err=True)
        click.echo("hint: stop what listens there, or use --port 0 for a free port", err=True)
        sys.exit(1)
    from hubspot_emulator.app import create_app, create_world

    world = create_world(
        seed=seed, users=users, tier=tier, limits="off" if limits == "off" else "real"
    )
    shown = f"[{host}]" if ":" in host else host

    def announce() -> None:
        click.echo(f"listening on http://{shown}:{bound.getsockname()[1]}")
        click.echo(f"token pat-na1-emulator-{world.seed}")
        sys.stdout.flush()

    serve(create_app(world), bound, announce)


if __name__ == "__main__":
    main()
