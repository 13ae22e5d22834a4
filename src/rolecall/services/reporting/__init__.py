"""Saved reports: kept views, made as tables and files, mailed by date."""
