"""Unit tests of files from outside."""
