"""What the command offers is what there is."""

from __future__ import annotations

from hubspot_emulator import cli
from hubspot_emulator.seeds import SEEDS


def test_seeds_of_the_command() -> None:
    """The command, which loads no seed before it must, names exactly the seeds there are."""
    assert cli.SEEDS == SEEDS
