"""Support tests."""
