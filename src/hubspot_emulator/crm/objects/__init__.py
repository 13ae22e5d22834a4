"""CRM records one by one: list, read, create, change, archive."""
