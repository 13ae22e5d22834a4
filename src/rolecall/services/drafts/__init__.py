"""Wishes as drafts: a file, a form, a date or a leaver against the newest picture. Stores nothing."""
