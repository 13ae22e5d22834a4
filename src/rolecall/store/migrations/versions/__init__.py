"""Numbered migrations, forward only; `scripts/migration.py` drafts the next one."""
