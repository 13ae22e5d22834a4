"""Findings on the emulator's portals."""
