"""`python -m hubspot_emulator` is the command `hubspot-emulator`."""

from hubspot_emulator.cli import main

main(prog_name="hubspot-emulator")
