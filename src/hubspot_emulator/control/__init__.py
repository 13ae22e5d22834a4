"""The emulator's control surface under /_emulator: never part of HubSpot."""
