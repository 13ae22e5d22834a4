"""Unit tests of permissions."""
