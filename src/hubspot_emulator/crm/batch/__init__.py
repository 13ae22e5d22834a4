"""CRM records by the hundred: batch read, create, update, upsert, archive."""
