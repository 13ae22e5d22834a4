"""Tests of Rolecall and its emulator."""
