"""Permissions against the emulator's truth."""
