"""Pipelines and object schemas, as far as connectors read them before anything else. Read only."""
