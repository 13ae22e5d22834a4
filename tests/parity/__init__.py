"""Parity tests."""
