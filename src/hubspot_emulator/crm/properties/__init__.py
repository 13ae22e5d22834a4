"""The properties API: definitions and groups per object type."""
