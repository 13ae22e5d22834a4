"""What the command offers is what there is."""

from __future__ import annotations

from hubspot_emulator import cli
from hubspot_emulator.seeds import SEEDS
from hubspot_emulator.world import TIERS


def test_choices_of_the_command() -> None:
    """The command, which loads no portal before it must, names exactly the seeds and tiers."""
    assert (cli.SEEDS, cli.TIERS) == (SEEDS, TIERS)
